package luart

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"unicode"

	lua "github.com/yuin/gopher-lua"
)

// boundReads replaces io.read and file:read: gopher-lua's take what there is into
// memory, whatever its length, until a file ends that may never end. It also bounds
// the buffer of file:setvbuf.
func (r *Runtime) boundReads(library *lua.LTable) {
	class, ok := r.L.GetTypeMetatable("FILE*").(*lua.LTable)
	if !ok {
		return
	}
	class = methodTable(class)
	if read, ok := library.RawGetString("read").(*lua.LFunction); ok {
		const input = 2 // where gopher-lua has it
		defaults, _ := read.Upvalues[0].Value().(*lua.LTable)
		library.RawSetString("read", r.bounded(read, 1, func(*lua.LState) lua.LValue { return defaults.RawGetInt(input) }))
	}
	if read, ok := class.RawGetString("read").(*lua.LFunction); ok {
		class.RawSetString("read", r.bounded(read, 2, func(L *lua.LState) lua.LValue { return L.Get(1) }))
	}
	if buffer, ok := class.RawGetString("setvbuf").(*lua.LFunction); ok {
		inner := buffer.GFunction
		own := *buffer
		own.GFunction = func(L *lua.LState) int {
			if n, ok := L.Get(3).(lua.LNumber); ok {
				L.Replace(3, min(n, maxFileBuffer))
			}
			return inner(L)
		}
		class.RawSetString("setvbuf", &own)
	}
}

const maxFileBuffer = 1 << 20

// bounded is a function that reads by its formats, which are its arguments from the first
// on. What is no file that can be read is left to the function of gopher-lua.
func (r *Runtime) bounded(fn *lua.LFunction, first int, file func(*lua.LState) lua.LValue) *lua.LFunction {
	inner := fn.GFunction
	own := *fn // with its upvalues
	own.GFunction = func(L *lua.LState) int {
		in := fileReader(file(L))
		if in == nil {
			return inner(L)
		}
		if L.GetTop() < first {
			L.Push(lua.LString("*l"))
		}
		top := L.GetTop()
		for i := first; i <= top; i++ {
			v, err := r.readFormat(L, in, i)
			if err != nil {
				L.Push(lua.LNil)
				L.Push(lua.LString(err.Error()))
				L.Push(lua.LNumber(1)) // as gopher-lua's
				return 3
			}
			L.Push(v)
			if v == lua.LNil {
				break
			}
		}
		return L.GetTop() - top
	}
	return &own
}

// readFormat reads by format i; nil is the end of the file.
func (r *Runtime) readFormat(L *lua.LState, in *bufio.Reader, i int) (lua.LValue, error) {
	if n, ok := L.Get(i).(lua.LNumber); ok {
		if !(n >= 0) {
			L.ArgError(i, "a number of bytes must be 0 or more")
		}
		return r.readBytes(L, in, min(int64(n), 1<<62), false)
	}
	switch format := L.CheckString(i); format {
	case "*a":
		return r.readBytes(L, in, 1<<62, true)
	case "*l":
		return r.readLine(L, in)
	case "*n":
		var n lua.LNumber
		switch _, err := fmt.Fscanf(&digits{r: r, L: L, Reader: in}, "%f", &n); {
		case err == nil:
			return n, nil
		case errors.Is(err, io.EOF):
			return lua.LNil, nil
		default:
			return nil, err
		}
	default:
		L.ArgError(i, "there is no format '"+EscapeName(format)+"'; there are *l, *a, *n and a number of bytes")
	}
	return lua.LNil, nil
}

// readBytes reads up to n bytes. At the end of the file there is nil, or, if all
// was wanted, an empty string.
func (r *Runtime) readBytes(L *lua.LState, in *bufio.Reader, n int64, all bool) (lua.LValue, error) {
	if n == 0 {
		if _, err := in.Peek(1); err == io.EOF {
			return lua.LNil, nil
		}
		return lua.LString(""), nil
	}
	var out []byte
	buf := make([]byte, min(n, 64<<10))
	for n > 0 {
		r.Poll(L)
		got, err := in.Read(buf[:min(n, int64(len(buf)))])
		r.RoomFor(L, out, got)
		out = append(out, buf[:got]...)
		n -= int64(got)
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
	}
	if len(out) == 0 && !all {
		return lua.LNil, nil
	}
	return lua.LString(TextOf(out)), nil
}

func (r *Runtime) readLine(L *lua.LState, in *bufio.Reader) (lua.LValue, error) {
	var out []byte
	for read := false; ; read = true {
		r.Poll(L)
		part, more, err := in.ReadLine()
		if err == io.EOF && read {
			return lua.LString(TextOf(out)), nil
		}
		if err == io.EOF {
			return lua.LNil, nil
		}
		if err != nil {
			return nil, err
		}
		r.RoomFor(L, out, len(part))
		out = append(out, part...)
		if !more {
			return lua.LString(TextOf(out)), nil
		}
	}
}

// digits is what a number is read from: fmt would take any number of digits, and of
// blanks before them.
type digits struct {
	r *Runtime
	L *lua.LState
	*bufio.Reader
	n int
}

// longestNumber is how many characters are taken for one number (C Lua: 200).
const longestNumber = 200

// ReadRune is the next character, the end of the file behind a long number.
func (d *digits) ReadRune() (rune, int, error) {
	d.r.Poll(d.L)
	if d.n >= longestNumber {
		return 0, 0, io.EOF
	}
	c, size, err := d.Reader.ReadRune()
	if !unicode.IsSpace(c) {
		d.n++
	}
	return c, size, err
}

// UnreadRune takes one back.
func (d *digits) UnreadRune() error {
	d.n--
	return d.Reader.UnreadRune()
}
