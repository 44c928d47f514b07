// Package tracer is everything of luatrace that the kernel sees: it launches
// and attaches to processes, waits for their stops, names what happened, reads
// and changes registers, memory and signals, and lets go again. It knows no
// hooks and no scripts.
//
// # Thread rule
//
// Linux ties a tracee to the one thread that seized it: a ptrace request from
// any other thread fails with ESRCH. So a [Tracer] lives on one locked OS
// thread, the one [Run] gives it, and every method without a remark to the
// contrary must be called there. [Tracer.Wake] may be called from anywhere.
//
// # The life of a tracee
//
// A [Task] is one thread, a [Process] one thread group. A record is born when
// the tracer seizes the thread or the kernel reports it as the child of a
// tracee, and ends with the death report of wait4(2) (or with a detach), never
// earlier: until then the kernel can't give its number to anybody else, which
// makes reuse of process ids harmless. A request that fails with ESRCH means
// that the tracee was killed while stopped; that is no error, its death report
// follows.
//
// # The way of a stop
//
// [Tracer.Next] waits, decodes the wait status (a pure function, [DecodeStatus]),
// does the bookkeeping that needs no opinion (first stops of children,
// group-stops, exec by a thread that is not the leader), and returns one
// [Event]. PTRACE_GET_SYSCALL_INFO decides whether a system call stop is an
// entry or an exit; no flag is toggled. The caller looks, changes what it wants
// through the Task's methods, and calls [Tracer.Resume], which chooses the
// request (CONT, SYSCALL, LISTEN, DETACH) once, from the task's state.
package tracer
