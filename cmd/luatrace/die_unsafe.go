package main

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// defaultAction sets the action of a signal to its default in the kernel.
// signal.Reset leaves the handler of Go's runtime in place, which for SIGSEGV
// and its like prints the stacks of all goroutines before it dies.
func defaultAction(sig unix.Signal) {
	var action [4]uint64 // struct sigaction as rt_sigaction(2) takes it: all 0 is SIG_DFL
	const maskSize = 8
	unix.RawSyscall6(unix.SYS_RT_SIGACTION, uintptr(sig), uintptr(unsafe.Pointer(&action)), 0, maskSize, 0, 0)
}
