package syscalls

import "sync"

// Result codes the kernel keeps to itself (include/linux/errno.h): user space
// never sees them, a tracer does. The texts are strace's.
const (
	ERESTARTSYS           = 512 // restart if the handler has SA_RESTART
	ERESTARTNOINTR        = 513 // always restart
	ERESTARTNOHAND        = 514 // restart if no handler ran
	ENOIOCTLCMD           = 515 // no such ioctl command
	ERESTART_RESTARTBLOCK = 516 // restart through restart_syscall(2)
)

// IsRestart reports whether a result (-errno for a failure) is that of a call which a signal, or
// PTRACE_INTERRUPT, has ended before it had done anything: the kernel makes it again, or it fails
// with EINTR when a handler has run.
func IsRestart(ret int64) bool { return ret >= -ERESTART_RESTARTBLOCK && ret <= -ERESTARTSYS }

// kernelErrnos is indexed by error number - firstKernelErrno.
var kernelErrnos = [...]struct{ name, text string }{
	{"ERESTARTSYS", "To be restarted if SA_RESTART is set"},
	{"ERESTARTNOINTR", "To be restarted"},
	{"ERESTARTNOHAND", "To be restarted if no handler"},
	{"ENOIOCTLCMD", "No ioctl command"},
	{"ERESTART_RESTARTBLOCK", "Interrupted by signal"},
	{"EPROBE_DEFER", "Driver requests probe retry"},
	{"EOPENSTALE", "Open found a stale dentry"},
	{"ENOPARAM", "Parameter not supported"},
}

const firstKernelErrno = ERESTARTSYS

// errnoAliases are second names of error numbers.
var errnoAliases = map[string]string{
	"EWOULDBLOCK": "EAGAIN",
	"EDEADLOCK":   "EDEADLK",
	"ENOTSUP":     "EOPNOTSUPP",
}

// ErrnoName returns the name of a positive error number, "ENOENT" for 2, and
// of the kernel's own from 512 on; "" if there is none. It does not allocate.
func ErrnoName(e int) string {
	if e > 0 && e < len(errnos) {
		return errnos[e].name
	}
	if k := e - firstKernelErrno; k >= 0 && k < len(kernelErrnos) {
		return kernelErrnos[k].name
	}
	return ""
}

// ErrnoText returns strerror(3)'s English text of an error number, "No such
// file or directory" for 2, whatever the locale; "" if there is none.
func ErrnoText(e int) string {
	if e > 0 && e < len(errnos) {
		return errnos[e].text
	}
	if k := e - firstKernelErrno; k >= 0 && k < len(kernelErrnos) {
		return kernelErrnos[k].text
	}
	return ""
}

var errnoNumbers = sync.OnceValue(func() map[string]int {
	m := make(map[string]int, len(errnos)+len(kernelErrnos)+len(errnoAliases))
	for e, row := range errnos {
		if row.name != "" {
			m[row.name] = e
		}
	}
	for k, row := range kernelErrnos {
		m[row.name] = firstKernelErrno + k
	}
	for alias, name := range errnoAliases {
		m[alias] = m[name]
	}
	return m
})

// Errno is the inverse of ErrnoName; it also knows the second names
// EWOULDBLOCK, EDEADLOCK and ENOTSUP. Names are upper case.
func Errno(name string) (int, bool) {
	e, ok := errnoNumbers()[name]
	return e, ok
}

// ErrnoNames returns all names Errno accepts except second names, ordered by
// number, for suggestions and help.
func ErrnoNames() []string {
	var names []string
	for _, row := range errnos {
		if row.name != "" {
			names = append(names, row.name)
		}
	}
	for _, row := range kernelErrnos {
		names = append(names, row.name)
	}
	return names
}

// ResultErrno returns the error number in what a system call leaves in its
// result register, 0 for a success: the kernel's failures are -4095 to -1.
func ResultErrno(ret int64) int {
	if ret < 0 && ret >= -4095 {
		return int(-ret)
	}
	return 0
}
