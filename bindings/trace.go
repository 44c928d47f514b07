package bindings

import (
	"errors"
	"math"

	"luatrace/bindings/luart"
	"luatrace/engine"
	"luatrace/engine/agg"

	lua "github.com/yuin/gopher-lua"
)

// A Trace connects an interpreter to an engine: it gives scripts on, every,
// ev and the rest of the tracing interface. One Runtime has one Trace.
type Trace struct {
	r    *Runtime
	eng  *engine.Engine
	aggs agg.Set
	key  agg.Key

	calls   uint64         // of hooks so far
	hook    *lua.LFunction // that runs
	seq     uint64         // number of the call that runs now; 0 outside of hooks
	running *engine.Event  // of that hook
	shared  *lua.LUserData // the event object for hooks that can't keep it
	ev      *eventRef      // what shared holds
	names   map[string]lua.LValue
	format  TraceOptions
	exit    *int   // asked for by os.exit
	roots   []root // what the engine may call
}

// TraceOptions say how tostring(ev) and the aggregations look.
type TraceOptions struct {
	// Line appends the strace-like line of an event.
	Line func(dst []byte, ev *engine.Event) []byte
	// JSON makes aggregations print as JSON lines.
	JSON bool
	// MaxRead bounds one read of a tracee's memory, in bytes; 0 means DefaultMaxRead.
	MaxRead uint64
	// MaxKeys is how many rows an aggregation keeps that has no max_keys of its
	// own; 0 is [agg.DefaultMaxKeys].
	MaxKeys int
}

// NewTrace gives the interpreter the tracing interface of the engine. Its
// aggregations are printed when the engine finishes.
func NewTrace(r *Runtime, eng *engine.Engine, format TraceOptions) *Trace {
	if format.MaxRead == 0 {
		format.MaxRead = DefaultMaxRead
	}
	t := &Trace{r: r, eng: eng, names: map[string]lua.LValue{}, format: format}
	t.aggs.SetMaxKeys(max(0, format.MaxKeys))
	if limit := r.Options().MaxMemory; limit > 0 {
		// The report takes some copies of them.
		t.aggs.SetMaxSize(int(min(agg.DefaultMaxSize, max(limit/8, 1))))
	}
	t.ev = &eventRef{t: t}
	r.tracing = t
	t.shared = r.NewObject("event", t.ev)
	eng.AtFinish(t.finish)
	eng.LimitReads(int(min(format.MaxRead, math.MaxInt32)), r.Interrupted)
	return t
}

// finish prints the aggregations that have something to show.
func (t *Trace) finish() {
	if t.format.JSON {
		t.r.WriteOutput(t.aggs.AppendJSON(nil))
	} else {
		t.r.WriteOutput(t.aggs.AppendText(nil))
	}
}

// call calls a hook's Lua function with the event. A hook that can't keep the
// event (its compiled code says so) gets the shared object; another one gets
// its own, which answers with an error when it is used later.
func (t *Trace) call(fn *lua.LFunction, keeps bool, ev *engine.Event) error {
	outer, event, hook := t.seq, t.running, t.hook
	t.calls++
	t.seq, t.running, t.hook = t.calls, ev, fn
	var arg lua.LValue
	if keeps {
		arg = t.r.NewObject("event", &eventRef{t: t, ev: ev, seq: t.seq, fn: fn})
	} else {
		t.ev.ev, t.ev.seq, t.ev.fn = ev, t.seq, fn
		arg = t.shared
	}
	err := t.r.Call(fn, arg)
	t.seq, t.running, t.hook = outer, event, hook
	if e, ok := errors.AsType[*luart.Exit](err); ok {
		t.eng.Stop()
		t.exitCode(e.Code)
		return nil
	}
	return err
}

func (t *Trace) exitCode(code int) { t.exit = &code }

// ExitCode returns the status a script asked for with os.exit, if it did.
func (t *Trace) ExitCode() (int, bool) {
	if t.exit == nil {
		return 0, false
	}
	return *t.exit, true
}
