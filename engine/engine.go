package engine

import (
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"luatrace/engine/fdinfo"
	"luatrace/engine/plan"
	"luatrace/engine/source"
	"luatrace/tracer"
	"luatrace/tracer/procfs"
)

// Options of an [Engine].
type Options struct {
	// NoFollow traces only the command, or the threads attached to, and not
	// what they create.
	NoFollow bool
	// Report gets messages for the user: one line each, without a prefix or a
	// final newline. Hook errors come here too.
	Report func(message string)
	// NoFilter is why no seccomp filter may be used: the script may detach from
	// processes, or adds hooks while it runs.
	NoFilter plan.Reason
	// NoNotify is why user notifications may not be used.
	NoNotify plan.Reason
	// QuietTracees leaves out the messages about tracees that install seccomp
	// filters of their own, and about those that are let go for another tracer.
	QuietTracees bool
	// KeepTracing refuses tracees that want to trace others, or to be traced by
	// them; otherwise such a process is let go, unless some hook has an OnError:
	// a process could get rid of it so.
	KeepTracing bool
	// BufferLimit is how many bytes of a buffer are read when it is decoded; 0
	// means decode.DefaultBuffer.
	BufferLimit int
	// ReadOnly makes everything that would change a tracee fail with
	// ErrReadOnly, or do nothing where there is no error to return.
	ReadOnly bool
	// SkipStartup hides from all hooks the calls that programs make only because
	// of how they were built and where they run: those of the dynamic loader, and
	// those by which the C library reads its locale.
	SkipStartup bool
	// CountFaults has constant faults counted: the calls that the kernel could
	// make fail by itself ask first.
	CountFaults bool
	// NoPlacement keeps tracer and tracee from sharing a CPU.
	NoPlacement bool
	// For, if not 0, ends the trace after this time: what was attached to runs on
	// untraced, a command gets SIGTERM, and ten seconds later what is left of it is
	// treated as after a second signal, see [Engine.Signal].
	For time.Duration
	// Log gets lines about this program's own doing.
	Log Log
	// Flush, if set, is called before the engine waits for the next event
	// when nothing is ready.
	Flush func()
	// Suspend, if set, stops this process (SIGSTOP) and is called when the
	// command has stopped as a job of a shell does: see [Engine.Signal].
	Suspend func()
}

// Engine traces with hooks. Make one with [New].
type Engine struct {
	opts  Options
	phase phase
	traced
	registry
	inForce
	dispatch
	schedule
	request
	outcome
	lookups
	final
	forward forwarder
	remarks map[remarkKey]bool // those that were made
}

// traced is where events come from.
type traced struct {
	tr         *tracer.Tracer                // nil before Run
	waking     atomic.Pointer[tracer.Tracer] // the same, for other threads
	command    command
	simulation *Simulation // where events are made up, instead of tr
}

// registry is what was registered before Run and since.
type registry struct {
	hooks       []*Hook // on system calls
	signalHooks []boundHook
	procHooks   []boundHook
	beginHooks  []boundHook
	endHooks    []boundHook
	wantsEnds   bool // some hook is on the end of tasks
	timers      []*Timer
	finish      []func()
	tallies     []*Tally
	observers   []func(*Event)
}

// inForce is what the kernel was told about calls, and what comes of those that it shows.
type inForce struct {
	plan  plan.Plan
	table table
}

// dispatch is the event at hand.
type dispatch struct {
	ev      Event
	live    source.Event // what the tracer has reported, for handle
	running *Hook        // called last
}

// schedule is what is to be done later.
type schedule struct {
	timeNow func() time.Time // time.Now, unless events are made up
	delayed []delayedTask    // sorted by time
	clock   *time.Timer      // wakes the tracer for timers and delays
}

// request is what was asked for about the end of the trace.
type request struct {
	stop     atomic.Bool // the trace is to end
	timeIsUp bool        // Options.For has passed
}

// outcome is how the run went.
type outcome struct {
	result    Result
	crash     *CrashError
	failures  []*failures // of hooks, by place, in the order in which they first came
	exhausted uint64      // what procfs.Exhausted was at the last error of a hook
}

// lookups are the ways to /proc and to sockets.
type lookups struct {
	sockets fdinfo.Resolver
	reading procfs.Bound
	cuts    map[string]bool // the files of /proc of which only the beginning was read
}

// final is what was traced at the end, if hooks may ask for it.
type final struct {
	keepTasks bool
	last      []*Task
}

type delayedTask struct {
	at     time.Time
	stop   tracer.Stop
	answer answer // for a notified call
}

// release lets a delayed task run on.
func (d *delayedTask) release(tr *tracer.Tracer) {
	if d.answer.kind != answerNone {
		d.answer.give()
		return
	}
	tr.Resume(d.stop)
}

// Target is what to trace: a command, running processes, or both.
type Target struct {
	Command *tracer.Command
	PIDs    []int
}

// Result is how a run ended.
type Result struct {
	// Finished says that the command ended, Exit how. Both are zero if there
	// was no command or the trace ended before it.
	Finished bool
	Exit     tracer.Exit
	// Signal is the signal that made the trace end before its time, or 0.
	Signal unix.Signal
	// HookErrors counts failed hook calls.
	HookErrors int
}

// New makes an engine without hooks.
func New(opts Options) *Engine {
	e := &Engine{opts: opts}
	e.timeNow = time.Now
	e.ev.eng, e.command.eng = e, e
	e.forward.around = &e.command
	if e.opts.Report == nil {
		e.opts.Report = func(string) {}
	}
	return e
}

// Stop ends the trace soon: every tracee is let go and runs on. It may be
// called from anywhere, also from a hook.
func (e *Engine) Stop() {
	e.stop.Store(true)
	e.wake()
}

// wake makes the loop look at what was asked for from outside.
func (e *Engine) wake() {
	if tr := e.waking.Load(); tr != nil {
		tr.Wake()
	}
}

// Tasks returns the number of threads traced now.
func (e *Engine) Tasks() int {
	if e.tr == nil {
		return 0
	}
	return e.tr.Tasks()
}

// Unfilter says why no seccomp filter may be used, if there is a reason; the first one
// counts. It must be called before Run.
func (e *Engine) Unfilter(why plan.Reason) {
	if e.opts.NoFilter == "" {
		e.opts.NoFilter = why
	}
}

// Stopping says whether Stop was called.
func (e *Engine) Stopping() bool { return e.stop.Load() }

// report gives one line to the user.
func (e *Engine) report(message string) { e.opts.Report(message) }
