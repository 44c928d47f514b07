package bindings

import (
	"errors"
	"fmt"
	"time"

	lua "github.com/yuin/gopher-lua"

	"luatrace/bindings/luart"
	"luatrace/engine"
	"luatrace/engine/plan"
	"luatrace/engine/spec"
	"luatrace/internal/suggest"
)

func traceGlobals() luart.Module {
	return luart.Module{Functions: []luart.Function{
		{
			Name:   "on",
			Params: "spec: string, opts?: table, fn: function",
			Help: "Calls fn(ev) for every event that spec names. A spec of system calls is \"openat\", \"open,openat\", \"%file\" (a class), " +
				"\"/^stat/\" (a regular expression), \"*stat*\" (a glob), \"!read,write\" or \"*\"; with \":enter\" behind it fn runs before the call, " +
				"else after it, with the arguments as they were and the result. Other specs: \"signal\", \"signal:SIGTERM,SIGINT\", " +
				"\"proc:fork\", \"proc:exec\", \"proc:exit\", \"begin\", \"end\". opts is a table: with when = {FIELD = VALUE, ...} the hook runs only if all the conditions hold; " +
				"on_error says what becomes of the event if fn raises an error or runs too long: \"continue\", as without it (it goes on, and after ten errors in one program fn is not called for that program " +
				"any more); an errno (the call fails with it; after the call the program gets it as the result); or \"kill\" (the process is killed). With an errno or \"kill\" the hook is never switched off, and it is refused with --read-only. " +
				"exit and exit_group do not return: hooks on them run at entry.",
			Example: `on("openat,openat2", function(ev) print(ev.pid, ev.path, ev.err or ev.ret) end)
on("write:enter", {when = {fd = 2}}, function(ev) ev:delay "10ms" end)
on("openat:enter", {on_error = "EACCES"}, function(ev)
  if ev.path:find "secret" then ev:fail "EACCES" end
end)
on("signal:SIGTERM", function(ev) print(ev.sender) end)`,
			Fn: luart.Bind(func(r *Runtime, L *lua.LState) int { return r.trace().on(L) }),
		},
		{
			Name:    "every",
			Params:  "interval: string|number, fn: function",
			Help:    "Calls fn(ev) at each interval while the trace runs: \"500ms\", \"1s\", \"2m\", or a number of seconds. It stands for no call: ev has name, phase and time only.",
			Example: `every("1s", function() agg.calls:print() agg.calls:clear() end)`,
			Fn:      luart.Bind(func(r *Runtime, L *lua.LState) int { return r.trace().every(L) }),
		},
		{
			Name: "stop_trace",
			Help: "Ends the trace after this event: luatrace detaches from every tracee, which runs on untraced. End hooks and aggregations still run.",
			Fn: luart.Bind(func(r *Runtime, L *lua.LState) int {
				r.trace().eng.Stop()
				return 0
			}),
		},
		{
			Name:   "fault",
			Acts:   true,
			Params: "spec: string, what: string|table",
			Help: "Makes the calls of spec fail without being made. what is an errno's name (\"EIO\"), or a table: errno or ret (a result), when (conditions as for on), " +
				"probability (0 to 1, repeatable with the same seed), nth (only the nth matching call), first, last, step (the matching calls from first to last, every step-th). " +
				"At the end luatrace says how many of the matching calls failed, but with -q. Then, without probability, nth and the like, with conditions on integers only, " +
				"and if no other hook looks at these calls, the kernel makes them fail by itself: that costs nothing.",
			Example: `fault("fsync", "EIO")
fault("openat", {errno = "EACCES", when = {path = under "/etc"}})
fault("write", {errno = "ENOSPC", nth = 3})
fault("read", {errno = "EINTR", probability = 0.01, seed = 1})`,
			Fn: luart.Bind(func(r *Runtime, L *lua.LState) int { return r.trace().fault(L) }),
		},
	}}
}

// trace returns the tracing side of the interpreter. Without one (a script
// that is only checked) tracing functions can't be called.
func (r *Runtime) trace() *Trace {
	if r.tracing == nil {
		r.L.RaiseError("no trace is running")
	}
	return r.tracing
}

func (t *Trace) on(L *lua.LState) int {
	sel, err := spec.Parse(L.CheckString(1))
	if err != nil {
		L.ArgError(1, err.Error())
	}
	opts, fn := (*lua.LTable)(nil), (*lua.LFunction)(nil)
	if L.GetTop() >= 3 {
		opts, fn = L.CheckTable(2), L.CheckFunction(3)
	} else {
		fn = L.CheckFunction(2)
	}
	if t.r.Options().ReadOnly && fn.Proto != nil {
		if what, line := certainAct(fn.Proto); what != "" {
			L.Error(lua.LString(luart.ErrorAt(fn.Proto.SourceName, line, "%s", notAllowed(what)).Error()), 0)
		}
	}
	h := &engine.Hook{Rule: plan.Rule{Spec: sel}, Where: position(L)}
	if opts != nil {
		t.options(L, h, opts)
	}
	if err := t.register(h, fn); err != nil {
		L.RaiseError("on: %s", err.Error())
	}
	return 0
}

