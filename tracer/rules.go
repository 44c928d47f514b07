package tracer

import (
	"fmt"
	"sync"

	"golang.org/x/sys/unix"
)

// The thread rules of the package comment, as checks for tests. Nothing of them is
// done in a program: they cost a system call each.

// checkRequest, if not nil, is called after each ptrace request.
var checkRequest func(req, tid int)

// tracerThreads are the threads that Run has locked, while rules are checked.
var tracerThreads sync.Map

// CheckRules makes each ptrace request check that it is made on the thread of a
// Tracer, and with a listener each use of the records check that the caller holds
// the lock that Run's options name. A breach panics. It is for tests, must be called
// before the first Run, and holds from then on.
func CheckRules() {
	checkRequest = func(req, tid int) {
		if _, ok := tracerThreads.Load(unix.Gettid()); !ok {
			panic(fmt.Sprintf("%s for %d on a thread that is no tracer's", requestName(req), tid))
		}
	}
}

// ChecksRules says whether CheckRules was called.
func ChecksRules() bool { return checkRequest != nil }

// noteThread notes whether the calling thread is a tracer's.
func noteThread(is bool) {
	if !ChecksRules() {
		return
	}
	if is {
		tracerThreads.Store(unix.Gettid(), true)
	} else {
		tracerThreads.Delete(unix.Gettid())
	}
}

// Lock guards the records of tasks while a listener looks at them too.
type Lock interface {
	sync.Locker
	// Held says whether the calling thread holds it. It need not know but while
	// rules are checked.
	Held() bool
}

// records is called by what uses the records of tasks: as long as a listener may
// use them too, the caller must hold the lock.
func (t *Tracer) records() {
	if t.lock != nil && t.listener != nil && !t.lock.Held() {
		panic("the records of tasks are used without the lock that guards them")
	}
}
