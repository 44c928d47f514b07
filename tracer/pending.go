package tracer

import "luatrace/tracer/internal/kernel"

// A call for which the filter asks by notification is pending from the notification's
// receipt to its answer, and one that is to become a true entry stop also on the way to
// that stop and from there to the kernel. The kernel knows no way from a notification
// to a stop, so the answer is ERESTARTNOINTR while an interrupt is pending: the task
// stops, and then makes the same call again under PTRACE_SYSCALL.
//
//	            notification
//	none ──────────────────────────► asked
//	 ▲ ▲                             │ │
//	 │ └──── answer: run, return ────┘ │ PTRACE_INTERRUPT, then the answer
//	 │                                 │ ERESTARTNOINTR
//	 │                                 ▼
//	 │             ┌──────────────► stopping ◄─┐ the interrupt's stop tells
//	 │             │                   │   └───┘ the stack pointer
//	 │  ERESTARTSYS at the exit:       │
//	 │  a signal came before the       │ entry stop with the same number,
//	 │  notification was received      │ instruction and stack pointer
//	 │             │                   ▼
//	 └─────────────┴──────────────── entered
//	   the second notification, a stop by the filter (the call has become
//	   another one), or the exit (it has become one that the filter lets pass)
//
// Between the answer and the entry stop a signal's handler may run and make calls of its
// own, which may become pending too. They are dealt with first: a notification in the state
// stopping begins a new pending call, of which the old one is the outer. Where the
// diagram says none, the outer one is next. An execve of the process, and the end of the
// task, end them all.
type pending struct {
	state pendingState
	nr    int
	id    uint64 // of the notification, in the state asked
	ip    uint64
	sp    uint64 // known from the interrupt's stop on; with it no handler's call is taken for this one
	stops bool   // in the state asked: Stop is the answer, though not given yet
	data  any    // for the entry stop's event; nil if only the tracer needs the stop
	outer *pending
}

type pendingState uint8

const (
	pendingNone     pendingState = iota // none
	pendingAsked                        // the task waits for the answer to a notification
	pendingStopping                     // the answer is out that makes it stop
	pendingEntered                      // the entry stop has come
)

var pendingNames = [...]string{"none", "asked", "stopping", "entered"}

// String is the state's name in the diagram.
func (s pendingState) String() string { return pendingNames[s] }

// ask is for the notification of a call that has not had its event.
func (p *pending) ask(id uint64, c *Call) {
	switch p.state {
	case pendingStopping:
		outer := *p
		p.outer = &outer
	case pendingNone, pendingAsked: // of the former one nobody waits for an answer any more
	case pendingEntered:
		return // it is the second one, see leave
	}
	p.state, p.id, p.nr, p.ip, p.sp, p.stops, p.data = pendingAsked, id, c.NR, c.IP, 0, false, nil
}

// waits says whether an answer to this notification may be given.
func (p *pending) waits(id uint64) bool { return p.state == pendingAsked && p.id == id && !p.stops }

// answered is for an answer that ends the wait for good.
func (p *pending) answered() {
	if p.state == pendingAsked {
		p.pop()
	}
}

// want notes what the entry stop is to be shown with, before the answer that leads to it.
func (p *pending) want(data any) { p.stops, p.data = true, data }

// stop is for the answer that turns the call into an entry stop. It says whether the call
// waits for it still.
func (p *pending) stop() bool {
	if p.state != pendingAsked {
		return false
	}
	p.state = pendingStopping
	return true
}

// lacksStack says whether the stack pointer is to be read at the present stop, by stackAt.
func (p *pending) lacksStack() bool { return p.state == pendingStopping && p.sp == 0 }

// stackAt notes the stack pointer of the call.
func (p *pending) stackAt(sp uint64) { p.sp = sp }

// enter looks at an entry stop, and says whether it is that of the call.
func (p *pending) enter(s *kernel.SyscallInfo) bool {
	if p.state != pendingStopping || s.IP != p.ip || int(int32(s.NR)) != p.nr || s.SP != p.sp {
		return false
	}
	p.state = pendingEntered
	return true
}

// isEvent says whether the entry stop that has come is one to show.
func (p *pending) isEvent() bool { return p.data != nil }

// again is for a call that was interrupted behind its entry stop and will have another.
func (p *pending) again() {
	if p.state == pendingEntered {
		p.state = pendingStopping
	}
}

// leave says whether the entry stop has come, and the call with that is pending no longer.
func (p *pending) leave() bool {
	if p.state != pendingEntered {
		return false
	}
	p.pop()
	return true
}

// onTheWay says whether the task must be resumed such that its next entry stop is seen.
func (p *pending) onTheWay() bool { return p.state == pendingStopping || p.state == pendingEntered }

// pop goes on with the call that a handler has interrupted.
func (p *pending) pop() {
	if p.outer == nil {
		*p = pending{}
		return
	}
	*p = *p.outer
}
