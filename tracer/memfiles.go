package tracer

import (
	"sync"

	"golang.org/x/sys/unix"
)

// openFiles are those that the tracer keeps open of its tracees.
type openFiles struct {
	memFiles memFiles
	kept     []*Process // whose directories in /proc are open, see shown.go
}

// memFiles are the files of a tracer's processes through which their memory is read. A
// trace of many processes must not use up the descriptors that everything else
// needs: if too many are open, one is closed that was not used lately.
type memFiles struct {
	open []*memFile
	hand int // where the next one to be closed is looked for
}

// otherDescriptors is how many are left for everything but memory: output,
// listener, /proc, sockets of the kernel's, and what the Go runtime has.
const otherDescriptors = 48

// mostDescriptors is how many this process may have (RLIMIT_NOFILE).
var mostDescriptors = sync.OnceValue(func() int {
	var limit unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &limit) != nil {
		return 1024
	}
	return int(min(limit.Cur, 1<<20))
})

// mostMemFiles is how many of them are kept open.
var mostMemFiles = sync.OnceValue(func() int { return max(4, (mostDescriptors()-otherDescriptors)/2) })

// add notes that a file was opened.
func (s *memFiles) add(m *memFile) {
	if len(s.open) >= mostMemFiles() {
		s.closeOne()
	}
	m.at = len(s.open)
	s.open = append(s.open, m)
}

// remove notes that one is closed.
func (s *memFiles) remove(m *memFile) {
	last := s.open[len(s.open)-1]
	s.open[m.at] = last
	last.at = m.at
	s.open[len(s.open)-1] = nil
	s.open = s.open[:len(s.open)-1]
}

// closeOne closes one that was not used since the hand came by; false if none is
// open.
func (s *memFiles) closeOne() bool {
	for len(s.open) > 0 {
		if s.hand >= len(s.open) {
			s.hand = 0
		}
		m := s.open[s.hand]
		if m.used {
			m.used = false
			s.hand++
			continue
		}
		m.close()
		return true
	}
	return false
}
