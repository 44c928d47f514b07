package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"luatrace/bindings"
	"luatrace/bindings/luart"
	"luatrace/internal/suggest"
	"luatrace/scripts"
)

// embedded is where the collection inside the program is said to be.
const embedded = "luatrace"

// library finds scripts by name. The current directory is no part of it.
type library struct {
	dirs    []string // in order; the embedded collection comes last
	refused []string // why folders of dirs that were looked at are not used
}

// script is one of a name: what is taken, and what it hides.
type script struct {
	name    string
	path    string // "" for the embedded one
	shadows []string
}

// where is the script's place as people read it.
func (s *script) where() string {
	if s.path == "" {
		return embedded + ":" + s.name + ".lua"
	}
	return s.path
}

// newLibrary reads the search path from the environment: $LUATRACE_PATH, the
// user's data directory and those of the system (XDG Base Directory).
func newLibrary(env []string) *library {
	l := &library{}
	add := func(dir string) {
		// A relative one would be looked up wherever luatrace is started.
		if filepath.IsAbs(dir) && !slices.Contains(l.dirs, dir) {
			l.dirs = append(l.dirs, dir)
		}
	}
	for _, dir := range filepath.SplitList(lookup(env, "LUATRACE_PATH")) {
		add(dir)
	}
	data := lookup(env, "XDG_DATA_HOME")
	if data == "" && lookup(env, "HOME") != "" {
		data = filepath.Join(lookup(env, "HOME"), ".local/share")
	}
	system := lookup(env, "XDG_DATA_DIRS")
	if system == "" {
		system = "/usr/local/share:/usr/share"
	}
	for _, dir := range append([]string{data}, filepath.SplitList(system)...) {
		add(filepath.Join(dir, "luatrace/scripts"))
	}
	return l
}

// usable says whether scripts of a directory may run: as root only those that
// nobody else can put there, since no path names them. Why one that is there may not is told
// once.
func (l *library) usable(dir string) bool {
	err := bindings.TrustsFolder(dir)
	var none unix.Errno // there is no such folder
	if err != nil && !errors.As(err, &none) && !slices.Contains(l.refused, err.Error()) {
		l.refused = append(l.refused, err.Error())
	}
	return err == nil
}

// isScript says whether a path is that of a regular file, or of a link to one: to open
// anything else could take for ever.
func isScript(path string) bool {
	st, err := os.Stat(path)
	return err == nil && st.Mode().IsRegular()
}

// all lists the scripts by name.
func (l *library) all() []*script {
	byName := map[string]*script{}
	var names []string
	add := func(name, path string) {
		s := byName[name]
		if s == nil {
			byName[name] = &script{name: name, path: path}
			names = append(names, name)
			return
		}
		s.shadows = append(s.shadows, (&script{name: name, path: path}).where())
	}
	for _, dir := range l.dirs {
		entries, err := os.ReadDir(dir)
		if err != nil || !l.usable(dir) {
			continue
		}
		for _, e := range entries {
			path := filepath.Join(dir, e.Name())
			if name, ok := strings.CutSuffix(e.Name(), ".lua"); ok && name != "" && isScript(path) {
				add(name, path)
			}
		}
	}
	for _, name := range scripts.Names() {
		add(name, "")
	}
	slices.Sort(names)
	list := make([]*script, len(names))
	for i, name := range names {
		list[i] = byName[name]
	}
	return list
}

// find returns the script of that name.
func (l *library) find(name string) (*script, error) {
	if name != "" && name == filepath.Base(name) {
		for _, dir := range l.dirs {
			path := filepath.Join(dir, name+".lua")
			if isScript(path) && l.usable(dir) {
				return &script{name: name, path: path}, nil
			}
		}
		if _, err := fs.Stat(scripts.FS, name+".lua"); err == nil {
			return &script{name: name}, nil
		}
	}
	var names []string
	for _, s := range l.all() {
		names = append(names, s.name)
	}
	msg := fmt.Sprintf("there is no script %s in the collection", quote(name))
	if near := suggest.Nearest(name, names); near != "" {
		msg += fmt.Sprintf("; did you mean %q?", near)
	}
	for _, why := range l.refused {
		msg += "; " + why
	}
	file := filepath.Base(name) + ".lua"
	if st, err := os.Stat(name); err == nil && st.IsDir() {
		return nil, fmt.Errorf("%s is a directory, not a script", quote(name))
	}
	return nil, fmt.Errorf("%s (a file is named with its path: -s ./%s; luatrace list shows the collection)", msg, strings.Trim(quote(file), `"`))
}

// compile makes the script's function.
func (s *script) compile(r *bindings.Runtime) (bindings.Function, error) {
	if s.path == "" {
		return r.LoadFS(collection(), s.name+".lua")
	}
	return r.LoadFile(s.path)
}

func collection() luart.Library {
	return luart.Library{Name: embedded, FS: scripts.FS, Compiled: scripts.Compiled}
}

// isFile says whether a word names a script by its file: "-" is standard input.
func isFile(name string) bool {
	return name == "-" || strings.Contains(name, "/") || strings.HasSuffix(name, ".lua")
}

// checkFile refuses a file in the current directory that is called like a script
// of the collection: either may be meant, and anybody may have put the file there.
func (l *library) checkFile(file string) error {
	name, ok := strings.CutSuffix(file, ".lua")
	if !ok || strings.Contains(file, "/") {
		return nil
	}
	if _, err := l.find(name); err != nil {
		return nil
	}
	return fmt.Errorf("%s may be a file here or the script of that name: say ./%s or %s", quote(file), file, name)
}

// resolve returns the script that a word names, by its file or by its name.
func (l *library) resolve(word string) (*script, error) {
	if isFile(word) {
		if err := l.checkFile(word); err != nil {
			return nil, err
		}
		return &script{name: word, path: word}, nil
	}
	return l.find(word)
}

// compileScript finds and compiles what -s and the subcommands are given.
func (l *library) compileScript(r *bindings.Runtime, name string) (bindings.Function, error) {
	if isFile(name) {
		if err := l.checkFile(name); err != nil {
			return nil, err
		}
		fn, err := r.LoadFile(name)
		var pe *os.PathError
		if errors.As(err, &pe) {
			return nil, fmt.Errorf("cannot read the script %s: %w", quote(name), pe.Err)
		}
		return fn, err
	}
	s, err := l.find(name)
	if err != nil {
		return nil, err
	}
	return s.compile(r)
}
