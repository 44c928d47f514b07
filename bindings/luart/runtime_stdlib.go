package luart

import (
	"math"

	lua "github.com/yuin/gopher-lua"
)

// StandardLibrary is what is kept of one of Lua's standard libraries. What stands in
// neither list is taken away: functions that change other functions'
// environments or locals (they would defeat the analysis of hooks), aliases of
// Lua 5.0, and gopher-lua's own additions.
type StandardLibrary struct {
	Name    string // "" for the basic functions
	open    lua.LGFunction
	Names   []string // always there
	Outside []string // touch files, the environment or other code: not in the sandbox
	Help    string
}

// StandardLibraries lists the standard libraries and the members that remain.
var StandardLibraries = []StandardLibrary{
	{"", lua.OpenBase, []string{
		"_G", "_VERSION", "assert", "error", "getmetatable", "ipairs", "load", "loadstring",
		"next", "pairs", "pcall", "rawequal", "rawget", "rawset", "select", "setmetatable", "tonumber", "tostring",
		"type", "unpack", "xpcall"},
		[]string{"collectgarbage", "dofile", "loadfile"},
		"Lua's basic functions. tonumber reads every form of number and rounds a 64-bit word; setmetatable takes tables only."},
	{"string", lua.OpenString, []string{
		"byte", "char", "endswith", "find", "format", "gmatch", "gsub", "len", "lower", "match", "rep", "reverse", "split", "startswith",
		"sub", "trim", "upper"},
		nil,
		"Lua's string functions. format knows 64-bit words and refuses bad formats; patterns can be slow on hostile input, until the hook's time is over; re(pattern) can't. Beyond Lua 5.1: split(s, separator) returns a list, without a separator of what stands between blanks; trim(s) takes blanks off both ends; startswith(s, text) and endswith(s, text) compare text, not patterns."},
	{"table", lua.OpenTable, []string{"concat", "insert", "maxn", "pack", "remove", "sort", "unpack"}, nil, "Lua's table functions, and pack and unpack of later versions."},
	{"math", lua.OpenMath, []string{
		"abs", "acos", "asin", "atan", "atan2", "ceil", "cos", "cosh", "deg", "exp", "floor", "fmod", "frexp", "huge",
		"ldexp", "log", "log10", "max", "min", "modf", "pi", "pow", "rad", "random", "randomseed", "sin", "sinh",
		"sqrt", "tan", "tanh"},
		nil, "Lua's mathematical functions. rng(seed) is the generator to use for repeatable runs."},
	{"coroutine", lua.OpenCoroutine, []string{"create", "resume", "running", "status", "wrap", "yield"}, nil,
		"Lua's coroutines. A hook can't yield to the tracer."},
	{"os", lua.OpenOs, []string{"clock", "date", "difftime", "time"},
		[]string{"execute", "exit", "getenv", "remove", "rename", "tmpname"},
		"Lua's operating system functions. exit ends the trace; execute raises an error, since the tracer would see the new process."},
	{"io", lua.OpenIo, nil,
		[]string{"close", "flush", "input", "lines", "open", "output", "popen", "read", "stderr", "stdin", "stdout", "tmpfile", "type", "write"},
		"Lua's input and output. popen raises an error, since the tracer would see the new process."},
	{"debug", lua.OpenDebug, []string{"traceback"}, []string{"getinfo"}, "The part of Lua's debug library that only looks."},
}

// maxRep bounds the result of string.rep: a wrong number shall not take all memory.
const maxRep = 64 << 20

// openStandard opens the standard libraries, prunes them, replaces what doesn't
// fit a tracer, and moves the rest to a fresh globals table.
func (r *Runtime) openStandard() {
	L := r.L
	old := L.G.Global
	kept := L.NewTable()
	for _, lib := range StandardLibraries {
		names := lib.Names
		if !r.opts.Sandbox {
			names = append(append([]string{}, names...), lib.Outside...)
		}
		if len(names) == 0 {
			continue
		}
		L.Push(L.NewFunction(lib.open))
		L.Push(lua.LString(lib.Name))
		L.Call(1, 0)
		from, to := old, kept
		if lib.Name != "" {
			from = old.RawGetString(lib.Name).(*lua.LTable)
			to = from
			keep := map[string]bool{"__index": true}
			for _, n := range names {
				keep[n] = true
			}
			for _, n := range TableNames(from) {
				if !keep[n] {
					from.RawSetString(n, lua.LNil)
				}
			}
			kept.RawSetString(lib.Name, from)
		}
		if lib.Name != "" && r.opts.Sandbox {
			r.closeLibrary(lib, to)
		}
		for _, n := range names {
			if v := from.RawGetString(n); v != lua.LNil {
				to.RawSetString(n, v)
			}
		}
	}
	r.globals = kept
	L.G.Global = kept
	L.Env = kept
	r.replaceStandard()
	r.installStringArithmetic()
	r.installFaults()
}

