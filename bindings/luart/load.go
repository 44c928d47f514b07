package luart

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
)

// MaxSource bounds the length of a script. Its syntax tree takes some fifty times
// that.
const MaxSource = 4 << 20

// CodeName is the chunk name of code given on the command line.
const CodeName = "-e"

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
	name  string // the chunk name, as in error messages
	kind  SourceKind
	chunk []ast.Stmt
	text  []byte // instead of chunk, where that was not needed to compile it
	place        // where its require searches first; no fsys for nowhere
}

// SourceKind says how strictly a text is taken.
type SourceKind uint8

const (
	FromFile   SourceKind = iota // a script, or a module of one
	FromCode                     // -e: globals as in awk
	FromScript                   // made by a script: not checked for globals at load time
)

// place is a folder in a tree of files.
type place struct {
	fsys   fs.FS
	fsName string // name of the tree in messages
	dir    string // the folder in it
	onDisk bool   // fsName is a path of the file system
}

func loadGlobals() Module {
	return Module{Functions: []Function{{
		Name: "require", Params: "name: string", Returns: "any",
		Help: "Loads a module once and returns its value. \"a.b\" is the file a/b.lua in the folder of the script that asks, then in luatrace's collection; the current directory and LUA_PATH are not searched.",
		Fn:   Bind((*Runtime).require),
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
	text, err := r.readScript(name)
	if err != nil {
		return nil, err
	}
	dir := filepath.Dir(name)
	return r.compile(text, &source{name: EscapeName(name), place: place{os.DirFS(dir), dir, ".", true}})
}

// LoadReader is LoadFile for text that comes from elsewhere; name stands in
// error messages.
func (r *Runtime) LoadReader(in io.Reader, name string) (*lua.LFunction, error) {
	text, err := ReadSource(in, name)
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
// It may use globals without declaring them. check, if not nil, looks at its tree.
func (r *Runtime) LoadCode(code string, check func(chunk []ast.Stmt) error) (*lua.LFunction, error) {
	src := &source{name: CodeName, kind: FromCode}
	fn, err := r.compile([]byte(code), src)
	if err == nil && check != nil {
		err = check(src.chunk)
	}
	if err != nil {
		return nil, err
	}
	return fn, nil
}

// LoadBody compiles code of the command line as the body of a function with the
// parameter ev, and returns that function. check is as for LoadCode.
func (r *Runtime) LoadBody(code string, check func(chunk []ast.Stmt) error) (*lua.LFunction, error) {
	// First without what is wrapped around, so that errors don't speak of that.
	if _, err := r.LoadCode(code, check); err != nil {
		return nil, err
	}
	chunk, err := r.LoadCode("return function(ev) "+code+"\nend", nil)
	if err != nil {
		return nil, err
	}
	fn, err := r.Call1(chunk)
	if err != nil {
		return nil, err
	}
	hook, ok := fn.(*lua.LFunction)
	if !ok {
		return nil, ErrorAt(CodeName, 1, "the code doesn't make a hook's body")
	}
	return hook, nil
}

// readScript is the text of a script file that may be run.
func (r *Runtime) readScript(name string) ([]byte, error) {
	if r.face.ReadScript != nil {
		return r.face.ReadScript(name)
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return ReadSource(f, name)
}

// ReadSource reads the text of a script, which must not be longer than [MaxSource]; name
// stands in errors.
func ReadSource(in io.Reader, name string) ([]byte, error) {
	text, err := io.ReadAll(io.LimitReader(in, MaxSource+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", EscapeName(name), err)
	}
	if len(text) > MaxSource {
		return nil, fmt.Errorf("%s: longer than %d MiB, not a script", EscapeName(name), MaxSource>>20)
	}
	return text, nil
}

func (r *Runtime) mainFunction(proto *lua.FunctionProto, src *source) *lua.LFunction {
	if r.face.Compiled != nil {
		r.face.Compiled(proto)
	}
	if old := r.sources[src.name]; old == nil || old.kind == FromScript || src.kind != FromScript {
		r.sources[src.name] = src
	}
	return r.L.NewFunctionFromProto(proto)
}

// Source is the name of the file that a main function was compiled from, and its tree.
func (r *Runtime) Source(fn *lua.LFunction) (file string, tree []ast.Stmt, ok bool) {
	src := r.sources[fn.Proto.SourceName]
	if src == nil {
		return "", nil, false
	}
	return src.name, src.tree(), true
}

// tree is the chunk as it was parsed.
func (s *source) tree() []ast.Stmt {
	if s.chunk == nil && s.text != nil {
		s.chunk, _ = parse.Parse(bytes.NewReader(s.text), s.name) // it was compiled of this text
	}
	return s.chunk
}

// Joined makes one error of findings.
func Joined(found []*ScriptError) error {
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
