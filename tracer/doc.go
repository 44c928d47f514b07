// Package tracer is everything of luatrace that the kernel sees: it launches
// and attaches to processes, waits for their stops, names what happened, reads
// and changes registers, memory and signals, and lets go again. It knows no
// hooks and no scripts.
//
// # Thread rule
//
// Linux ties a tracee to the one thread that seized it: a ptrace request from
// any other thread fails with ESRCH. So a [Tracer] lives on one locked OS
// thread, the one [Run] gives it, and what makes requests must be called there: Launch,
// Attach, Next, Resume, DetachAll, and of a [Task] what reads or changes registers, the
// call, its result or a signal. What another thread wants of that one it posts to the
// tracer's inbox, and Next does it. [Tracer.Wake] may be called from anywhere.
//
// The records ([Task], [Process]), and what they read of /proc and of memory, are used by
// two threads after [Tracer.Serve]. The tracer has a lock for them: Next and
// DetachAll take it themselves and return without it, all other methods must be called in
// [Tracer.Do], which holds it. [CheckRules] checks both rules in tests.
//
// # The life of a tracee
//
// A [Task] is one thread, a [Process] one thread group. A record is born when
// the tracer seizes the thread or the kernel reports it as the child of a
// tracee, and ends with the death report of kernel.Wait4(2) (or with a detach), never
// earlier: until then the kernel can't give its number to anybody else, which
// makes reuse of process ids harmless. A request that fails with ESRCH means
// that the tracee was killed while stopped; that is no error, its death report
// follows.
//
// # The way of a stop
//
// [Tracer.Next] waits, decodes the wait status (a pure function, kernel.DecodeStatus),
// does the bookkeeping that needs no opinion (first stops of children,
// group-stops, exec by a thread that is not the leader), and returns one
// [Event]. PTRACE_GET_SYSCALL_INFO decides whether a system call stop is an
// entry or an exit; no flag is toggled. The caller looks, changes what it wants
// through the Task's methods, and calls [Tracer.Resume], which chooses the
// request (CONT, SYSCALL, LISTEN, DETACH) once, from the task's state. A [Stop] names one stop of
// one task: with that of an earlier stop, Resume does nothing.
//
// # What stands where
//
//   - The way in and out: launch.go, lookpath.go, attach.go,
//     detach.go, errors.go; permission.go and oldkernel.go say why the kernel refused, orphans.go
//     serves those that were let go with their filter. inherit.go is what this
//     process got from its parent, threads.go what it reserves.
//   - The loop: tracer.go, callbacks.go, next.go, event.go, task.go, resume.go,
//     wake.go; life.go and stop.go for the states of a task; inbox.go for work that other threads
//     have for this one; held.go for reports that come before their task is known, which the package
//     internal/reports orders; collect.go for many at once. The package sched makes it cheaper,
//     scheduled.go is how it sees a task.
//   - The filter: the package seccomp compiles it, notify.go receives its notifications, answer.go
//     answers them, pending.go has the states of such a call; lost.go and interrupted.go find
//     calls that signals interrupt meanwhile, restart.go makes them again.
//   - The call that a task is in: progress.go has its states, who needs its exit and what the
//     tracer does there; loan.go lends memory until then.
//   - Calls that the tracer itself must see: guard.go is the table of them, a row for each, with
//     what is done at its entry and its exit; untraced.go is about CLONE_UNTRACED, stray.go about
//     children that were made with it all the same, guardseccomp.go about calls of seccomp.
//   - Seccomp in tracees: seccompstate.go is what is known of a task; ownfilter.go is
//     about filters of its own, confined.go about calls that are prevented
//     beside one, strict.go about strict mode.
//   - Tracees that trace others: aside.go detaches from what they trace, given.go takes it back if
//     that was in vain, letgo.go remembers whom Detach was called for. The package aside knows them
//     by their files before they trace anybody, and whether the kernel would allow it.
//   - Requests: the package kernel makes them, and nobody else; requests.go is what callers
//     of this package need of it. lock.go guards the records.
//   - Reading and changing: memory.go, procfs.go;
//     the package procfs is the only way to /proc, shown.go what hooks see there, spinning.go for pages that never arrive,
//     inprogress.go for calls that have not returned.
//   - Without a kernel: kernel.Model for the tests of the bookkeeping.
package tracer