// register makes a hook of a Lua function. The error is why its events would not
// arrive.
func (t *Trace) register(h *engine.Hook, fn *lua.LFunction) error {
	t.noteRoot(h.Spec, fn)
	keeps := true
	h.Needs.All = true
	if fn.Proto != nil {
		use := luart.Analyze(fn.Proto)
		keeps = use.Escapes
		if !use.Escapes && !use.Reads["args"] && !use.Reads["call"] && !use.Reads["messages"] && !use.Calls["table"] && !use.Calls["onexit"] {
			h.Needs.All = false
			for name := range use.Reads {
				h.Needs.Fields = append(h.Needs.Fields, name)
			}
			h.Needs.LooksOnly = len(use.Writes) == 0 && len(use.Calls) == 0
		}
		h.Needs.Registers = use.Reads["regs"] || use.Escapes && t.r.mentioned["regs"]
	} else {
		h.Needs.Registers = true
	}
	h.Fn = func(ev *engine.Event) error { return t.call(fn, keeps, ev) }
	return t.eng.On(h)
}

// OnBody makes a hook whose body is code, in which ev is the event: the -e of
// the command line together with -t. check is as for [Runtime.LoadCode].
func (t *Trace) OnBody(sel *spec.Spec, code string, check CodeCheck) error {
	fn, err := t.r.LoadHookBody(code, sel, check)
	if err != nil {
		return err
	}
	if t.r.Options().ReadOnly {
		if what, line := certainAct(fn.Proto); what != "" {
			return luart.ErrorAt(fn.Proto.SourceName, line, "%s", notAllowed(what))
		}
	}
	return t.register(&engine.Hook{Rule: plan.Rule{Spec: sel}, Where: "-e"}, fn)
}

// options takes the second of three arguments of on.
func (t *Trace) options(L *lua.LState, h *engine.Hook, opts *lua.LTable) {
	opts.ForEach(func(k, v lua.LValue) {
		switch k.String() {
		case "when":
			tb, ok := v.(*lua.LTable)
			if !ok {
				L.ArgError(2, fmt.Sprintf("when must be a table of conditions, not a %s", luart.TypeName(v)))
			}
			h.When = t.when(L, h.Spec, tb)
		case "on_error":
			o, err := ParseOnError(h.Spec, v)
			if err != nil {
				L.ArgError(2, err.Error())
			}
			if o.Act != engine.ErrorIgnored && t.r.Options().ReadOnly {
				L.RaiseError("%s", notAllowed(fmt.Sprintf("on_error = %q", o)))
			}
			h.OnError = o
		default:
			L.ArgError(2, UnknownHookOption(k.String()))
		}
	})
}

// UnknownHookOption says what is wrong with an option of on: most often it is a
// condition that is not in when.
func UnknownHookOption(name string) string {
	if near := suggest.Nearest(name, HookOptions); near != "" {
		return fmt.Sprintf("unknown option %q; did you mean %q?", luart.EscapeName(name), near)
	}
	return fmt.Sprintf("unknown option %q; there are when and on_error; a condition stands in when: {when = {%s = ...}}", luart.EscapeName(name), luart.EscapeName(name))
}

func (t *Trace) every(L *lua.LState) int {
	d := checkDuration(L, 1)
	if err := IntervalError(d); err != nil {
		L.ArgError(1, err.Error())
	}
	fn := L.CheckFunction(2)
	t.noteRoot(nil, fn)
	t.eng.Every(&engine.Timer{
		Interval: d,
		Where:    position(L),
		Fn: func(ev *engine.Event) error {
			return t.call(fn, true, ev)
		},
	})
	return 0
}

// IntervalError refuses what every can't do.
func IntervalError(d time.Duration) error {
	if d < time.Millisecond {
		return errors.New("the interval must be 1ms or more")
	}
	return nil
}

// checkDuration takes "1.5s" or a number of seconds.
func checkDuration(L *lua.LState, n int) time.Duration {
	d, err := ToDuration(L.Get(n))
	if err != nil {
		L.ArgError(n, err.Error())
	}
	return d
}

// ToDuration takes a number of seconds or a text such as "500ms".
func ToDuration(v lua.LValue) (time.Duration, error) {
	switch v := v.(type) {
	case lua.LNumber:
		if v >= 0 && v < 1e9 {
			return time.Duration(float64(v) * float64(time.Second)), nil
		}
	case lua.LString:
		if d, err := time.ParseDuration(string(v)); err == nil && d >= 0 {
			return d, nil
		}
	}
	return 0, fmt.Errorf("a duration is wanted, such as \"500ms\", \"2s\" or a number of seconds, not %s", luart.EscapeName(v.String()))
}

// position is where the running Lua function was called, "file:line".
func position(L *lua.LState) string {
	w := L.Where(1)
	for len(w) > 0 && (w[len(w)-1] == ' ' || w[len(w)-1] == ':') {
		w = w[:len(w)-1]
	}
	return w
}
