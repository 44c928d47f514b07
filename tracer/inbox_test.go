package tracer

import (
	"fmt"
	"runtime"
	"slices"
	"sync"
	"testing"

	"golang.org/x/sys/unix"
)

// newInbox is the inbox of a thread that the test has to itself until it ends.
func newInbox(t *testing.T) *inbox {
	t.Helper()
	if err := prepareSignals(); err != nil {
		t.Fatal(err)
	}
	runtime.LockOSThread()
	in := &inbox{thread: unix.Gettid()}
	t.Cleanup(func() {
		in.close()
		runtime.UnlockOSThread()
	})
	return in
}

// Work is done in the order of its arrival, once, by the run that follows it; what
// arrives during a run waits for the next.
func TestInboxDoesWorkInOrder(t *testing.T) {
	in := newInbox(t)
	var done []string
	work := func(name string) func() { return func() { done = append(done, name) } }
	tests := []struct {
		name    string
		arrives func()
		run     []string // each run's work, in order
		again   []string // of the next run
		woken   bool
	}{
		{"nothing", func() {}, nil, nil, false},
		{"one", func() { in.post(work("a")) }, []string{"a"}, nil, false},
		{"several", func() { in.post(work("a")); in.later(work("b")); in.post(work("c")) }, []string{"a", "b", "c"}, nil, false},
		{"wake", in.wake, nil, nil, true},
		{"two wakes", func() { in.wake(); in.wake() }, nil, nil, true},
		{"wake among work", func() { in.post(work("a")); in.wake(); in.post(work("b")) }, []string{"a", "b"}, nil, true},
		{"work that posts", func() {
			in.post(func() { in.later(work("late")); work("a")() })
			in.post(work("b"))
		}, []string{"a", "b"}, []string{"late"}, false},
		{"the same twice", func() { f := work("a"); in.post(f); in.post(f) }, []string{"a", "a"}, nil, false},
	}
	for _, tt := range tests {
		done = nil
		tt.arrives()
		if rung, want := in.arrived(), tt.run != nil || tt.woken; rung != want {
			t.Errorf("%s: rung is %v, want %v", tt.name, rung, want)
		}
		if woken := in.run(); woken != tt.woken || !slices.Equal(done, tt.run) {
			t.Errorf("%s: did %v, woken %v, want %v, %v", tt.name, done, woken, tt.run, tt.woken)
		}
		if rung, want := in.arrived(), tt.again != nil; rung != want {
			t.Errorf("%s: afterwards rung is %v, want %v", tt.name, rung, want)
		}
		done = nil
		if woken := in.run(); woken || !slices.Equal(done, tt.again) || in.arrived() {
			t.Errorf("%s: the next run did %v, woken %v, want %v", tt.name, done, woken, tt.again)
		}
	}
}

// Work behind one that panics is not lost.
func TestInboxKeepsWorkBehindPanic(t *testing.T) {
	in := newInbox(t)
	done := 0
	in.post(func() { panic("a") })
	in.post(func() { done++ })
	func() {
		defer func() {
			if v := recover(); v != "a" {
				t.Errorf("the panic was %v", v)
			}
		}()
		in.run()
	}()
	if done != 0 || !in.arrived() {
		t.Fatalf("after the panic: done %d, rung %v", done, in.arrived())
	}
	if in.run(); done != 1 || in.arrived() {
		t.Errorf("after the next run: done %d, rung %v", done, in.arrived())
	}
}

// Many threads post at once: nothing is lost or done twice, and the work of each comes in
// its order. The waiting thread is interrupted whenever there is something.
func TestInboxFromManyThreads(t *testing.T) {
	in := newInbox(t)
	const threads, each = 8, 500
	var last [threads]int
	var posting sync.WaitGroup
	for i := range threads {
		posting.Go(func() {
			for n := range each {
				in.post(func() {
					if last[i] != n {
						panic(fmt.Sprintf("thread %d: %d after %d", i, n, last[i]-1))
					}
					last[i]++
				})
			}
		})
	}
	sum := func() (sum int) {
		for _, n := range last {
			sum += n
		}
		return sum
	}
	for sum() < threads*each {
		if !in.arrived() {
			unix.Poll(nil, -1) // as wait4 does, until the signal
		}
		in.run()
	}
	posting.Wait()
	if in.run(); sum() != threads*each {
		t.Errorf("%d done, want %d", sum(), threads*each)
	}
}

// Work that is a function made before costs nothing to post and to do.
func TestInboxDoesNotAllocate(t *testing.T) {
	in := newInbox(t)
	in.ringing.Store(true) // the goroutine is there
	done := 0
	f := func() { done++ }
	in.post(f)
	in.run()
	if n := testing.AllocsPerRun(100, func() { in.post(f); in.later(f); in.run() }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// The list does not grow as long as work is done, also if it never becomes empty.
func TestInboxReusesItsList(t *testing.T) {
	in := newInbox(t)
	in.later(func() {})
	for range 1000 {
		in.later(func() {})
		in.take()
	}
	if n := cap(in.posts); n > 8 {
		t.Errorf("the list has room for %d", n)
	}
}
