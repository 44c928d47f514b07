package kernel

import (
	"fmt"
	"sync"

	"golang.org/x/sys/unix"
)

// The thread rule of the package comment, as a check for tests. A program does not make it: it
// costs a system call for each request.

// checkRequest, if not nil, is called after each ptrace request.
var checkRequest func(req, tid int)

// tracerThreads are the threads that may make requests, while rules are checked.
var tracerThreads sync.Map

// CheckRules makes each ptrace request check that it is made on a thread of which NoteThread
// knows. A breach panics. It is for tests, must be called before the first request, and holds
// from then on.
func CheckRules() {
	checkRequest = func(req, tid int) {
		if _, ok := tracerThreads.Load(unix.Gettid()); !ok {
			panic(fmt.Sprintf("%s for %d on a thread that is no tracer's", requestName(req), tid))
		}
	}
}

// ChecksRules says whether CheckRules was called.
func ChecksRules() bool { return checkRequest != nil }

// NoteThread notes whether the calling thread is a tracer's.
func NoteThread(is bool) {
	if !ChecksRules() {
		return
	}
	if is {
		tracerThreads.Store(unix.Gettid(), true)
	} else {
		tracerThreads.Delete(unix.Gettid())
	}
}
