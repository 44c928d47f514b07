// Package engine turns the stops of package tracer into events for hooks, and
// the wishes of hooks into what the tracer does next. It knows no Lua: a Go
// program can register Go functions as hooks and run a command.
//
// An [Engine] is filled with hooks ([Engine.On], [Engine.Every]), then
// [Engine.Run] traces until nothing is left to trace. Each stop is looked up by
// ABI and number in a dense table; the hooks found there are called in the
// order of their registration with one reused [Event]. What they ask for is
// collected in the event and applied once, after the last of them.
//
// Hooks run in [tracer.Tracer.Do], never two at once: on the tracer's thread, or on the
// listener's if the call came by notification. What they call of the engine and of the
// records needs no lock of its own; nobody else may call it, except what says
// otherwise ([Engine.Signal], [Engine.Stop]).
//
// # What stands where
//
//   - Which calls: package spec reads the selectors and conditions of hooks, subject.go
//     is the event's side of them; table.go keeps the hooks of each call, subcalls.go
//     names a call that stands for another.
//   - How the kernel reports them: package plan derives it from the hooks, launch.go
//     finds the best plan that the kernel accepts; late.go decides what is still
//     possible while it is in force.
//   - Events: engine.go, hook.go and event.go are what others see, off.go removes hooks;
//     phase.go is how far the trace is, run.go the loop; handle.go calls the hooks,
//     notify.go those of calls that came by notification; action.go and scratch.go hold
//     what they want, tamper.go what they have changed and how often faults hit;
//     startup.go hides the loader's calls;
//     failure.go and onerror.go deal with their errors, crash.go with luatrace's own,
//     log.go tells the developer.
//   - What the user is told of tracees that trace others (aside.go) or have
//     filters (ownfilter.go).
//   - Records: task.go, inprogress.go, procinfo.go, names.go, fd.go, netlink.go.
//   - Signals to this process: signals.go and jobcontrol.go decide, command.go is the
//     command that they may be for; deadline.go ends a trace after a time.
//   - Where events come from: package source has the interface, answers.go says what a source
//     can't answer; simulate.go makes events up, feed.go takes those of a benchmark.
package engine
