package luart

import (
	"bytes"
	"errors"
	"regexp"
	"strconv"
	"sync"
	"time"

	lua "github.com/yuin/gopher-lua"
)

// Screen says what the trace output is, for scripts that show more to a person
// than to a file.
type Screen struct {
	Terminal bool // a terminal: frames replace each other, colours are seen
	Width    int  // its columns; 0 if that is not known
	Height   int  // its lines; 0 if that is not known
	Colour   bool // colours are wanted
	JSON     bool // -j: an object a line is wanted
	Stamps   Stamps
}

// Stamps are the time stamps of what scripts write about events.
type Stamps struct {
	Wanted bool // lines have one without being asked
	Width  int  // of a stamp, in columns
	// Append appends the stamp of something that happened at this time, and a
	// space; nil for the default form.
	Append func(dst []byte, at time.Time) []byte
}

func outputModule() Module {
	flag := func(name, help string, get func(*Screen) bool) Value {
		return Value{Name: name, Type: "boolean", Help: help, Get: func(r *Runtime) lua.LValue { return lua.LBool(get(&r.opts.Screen)) }}
	}
	return Module{
		Name: "output",
		Help: "What the trace output is. \"lib.columns\" of the collection does most with it: local columns = require \"lib.columns\".",
		Functions: []Function{
			{
				Name: "frame", Params: "fn: function",
				Help: "Calls fn, whose output is one picture: on a terminal it replaces the picture before, elsewhere it is appended after an empty line (with -j, without). For reports from every().",
				Fn:   Bind((*Runtime).frame),
			},
			{
				Name: "colour", Params: "name?: string",
				Help: "What is written from now on has this colour (red, green, yellow, blue, magenta, cyan, bold, dim), without a name none. Only a terminal shows it, and not if NO_COLOR is set.",
				Fn:   Bind((*Runtime).colour),
			},
			{
				Name: "stamp", Params: "time?: number", Returns: "string",
				Help: "Returns the time stamp of a line, in the form that -tt, -ttt, -r or --absolute-timestamps asks for, else as -tt has it: of the time given, such as ev.time, or of the event. What the hook writes then is not stamped once more.",
				Fn:   Bind((*Runtime).stamp),
			},
			{
				Name: "script", Returns: "string|nil",
				Help: "Returns the name of the script that is being loaded, as its meta says; nil if it has none. A module asks while its functions are called by the script's main part.",
				Fn: Bind(func(r *Runtime, L *lua.LState) int {
					if names := r.scripts(); len(names) > 0 {
						L.Push(lua.LString(names[len(names)-1]))
					} else {
						L.Push(lua.LNil)
					}
					return 1
				}),
			},
			{
				Name: "several", Returns: "boolean",
				Help: "Says whether more than one script with a meta is loaded: a line that is not in a table of its script needs the script's name then. It is known when the trace begins.",
				Fn: Bind(func(r *Runtime, L *lua.LState) int {
					L.Push(lua.LBool(len(r.scripts()) > 1))
					return 1
				}),
			},
			{
				Name: "clock", Returns: "number",
				Help: "Returns the time of the event whose hook runs, as ev.time does, elsewhere the time now: for modules, which have no ev.",
				Fn: Bind(func(r *Runtime, L *lua.LState) int {
					at := time.Now()
					if m := r.moment(); m.Call != 0 {
						at = m.At
					}
					L.Push(lua.LNumber(float64(at.UnixMicro()) / 1e6))
					return 1
				}),
			},
		},
		Values: []Value{
			flag("json", "Whether -j asks for a JSON object a line: emit instead of print then.", func(s *Screen) bool { return s.JSON }),
			flag("time", "Whether -tt, -ttt, -r or --absolute-timestamps asks for a time stamp before each line. print and printf put it before lines that hooks on calls, signals and processes write; a script with columns of its own writes output.stamp() into one, output.stampwidth wide.",
				func(s *Screen) bool { return s.Stamps.Wanted }),
			{Name: "stampwidth", Type: "number", Help: "Columns that a time stamp takes.", Get: func(r *Runtime) lua.LValue {
				return lua.LNumber(r.opts.Screen.Stamps.width())
			}},
			flag("terminal", "Whether it is a terminal.", func(s *Screen) bool { return s.Terminal }),
			{Name: "width", Type: "number", Help: "Columns of the terminal, 80 if it is none.", Get: func(r *Runtime) lua.LValue {
				if r.opts.Screen.Width <= 0 {
					return lua.LNumber(80)
				}
				return lua.LNumber(r.opts.Screen.Width)
			}},
		},
	}
}

