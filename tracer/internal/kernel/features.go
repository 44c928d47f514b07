package kernel

import (
	"fmt"
	"sync/atomic"

	"golang.org/x/sys/unix"
)

// Feature is something that a kernel has since a version of Linux, and that luatrace uses. The
// kernel is asked for it when somebody wants to know, once; what requests were answered while
// programs were traced counts too. Its methods may be called from any goroutine.
type Feature struct {
	Name    string // as the man pages call it
	Since   string // the version of Linux that brought it, "5.3"
	Page    string // of the manual
	Without string // what luatrace does where it is missing
	Needed  bool   // without it nothing can be traced

	probe func() unix.Errno // asks the kernel
	lacks unix.Errno        // the answer of a kernel without it
	state atomic.Uint32     // a Presence, and from bit 8 on the errno of a refusal
}

// Presence says whether a kernel has a feature.
type Presence uint8

// What is known of a feature.
const (
	Unasked Presence = iota // nobody has asked yet
	There
	Missing
	Refused // there or not: who started luatrace forbids to ask
)

// The features, which Features lists.
var (
	// FeatureGetInfo tells the entry of a call from its exit.
	FeatureGetInfo = &Feature{Name: "PTRACE_GET_SYSCALL_INFO", Since: "5.3", Page: "ptrace(2)", Needed: true,
		Without: "nothing can be traced", probe: probeGetInfo, lacks: unix.EIO}
	// FeatureRing keeps the listener alive until the tracees of a killed luatrace are dead.
	FeatureRing = &Feature{Name: "io_uring_setup", Since: "5.1", Page: "io_uring_setup(2)",
		Without: "when luatrace is killed, calls that wait for its answer may fail with ENOSYS before they die", probe: probeRing, lacks: unix.ENOSYS}
	// FeatureClone3 makes the command share the memory of luatrace until its execve.
	FeatureClone3 = &Feature{Name: "CLONE_CLEAR_SIGHAND", Since: "5.5", Page: "clone(2)",
		Without: "the command starts as a copy of luatrace, which takes longer", probe: probeClone3, lacks: unix.ENOSYS}
	// FeatureGetFD copies a descriptor of another process.
	FeatureGetFD = &Feature{Name: "pidfd_getfd", Since: "5.6", Page: "pidfd_getfd(2)",
		Without: "there are no notifications, and sockets are named by what /proc/net says", probe: probeGetFD, lacks: unix.ENOSYS}
	// FeatureNotify has calls looked at without a stop.
	FeatureNotify = &Feature{Name: "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", Since: "5.19", Page: "seccomp(2)",
		Without: "calls that only need a look before they run stop, as without notifications", probe: probeNotify, lacks: unix.EINVAL}
	// FeatureSyncWake wakes the listener on the CPU of the thread that asks.
	FeatureSyncWake = &Feature{Name: "SECCOMP_USER_NOTIF_FD_SYNC_WAKE_UP", Since: "6.6", Page: "seccomp_unotify(2)",
		Without: "a notification may wake luatrace on another CPU, which takes longer", lacks: unix.EINVAL}
	// FeatureThreadFD refers to threads that are no processes.
	FeatureThreadFD = &Feature{Name: "PIDFD_THREAD", Since: "6.9", Page: "pidfd_open(2)",
		Without: "in a pid namespace without a /proc of its own, a thread is looked for among all", probe: probeThreadFD, lacks: unix.EINVAL}
	// FeatureSetInfo changes a call and its result.
	FeatureSetInfo = &Feature{Name: "PTRACE_SET_SYSCALL_INFO", Since: "6.16", Page: "ptrace(2)",
		Without: "calls and results are changed in the registers", probe: probeSetInfo, lacks: unix.EIO}
)

// Features lists all features, the oldest first.
func Features() []*Feature {
	return []*Feature{FeatureRing, FeatureGetInfo, FeatureClone3, FeatureGetFD, FeatureNotify, FeatureSyncWake, FeatureThreadFD, FeatureSetInfo}
}

// Known is what is known of the feature; nothing is asked.
func (f *Feature) Known() Presence { return Presence(f.state.Load() & 0xff) }

// Look asks the kernel, unless that was done before. The errno is that of a refusal. A feature
// that only a trace can ask for is taken for there if the kernel's version is new enough.
func (f *Feature) Look() (Presence, unix.Errno) {
	if f.Known() == Unasked {
		if f.probe == nil {
			f.state.CompareAndSwap(uint32(Unasked), uint32(byVersion(release(), f.Since)))
		} else {
			f.note(f.probe())
		}
	}
	s := f.state.Load()
	return Presence(s & 0xff), unix.Errno(s >> 8)
}

// note keeps what an answer of the kernel's says.
func (f *Feature) note(e unix.Errno) {
	switch {
	case e == f.lacks:
		f.state.Store(uint32(Missing))
	case e == unix.EPERM || e == unix.EACCES || e == unix.ENOSYS:
		f.state.Store(uint32(Refused) | uint32(e)<<8)
	default:
		f.state.Store(uint32(There))
	}
}

// MissingError says that the kernel is too old.
type MissingError struct {
	// Feature is what it does not have.
	Feature *Feature
}

// Error is one line: the version that is needed, and for what.
func (e *MissingError) Error() string {
	return fmt.Sprintf("luatrace needs Linux %s or newer; this kernel does not know %s (%s)", e.Feature.Since, e.Feature.Name, e.Feature.Page)
}

// Unwrap returns the errno by which the kernel said so.
func (e *MissingError) Unwrap() error { return e.Feature.lacks }

// Missing is the error of a kernel without the feature.
func (f *Feature) Missing() *MissingError { return &MissingError{f} }

// release is the version of the running kernel, "6.18.44-generic".
func release() string {
	var u unix.Utsname
	if unix.Uname(&u) != nil {
		return ""
	}
	return unix.ByteSliceToString(u.Release[:])
}

// byVersion says whether a release has what came with a version.
func byVersion(release, since string) Presence {
	var have, want [2]int
	if n, _ := fmt.Sscanf(release, "%d.%d", &have[0], &have[1]); n != 2 {
		return Refused
	}
	fmt.Sscanf(since, "%d.%d", &want[0], &want[1])
	if have[0] > want[0] || have[0] == want[0] && have[1] >= want[1] {
		return There
	}
	return Missing
}
