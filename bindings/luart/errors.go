package luart

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/parse"
)

// ScriptError is an error in a script: it doesn't compile, or it failed while
// it ran.
type ScriptError struct {
	File      string // the name the script was loaded by; "-e" for code on the command line; "" if unknown
	Line      int    // from 1; 0 if unknown
	Message   string // one line, or what the script itself raised
	Traceback string // "stack traceback:" and its lines; "" for errors of loading
	// Internal is set when luatrace itself is at fault: a Go panic inside one
	// of its functions. Traceback then begins with the Go stack.
	Internal bool

	late bool
}

// Timeout says whether the script was cut off because it ran too long.
func (e *ScriptError) Timeout() bool { return e.late }

// Error returns "FILE:LINE: MESSAGE".
func (e *ScriptError) Error() string {
	switch {
	case e.File == "":
		return e.Message
	case e.Line == 0:
		return e.File + ": " + e.Message
	}
	return e.File + ":" + strconv.Itoa(e.Line) + ": " + e.Message
}

// Detail returns the error and, on further lines, the traceback.
func (e *ScriptError) Detail() string {
	if e.Traceback == "" {
		return e.Error()
	}
	return e.Error() + "\n" + e.Traceback
}

// InternalPrefix begins the text of Go's run-time panics, which reach a caller
// as plain strings when they happened inside a coroutine.
const InternalPrefix = "runtime error: "

// scriptError converts what gopher-lua returned from a call.
func (r *Runtime) scriptError(err error) *ScriptError {
	var api *lua.ApiError
	if !errors.As(err, &api) {
		return &ScriptError{Message: err.Error()}
	}
	e := &ScriptError{Traceback: cleanTrace(api.StackTrace)}
	text, ok := api.Object.(lua.LString)
	switch {
	case api.Type == lua.ApiErrorPanic || ok && strings.HasPrefix(string(text), InternalPrefix):
		e.Internal = true
		e.Traceback = api.StackTrace
		e.Message = "internal error of luatrace, please report it: " + api.Object.String()
		e.File, e.Line = r.position(api.StackTrace)
	case ok:
		e.File, e.Line, e.Message = r.splitPosition(strings.TrimSpace(shortened(string(text), maxMessage)))
		e.Message = string(appendEscaped(nil, improve(e.Message))) // a script may raise what it read
	default:
		e.Message = "error object: " + r.shownError(api.Object)
	}
	return e
}

// shownError is an error that is no text, as print shows it. It may have a
// __tostring that fails in turn.
func (r *Runtime) shownError(object lua.LValue) string {
	shown := "" // what can't be shown
	_ = r.L.GPCall(func(L *lua.LState) int {
		shown = shortened(string(r.AppendValue(nil, L, object, showNested)), maxMessage)
		return 0
	}, lua.LNil)
	if shown == "" {
		return "(" + TypeName(object) + ")"
	}
	return shown
}

// splitPosition takes "FILE:LINE: " off a message. File names may hold colons,
// so they are compared with the names of what was loaded.
func (r *Runtime) splitPosition(msg string) (file string, line int, rest string) {
	for name := range r.sources {
		tail, ok := strings.CutPrefix(msg, name+":")
		if !ok || len(name) < len(file) {
			continue
		}
		digits, after, ok := strings.Cut(tail, ":")
		if n, err := strconv.Atoi(digits); ok && err == nil {
			file, line, rest = name, n, strings.TrimPrefix(after, " ")
		}
	}
	if file == "" {
		return "", 0, msg
	}
	return file, line, rest
}

// position finds the innermost script line of a traceback.
func (r *Runtime) position(trace string) (file string, line int) {
	for l := range strings.Lines(trace) {
		if f, n, _ := r.splitPosition(strings.TrimSpace(l)); f != "" {
			return f, n
		}
	}
	return "", 0
}