// replaceStandard installs luatrace's own versions of standard functions.
func (r *Runtime) replaceStandard() {
	set := func(tb *lua.LTable, name string, fn func(r *Runtime, L *lua.LState) int) {
		tb.RawSetString(name, r.function(fn))
	}
	sub := func(name string) *lua.LTable { tb, _ := r.globals.RawGetString(name).(*lua.LTable); return tb }

	base := r.globals
	before := func(tb *lua.LTable, name string, wrap func(lua.LGFunction) func(*Runtime, *lua.LState) int) {
		set(tb, name, wrap(tb.RawGetString(name).(*lua.LFunction).GFunction))
	}
	set(base, "tonumber", (*Runtime).luaToNumber)
	set(base, "unpack", (*Runtime).luaUnpack)
	before(base, "rawset", r.luaRawSet)
	before(base, "error", r.luaError)
	before(base, "assert", r.luaAssert)
	set(base, "setmetatable", (*Runtime).luaSetMetatable)
	set(base, "getmetatable", (*Runtime).luaGetMetatable)
	set(base, "pcall", (*Runtime).luaPCall)
	set(base, "xpcall", (*Runtime).luaXPCall)
	set(base, "load", (*Runtime).luaLoad)
	set(base, "loadstring", (*Runtime).luaLoadString)
	if !r.opts.Sandbox {
		r.watchFiles(sub("io"))
		r.boundReads(sub("io"))
		r.wholeLines(sub("io"))
		set(base, "collectgarbage", (*Runtime).luaCollectGarbage)
		set(base, "dofile", (*Runtime).luaDoFile)
		set(base, "loadfile", (*Runtime).luaLoadFile)
		set(sub("io"), "popen", func(r *Runtime, L *lua.LState) int {
			L.RaiseError("io.popen is not available: the tracer would see the new process; start the helper before luatrace and use io.open on a file or FIFO")
			return 0
		})
		set(sub("os"), "execute", func(r *Runtime, L *lua.LState) int {
			L.RaiseError("os.execute is not available: the tracer would see the new process; run the command outside of luatrace")
			return 0
		})
		set(sub("os"), "exit", (*Runtime).luaExit)
		for _, lib := range StandardLibraries {
			tb := base
			if lib.Name != "" {
				tb = sub(lib.Name)
			}
			r.behindMeta(lib, tb)
		}
	}
	r.addToLibraries(sub("string"), sub("table"))
	set(sub("string"), "format", (*Runtime).luaFormat)
	set(sub("string"), "rep", (*Runtime).luaRep)
	set(sub("string"), "upper", (*Runtime).luaUpper)
	set(sub("string"), "lower", (*Runtime).luaLower)
	set(sub("string"), "reverse", (*Runtime).luaReverse)
	set(sub("string"), "byte", (*Runtime).luaByte)
	set(sub("string"), "find", (*Runtime).luaFind)
	set(sub("string"), "match", (*Runtime).luaMatch)
	set(sub("string"), "gmatch", (*Runtime).luaGmatch)
	set(sub("string"), "gsub", (*Runtime).luaGsub)
	set(sub("os"), "date", (*Runtime).luaDate)
	set(sub("table"), "concat", (*Runtime).luaConcat)
	before(sub("table"), "sort", r.luaSort)
	before(sub("table"), "insert", r.luaInsert)
	sub("math").RawSetString("huge", lua.LNumber(math.Inf(1))) // gopher-lua has the largest finite number
	set(sub("debug"), "traceback", r.luaTraceback(sub("debug").RawGetString("traceback")))
	r.replaceCoroutines(sub("coroutine"))
}

// luaExit is os.exit: the script is unwound, and the trace ends.
func (r *Runtime) luaExit(L *lua.LState) int {
	code := 0
	switch v := L.Get(1).(type) {
	case lua.LNumber:
		code = int(v)
	case lua.LBool:
		if !bool(v) {
			code = 1
		}
	}
	r.requestExit(L, code)
	return 0
}
