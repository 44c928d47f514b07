package luart

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"
)

// interrupt is the context of the interpreter, which the VM polls before every
// instruction. A context.WithCancel would stay cancelled and cost more; this
// one is rearmed between calls, so coroutines that keep it live on.
//
// done is replaced only by the goroutine that runs Lua, which may therefore
// read it without the lock; everybody else holds mu.
type interrupt struct {
	mu   sync.Mutex
	done chan struct{}
	err  error // why done is closed

	// state counts the outermost calls in steps of four; running and
	// interrupted are its low bits. It lets an interrupt name the very call it
	// means, so that one that comes too late hits nobody.
	state atomic.Uint64
}

const (
	running     = 1
	interrupted = 2
	nextCall    = 4
)

var _ context.Context = (*interrupt)(nil)

func newInterrupt() *interrupt { return &interrupt{done: make(chan struct{})} }

func (i *interrupt) Deadline() (time.Time, bool) { return time.Time{}, false }
func (i *interrupt) Done() <-chan struct{}       { return i.done }
func (i *interrupt) Value(any) any               { return nil }

func (i *interrupt) Err() error {
	i.mu.Lock()
	defer i.mu.Unlock()
	return i.err
}

// AfterFunc keeps package context from starting a goroutine for each coroutine:
// gopher-lua derives a context for a thread, which newThread replaces at once.
func (i *interrupt) AfterFunc(func()) (stop func() bool) { return func() bool { return true } }

// enter marks the start of an outermost call.
func (i *interrupt) enter() { i.state.Store(i.state.Load() | running) }

// leave marks its end and rearms the context if it was interrupted.
func (i *interrupt) leave() {
	s := i.state.Load() &^ interrupted
	if i.state.CompareAndSwap(s, s-running+nextCall) {
		return
	}
	i.mu.Lock()
	i.done, i.err = make(chan struct{}), nil
	i.mu.Unlock()
	i.state.Store(s - running + nextCall)
}

// overran is why a call was interrupted that ran longer than it may.
type overran time.Duration

// Error says how long that is.
func (o overran) Error() string { return fmt.Sprintf("ran longer than %v", time.Duration(o)) }

// ranOver says whether the call that runs was interrupted because it took too
// long. Only the goroutine that runs Lua may ask.
func (i *interrupt) ranOver() bool {
	if i.state.Load()&interrupted == 0 {
		return false
	}
	_, yes := errors.AsType[overran](i.Err())
	return yes
}

// stop interrupts the call that state s names, if it still runs.
func (i *interrupt) stop(s uint64, err error) bool {
	i.mu.Lock()
	defer i.mu.Unlock()
	if s&(running|interrupted) != running || !i.state.CompareAndSwap(s, s|interrupted) {
		return false
	}
	i.err = err
	close(i.done)
	return true
}

// stuckAfter is how long a call that was interrupted may go on before it counts as stuck.
const stuckAfter = 2 * time.Second

// watch interrupts every call that runs longer than limit, until quit is
// closed. It reads no clock on the side of the calls: it sees that the same
// call still runs. A call that can't be interrupted, because it is inside one
// long built-in such as a pattern match, is reported to stuck after thrice the
// limit, once: not before stuckAfter, since one that only waits for a CPU may end.
func (i *interrupt) watch(limit time.Duration, err error, stuck func(error), quit <-chan struct{}) {
	tick := time.NewTicker(max(limit/8, time.Millisecond))
	defer tick.Stop()
	var last uint64 // the call seen, without the interrupted bit
	var since time.Time
	reported := false
	for {
		select {
		case <-quit:
			return
		case now := <-tick.C:
			s := i.state.Load()
			switch call := s &^ interrupted; {
			case s&running == 0:
				last = 0
			case call != last:
				last, since, reported = call, now, false
			case s&interrupted == 0 && now.Sub(since) >= limit:
				i.stop(s, err)
			case s&interrupted != 0 && now.Sub(since) >= max(3*limit, limit+stuckAfter) && !reported && stuck != nil:
				reported = true
				stuck(err)
			}
		}
	}
}
