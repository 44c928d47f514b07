package luart

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"math"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// CompileLibrary compiles all scripts and modules of a library that the interpreter
// has, and returns what goes into its Compiled. The same texts give the same bytes.
func (r *Runtime) CompileLibrary(lib Library) ([]byte, error) {
	var out protoWriter
	err := fs.WalkDir(lib.FS, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(name, ".lua") {
			return err
		}
		text, err := fs.ReadFile(lib.FS, name)
		if err != nil {
			return err
		}
		fn, err := r.LoadFS(lib, name)
		if err != nil {
			return err
		}
		var code protoWriter
		if err := code.proto(fn.Proto); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		out.text(name)
		out.number(textHash(text))
		out.text(code.String())
		return nil
	})
	return out.Bytes(), err
}

// compiled returns the main function of a file of a library as it was compiled
// beforehand, nil if that was another text, or there is none.
func (lib Library) compiled(name string, text []byte) *lua.FunctionProto {
	in := protoReader{rest: lib.Compiled}
	for len(in.rest) > 0 && in.err == nil {
		file, hash, code := in.text(), in.number(), in.bytes()
		if file != name {
			continue
		}
		if in.err != nil || hash != textHash(text) {
			return nil
		}
		in := protoReader{rest: code}
		if p := in.proto(lib.Name + ":" + name); in.err == nil {
			return p
		}
		return nil
	}
	return nil
}

func textHash(text []byte) uint64 {
	h := fnv.New64a()
	h.Write(text)
	return h.Sum64()
}

// protoWriter writes compiled functions: numbers as varints, texts with their lengths.
type protoWriter struct{ bytes.Buffer }

func (w *protoWriter) number(n uint64) { w.Write(binary.AppendUvarint(w.AvailableBuffer(), n)) }

func (w *protoWriter) text(s string) {
	w.number(uint64(len(s)))
	w.WriteString(s)
}

// The kinds of constants.
const (
	numberConstant = iota
	textConstant
)

func (w *protoWriter) proto(p *lua.FunctionProto) error {
	for _, n := range []int{p.LineDefined, p.LastLineDefined, int(p.NumUpvalues), int(p.NumParameters), int(p.IsVarArg), int(p.NumUsedRegisters), len(p.Code)} {
		w.number(uint64(n))
	}
	for _, c := range p.Code {
		w.Write(binary.LittleEndian.AppendUint32(w.AvailableBuffer(), c))
	}
	w.number(uint64(len(p.Constants)))
	for _, c := range p.Constants {
		switch c := c.(type) {
		case lua.LNumber:
			w.number(numberConstant)
			w.number(math.Float64bits(float64(c)))
		case lua.LString:
			w.number(textConstant)
			w.text(string(c))
		default:
			return fmt.Errorf("a constant is a %s", c.Type())
		}
	}
	w.number(uint64(len(p.FunctionPrototypes)))
	for _, inner := range p.FunctionPrototypes {
		if err := w.proto(inner); err != nil {
			return err
		}
	}
	w.number(uint64(len(p.DbgSourcePositions)))
	for _, line := range p.DbgSourcePositions {
		w.number(uint64(line))
	}
	w.number(uint64(len(p.DbgLocals)))
	for _, l := range p.DbgLocals {
		w.text(l.Name)
		w.number(uint64(l.StartPc))
		w.number(uint64(l.EndPc))
	}
	w.number(uint64(len(p.DbgCalls)))
	for _, c := range p.DbgCalls {
		w.text(c.Name)
		w.number(uint64(c.Pc))
	}
	w.number(uint64(len(p.DbgUpvalues)))
	for _, name := range p.DbgUpvalues {
		w.text(name)
	}
	return nil
}

var errCompiled = errors.New("damaged compiled script")

// protoReader reads what a protoWriter wrote.
type protoReader struct {
	rest []byte
	err  error
}

func (r *protoReader) number() uint64 {
	n, size := binary.Uvarint(r.rest)
	if size <= 0 {
		r.err, r.rest = errCompiled, nil
		return 0
	}
	r.rest = r.rest[size:]
	return n
}

// count reads how many items of at least size bytes follow.
func (r *protoReader) count(size int) int {
	n := r.number()
	if n > uint64(len(r.rest)/size) {
		r.err, r.rest = errCompiled, nil
		return 0
	}
	return int(n)
}

func (r *protoReader) bytes() []byte {
	n := r.count(1)
	b := r.rest[:n:n]
	r.rest = r.rest[n:]
	return b
}

func (r *protoReader) text() string { return string(r.bytes()) }

func (r *protoReader) proto(source string) *lua.FunctionProto {
	p := &lua.FunctionProto{SourceName: source}
	p.LineDefined, p.LastLineDefined = int(r.number()), int(r.number())
	p.NumUpvalues, p.NumParameters, p.IsVarArg, p.NumUsedRegisters = uint8(r.number()), uint8(r.number()), uint8(r.number()), uint8(r.number())
	p.Code = make([]uint32, r.count(4))
	for i := range p.Code {
		p.Code[i] = binary.LittleEndian.Uint32(r.rest)
		r.rest = r.rest[4:]
	}
	p.Constants = make([]lua.LValue, r.count(2))
	texts := make([]string, len(p.Constants))
	for i := range p.Constants {
		if r.number() == numberConstant {
			p.Constants[i] = lua.LNumber(math.Float64frombits(r.number()))
		} else {
			texts[i] = r.text()
			p.Constants[i] = lua.LString(texts[i])
		}
	}
	setStringConstants(p, texts)
	p.FunctionPrototypes = make([]*lua.FunctionProto, r.count(10))
	for i := range p.FunctionPrototypes {
		p.FunctionPrototypes[i] = r.proto(source)
	}
	p.DbgSourcePositions = make([]int, r.count(1))
	for i := range p.DbgSourcePositions {
		p.DbgSourcePositions[i] = int(r.number())
	}
	p.DbgLocals = make([]*lua.DbgLocalInfo, r.count(3))
	locals := make([]lua.DbgLocalInfo, len(p.DbgLocals))
	for i := range p.DbgLocals {
		locals[i] = lua.DbgLocalInfo{Name: r.text(), StartPc: int(r.number()), EndPc: int(r.number())}
		p.DbgLocals[i] = &locals[i]
	}
	p.DbgCalls = make([]lua.DbgCall, r.count(2))
	for i := range p.DbgCalls {
		p.DbgCalls[i] = lua.DbgCall{Name: r.text(), Pc: int(r.number())}
	}
	p.DbgUpvalues = make([]string, r.count(1))
	for i := range p.DbgUpvalues {
		p.DbgUpvalues[i] = r.text()
	}
	return p
}
