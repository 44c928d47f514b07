package tracer

import (
	"runtime"
	"sync"
	"testing"
)

// hold takes the lock for the rest of the test, which keeps its thread.
func hold(t *testing.T, tr *Tracer) {
	runtime.LockOSThread()
	tr.lock.lock()
	t.Cleanup(func() {
		tr.lock.unlock()
		runtime.UnlockOSThread()
	})
}

// Two threads that want the lock all the time take turns, and never have it at once.
func TestLockIsShared(t *testing.T) {
	t.Parallel()
	tr := newTracer(Options{})
	var turns [2]int
	inside := false
	done := func() (done bool) {
		for _, n := range turns {
			done = done || n < 20
		}
		return !done
	}
	var threads sync.WaitGroup
	for i := range turns {
		threads.Go(func() {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			for over := false; !over; {
				tr.Do(func() {
					if inside {
						t.Error("two have it at once")
					}
					inside = true
					turns[i]++
					for range 1000 {
						runtime.KeepAlive(turns)
					}
					over = done()
					inside = false
				})
			}
		})
	}
	threads.Wait()
}

// A panic gives it back, and so it can be taken again.
func TestLockIsGivenBack(t *testing.T) {
	t.Parallel()
	tr := newTracer(Options{})
	func() {
		defer func() { recover() }()
		tr.Do(func() { panic("a test") })
	}()
	ran := false
	tr.Do(func() { ran = true })
	if !ran {
		t.Error("nothing ran after the panic")
	}
}

// That it is held, is not, or is taken twice is known while rules are checked.
func TestLockIsChecked(t *testing.T) {
	t.Parallel()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	tr := newTracer(Options{})
	panics := func(f func()) (value any) {
		defer func() { value = recover() }()
		f()
		return nil
	}
	if tr.Holds() {
		t.Error("it is held by nobody")
	}
	tr.Do(func() {
		if !tr.Holds() {
			t.Error("it is held")
		}
		if panics(func() { tr.Do(func() {}) }) == nil {
			t.Error("it is taken twice")
		}
	})
	tr.records() // nobody else is there yet
	tr.listener = &listener{}
	if panics(tr.records) == nil {
		t.Error("records without their lock are used in silence")
	}
	if v := panics(func() { tr.Do(tr.records) }); v != nil {
		t.Errorf("records with their lock: %v", v)
	}
}

// To take it costs no allocation.
func TestLockDoesNotAllocate(t *testing.T) {
	tr := newTracer(Options{})
	n := 0
	if allocs := testing.AllocsPerRun(100, func() { tr.Do(func() { n++ }) }); allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
}