// improve says in words of the script what gopher-lua says in its own.
func improve(msg string) string {
	switch {
	case strings.HasPrefix(msg, "attempt to compare ") && strings.Contains(msg, "userdata") && strings.Contains(msg, "number"):
		return msg + "; a 64-bit word compares with 64-bit words only: write u64(n)"
	case strings.HasPrefix(msg, "attempt to index a non-table object(nil) with key "):
		return "attempt to index nil with key " + strings.TrimPrefix(msg, "attempt to index a non-table object(nil) with key ")
	case msg == "attempt to call a non-function object":
		return "attempt to call a value that is no function: a table, an event or another object"
	case msg == "__len undefined":
		return "attempt to get the length (#) of nil or of a value without one"
	case msg == "registry overflow":
		return "stack overflow: too many values"
	}
	return msg
}

// cleanTrace drops the lines of a traceback that say nothing.
func cleanTrace(trace string) string {
	lines := strings.Split(strings.TrimRight(trace, "\n"), "\n")
	kept := lines[:0]
	for _, l := range lines {
		switch strings.TrimSpace(l) {
		case "", "[G]: ?", "[G]: in main chunk":
			continue
		}
		kept = append(kept, strings.Replace(l, "in corountine", "in coroutine", 1))
	}
	if len(kept) < 2 {
		return ""
	}
	return strings.Join(kept, "\n")
}

// syntaxError converts an error of gopher-lua's parser or compiler; lines is
// the number of lines of the source.
func syntaxError(name string, lines int, err error) *ScriptError {
	e := &ScriptError{File: name, Message: err.Error()}
	var pe *parse.Error
	var ce *lua.CompileError
	switch {
	case errors.As(err, &pe):
		e.Line = pe.Pos.Line
		msg := strings.TrimSpace(pe.Message)
		if pe.Pos.Line == parse.EOF {
			e.Line = lines
		}
		switch {
		case msg == "parse error":
			msg = "a value alone is no statement: print it, as in print(ev.path), assign it, or call it" + foreignSpelling[pe.Token]
		case pe.Pos.Line == parse.EOF:
			if msg == "syntax error" {
				msg = "unexpected end of the script; is an 'end', a ')' or a '}' missing?"
			}
		case msg != "" && pe.Token != "":
			msg = strings.ToLower(msg[:1]) + msg[1:] + " near '" + EscapeName(firstLine(pe.Token)) + "'" + foreignSpelling[pe.Token]
		}
		if strings.HasPrefix(msg, "unterminated string") && pe.Pos.Column == 0 && pe.Pos.Line > 1 {
			e.Line-- // the scanner stands behind the end of the line
		}
		e.Message = msg
	case errors.As(err, &ce):
		e.Line, e.Message = ce.Line, ce.Message
		if before, at, ok := strings.Cut(e.Message, " at line "); ok { // a goto, found at the end of its block
			if n, err := strconv.Atoi(at); err == nil {
				e.Line, e.Message = n, before
			}
		}
	}
	return e
}

// foreignSpelling says how Lua 5.1 writes what other languages, and later Luas,
// write with a token that can't stand where it does.
var foreignSpelling = map[string]string{
	"!": "; Lua writes ~= for not equal, and not for the opposite",
	"&": "; Lua writes and, and bit.band(a, b) for the bits",
	"|": "; Lua writes or, and bit.bor(a, b) for the bits",
	"/": "; Lua 5.1 has no //: write math.floor(a / b), and -- for a comment",
	"+": "; Lua has no += and no ++: write n = n + 1",
	"<": "; Lua 5.1 has no <const> and no <<: write local x = 1, and bit.lshift(x, n)",
	"?": "; Lua has no a ? b : c: write a and b or c",
}

func firstLine(s string) string {
	if line, _, cut := strings.Cut(s, "\n"); cut {
		return line + "..."
	}
	return s
}

// ErrorAt makes the error of a check done while loading.
func ErrorAt(name string, line int, format string, args ...any) *ScriptError {
	return &ScriptError{File: name, Line: line, Message: fmt.Sprintf(format, args...)}
}

// RaiseIf raises an error, if it is one.
func RaiseIf(L *lua.LState, err error) {
	if err != nil {
		L.RaiseError("%s", err.Error())
	}
}