// scripts are the names of the scripts that are loaded.
func (r *Runtime) scripts() []string {
	if r.face.Scripts == nil {
		return nil
	}
	return r.face.Scripts()
}

// picture is what a function of output.frame writes.
type picture struct {
	r    *Runtime
	text []byte
	err  error // why it is not whole
}

// Write keeps the text, as long as there is room for it.
func (p *picture) Write(b []byte) (int, error) {
	if p.err == nil && len(p.text)+len(b) > cap(p.text) {
		if p.err = p.r.growth(len(p.text) + len(b)); p.err != nil {
			p.r.intr.stop(p.r.intr.state.Load(), p.err) // or it would go on writing
		}
	}
	if p.err != nil {
		return 0, p.err
	}
	p.text = append(p.text, b...)
	return len(b), nil
}

// frame collects what fn writes. On a terminal the cursor goes back over the
// lines of the frame before, which are cleared one by one, so that nothing
// flickers.
func (r *Runtime) frame(L *lua.LState) int {
	fn := L.CheckFunction(1)
	if err := r.Flush(); err != nil {
		L.RaiseError("frame: %s", err.Error())
	}
	picture := &picture{r: r}
	r.out.Reset(picture)
	L.Push(fn)
	err := r.Protected(L, 0, 0)
	r.out.Flush()
	r.out.Reset(r.opts.Out)
	if api, ok := errors.AsType[*lua.ApiError](err); ok {
		L.Error(api.Object, 0) // it says where already
	} else if err != nil {
		L.RaiseError("%s", err.Error())
	}
	if picture.err != nil {
		L.RaiseError("%s", picture.err.Error())
	}
	text := picture.text
	if i := bytes.LastIndexByte(text, '\n') + 1; len(sgr().ReplaceAll(text[i:], nil)) > 0 {
		text = append(text, '\n') // a picture ends with a line, behind which only a colour may end
	}
	if r.opts.Screen.Terminal {
		text = fitting(text, r.opts.Screen.Height)
	}
	lines := bytes.Count(text, []byte("\n"))
	switch {
	case !r.opts.Screen.Terminal || r.opts.Screen.JSON:
		if r.frameLines > 0 && !r.opts.Screen.JSON { // an empty line is no JSON
			r.WriteOutput([]byte("\n"))
		}
		r.WriteOutput(text)
	default:
		if r.frameLines > 0 {
			// The terminal may have shown a key there: ^C.
			r.WriteOutput([]byte("\r\x1b[" + strconv.Itoa(r.frameLines) + "A"))
		}
		r.WriteOutput([]byte("\x1b[?7l")) // long lines are cut, or they would count as two
		for line := range bytes.Lines(text) {
			line, whole := bytes.CutSuffix(line, []byte("\n"))
			r.WriteOutput(line)
			if whole {
				r.WriteOutput([]byte("\x1b[K\n"))
			}
		}
		r.WriteOutput([]byte("\x1b[J\x1b[?7h"))
	}
	r.frameLines = max(lines, 1)
	return 0
}

// EndPicture makes the next picture of output.frame stand below what is on the
// terminal: somebody has written there, and the picture before is not right above.
func (r *Runtime) EndPicture() {
	if r.opts.Screen.Terminal {
		r.frameLines = 0
	}
}

// sgr are the escape sequences of colours.
var sgr = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile("\x1b\\[[0-9]*m") })

// fitting leaves out the last lines of a picture that is higher than the
// terminal: the cursor could not go back to its first line.
func fitting(text []byte, height int) []byte {
	const least = 3
	if height < least || bytes.Count(text, []byte("\n")) < height {
		return text
	}
	end := 0
	for range height - 2 {
		end += bytes.IndexByte(text[end:], '\n') + 1
	}
	return append(text[:end:end], "...\n"...)
}

// paints are the colours by name: SGR parameters of ECMA-48.
var paints = map[string]string{
	"red": "31", "green": "32", "yellow": "33", "blue": "34", "magenta": "35", "cyan": "36", "bold": "1", "dim": "2",
}

// colour switches colours on the output itself: a string with an escape sequence
// in it would be escaped by print.
func (r *Runtime) colour(L *lua.LState) int {
	name := L.OptString(1, "")
	code, ok := paints[name]
	if !ok && name != "" {
		L.ArgError(1, "there is no colour '"+EscapeName(name)+"'; there are red, green, yellow, blue, magenta, cyan, bold and dim")
	}
	if r.opts.Screen.Colour {
		r.WriteOutput([]byte("\x1b[" + code + "m"))
	}
	return 0
}
