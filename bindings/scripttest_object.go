package bindings

import (
	"fmt"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"luatrace/bindings/luart"
)

func testGlobals() luart.Module {
	return luart.Module{Functions: []luart.Function{{
		Name: "test", Params: "name: string, opts?: table, fn: function",
		Help: "A test of the script, run by \"luatrace test FILE\" on events that are made up: fn(t) raises them with t:event and looks at what the script did. " +
			"opts is {args = {NAME = VALUE, ...}}, the arguments of the script, written out. Otherwise it does nothing.",
		Fn: luart.Bind((*Runtime).testBlock),
	}}}
}

// testBlock is the global test: it keeps the function of the test that is
// wanted.
func (r *Runtime) testBlock(L *lua.LState) int {
	name, fn := L.CheckString(1), L.Get(L.GetTop())
	body, ok := fn.(*lua.LFunction)
	if !ok {
		L.ArgError(max(L.GetTop(), 2), "a function is wanted: test(\"name\", function(t) ... end)")
	}
	if r.test != nil && r.test.fn == nil && name == r.test.block.Name {
		r.test.fn = body
	}
	return 0
}

func testObject() luart.Object {
	return luart.Object{
		Name: "test",
		Handlers: luart.With(func(r *Runtime) luart.Handlers {
			return luart.Handlers{"__index": r.testIndex}
		}),
		Help: "What the function of a test gets: a trace of processes that do not exist. Its clock stands still but for t:advance and the durations of calls.",
		Fields: []luart.Field{
			{Name: "stdout", Type: "string", Help: "What the script has written so far."},
		},
		Methods: []luart.Function{
			{Name: "event", Params: "spec: string, fields?: table", Returns: "table",
				Help: "Raises one event, \"openat\", \"signal:SIGTERM\", \"proc:fork\", \"proc:exec\" or \"proc:exit\", and returns what came of it. " +
					"A call runs the hooks before and those after it. fields: the arguments by name (or all of them in args), ret or err, duration, unfinished (true: the call does not return, and is task.call until something else happens to its thread; \"attached\": it was in progress at the attach), pid, tid, ppid, comm, exe, cwd, fdpath, fdinfo, " +
					"fds (a table by number), files (below /proc/PID, by name), cmdline, regs, abi, memory (false: nothing in the process's memory can be read, as of one that was just killed); for signals code, sender, addr; for proc:fork child, thread; for proc:exec former_tid; for proc:exit status, killed, core. " +
					"The result has ret, err, skipped, delay, args (as the hooks left them), line (as strace prints it), full (the same, nothing left out), sig, killed, detached, stopped.",
				Fn: luart.Bind(testEvent)},
			{Name: "run", Params: "events: table|string",
				Help: "Raises a list of events: {{\"openat\", {path = \"/x\"}}, ...}, or the lines that luatrace -j has written.",
				Fn:   luart.Bind(testRunList)},
			{Name: "advance", Params: "time: string|number", Help: "Lets time pass; functions of every() run when they are due.", Fn: luart.Bind(testAdvance)},
			{Name: "finish", Help: "Ends the trace: \"end\" hooks run and aggregations are printed. It comes by itself after the test.", Fn: luart.Bind(testFinish)},
			{Name: "clear", Help: "Forgets what the script has written so far.", Fn: luart.Bind(testClear)},
			{Name: "expect", Params: "got: any, wanted?: any",
				Help: "Fails the test if got is not equal to wanted (tables by their contents), or with one argument if it is nil or false. The test goes on.",
				Fn:   luart.Bind(testExpect)},
			{Name: "shows", Params: "text: string",
				Help: "Fails the test if what the script has written does not contain text.",
				Fn:   luart.Bind(testShows)},
			{Name: "errors", Returns: "table", Help: "Returns the messages of hooks that failed since the last call. A test fails if there are some it has not asked for.", Fn: luart.Bind(testHookErrors)},
		},
	}
}

func testRef(L *lua.LState) *testRun { return luart.Receiver[*testRun](L, 1, "test") }

func (r *Runtime) testIndex(L *lua.LState) int {
	tr := L.Get(1).(*lua.LUserData).Value.(*testRun)
	key := L.Get(2).String()
	if m := r.MethodOf("test", key); m != lua.LNil {
		L.Push(m)
		return 1
	}
	if key != "stdout" {
		unknownField(L, "a test", key, testObject().MemberNames())
	}
	L.Push(lua.LString(tr.output()))
	return 1
}

