package tracer

// Callbacks are what a [Tracer] tells its caller besides the events of Next. Each may be nil. They
// are set before the first Launch or Attach, and called on the tracer's thread.
type Callbacks struct {
	// OwnFilter is called when a tracee with our filter has installed one of its own, or could
	// not because of ours.
	OwnFilter func(task *Task, f *OwnFilter)
	// OnAside makes the tracer detach from processes that tracees want to trace, and is called
	// for each step of that, from Next and Resume.
	OnAside func(*Aside)
	// OnStray is called for a process or thread that was born untraced although it should not:
	// with nil if it is traced from here on, else with the reason why it can't be.
	OnStray func(pid int, err error)
	// OnFinished is called by DetachAll for what has happened before it detaches: with the
	// EventExit of calls whose EventEnter came from Next, and with EventDeath. Calls that only
	// the detaching interrupts are not among them.
	OnFinished func(*Event)
}
