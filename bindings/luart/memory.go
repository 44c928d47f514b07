package luart

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
	"time"
)

// memoryLimit keeps scripts from taking all memory. The interpreter counts
// nothing, so this looks at what the whole process keeps, after each garbage
// collection: memory can't grow without one. A call that runs while it is more
// than the limit is interrupted; what built-in functions are about to make at
// once is checked before ([Runtime.room]).
//
// Strings that double outrun the collector. While much is kept, the limit is
// therefore also compared, many times a second, with all memory in use.
//
// A script may hold on to what it has collected. So that other hooks and the
// report at the end can still run, the limit is raised by a sixteenth at each
// interrupt, to the double at most.
type memoryLimit struct {
	limit  uint64
	option string // that sets the limit, "" for none
	intr   *interrupt

	mu     sync.Mutex
	next   uint64 // from here on calls are interrupted
	stale  bool   // a call was interrupted, and nothing was collected since
	quick  bool   // goes quickly runs
	closed bool
	before int64 // the runtime's own limit, to be restored
}

// newMemoryLimit starts to watch; limit 0 means that there is nothing to do.
func newMemoryLimit(limit uint64, option string, intr *interrupt) *memoryLimit {
	m := &memoryLimit{limit: limit, option: option, next: limit, intr: intr}
	if limit == 0 {
		return m
	}
	// Makes the collector run soon after the limit is met, not only when memory
	// has doubled.
	m.before = debug.SetMemoryLimit(-1)
	m.tell(limit)
	m.afterNextCollection()
	return m
}

// collectorSlack is for stacks and what the runtime itself needs, which count
// for the collector's limit too.
const collectorSlack = 32 << 20

// tell tells the collector from where on to work harder: well above the limit,
// for below it would do nothing else while a script comes near.
func (m *memoryLimit) tell(limit uint64) {
	if n := int64(limit + limit/4 + collectorSlack); n > 0 && n < m.before {
		debug.SetMemoryLimit(n)
	}
}

func (m *memoryLimit) close() {
	if m.limit == 0 {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if !m.closed {
		m.closed = true
		debug.SetMemoryLimit(m.before)
	}
}

// sentinel is an object that is garbage at once: its finalizer is called after
// each collection.
type sentinel struct{ m *memoryLimit }

func (m *memoryLimit) afterNextCollection() {
	runtime.SetFinalizer(&sentinel{m}, func(s *sentinel) {
		if s.m.check() {
			s.m.afterNextCollection()
		}
	})
}

// check interrupts the running call if too much is kept. It returns false when
// nothing is to be watched any more.
func (m *memoryLimit) check() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.closed {
		return false
	}
	live := liveMemory()
	switch {
	case m.stale: // may be what the interrupted call has just dropped
		m.stale = false
	case live > m.next:
		m.stop(live)
	case live < m.limit-m.limit/4 && m.next > m.limit:
		m.next = m.limit
		m.tell(m.limit)
	}
	if live > m.limit/8 && !m.quick {
		m.quick = true
		go m.quickly()
	}
	return true
}

// stop interrupts the running call, if one runs. The lock must be held.
func (m *memoryLimit) stop(used uint64) {
	if m.intr.stop(m.intr.state.Load(), m.exceeded()) {
		m.stale = true
		m.next = min(max(m.next, used)+m.limit/16, 2*m.limit)
		m.tell(m.next)
	}
}

// exceed interrupts the running call, which is about to keep too much.
func (m *memoryLimit) exceed() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.stop(m.next)
}

// quickly compares all memory in use with the limit, until little is kept.
func (m *memoryLimit) quickly() {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for range tick.C {
		used := usedMemory()
		m.mu.Lock()
		if !m.stale && used > m.next+m.next/2+collectorSlack {
			m.stop(m.next)
		}
		m.quick = !m.closed && used > m.limit/16
		done := !m.quick
		m.mu.Unlock()
		if done {
			return
		}
	}
}

func (m *memoryLimit) exceeded() error {
	return fmt.Errorf("the script keeps more than %s of memory%s", mebibytes(m.limit), m.hint())
}

// hint names the option of the limit, for messages, where there is one.
func (m *memoryLimit) hint() string {
	if m.option == "" {
		return ""
	}
	return " (" + m.option + ")"
}

// maxText is how long a string can be.
const maxText = 256 << 20

// longest is how long a string can be under the limit: functions of the interpreter
// that nobody can stop take some copies of one.
func (m *memoryLimit) longest() uint64 {
	if m.limit == 0 {
		return maxText
	}
	return min(maxText, m.limit/2)
}

// allowsText returns an error if a string of n bytes is too long.
func (m *memoryLimit) allowsText(n uint64) error {
	switch {
	case n <= m.longest():
		return nil
	case m.limit != 0 && n > m.limit:
		return m.tooMuch(n)
	case n > maxText:
		return fmt.Errorf("a string of %s is longer than strings can be, %s", mebibytes(n), mebibytes(maxText))
	}
	return fmt.Errorf("a string of %s would be more than half of the memory that scripts may take, %s%s", mebibytes(n), mebibytes(m.limit), m.hint())
}

// allows returns an error if n more bytes would be too much.
func (m *memoryLimit) allows(n uint64) error {
	if m.fits(n) {
		return nil
	}
	return m.tooMuch(n)
}

func (m *memoryLimit) tooMuch(n uint64) error {
	return fmt.Errorf("a string of %s would be more memory than scripts may take, %s%s", mebibytes(n), mebibytes(m.limit), m.hint())
}

// fits says whether there is room for n more bytes. What was dropped is collected
// before they are refused.
func (m *memoryLimit) fits(n uint64) bool {
	if m.limit == 0 {
		return true
	}
	m.mu.Lock()
	next := m.next
	m.mu.Unlock()
	if n > next {
		return false
	}
	if usedMemory() > next-n {
		runtime.GC()
		return usedMemory() <= next-n
	}
	return true
}

func mebibytes(n uint64) string { return fmt.Sprintf("%d MiB", n>>20) }

// liveMemory is what the last garbage collection has found to be in use.
func liveMemory() uint64 { return memory("/gc/heap/live:bytes") }

// usedMemory is what is in use, with what has not been collected yet.
func usedMemory() uint64 { return memory("/memory/classes/heap/objects:bytes") }

func memory(name string) uint64 {
	s := []metrics.Sample{{Name: name}}
	metrics.Read(s)
	return s[0].Value.Uint64()
}
