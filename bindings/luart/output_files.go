package luart

import (
	"fmt"
	"os"

	lua "github.com/yuin/gopher-lua"
	"golang.org/x/sys/unix"
)

// appendText appends text that a script writes as it is, but for what could
// steer a terminal: newlines and tabs stay, all else is as in appendEscaped.
func appendText(dst []byte, s string) []byte {
	start := 0
	for i := range len(s) {
		if s[i] == '\n' || s[i] == '\t' {
			dst = append(appendEscaped(dst, s[start:i]), s[i])
			start = i + 1
		}
	}
	return appendEscaped(dst, s[start:])
}

// watchFiles puts itself before the functions that write to files: what goes to
// a terminal is escaped, and the first error is kept, since few scripts look.
func (r *Runtime) watchFiles(io *lua.LTable) {
	fileClass, ok := r.L.GetTypeMetatable("FILE*").(*lua.LTable)
	if !ok {
		return
	}
	if write, ok := io.RawGetString("write").(*lua.LFunction); ok {
		defaults, _ := write.Upvalues[0].Value().(*lua.LTable)
		io.RawSetString("write", r.watched(write, 1, func(*lua.LState) lua.LValue { return defaults.RawGetInt(1) }))
	}
	if write, ok := fileClass.RawGetString("write").(*lua.LFunction); ok {
		fileClass.RawSetString("write", r.watched(write, 2, func(L *lua.LState) lua.LValue { return L.Get(1) }))
	}
}

// watched is a function that writes its arguments from the first on to a file.
func (r *Runtime) watched(fn *lua.LFunction, first int, file func(*lua.LState) lua.LValue) *lua.LFunction {
	inner := fn.GFunction
	own := *fn // with its upvalues
	own.GFunction = func(L *lua.LState) int {
		if f := file(L); r.onTerminal(f) {
			for i := first; i <= L.GetTop(); i++ {
				if s, ok := L.Get(i).(lua.LString); ok {
					L.Replace(i, lua.LString(TextOf(r.escapedLines(L, nil, string(s)))))
				}
			}
		}
		n := inner(L)
		if n > 1 && L.Get(-n) == lua.LNil && r.fileErr == nil {
			r.fileErr = fmt.Errorf("a script could not write a file: %s", EscapeName(L.Get(-n+1).String()))
		}
		return n
	}
	return &own
}

// onTerminal says whether a file of scripts is a standard stream that is a
// terminal.
func (r *Runtime) onTerminal(file lua.LValue) bool {
	io, _ := r.globals.RawGetString("io").(*lua.LTable)
	if io == nil {
		return false
	}
	fd := os.Stdout
	switch file {
	case io.RawGetString("stdout"):
	case io.RawGetString("stderr"):
		fd = os.Stderr
	default:
		return false
	}
	return IsTerminal(fd)
}

// IsTerminal says whether a file is a terminal (isatty(3)).
func IsTerminal(f *os.File) bool {
	_, err := unix.IoctlGetTermios(int(f.Fd()), unix.TCGETS)
	return err == nil
}

// FileError returns the first error of a script's writing to a file by io, nil
// if there was none. An error of the trace output is Flush's.
func (r *Runtime) FileError() error { return r.fileErr }
