package luart

import (
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/parse"
)

// Limits of calls inside one another. Where Lua calls a function by way of Go (pcall,
// a metamethod, a callback, a coroutine), Go calls itself, up to some 2 KB of its
// stack each time; when that is used up, the process ends. A state of gopher-lua
// bounds its own calls, but each coroutine is another state, so these are for all
// that wait for one another.
const (
	// maxNested is how many pcalls and coroutines may run inside one another:
	// LUAI_MAXCCALLS of Lua 5.1.
	maxNested = 200
	// maxFrames bounds the calls of all coroutines that wait for the one that runs.
	maxFrames = 10_000
)

// nesting is how deep the call that runs stands in others.
type nesting struct {
	calls  int // pcalls and coroutines around it
	frames int // calls of the coroutines that wait for it
}

// frames counts the calls of a state that have not returned.
func frames(L *lua.LState) int {
	if f := currentFrame(L); f != nil {
		return f.idx + 1
	}
	return 0
}

// tooDeep takes the function and its n arguments from the stack and returns why it
// can't be called.
func tooDeep(L *lua.LState, n int) error {
	L.Pop(n + 1)
	return &lua.ApiError{Type: lua.ApiErrorRun, Object: overflow(L)}
}

// overflow is Lua's message, with the place of the call that is too deep.
func overflow(L *lua.LState) lua.LString {
	where := L.Where(1)
	if where != "" {
		where += " "
	}
	return lua.LString(where + "C stack overflow")
}

// replaceCoroutines installs luatrace's versions of coroutine's functions: threads
// that obey Interrupt, that can't be nested too deep, and that only yield where
// gopher-lua can go on from.
func (r *Runtime) replaceCoroutines(co *lua.LTable) {
	create := co.RawGetString("create")
	resume := co.RawGetString("resume").(*lua.LFunction).GFunction
	newCoroutine := func(L *lua.LState) *lua.LState {
		fn := L.CheckFunction(1)
		if fn.IsG {
			fn = r.inLua(L, fn)
		}
		L.Push(create)
		L.Push(fn)
		L.Call(1, 1)
		th := L.Get(-1).(*lua.LState)
		L.Pop(1)
		// The context that create has derived doesn't hear of Interrupt.
		th.SetContext(r.intr)
		return th
	}
	co.RawSetString("create", r.L.NewFunction(func(L *lua.LState) int {
		L.Push(newCoroutine(L))
		return 1
	}))
	co.RawSetString("resume", r.L.NewFunction(func(L *lua.LState) int {
		return r.resume(L, L.CheckThread(1), resume)
	}))
	// wrap on top of resume: an error is raised again, with its position.
	wrapped := func(L *lua.LState) int {
		th := L.Get(lua.UpvalueIndex(1)).(*lua.LState)
		L.Insert(th, 1)
		n := r.resume(L, th, resume)
		first := L.GetTop() - n + 1 // below -10000 there are no values of the stack
		if lua.LVAsBool(L.Get(first)) {
			return n - 1
		}
		L.Error(L.Get(first+1), 0)
		return 0
	}
	co.RawSetString("wrap", r.L.NewFunction(func(L *lua.LState) int {
		L.Push(L.NewClosure(wrapped, newCoroutine(L)))
		return 1
	}))
	co.RawSetString("yield", r.L.NewFunction(func(L *lua.LState) int {
		if L.Parent == nil {
			return -1 // gopher-lua's error
		}
		if !canYield(L) {
			L.RaiseError("attempt to yield across metamethod/C-call boundary")
		}
		if main := currentFrame(L).parent; main.parent == nil && main.lastOp() == lua.OP_TAILCALL {
			L.SetContext(lastYield{r.intr})
		}
		return -1
	}))
	status := co.RawGetString("status").(*lua.LFunction).GFunction
	co.RawSetString("status", r.L.NewFunction(func(L *lua.LState) int {
		if waits(L.CheckThread(1)) {
			L.Push(lua.LString("normal"))
			return 1
		}
		return status(L)
	}))
}

// lastYield is the context of a coroutine whose main function has ended with "return
// coroutine.yield(...)": what it is resumed with is what it returns. gopher-lua has
// taken its call away already and would look for it.
type lastYield struct{ *interrupt }

// waits says whether a coroutine has resumed another one that has not yielded.
func waits(th *lua.LState) bool { return th.Parent != nil && th.G.CurrentThread != th }

// resume is coroutine.resume, whose arguments are on the stack; original is
// gopher-lua's, which lets a coroutine that waits be resumed: it then calls itself
// without end.
func (r *Runtime) resume(L *lua.LState, th *lua.LState, original lua.LGFunction) int {
	if L.GetTop() > coroutineMax/2 { // its stack would overflow before it runs
		L.RaiseError("stack overflow: too many values for a coroutine")
	}
	outer := r.nesting
	depth := outer.frames + frames(L)
	switch {
	case waits(th):
		L.Push(lua.LFalse)
		L.Push(lua.LString("cannot resume normal coroutine"))
		return 2
	case outer.calls >= maxNested, depth > maxFrames:
		L.Push(lua.LFalse)
		L.Push(overflow(L))
		return 2
	}
	if _, last := th.Context().(lastYield); last && !th.Dead {
		th.Dead = true
		L.Replace(1, lua.LTrue)
		return L.GetTop()
	}
	r.nesting = nesting{outer.calls + 1, depth}
	n := original(L)
	r.nesting = outer
	return n
}

// lastOp is the instruction of a Lua function that has begun last.
func (f *callFrame) lastOp() int { return DecodeInstruction(f.fn.Proto.Code[f.pc-1]).Op }

// canYield says whether only calls of Lua functions by Lua code lead to the yield
// that runs. A call by Go code or from within an instruction, as of a metamethod or
// an iterator, could not be gone on with.
func canYield(L *lua.LState) bool {
	for f := currentFrame(L).parent; f != nil; f = f.parent {
		if f.fn.IsG {
			return false
		}
		switch f.lastOp() {
		case lua.OP_CALL, lua.OP_TAILCALL:
		default:
			return false
		}
	}
	return true
}

// inLua wraps a function of Go's in one of Lua's, which stands where the running
// function has been called: gopher-lua loses the results of a coroutine that has no
// Lua function.
func (r *Runtime) inLua(L *lua.LState, fn *lua.LFunction) *lua.LFunction {
	if r.goBody == nil {
		const text = "local f = ... return function(...) return f(...) end"
		chunk, err := parse.Parse(strings.NewReader(text), "coroutine")
		if err != nil {
			panic(err)
		}
		main, err := lua.Compile(chunk, "coroutine")
		if err != nil {
			panic(err)
		}
		r.goBody = main.FunctionPrototypes[0]
	}
	body := *r.goBody
	if at, ok := L.GetStack(1); ok {
		if _, err := L.GetInfo("Sl", at, lua.LNil); err == nil && at.CurrentLine > 0 {
			body.SourceName = at.Source
			body.DbgSourcePositions = slices.Repeat([]int{at.CurrentLine}, len(body.Code))
		}
	}
	wrapped := L.NewFunctionFromProto(&body)
	up := &lua.Upvalue{}
	up.Close()
	up.SetValue(fn)
	wrapped.Upvalues[0] = up
	return wrapped
}
