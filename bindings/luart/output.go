package luart

import (
	lua "github.com/yuin/gopher-lua"
)

func outputGlobals() Module {
	return Module{Functions: []Function{
		{
			Name: "print", Params: "...: any", Returns: "",
			Help: "Writes its arguments as one line to the trace output, separated by tabs. Control characters and invalid UTF-8 inside an argument are shown as \\n, \\t or \\xNN, so that what a tracee passes can't steer the terminal or fake a line. Tables are shown with their contents.",
			Fn:   Bind((*Runtime).print),
		},
		{
			Name: "printf", Params: "format: string, ...: any", Returns: "",
			Help: "Writes formatted text to the trace output; takes what string.format takes and adds no newline. Arguments of %s and %c are escaped as by print; in the format newlines and tabs stay, and other control characters are escaped.",
			Fn:   Bind((*Runtime).printf),
		},
		{
			Name: "notice", Params: "text: string", Returns: "",
			Help: "Writes a line to standard error, as luatrace's own messages: how often a fault has hit, for example. A newline in the text is shown as \\n. Not with -q, nor in tests.",
			Fn:   Bind((*Runtime).notice),
		},
		{
			Name: "emit", Params: "value: table", Returns: "",
			Help: "Writes one line of JSON to the trace output, encoded as by json.encode.",
			Fn:   Bind((*Runtime).emit),
		},
	}}
}

// WriteOutput puts one finished piece of output into the buffer. An error of the
// writer is sticky in bufio.Writer and reported by Flush.
func (r *Runtime) WriteOutput(p []byte) {
	if len(p) == 0 {
		return
	}
	if r.opts.Aside != nil {
		r.opts.Aside()
	}
	r.wrote = true
	_, _ = r.out.Write(p)
}

// print is the global print. The line is built in a buffer of the Runtime, so
// that a nested print (from a __tostring) can't cut into it.
func (r *Runtime) print(L *lua.LState) int {
	line := r.stampLine(r.takeLine())
	for i, n := 1, L.GetTop(); i <= n; i++ {
		if i > 1 {
			line = append(line, '\t')
		}
		line = r.AppendValue(line, L, L.Get(i), ShowTop)
	}
	line = append(line, '\n')
	r.WriteOutput(line)
	r.line, r.midline = line, false
	return 0
}

func (r *Runtime) printf(L *lua.LState) int {
	line := r.stampLine(r.takeLine())
	stamp := len(line)
	if line = r.appendFormat(line, L, true); len(line) > stamp {
		r.WriteOutput(line)
		r.midline = line[len(line)-1] != '\n'
	}
	r.line = line
	return 0
}

// notice is a message for the user, who may not want any.
func (r *Runtime) notice(L *lua.LState) int {
	text := shortened(L.CheckString(1), maxMessage)
	if r.opts.Notice != nil {
		r.opts.Notice(text)
	}
	return 0
}

func (r *Runtime) emit(L *lua.LState) int {
	v := L.CheckAny(1)
	switch v.(type) {
	case *lua.LTable, *lua.LUserData:
	default:
		L.ArgError(1, "table expected, got "+TypeName(v))
	}
	line, err := r.appendJSON(r.takeLine(), v)
	if err != nil {
		r.Poll(L)
		L.RaiseError("emit: %s", err.Error())
	}
	line = append(r.stampObject(line, v), '\n')
	r.WriteOutput(line)
	r.line, r.midline = line, false
	return 0
}

// takeLine hands out the scratch buffer, which nobody else gets meanwhile. One
// that had to grow far is let go.
func (r *Runtime) takeLine() []byte {
	line := r.line[:0]
	r.line = nil
	if cap(line) > maxScratch {
		return nil
	}
	return line
}

// maxScratch is up to which capacity the scratch buffer is kept.
const maxScratch = 64 << 10
