package bindings

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/big"
	"os"
	"path"
	"path/filepath"
	"strings"

	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/ast"
	"github.com/yuin/gopher-lua/parse"

	"luatrace/engine/spec"
)

// maxSource bounds the length of a script. Its syntax tree takes some fifty times
// that.
const maxSource = 4 << 20

// codeName is the chunk name of code given on the command line.
const codeName = "-e"

// Library is a tree of modules that require finds, such as the embedded
// collection. Name stands before the path in error messages.
type Library struct {
	Name string
	FS   fs.FS
	// Compiled is what CompileLibrary has made of the files, or nil: of a file that
	// has not changed since, it spares parsing, compiling and checking.
	Compiled []byte
}

// source is where a chunk came from.
type source struct {
	name      string // the chunk name, as in error messages
	loose     bool   // -e: globals as in awk
	generated bool   // text a script made: not checked for globals at load time
	chunk     []ast.Stmt
	text      []byte // instead of chunk, where that was not needed to compile it
	place            // where its require searches first; no fsys for nowhere
}

// place is a folder in a tree of files.
type place struct {
	fsys   fs.FS
	fsName string // name of the tree in messages
	dir    string // the folder in it
	onDisk bool   // fsName is a path of the file system
}

func loadGlobals() module {
	return module{functions: []function{{
		name: "require", params: "name: string", returns: "any",
		help: "Loads a module once and returns its value. \"a.b\" is the file a/b.lua in the folder of the script that asks, then in luatrace's collection; the current directory and LUA_PATH are not searched.",
		fn:   (*Runtime).require,
	}}}
}

// LoadFile compiles a script file and returns its main function, which has not
// run yet. The name "-" is standard input. In a script file globals must exist:
// reading or writing others is an error here and at run time. Errors are
// *[ScriptError] or from reading the file.
func (r *Runtime) LoadFile(name string) (*lua.LFunction, error) {
	if name == "-" {
		return r.LoadReader(os.Stdin, "stdin")
	}
	text, err := readScript(name)
	if err != nil {
		return nil, err
	}
	dir := filepath.Dir(name)
	return r.compile(text, &source{name: escape(name), place: place{os.DirFS(dir), dir, ".", true}})
}

// LoadReader is LoadFile for text that comes from elsewhere; name stands in
// error messages.
func (r *Runtime) LoadReader(in io.Reader, name string) (*lua.LFunction, error) {
	text, err := readSource(in, name)
	if err != nil {
		return nil, err
	}
	return r.compile(text, &source{name: name})
}

// LoadFS is LoadFile for a file of a library.
func (r *Runtime) LoadFS(lib Library, name string) (*lua.LFunction, error) {
	text, err := fs.ReadFile(lib.FS, name)
	if err != nil {
		return nil, err
	}
	return r.compile(text, &source{name: lib.Name + ":" + name, place: place{lib.FS, lib.Name, path.Dir(name), false}})
}

// LoadCode compiles code of the command line, named "-e" in error messages.
// It may use globals without declaring them. What [Runtime.Check] finds in a
// script is an error.
func (r *Runtime) LoadCode(code string) (*lua.LFunction, error) {
	src := &source{name: codeName, loose: true}
	fn, err := r.compile([]byte(code), src)
	if err == nil {
		err = checkCode(src.chunk, nil)
	}
	if err != nil {
		return nil, err
	}
	return fn, nil
}

// LoadHookBody compiles code of the command line as the body of a function with
// the parameter ev, and returns that function. What events of the spec don't have
// is an error, and so is what belongs in a script; nil leaves that unchecked.
func (r *Runtime) LoadHookBody(code string, sel *spec.Spec) (*lua.LFunction, error) {
	src := &source{name: codeName, loose: true}
	if _, err := r.compile([]byte(code), src); err != nil { // so that errors don't speak of what is wrapped around
		return nil, err
	}
	if sel != nil {
		if err := checkCode(src.chunk, sel); err != nil {
			return nil, err
		}
	}
	chunk, err := r.compile([]byte("return function(ev) "+code+"\nend"), src)
	if err != nil {
		return nil, err
	}
	fn, err := r.Call1(chunk)
	if err != nil {
		return nil, err
	}
	hook, ok := fn.(*lua.LFunction)
	if !ok {
		return nil, errorAt(codeName, 1, "the code doesn't make a hook's body")
	}
	return hook, nil
}

