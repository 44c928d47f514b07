package tracer

import (
	"time"

	"luatrace/tracer/internal/kernel"
)

// callState is how far a task has come with the call that it is in.
type callState uint8

const (
	callUnseen    callState = iota // it is in none, or in one whose exit nobody sees
	callInherited                  // it is new, and still has the registers of its parent's changed call
	callEntered                    // it is between the entry and the exit of a call
	callSkipped                    // the same, and Skip has prevented the call
	callReplaced                   // the same, and another call runs instead of the prevented one
)

// exitNeed is who needs the exit of a call.
type exitNeed uint8

const (
	exitNone   exitNeed = iota
	exitTracer          // the tracer itself, for its duties; nobody else sees the exit
	exitShown           // the caller of Next: it becomes an EventExit
)

// exitDuty is what the tracer does at the exit of a call, before anybody looks at that. It may
// change the result, which it does in s too.
type exitDuty func(t *Tracer, task *Task, s *kernel.SyscallInfo)

// progress is what the tracer knows of the call that a task is in, besides its words, whose only
// home is Task.Call. It is replaced whole when a call begins:
//
//	          begin              skip             skip, with another call
//	unseen ──────────> entered ────────> skipped     or ────────> replaced
//	   ^                  │                 │                        │
//	   └──────────────────┴──── end ────────┴────────────────────────┘
//
// A call that came by notification begins as unseen: the tracer sees its exit only if it becomes a
// true entry stop first.
type progress struct {
	state   callState
	need    exitNeed
	birth   birth
	ret     int64      // the result of a call that is skipped or replaced
	before  *Registers // as they were before the call was changed, or nil
	resumed time.Time  // from the entry, if the exit is shown
	loan    Loan       // memory of the caller's that holds something else until the exit
	duties  []exitDuty
}

// begin is for a new call. It returns whether the call before it may have made a child of which
// nobody has told.
func (p *progress) begin(state callState) (bearing bool) {
	bearing = p.birth != birthNone
	clear(p.duties)
	*p = progress{state: state, duties: p.duties[:0]}
	return bearing
}

// end is for a call whose exit was seen, or will not be. A birth is still awaited, if it was.
func (p *progress) end() { p.state, p.need = callUnseen, exitNone }

// inCall says whether the task is between the entry and the exit of a call.
func (p *progress) inCall() bool { return p.state >= callEntered }

// skipped says whether the call does not run.
func (p *progress) skipped() bool { return p.state >= callSkipped }

// skip notes that the call does not run but has a result; state is callSkipped or callReplaced.
func (p *progress) skip(state callState, ret int64) { p.state, p.ret = state, ret }

// change notes what the registers were before the first change of the call: they are put back at
// its exit.
func (p *progress) change(r *Registers) {
	p.before = r
	p.needs(exitTracer)
}

// changed says whether the call is another than the one that the program made.
func (p *progress) changed() bool { return p.inCall() && p.before != nil }

// inherit makes p that of a task that is born in another's call.
func (p *progress) inherit(parent *progress) {
	if parent.changed() {
		*p = progress{state: callInherited, before: parent.before}
	}
}

// needs notes that the exit is needed.
func (p *progress) needs(n exitNeed) { p.need = max(p.need, n) }

// atExit notes a duty.
func (p *progress) atExit(d exitDuty) {
	p.duties = append(p.duties, d)
	p.needs(exitTracer)
}

// stopsAtExit says for a tracee with our filter whether it must be made to stop at the exit. Without
// a filter the kernel stops it at every exit, or at none.
func (p *progress) stopsAtExit() bool {
	return p.inCall() && (p.need != exitNone || p.birth == birthAwaited)
}

// showsExit says whether an exit stop is that of a call which somebody wants to see, and whether it
// will come: all of them, unless our filter has chosen the calls.
func (p *progress) showsExit(filtered bool) bool {
	return p.inCall() && (p.need == exitShown || !filtered)
}
