package main

import (
	"bytes"
	"embed"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"
)

// stubs stand in for the few C library headers that UAPI headers include, and
// extra.h defines the structs no header has. With them nothing of a C library
// is needed, so any cross compiler will do.
//
//go:embed include
var stubs embed.FS

// arch is one architecture whose headers are read.
type arch struct {
	name    string   // as the -arch flag and file names have it
	triplet string   // directory of its asm/ headers
	cc      []string // compiler and flags

	headers string   // root of the headers: the directory with linux/
	include []string // -isystem flags, most specific first
}

var arches = map[string]*arch{
	"amd64": {name: "amd64", triplet: "x86_64-linux-gnu", cc: []string{"x86_64-linux-gnu-gcc-12", "-m64"}},
	"386":   {name: "i386", triplet: "i386-linux-gnu", cc: []string{"x86_64-linux-gnu-gcc-12", "-m32"}},
	"arm64": {name: "arm64", triplet: "aarch64-linux-gnu", cc: []string{"aarch64-linux-gnu-gcc-12"}},
}

// prepare looks for the compiler and fixes the search path.
func (a *arch) prepare(headers, stubDir string) error {
	path, err := exec.LookPath(a.cc[0])
	if err != nil {
		return fmt.Errorf("%s: %w (Debian packages: gcc-12, gcc-12-aarch64-linux-gnu)", a.name, err)
	}
	a.cc[0] = path
	asm := filepath.Join(headers, a.triplet)
	if _, err := os.Stat(filepath.Join(asm, "asm")); err != nil {
		return fmt.Errorf("%s: no asm headers: %w", a.name, err)
	}
	own, err := a.run("", "-print-file-name=include")
	if err != nil {
		return err
	}
	a.headers = headers
	a.include = []string{
		"-nostdinc", "-ffreestanding", "-fno-canonical-system-headers", "-w",
		"-isystem", stubDir, "-isystem", asm, "-isystem", headers,
		"-isystem", strings.TrimSpace(own),
	}
	return nil
}

// run starts the compiler with src as its standard input. The error carries
// what the compiler said.
func (a *arch) run(src string, args ...string) (string, error) {
	cmd := exec.Command(a.cc[0], append(append(append([]string{}, a.cc[1:]...), a.include...), args...)...)
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	cmd.Stdin = strings.NewReader(src)
	var out, msg bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &msg
	if err := cmd.Run(); err != nil {
		return out.String(), &ccError{err, msg.String()}
	}
	return out.String(), nil
}

type ccError struct {
	err  error
	text string
}

func (e *ccError) Error() string { return e.err.Error() + ": " + e.text }

// relative turns the name of an opened header into the one it is included by.
func (a *arch) relative(file string) string {
	for _, dir := range []string{filepath.Join(a.headers, a.triplet), a.headers} {
		if r, ok := strings.CutPrefix(filepath.Clean(file), dir+"/"); ok {
			return r
		}
	}
	return file
}

// list returns all headers of the architecture, sorted, as they are included.
func (a *arch) list() ([]string, error) {
	var list []string
	for _, dir := range uapiDirs {
		root := filepath.Join(a.headers, dir)
		if dir == "asm" {
			root = filepath.Join(a.headers, a.triplet, dir)
		}
		err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() && strings.HasSuffix(p, ".h") {
				list = append(list, a.relative(p))
			}
			return err
		})
		if err != nil && !os.IsNotExist(err) {
			return nil, err
		}
	}
	sort.Strings(list)
	return list, nil
}

// uapiDirs are the directories linux-libc-dev fills; other packages put their
// headers next to them.
var uapiDirs = []string{
	"asm", "asm-generic", "cxl", "drm", "fwctl", "linux", "misc", "mtd",
	"rdma", "regulator", "scsi", "sound", "video", "xen",
}

// writeStubs puts the stub headers where the compilers can read them.
func writeStubs(dir string) error {
	return fs.WalkDir(stubs, "include", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := stubs.ReadFile(p)
		if err != nil {
			return err
		}
		to := filepath.Join(dir, strings.TrimPrefix(p, "include/"))
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return err
		}
		return os.WriteFile(to, b, 0o644)
	})
}
