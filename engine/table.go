package engine

import (
	"slices"

	"luatrace/engine/plan"
	"luatrace/engine/spec"
	"luatrace/tracer/syscalls"
)

// callHooks is all that a call of one (ABI, number) needs at a stop.
type callHooks struct {
	name   string
	sig    *syscalls.Signature
	enter  []boundHook
	exit   []boundHook
	traits traits
}

// traits are what is to be done for a call.
type traits uint8

const (
	latches     traits = 1 << iota // some exit hook may read memory arguments as they were at entry
	closes                         // the call closes its descriptor, and some exit hook may ask what that was
	asksInParts                    // ... and may ask in parts: the peer of a unix socket is gone with it
	hookedLate                     // some exit hook came after the plan, which may know of none
	execs                          // its success replaces the memory that arguments point to
	moves                          // its success changes what its path is relative to
)

// is says whether the call has a trait.
func (ch *callHooks) is(some traits) bool { return ch.traits&some != 0 }

// mark gives the call a trait, if it has that.
func (ch *callHooks) mark(some traits, has bool) {
	if has {
		ch.traits |= some
	}
}

// boundHook is a hook with its conditions resolved for one call.
type boundHook struct {
	*Hook
	when spec.When
	sub  *syscalls.SubCall // nil, or the call that the number stands for and that the hook is for
}

// table finds the hooks of a call by ABI and number. Rows are made when a call
// is first seen: a run sees a few dozen of some 1,500.
type table struct {
	rows  [syscalls.NumABI][]*callHooks
	extra map[extraKey]*callHooks // numbers beyond the known ones, x32
}

type extraKey struct {
	abi syscalls.ABI
	nr  int
}

// emptyRow marks a row that was made and is empty.
var emptyRow = &callHooks{}

func (t *table) reset() { *t = table{} }

// lookup returns the row of a call, nil if no hook wants it. It allocates only
// when the row is made.
func (e *Engine) lookup(abi syscalls.ABI, nr int) *callHooks {
	rows := e.table.rows[abi]
	if uint(nr) < uint(len(rows)) {
		if ch := rows[nr]; ch != nil {
			if ch == emptyRow {
				return nil
			}
			return ch
		}
	}
	return e.makeRow(abi, nr)
}

func (e *Engine) makeRow(abi syscalls.ABI, nr int) *callHooks {
	t := &e.table
	if t.rows[abi] == nil {
		t.rows[abi] = make([]*callHooks, syscalls.Max(abi))
	}
	known := nr >= 0 && nr < len(t.rows[abi])
	if !known {
		if ch, ok := t.extra[extraKey{abi, nr}]; ok {
			if ch == emptyRow {
				return nil
			}
			return ch
		}
	}
	ch := e.compileRow(abi, nr)
	switch {
	case known:
		t.rows[abi][nr] = ch
	case len(t.extra) < 4096: // a tracee must not fill the memory with nonsense numbers
		if t.extra == nil {
			t.extra = map[extraKey]*callHooks{}
		}
		t.extra[extraKey{abi, nr}] = ch
	}
	if ch == emptyRow {
		return nil
	}
	return ch
}

// compileRow makes the row of a call.
func (e *Engine) compileRow(abi syscalls.ABI, nr int) *callHooks {
	ch := e.hooksOf(abi, nr)
	if ch == emptyRow {
		return ch
	}
	ch.sig = syscalls.Lookup(abi, nr)
	for i := range ch.exit {
		h := ch.exit[i].Hook
		ch.mark(latches, ch.is(latches|execs) || ch.wantsLatch(h))
		ch.mark(hookedLate, h.late)
		if ch.name == "close" && h.Needs.Descriptors() {
			ch.mark(closes, true)
			ch.mark(asksInParts, h.Needs.Has("fdinfo", nil))
		}
	}
	return ch
}

// hooksOf finds the hooks of a call, and whether they run at its entry or its
// exit.
func (e *Engine) hooksOf(abi syscalls.ABI, nr int) *callHooks {
	ch := &callHooks{name: syscalls.Name(abi, nr)}
	ch.mark(execs, ch.name == "execve" || ch.name == "execveat")
	ch.mark(moves, ch.name == "chdir")
	for _, h := range e.hooks {
		h.Bind(abi, nr, e.plan.Early(), func(b plan.Bound, entry bool) { ch.add(boundHook{h, b.When, b.Sub}, entry) })
	}
	if len(ch.enter) == 0 && len(ch.exit) == 0 {
		return emptyRow
	}
	return ch
}

// add puts a hook among those of the entry or of the exit.
func (ch *callHooks) add(b boundHook, enter bool) {
	if enter {
		ch.enter = append(ch.enter, b)
	} else {
		ch.exit = append(ch.exit, b)
	}
}

// wantExit says whether some hook for the exit has not been removed.
func (ch *callHooks) wantExit() bool {
	return slices.ContainsFunc(ch.exit, func(h boundHook) bool { return !h.removed })
}

// wantsLatch says whether an exit hook may read an argument that lies in
// memory and is given by the caller.
func (ch *callHooks) wantsLatch(h *Hook) bool {
	if ch.sig == nil {
		return false
	}
	if ch.sig.Multiplexes() {
		return true // which of its arguments lie in memory is only seen then
	}
	if latchable(ch.sig.Params, &h.Needs) {
		return true
	}
	for i := range ch.sig.Variants {
		if latchable(ch.sig.Variants[i].Params, &h.Needs) {
			return true
		}
	}
	return false
}

func latchable(params []syscalls.Param, n *plan.Needs) bool {
	for i := range params {
		if latchParam(&params[i]) && n.Reads(&params[i]) {
			return true
		}
	}
	return false
}

// latchParam says whether an argument is copied at entry if a hook at exit may
// look at it. Data buffers are not: they are large, the kernel copies them
// itself, and a call does not change what it was given to write.
func latchParam(p *syscalls.Param) bool {
	if p.Type == nil || p.Dir == syscalls.Out || p.Hidden {
		return false
	}
	switch p.Kind {
	case syscalls.KindBytes, syscalls.KindHexBytes:
		return false
	}
	return p.Pointer()
}
