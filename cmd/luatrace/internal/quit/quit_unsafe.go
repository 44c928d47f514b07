// Package quit makes SIGQUIT end this process, as it ends others, as soon as a package can
// run: it is initialised before all that imports more than it. The Go runtime
// would print the stacks of all goroutines and end with status 2. Where SIGQUIT was
// ignored, it is again when the signals are received; the runtime has replaced that too.
package quit

import (
	"syscall"
	"unsafe"
)

// sigaction is the struct that rt_sigaction(2) takes on amd64 and arm64.
type sigaction struct {
	handler, flags, restorer uintptr
	mask                     uint64
}

func init() {
	var byDefault sigaction // SIG_DFL is 0
	syscall.RawSyscall6(syscall.SYS_RT_SIGACTION, uintptr(syscall.SIGQUIT), uintptr(unsafe.Pointer(&byDefault)), 0, 8, 0, 0)
}
