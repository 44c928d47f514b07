package luart

import (
	"bytes"
	"strings"

	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/ast"
)

// compilation is a text on its way to a main function.
type compilation struct {
	src    *source
	whole  []byte // the text as it was read
	text   []byte // what is Lua of it
	chunk  []ast.Stmt
	mender *mender
	proto  *lua.FunctionProto
	found  []*ScriptError // what is wrong, by each of the checks
}

// pass is one of the steps of compile.
type pass struct {
	name string
	run  func(r *Runtime, c *compilation) error
}

// passes are what compile does with a text, in this order. The first error ends it, and
// so does a function that was compiled beforehand.
var passes = []pass{
	{"leave out what is not Lua", (*Runtime).passTrim},
	{"take what was compiled beforehand", (*Runtime).passCompiled},
	{"refuse compiled Lua", (*Runtime).passRefuse},
	{"parse within the limits of a chunk", (*Runtime).passParse},
	{"change the tree as the host wants it", (*Runtime).passTree},
	{"mend what the compiler gets wrong", (*Runtime).passMend},
	{"compile", (*Runtime).passCompile},
	{"check the globals", (*Runtime).passGlobals},
	{"check what the host looks for", (*Runtime).passFind},
	{"report what the checks have found", (*Runtime).passReport},
}

// compile makes the main function of a chunk.
func (r *Runtime) compile(text []byte, src *source) (*lua.LFunction, error) {
	c := &compilation{src: src, whole: text}
	for i := range passes {
		if err := passes[i].run(r, c); err != nil {
			return nil, err
		}
		if c.proto != nil && c.chunk == nil {
			break
		}
	}
	return r.mainFunction(c.proto, src), nil
}

// passTrim leaves out a byte order mark and "#!/usr/bin/env luatrace"; the line itself
// stays, empty.
func (r *Runtime) passTrim(c *compilation) error {
	c.text = bytes.TrimPrefix(c.whole, []byte("\xef\xbb\xbf"))
	if bytes.HasPrefix(c.text, []byte("#")) {
		if i := bytes.IndexByte(c.text, '\n'); i >= 0 {
			c.text = c.text[i:]
		} else {
			c.text = nil
		}
	}
	return nil
}

// passCompiled finds a file of a library that was compiled beforehand. What the host
// leaves out of scripts is not in there, and who checks wants all that the compiler finds.
func (r *Runtime) passCompiled(c *compilation) error {
	src := c.src
	if r.opts.Checking || src.onDisk || src.kind != FromFile || r.face.Whole != nil && r.face.Whole() {
		return nil
	}
	for _, lib := range r.opts.Libraries {
		if name, ok := strings.CutPrefix(src.name, lib.Name+":"); ok && lib.Name == src.fsName {
			if c.proto = lib.compiled(name, c.whole); c.proto != nil {
				src.text = c.text
			}
			return nil
		}
	}
	return nil
}

func (r *Runtime) passRefuse(c *compilation) error {
	if bytes.HasPrefix(c.text, []byte("\x1bLua")) {
		return ErrorAt(c.src.name, 0, "compiled Lua can't be loaded; give the source")
	}
	return nil
}

func (r *Runtime) passParse(c *compilation) (err error) {
	if c.chunk, err = r.parse(c.text, c.src); err != nil {
		return err
	}
	if c.chunk == nil {
		c.chunk = []ast.Stmt{} // of an empty text
	}
	c.src.chunk = c.chunk
	return nil
}

func (r *Runtime) passTree(c *compilation) error {
	if r.face.Tree != nil {
		c.chunk = r.face.Tree(c.chunk, c.src.kind)
	}
	return nil
}

func (r *Runtime) passMend(c *compilation) error {
	var wrong *ScriptError
	if c.chunk, c.mender, wrong = mend(c.chunk, c.src.name); wrong != nil {
		return wrong
	}
	if c.chunk == nil {
		c.chunk = []ast.Stmt{}
	}
	return nil
}

func (r *Runtime) passCompile(c *compilation) (err error) {
	if c.proto, err = lua.Compile(c.chunk, c.src.name); err != nil {
		return syntaxError(c.src.name, countLines(c.text), err)
	}
	c.mender.patch(c.proto)
	return nil
}

func (r *Runtime) passGlobals(c *compilation) error {
	c.found = r.checkGlobals(c.proto, c.src.kind != FromFile)
	return nil
}

// passFind leaves a chunk alone in which there is something wrong already, unless all of
// it is wanted.
func (r *Runtime) passFind(c *compilation) error {
	if r.face.Find != nil && (r.opts.Checking || len(c.found) == 0) {
		c.found = append(c.found, r.face.Find(c.chunk, c.src.name)...)
	}
	return nil
}

func (r *Runtime) passReport(c *compilation) error {
	if r.opts.Checking {
		r.found = append(r.found, c.found...)
		return nil
	}
	return Joined(c.found)
}

// Problems are what the checks have found so far, with [Options].Checking.
func (r *Runtime) Problems() []*ScriptError { return r.found }
