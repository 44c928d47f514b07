package bindings

import (
	"encoding/binary"
	"testing"

	"luatrace/tracer/syscalls"
)

// lazyFields are hooks and what one call of them may allocate: what the value
// itself needs, and nothing for what is not asked. The interpreter allocates the
// key of each access to an object, 16 bytes, by itself.
var lazyFields = []struct {
	name, spec, code string
	keys, values     float64
}{
	{"nothing", "openat", ``, 0, 0},
	{"number", "openat", `x = ev.dirfd`, 1, 0},
	{"path", "openat", `x = ev.path`, 1, 2}, // its bytes, and the interface that holds a string
	{"flags", "openat", `x = ev.flags`, 1, 1},
	{"has", "openat", `x = ev.flags:has "O_CREAT|O_EXCL"`, 2, 1},
	{"flag", "openat", `x = ev.flags.O_CLOEXEC`, 2, 1},
	{"constant", "lseek", `x = ev.whence == "SEEK_END"`, 1, 0},
	{"struct", "newfstatat", `x = ev.statbuf`, 1, 1},
	{"field of a struct", "newfstatat", `x = ev.statbuf.st_size`, 2, 1}, // the struct; the number is small
	{"nested field", "setitimer", `x = ev.new_value.it_value.tv_sec`, 3, 2},
}

// lazyCall makes the call that the hooks of lazyFields look at.
func (s *self) lazyCall(name string) {
	switch name {
	case "openat":
		s.call(syscalls.AMD64, name, 3, 0xffffff9c, s.addr(0), 0o2000100, 0o644)
	case "lseek":
		s.call(syscalls.AMD64, name, 3, 3, 5, 2)
	case "newfstatat":
		s.call(syscalls.AMD64, name, 0, 0xffffff9c, s.addr(0), s.addr(64), 0)
	case "setitimer":
		s.call(syscalls.AMD64, name, 0, 0, s.addr(64), 0)
	}
}

func newLazy(t testing.TB, spec, code string) *self {
	s := newSelf(t, 4096, `x = nil; on("`+spec+`", function(ev) `+code+` end)`)
	copy(s.mem, "/etc/hostname\x00")
	binary.LittleEndian.PutUint64(s.mem[64+48:], 500)
	binary.LittleEndian.PutUint64(s.mem[64+16:], 7)
	return s
}

// TestLazyFields: a field allocates the value it returns. It does not run beside
// other tests, whose allocations would count.
func TestLazyFields(t *testing.T) {
	baseline := map[string]float64{}
	for _, f := range lazyFields {
		if _, ok := baseline[f.spec]; !ok {
			s := newLazy(t, f.spec, "")
			s.lazyCall(f.spec)
			baseline[f.spec] = testing.AllocsPerRun(200, func() { s.lazyCall(f.spec) })
		}
		s := newLazy(t, f.spec, f.code)
		s.lazyCall(f.spec)
		got := testing.AllocsPerRun(200, func() { s.lazyCall(f.spec) }) - baseline[f.spec]
		if got > f.keys+f.values {
			t.Errorf("%s: %v allocations, want %v", f.name, got, f.keys+f.values)
		}
	}
}

// BenchmarkLazyFields is the cost of one event with a hook that reads one
// field, reading the tracee's memory included.
func BenchmarkLazyFields(b *testing.B) {
	for _, f := range lazyFields {
		b.Run(f.name, func(b *testing.B) {
			s := newLazy(b, f.spec, f.code)
			b.ReportAllocs()
			for b.Loop() {
				s.lazyCall(f.spec)
			}
		})
	}
}
