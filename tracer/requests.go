package tracer

import (
	"golang.org/x/sys/unix"

	"luatrace/tracer/internal/kernel"
)

// What the package kernel has, and a caller of this one needs.
type (
	// Registers are a stopped task's general registers, by the kernel's names.
	Registers = kernel.Registers
	// Siginfo is the kernel's siginfo_t (sigaction(2)).
	Siginfo = kernel.Siginfo
	// Exit is how a task ended.
	Exit = kernel.Exit
	// Feature is something that a kernel has since a version of Linux.
	Feature = kernel.Feature
	// Signals is the queue of signals to this process.
	Signals = kernel.Signals
)

// What is known of a Feature.
const (
	Unasked = kernel.Unasked
	There   = kernel.There
	Missing = kernel.Missing
	Refused = kernel.Refused
)

// Features lists what luatrace uses of newer kernels, the oldest first. It may be called, and the
// features asked, on any goroutine.
func Features() []*Feature { return kernel.Features() }

// Notifications is the feature without which calls are not looked at by notification.
func Notifications() *Feature { return kernel.FeatureNotify }

// NewSignals makes the queue of signals to this process, of which nothing arrives yet. The error
// is that of pipe2(2). It may be called once.
func NewSignals() (*Signals, error) { return kernel.NewSignals() }

// Die ends this process by a signal, as if the Go runtime had no handlers. It returns if the
// signal's default action is not to end a process.
func Die(sig unix.Signal) { kernel.Die(sig) }

// RegisterNames returns the names that the methods Get and Set of [Registers] know.
func RegisterNames() []string { return kernel.RegisterNames() }

// LogRequests has each request to the kernel, and each report of it, described in
// a line as it is made; nil ends that. It must be called before Run. write is called on
// the threads that make the requests and must not make any.
func LogRequests(write func(line string)) { kernel.LogRequests(write) }

// LastRequests describes the last 512 requests and reports of the tracer's thread and
// of the listener's, oldest first, in a line each. It is for messages about a failure
// of this program, from whichever thread.
func LastRequests() string { return kernel.LastRequests() }

// CheckRules makes each ptrace request check that it is made on the thread of a
// Tracer, and with a listener each use of the records check that the caller is in
// [Tracer.Do]. A breach panics. It is for tests, must be called
// before the first Run, and holds from then on.
func CheckRules() { kernel.CheckRules() }

// ChecksRules says whether CheckRules was called.
func ChecksRules() bool { return kernel.ChecksRules() }
