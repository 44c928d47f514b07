package decode

import (
	"testing"

	"luatrace/tracer/syscalls"
)

func TestResetDoesNotAllocate(t *testing.T) {
	c := newCall(t, syscalls.AMD64, "openat", at(0x1000, "/etc/passwd\x00"), 0xffffff9c, 0x1000, 0, 0)
	c.Arg(1)
	if n := testing.AllocsPerRun(100, func() {
		c.Reset()
		c.Args[0] = 3
		c.NumArgs()
		c.Index("path")
	}); n != 0 {
		t.Errorf("an untouched call: %v allocations", n)
	}
	if n := testing.AllocsPerRun(100, func() {
		c.Reset()
		if string(c.Arg(1).Str()) != "/etc/passwd" {
			t.Fatal("wrong path")
		}
	}); n != 0 {
		t.Errorf("one path: %v allocations", n)
	}
	if n := testing.AllocsPerRun(100, func() {
		if syscalls.Lookup(syscalls.AMD64, 257) == nil {
			t.Fatal("no openat")
		}
	}); n != 0 {
		t.Errorf("Lookup: %v allocations", n)
	}
}

func BenchmarkReset(b *testing.B) {
	c := newCall(b, syscalls.AMD64, "openat", nil, 0xffffff9c, 0x1000, 0, 0)
	b.ReportAllocs()
	for b.Loop() {
		c.Reset()
	}
}

func BenchmarkStructField(b *testing.B) {
	c := newCall(b, syscalls.AMD64, "fstat", &block{0x1000, make([]byte, 144)}, 3, 0x1000)
	b.ReportAllocs()
	for b.Loop() {
		c.Reset()
		c.Exited = true
		if c.Arg(1).Field("st_size") == nil {
			b.Fatal("no st_size")
		}
	}
}

func BenchmarkOpenatLine(b *testing.B) {
	c := newCall(b, syscalls.AMD64, "openat", &block{0x1000, []byte("/etc/ld.so.cache\x00")}, 0xffffff9c, 0x1000, 0o2000000, 0)
	var buf []byte
	b.ReportAllocs()
	for b.Loop() {
		c.Reset()
		c.Exited, c.Ret = true, 3
		buf = DefaultText.AppendCall(buf[:0], c)
	}
}

// block is memory without a map, for timing.
type block struct {
	base uint64
	b    []byte
}

func (m *block) ReadMemory(addr uint64, p []byte) (int, error) {
	if addr < m.base || addr >= m.base+uint64(len(m.b)) {
		return 0, errFault
	}
	n := copy(p, m.b[addr-m.base:])
	if n < len(p) {
		return n, errFault
	}
	return n, nil
}
