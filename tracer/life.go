package tracer

import (
	"fmt"
	"sync/atomic"
)

// life is how far a thread has come between its first report and its last one, as far as the
// tracer knows.
type life uint32

const (
	lifeNew      life = iota // has no record in the tracer's tables yet
	lifeSeized               // attached to; its first stop was not seen yet
	lifeBorn                 // made by a tracee; its first stop was not seen yet
	lifeGated                // the command before its execve: nothing of it is shown
	lifeRunning              // traced, whether it runs or is stopped
	lifeReleased             // detached, or gone without a report of its death: its record has ended
	lifeReaped               // its death was collected and not handled yet: its id may be another's
	lifeDead                 // its death was handled: its record has ended
)

var lifeNames = [...]string{"new", "seized", "born", "gated", "running", "released", "reaped", "dead"}

// String names the state as the diagram of internal/states does.
func (l life) String() string { return lifeNames[l] }

// lifeStep is a way from one state to another, and what makes a thread go it.
type lifeStep struct {
	from, to life
	by       string
}

// lifeSteps are all the ways there are. become takes no other, and internal/states draws them.
var lifeSteps = []lifeStep{
	{lifeNew, lifeSeized, "PTRACE_SEIZE"},
	{lifeNew, lifeBorn, "the parent's fork event, or adopted without it"},
	{lifeNew, lifeGated, "fork of the command"},
	{lifeSeized, lifeRunning, "first stop"},
	{lifeBorn, lifeRunning, "first stop"},
	{lifeGated, lifeRunning, "its execve"},
	{lifeRunning, lifeGated, "its execve has failed"},
	{lifeSeized, lifeReaped, "wait4 reports its death"},
	{lifeBorn, lifeReaped, "wait4 reports its death"},
	{lifeGated, lifeReaped, "wait4 reports its death"},
	{lifeRunning, lifeReaped, "wait4 reports its death"},
	{lifeReaped, lifeDead, "EventDeath"},
	{lifeSeized, lifeReleased, "PTRACE_DETACH, or gone without a report"},
	{lifeBorn, lifeReleased, "PTRACE_DETACH, or gone without a report"},
	{lifeGated, lifeReleased, "PTRACE_DETACH, or gone without a report"},
	{lifeRunning, lifeReleased, "PTRACE_DETACH, or gone without a report"},
}

// lifeMay has a bit for each state that a state may become.
var lifeMay = func() (may [len(lifeNames)]uint16) {
	for _, s := range lifeSteps {
		may[s.from] |= 1 << s.to
	}
	return may
}()

// lifetime is the life of a task. Only the tracer's thread changes it, and it does that without
// the lock where it collects a death.
type lifetime struct{ now atomic.Uint32 }

// is says whether the task's life is that one.
func (l *lifetime) is(state life) bool { return life(l.now.Load()) == state }

// reaped says whether the task's death was collected: its id may be another thread's.
func (l *lifetime) reaped() bool { return life(l.now.Load()) >= lifeReaped }

// over says whether the task's record has ended.
func (l *lifetime) over() bool {
	now := life(l.now.Load())
	return now == lifeReleased || now == lifeDead
}

// ended says whether no request may be made for the task any more.
func (l *lifetime) ended() bool { return life(l.now.Load()) >= lifeReleased }

// become is the only way by which a task's life changes. Where rules are checked, a step that does
// not exist panics.
func (l *lifetime) become(to life) {
	from := life(l.now.Load())
	if lifeMay[from]>>to&1 == 0 && ChecksRules() {
		panic(fmt.Sprintf("a task that is %v can't become %v", from, to))
	}
	l.now.Store(uint32(to))
}

// begun notes the first stop of a task.
func (l *lifetime) begun() {
	if l.is(lifeSeized) || l.is(lifeBorn) {
		l.become(lifeRunning)
	}
}
