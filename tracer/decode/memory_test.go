package decode

import (
	"encoding/binary"
	"errors"
	"testing"

	"luatrace/tracer/syscalls"
)

var errFault = errors.New("bad address")

// pages is a memory of byte slices at addresses; what is between is unmapped.
type pages map[uint64][]byte

func (m pages) ReadMemory(addr uint64, p []byte) (int, error) {
	n := 0
next:
	for n < len(p) {
		at := addr + uint64(n)
		for base, b := range m {
			if at >= base && at < base+uint64(len(b)) {
				n += copy(p[n:], b[at-base:])
				continue next
			}
		}
		return n, errFault
	}
	return n, nil
}

// allOrNothing fails a read that does not succeed in full, as some ways to
// read memory do.
type allOrNothing struct{ pages }

func (m allOrNothing) ReadMemory(addr uint64, p []byte) (int, error) {
	n, err := m.pages.ReadMemory(addr, p)
	if n < len(p) {
		return 0, err
	}
	return n, nil
}

// at returns a memory with one block.
func at(addr uint64, parts ...any) pages { return pages{addr: pack(parts...)} }

// pack joins numbers (little-endian), strings and bytes.
func pack(parts ...any) []byte {
	var b []byte
	for _, p := range parts {
		switch p := p.(type) {
		case string:
			b = append(b, p...)
		case []byte:
			b = append(b, p...)
		default:
			var err error
			if b, err = binary.Append(b, binary.LittleEndian, p); err != nil {
				panic(err)
			}
		}
	}
	return b
}

// newCall makes a call of the ABI by name.
func newCall(t testing.TB, abi syscalls.ABI, name string, mem Memory, args ...uint64) *Call {
	t.Helper()
	nr, ok := syscalls.Number(abi, name)
	if !ok {
		t.Fatalf("%s has no call %s", abi, name)
	}
	c := &Call{ABI: abi, NR: nr, Name: name, Sig: syscalls.Lookup(abi, nr), Mem: mem}
	if c.Sig == nil {
		t.Fatalf("no row for %s", name)
	}
	copy(c.Args[:], args)
	return c
}

// done lets the call return: ret, or -errno.
func done(c *Call, ret int64) *Call {
	c.LatchAll()
	c.Exited, c.Ret = true, ret
	if ret < 0 && ret > -4096 {
		c.Ret, c.Errno = -1, int(-ret)
	}
	return c
}

func TestStringBeforeUnmappedPage(t *testing.T) {
	t.Parallel()
	page := make([]byte, 4096)
	copy(page[4090:], "/etc\x00x")
	for name, mem := range map[string]Memory{
		"partial": pages{0x1000: page}, "all or nothing": allOrNothing{pages{0x1000: page}},
	} {
		c := newCall(t, syscalls.AMD64, "chdir", mem, 0x1000+4090)
		if v := c.Arg(0); v.Kind != KindString || string(v.Str()) != "/etc" || v.Truncated {
			t.Errorf("%s: %s %q", name, v.Kind, v.Str())
		}
		c = newCall(t, syscalls.AMD64, "write", mem, 1, 0x1000+4090, 4096)
		if v := c.Arg(1); v.Kind != KindBytes || string(v.Str()) != "/etc\x00x" || !v.Truncated {
			t.Errorf("%s: buffer %s %q", name, v.Kind, v.Str())
		}
	}
	copy(page[4090:], "unend\xff")
	c := newCall(t, syscalls.AMD64, "chdir", pages{0x1000: page}, 0x1000+4090)
	if v := c.Arg(0); v.Kind != KindUnreadable || v.String() != "0x1ffa" {
		t.Errorf("unterminated path: %s %s", v.Kind, v)
	}
}

func TestLongPathsAndStrings(t *testing.T) {
	t.Parallel()
	long := make([]byte, 10000)
	for i := range long {
		long[i] = 'a'
	}
	mem := at(0x7f0000000ffe, long)
	c := newCall(t, syscalls.AMD64, "chdir", mem, 0x7f0000000ffe)
	if v := c.Arg(0); len(v.Str()) != MaxPath || !v.Truncated {
		t.Errorf("path: %d bytes, truncated %v", len(v.Str()), v.Truncated)
	}
	c = newCall(t, syscalls.AMD64, "write", mem, 1, 0x7f0000000ffe, 9000)
	if v := c.Arg(1); len(v.Str()) != DefaultBuffer || v.Total() != 9000 {
		t.Errorf("buffer: %d of %d", len(v.Str()), v.Total())
	}
	c.Reset()
	c.BufferLimit = 9500
	if v := c.Arg(1); len(v.Str()) != 9000 || v.Truncated {
		t.Errorf("buffer with limit: %d of %d", len(v.Str()), v.Total())
	}
}

func TestHostileLengths(t *testing.T) {
	t.Parallel()
	big := make([]byte, 8<<20)
	for i := range big {
		big[i] = 0x41
	}
	mem := pages{0x10000: big}
	calls := []struct {
		name string
		args []uint64
	}{
		{"write", []uint64{1, 0x10000, ^uint64(0)}},
		{"write", []uint64{1, 0x10000, 1 << 62}},
		{"poll", []uint64{0x10000, 0xffffffff, 0}},
		{"writev", []uint64{1, 0x10000, ^uint64(0)}},
		{"setgroups", []uint64{0x7fffffff, 0x10000}},
		{"execve", []uint64{0x10000, 0x10000, 0x10000}},
		{"sendmsg", []uint64{1, 0x10000, 0}},
		{"connect", []uint64{1, 0x10000, 0xffffffff}},
		{"sched_setaffinity", []uint64{0, 0xffffffff, 0x10000}},
		{"pselect6", []uint64{0x7fffffff, 0x10000, 0x10000, 0x10000, 0x10000, 0x10000}},
		{"rt_sigprocmask", []uint64{0, 0x10000, 0, ^uint64(0)}},
		{"clone3", []uint64{0x10000, ^uint64(0)}},
		{"io_submit", []uint64{1, ^uint64(0) >> 1, 0x10000}},
		{"chdir", []uint64{^uint64(0) - 3}},
	}
	for _, tc := range calls {
		c := newCall(t, syscalls.AMD64, tc.name, mem, tc.args...)
		c.BufferLimit = MaxData
		c.LatchAll()
		text := DefaultText.AppendCall(nil, c)
		full := (&Text{}).AppendArgs(nil, c)
		c.AppendJSONArgs(nil)
		if c.arena.spent > MaxData {
			t.Errorf("%s: %d bytes", tc.name, c.arena.spent)
		}
		if len(text) == 0 || len(full) == 0 {
			t.Errorf("%s: no text", tc.name)
		}
	}
}
