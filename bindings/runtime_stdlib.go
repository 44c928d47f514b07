package bindings

import (
	"math"

	lua "github.com/yuin/gopher-lua"
)

// library is what is kept of one of Lua's standard libraries. What stands in
// neither list is taken away: functions that change other functions'
// environments or locals (they would defeat the analysis of hooks), aliases of
// Lua 5.0, and gopher-lua's own additions.
type library struct {
	name    string // "" for the basic functions
	open    lua.LGFunction
	names   []string // always there
	outside []string // touch files, the environment or other code: not in the sandbox
	help    string
}

// standardLibraries lists the standard libraries and the members that remain.
var standardLibraries = []library{
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
func (r *vm) openStandard() {
	L := r.L
	old := L.G.Global
	kept := L.NewTable()
	for _, lib := range standardLibraries {
		names := lib.names
		if !r.opts.Sandbox {
			names = append(append([]string{}, names...), lib.outside...)
		}
		if len(names) == 0 {
			continue
		}
		L.Push(L.NewFunction(lib.open))
		L.Push(lua.LString(lib.name))
		L.Call(1, 0)
		from, to := old, kept
		if lib.name != "" {
			from = old.RawGetString(lib.name).(*lua.LTable)
			to = from
			keep := map[string]bool{"__index": true}
			for _, n := range names {
				keep[n] = true
			}
			for _, n := range tableNames(from) {
				if !keep[n] {
					from.RawSetString(n, lua.LNil)
				}
			}
			kept.RawSetString(lib.name, from)
		}
		if lib.name != "" && r.opts.Sandbox {
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
func (r *vm) replaceStandard() {
	set := func(tb *lua.LTable, name string, fn func(r *vm, L *lua.LState) int) {
		tb.RawSetString(name, r.function(fn))
	}
	sub := func(name string) *lua.LTable { tb, _ := r.globals.RawGetString(name).(*lua.LTable); return tb }

	base := r.globals
	before := func(tb *lua.LTable, name string, wrap func(lua.LGFunction) func(*vm, *lua.LState) int) {
		set(tb, name, wrap(tb.RawGetString(name).(*lua.LFunction).GFunction))
	}
	set(base, "tonumber", (*vm).luaToNumber)
	set(base, "unpack", (*vm).luaUnpack)
	before(base, "rawset", r.luaRawSet)
	before(base, "error", r.luaError)
	before(base, "assert", r.luaAssert)
	set(base, "setmetatable", (*vm).luaSetMetatable)
	set(base, "getmetatable", (*vm).luaGetMetatable)
	set(base, "pcall", (*vm).luaPCall)
	set(base, "xpcall", (*vm).luaXPCall)
	set(base, "load", (*vm).luaLoad)
	set(base, "loadstring", (*vm).luaLoadString)
	if !r.opts.Sandbox {
		r.watchFiles(sub("io"))
		r.boundReads(sub("io"))
		r.wholeLines(sub("io"))
		set(base, "collectgarbage", (*vm).luaCollectGarbage)
		set(base, "dofile", (*vm).luaDoFile)
		set(base, "loadfile", (*vm).luaLoadFile)
		set(sub("io"), "popen", func(r *vm, L *lua.LState) int {
			L.RaiseError("io.popen is not available: the tracer would see the new process; start the helper before luatrace and use io.open on a file or FIFO")
			return 0
		})
		set(sub("os"), "execute", func(r *vm, L *lua.LState) int {
			L.RaiseError("os.execute is not available: the tracer would see the new process; run the command outside of luatrace")
			return 0
		})
		set(sub("os"), "exit", (*vm).luaExit)
		for _, lib := range standardLibraries {
			tb := base
			if lib.name != "" {
				tb = sub(lib.name)
			}
			r.behindMeta(lib, tb)
		}
	}
	r.addToLibraries(sub("string"), sub("table"))
	set(sub("string"), "format", (*vm).luaFormat)
	set(sub("string"), "rep", (*vm).luaRep)
	set(sub("string"), "upper", (*vm).luaUpper)
	set(sub("string"), "lower", (*vm).luaLower)
	set(sub("string"), "reverse", (*vm).luaReverse)
	set(sub("string"), "byte", (*vm).luaByte)
	set(sub("string"), "find", (*vm).luaFind)
	set(sub("string"), "match", (*vm).luaMatch)
	set(sub("string"), "gmatch", (*vm).luaGmatch)
	set(sub("string"), "gsub", (*vm).luaGsub)
	set(sub("os"), "date", (*vm).luaDate)
	set(sub("table"), "concat", (*vm).luaConcat)
	before(sub("table"), "sort", r.luaSort)
	before(sub("table"), "insert", r.luaInsert)
	sub("math").RawSetString("huge", lua.LNumber(math.Inf(1))) // gopher-lua has the largest finite number
	set(sub("debug"), "traceback", r.luaTraceback(sub("debug").RawGetString("traceback")))
	r.replaceCoroutines(sub("coroutine"))
}

// luaExit is os.exit: the script is unwound, and the trace ends.
func (r *vm) luaExit(L *lua.LState) int {
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