// raising is testRef for the methods that run hooks, which none may call that
// runs already: hooks never run two at once.
func raising(L *lua.LState, name string) (tr *testRun, done func()) {
	tr = testRef(L)
	if tr.raising {
		L.RaiseError("t:%s can't be called by a hook or a function of every(): an event ends before the next one begins", name)
	}
	tr.raising = true
	return tr, func() { tr.raising = false }
}

func testAdvance(_ *Runtime, L *lua.LState) int {
	tr, done := raising(L, "advance")
	defer done()
	tr.sim.Advance(checkDuration(L, 2))
	return 0
}

func testFinish(_ *Runtime, L *lua.LState) int {
	tr, done := raising(L, "finish")
	defer done()
	tr.finish()
	return 0
}

func testClear(_ *Runtime, L *lua.LState) int {
	tr := testRef(L)
	tr.output()
	tr.out.Reset()
	return 0
}

func testHookErrors(_ *Runtime, L *lua.LState) int {
	tr := testRef(L)
	tb := L.NewTable()
	for _, msg := range tr.errors {
		tb.Append(lua.LString(msg))
	}
	tr.errors = nil
	L.Push(tb)
	return 1
}

func testExpect(r *Runtime, L *lua.LState) int {
	tr := testRef(L)
	tr.result.Checks++
	got := L.Get(2)
	var msg string
	if L.GetTop() < 3 {
		if lua.LVAsBool(got) {
			return 0
		}
		msg = fmt.Sprintf("got %s", r.shown(L, got))
	} else if want := L.Get(3); sameValue(got, want, 0) {
		return 0
	} else if g, w, ok := bothTexts(got, want); ok {
		msg = textDifference(g, w)
	} else {
		msg = fmt.Sprintf("got %s, want %s", r.shown(L, got), r.shown(L, want))
	}
	tr.result.Failures = append(tr.result.Failures, position(L)+": "+msg)
	return 0
}

func testShows(_ *Runtime, L *lua.LState) int {
	tr, text := testRef(L), L.CheckString(2)
	tr.result.Checks++
	if out := tr.output(); !strings.Contains(out, text) {
		tr.result.Failures = append(tr.result.Failures, fmt.Sprintf("%s: %q is not in the output %q", position(L), text, out))
	}
	return 0
}

// shown is a value as print shows it inside a table: strings in quotes.
func (r *Runtime) shown(L *lua.LState, v lua.LValue) string {
	return string(r.AppendValue(nil, L, v, luart.ShowTop+1))
}

func bothTexts(a, b lua.LValue) (x, y string, ok bool) {
	s, ok1 := a.(lua.LString)
	t, ok2 := b.(lua.LString)
	return string(s), string(t), ok1 && ok2 && (strings.Contains(string(s), "\n") || strings.Contains(string(t), "\n"))
}

// textDifference shows the first line in which two texts differ.
func textDifference(got, want string) string {
	g, w := strings.Split(got, "\n"), strings.Split(want, "\n")
	for i := 0; i < max(len(g), len(w)); i++ {
		switch {
		case i >= len(g):
			return fmt.Sprintf("line %d is missing: want %q", i+1, w[i])
		case i >= len(w):
			return fmt.Sprintf("line %d is too many: got %q", i+1, g[i])
		case g[i] != w[i]:
			return fmt.Sprintf("line %d: got %q, want %q", i+1, g[i], w[i])
		}
	}
	return "the texts differ"
}

// sameValue compares tables by their contents, words by their value.
func sameValue(a, b lua.LValue, depth int) bool {
	ta, ok1 := a.(*lua.LTable)
	tb, ok2 := b.(*lua.LTable)
	if !ok1 || !ok2 || depth > 32 {
		return a == b || a.Type() == lua.LTNumber && b.Type() == lua.LTNumber && lua.LVAsNumber(a) == lua.LVAsNumber(b)
	}
	same, n := true, 0
	ta.ForEach(func(k, v lua.LValue) {
		n++
		same = same && sameValue(v, tb.RawGet(k), depth+1)
	})
	tb.ForEach(func(_, _ lua.LValue) { n-- })
	return same && n == 0
}
