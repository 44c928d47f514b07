// Package kernel issues the requests of the tracer: ptrace(2), wait4(2), the notifications of
// seccomp(2), the fork of a command, and signals to this process. It knows no tasks: a request
// names a thread by its id, takes plain values, and returns the kernel's errno as it is.
//
// # Thread rule
//
// A request for a tracee must be made on the thread that seized it, else the kernel answers
// ESRCH. [CheckRules] checks that in tests. The requests of a listener (notify_unsafe.go) may be
// made on any thread.
//
// # What stands where
//
//   - Requests: ptrace_unsafe.go with what is waited for, status.go for what a wait status says, regs.go and
//     regs_unsafe_ARCH.go for registers, notify_unsafe.go for a listener's ioctls.
//   - The child: fork_unsafe.go makes one that copies this process, fork_shared_unsafe.go and fork_ARCH.s
//     one that shares its memory until its execve.
//   - This process: arrivals_unsafe.go and arrivals_ARCH.s receive its signals, die_unsafe.go ends it, and
//     outlive_unsafe.go keeps a file open for a moment longer.
//   - The running kernel: features.go is the table of what newer kernels have, probe_unsafe.go asks for it.
//   - For the developer: flight.go keeps the last requests, rules.go checks the thread rule, model.go
//     is where a test puts a kernel that it has made up.
package kernel
