package source

import (
	"golang.org/x/sys/unix"

	"luatrace/tracer/syscalls"
)

const (
	pageSize  = 4096
	heapStart = 0x5555_0000_0000
	stackTop  = 0x7ffd_0010_0000
	stackRoom = 64 * pageSize // below that
)

// memory is that of a made-up process.
type memory struct {
	pages map[uint64]*[pageSize]byte
	next  uint64
}

// lay makes the stack, and returns its top.
func (m *memory) lay(abi syscalls.ABI) (stack uint64) {
	m.pages = map[uint64]*[pageSize]byte{}
	m.next, stack = heapStart, stackTop
	if abi.WordSize() == 4 {
		m.next, stack = 0x5655_0000, 0xffc0_0000
	}
	for at := stack - stackRoom; at < stack; at += pageSize {
		m.pages[at] = new([pageSize]byte)
	}
	return stack
}

// Place puts bytes into fresh memory, aligned to 16 bytes, and returns where. A
// page that is not mapped follows the last byte's page.
func (m *Made) Place(b []byte) uint64 {
	at := m.next
	end := at + uint64(len(b))
	for page := at &^ (pageSize - 1); page < max(end, at+1); page += pageSize {
		if m.pages[page] == nil {
			m.pages[page] = new([pageSize]byte)
		}
	}
	m.next = (end + 15) &^ 15
	m.move(at, b, true)
	return at
}

// copy moves bytes between b and the memory, up to the first missing page.
func (m *memory) copy(addr uint64, b []byte, write bool) (int, error) {
	n := 0
	for n < len(b) {
		at := addr + uint64(n)
		page := m.pages[at&^(pageSize-1)]
		if page == nil {
			return n, unix.EFAULT
		}
		if write {
			n += copy(page[at%pageSize:], b[n:])
		} else {
			n += copy(b[n:], page[at%pageSize:])
		}
	}
	return n, nil
}