func readSource(in io.Reader, name string) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(in, maxSource+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", escape(name), err)
	}
	if len(text) > maxSource {
		return nil, fmt.Errorf("%s: longer than %d MiB, not a script", escape(name), maxSource>>20)
	}
	return text, nil
}

// compile makes the main function of a chunk.
func (r *Runtime) compile(text []byte, src *source) (*lua.LFunction, error) {
	whole := text
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	if bytes.HasPrefix(text, []byte("#")) { // #!/usr/bin/env luatrace; the line itself stays, empty
		if i := bytes.IndexByte(text, '\n'); i >= 0 {
			text = text[i:]
		} else {
			text = nil
		}
	}
	if proto := r.precompiled(whole, src); proto != nil {
		src.text = text
		return r.mainFunction(proto, src), nil
	}
	if bytes.HasPrefix(text, []byte("\x1bLua")) {
		return nil, errorAt(src.name, 0, "compiled Lua can't be loaded; give the source")
	}
	chunk, err := r.parse(text, src)
	if err != nil {
		return nil, err
	}
	src.chunk = chunk
	if r.test == nil {
		chunk = withoutTests(chunk) // what they mention is nothing the script does
	}
	if !src.loose && !src.generated {
		chunk = ownArgs(chunk)
	}
	chunk, mender, wrong := mend(chunk, src.name)
	if wrong != nil {
		return nil, wrong
	}
	proto, err := lua.Compile(chunk, src.name)
	if err != nil {
		return nil, syntaxError(src.name, countLines(text), err)
	}
	mender.patch(proto)
	found := r.checkGlobals(proto, src.loose || src.generated)
	if r.opts.Checking || len(found) == 0 {
		found = append(found, r.checkComparisons(chunk, src.name)...)
	}
	if r.opts.Checking {
		r.found = append(r.found, found...)
	} else if len(found) > 0 {
		return nil, joined(found)
	}
	return r.mainFunction(proto, src), nil
}

func (r *Runtime) mainFunction(proto *lua.FunctionProto, src *source) *lua.LFunction {
	r.noteMentions(proto)
	if old := r.sources[src.name]; old == nil || old.generated || !src.generated {
		r.sources[src.name] = src
	}
	return r.L.NewFunctionFromProto(proto)
}

// precompiled finds a file of a library that was compiled beforehand. Tests of
// scripts are not in there, and who checks wants all that the compiler finds.
func (r *Runtime) precompiled(text []byte, src *source) *lua.FunctionProto {
	if r.test != nil || r.opts.Checking || src.onDisk || src.loose || src.generated {
		return nil
	}
	for _, lib := range r.opts.Libraries {
		if name, ok := strings.CutPrefix(src.name, lib.Name+":"); ok && lib.Name == src.fsName {
			return lib.compiled(name, text)
		}
	}
	return nil
}

// tree is the chunk as it was parsed.
func (s *source) tree() []ast.Stmt {
	if s.chunk == nil && s.text != nil {
		s.chunk, _ = parse.Parse(bytes.NewReader(s.text), s.name) // it was compiled of this text
	}
	return s.chunk
}

// joined makes one error of findings.
func joined(found []*ScriptError) error {
	switch len(found) {
	case 0:
		return nil
	case 1:
		return found[0]
	}
	errs := make([]error, len(found))
	for i, e := range found {
		errs[i] = e
	}
	return errors.Join(errs...)
}

// hasLongDigits reports whether there may be a literal of 14 digits or more;
// shorter ones always fit.
func hasLongDigits(text []byte) bool {
	run := 0
	for _, c := range text {
		if c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F' {
			if run++; run >= 14 {
				return true
			}
		} else {
			run = 0
		}
	}
	return false
}

// holdable reports whether a number token is exact, or not an integer literal.
func holdable(tok ast.Token) bool {
	n, ok := new(big.Int).SetString(tok.Str, 0)
	if !ok {
		return true
	}
	if _, accuracy := new(big.Float).SetInt(n).Float64(); accuracy != big.Exact {
		return false
	}
	return n.IsUint64() && n.Uint64() < 1<<63 || !strings.HasPrefix(strings.ToLower(tok.Str), "0x")
}
