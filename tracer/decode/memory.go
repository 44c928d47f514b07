package decode

import "bytes"

// Memory is the memory of a tracee. Partial reads are normal: when n < len(p)
// err says why, for example EFAULT at the first unmapped page.
type Memory interface {
	ReadMemory(addr uint64, p []byte) (n int, err error)
}

// Limits of what one Call copies out of a tracee, whatever the tracee asks.
const (
	MaxPath       = 4096    // bytes of a path with its NUL, as PATH_MAX
	MaxData       = 1 << 20 // bytes of memory copied for one call in all
	MaxElements   = 4096    // elements of one array
	DefaultBuffer = 4096    // bytes of a buffer, unless Call.BufferLimit says otherwise
)

const pageSize = 4096 // the smallest page size of the supported machines

// read fills p from addr as far as memory goes and returns the number of bytes.
// What the first request did not give is asked for page by page, so that a
// range that ends before an unmapped page gives all there is.
func (c *Call) read(addr uint64, p []byte) int {
	if c.Mem == nil || len(p) == 0 || addr == 0 {
		return 0
	}
	if last := addr + uint64(len(p)) - 1; last < addr { // wraps around
		p = p[:^addr+1]
		if len(p) == 0 {
			return 0
		}
	}
	n, err := c.Mem.ReadMemory(addr, p)
	n = min(max(n, 0), len(p))
	for n < len(p) && err != nil {
		at := addr + uint64(n)
		step := min(len(p)-n, int(pageSize-at%pageSize))
		m, _ := c.Mem.ReadMemory(at, p[n:n+step])
		n += min(max(m, 0), step)
		if m < step {
			break
		}
	}
	return n
}

// copyIn copies up to n bytes at addr into memory that lives until Reset. It
// returns what could be read, nil if nothing could.
func (c *Call) copyIn(addr, n uint64) []byte {
	p := c.arena.bytes(int(min(n, MaxData)))
	return p[:c.read(addr, p)]
}

// copyString copies the NUL-terminated string at addr, at most limit bytes of
// it, without the NUL. ended reports whether the NUL was found.
func (c *Call) copyString(addr uint64, limit int) (s []byte, ended, ok bool) {
	if limit <= 0 {
		return nil, false, false
	}
	buf := c.scratch[:0]
	chunk := 128 // most strings are short
	for len(buf) < limit {
		at := addr + uint64(len(buf))
		step := min(limit-len(buf), chunk, int(pageSize-at%pageSize))
		chunk = pageSize
		start := len(buf)
		if cap(buf) < start+step {
			grown := make([]byte, start, max(2*cap(buf), start+step, 256))
			copy(grown, buf)
			buf = grown
		}
		n := c.read(at, buf[start:start+step])
		buf = buf[:start+n]
		if i := bytes.IndexByte(buf[start:], 0); i >= 0 {
			buf, ended = buf[:start+i], true
			break
		}
		if n < step {
			break
		}
	}
	c.scratch = buf[:0]
	if len(buf) == 0 && !ended {
		return nil, false, false
	}
	s = c.arena.bytes(len(buf))
	copy(s, buf)
	return s[:len(s):len(s)], ended && len(s) == len(buf), true
}

// arena hands out values and bytes that live until the next reset. Its blocks
// are kept, so a Call that is used again does not allocate for small calls.
type arena struct {
	blocks []*[valueBlock]Value
	used   int // values handed out of the blocks
	bufs   []byte
	filled int
	spent  int // bytes handed out in all, against MaxData
}

const (
	valueBlock = 32
	byteBlock  = 4096
	valueCost  = 192 // bytes of a Value, rounded up
)

// values returns n zero values, or fewer when the budget is spent.
func (a *arena) values(n int) []Value {
	n = min(n, max(0, (MaxData-a.spent)/valueCost))
	a.spent += n * valueCost
	if n > valueBlock {
		return make([]Value, n)
	}
	if n == 0 {
		return nil
	}
	if left := valueBlock - a.used%valueBlock; n > left && a.used%valueBlock != 0 {
		a.used += left
	}
	for len(a.blocks) <= a.used/valueBlock {
		a.blocks = append(a.blocks, new([valueBlock]Value))
	}
	at := a.used % valueBlock
	a.used += n
	vs := a.blocks[(a.used-1)/valueBlock][at : at+n : at+n]
	clear(vs)
	return vs
}

// bytes returns n bytes, or fewer when the budget is spent.
func (a *arena) bytes(n int) []byte {
	n = min(max(n, 0), MaxData-a.spent)
	if n <= 0 {
		return nil
	}
	a.spent += n
	if n > byteBlock/4 {
		return make([]byte, n)
	}
	if a.filled+n > len(a.bufs) {
		a.bufs, a.filled = make([]byte, byteBlock), 0
	}
	p := a.bufs[a.filled : a.filled+n : a.filled+n]
	a.filled += n
	return p
}

func (a *arena) reset() {
	a.used, a.filled, a.spent = 0, 0, 0
	if len(a.blocks) > 8 { // a rare, large call: give the memory back
		clear(a.blocks[8:])
		a.blocks = a.blocks[:8]
	}
}
