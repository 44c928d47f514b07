package decode

import (
	"bytes"
	"runtime/metrics"
	"testing"

	"luatrace/tracer/syscalls"
)

// views are the ways to look at a call, each with what it may allocate at most:
// a few times the bytes that the caps let a call hold, as text takes up to six
// bytes for one and grows by doubling.
var views = []struct {
	name string
	max  uint64
	look func(c *Call)
}{
	{"values", 4 * MaxData, func(c *Call) {
		for i := range c.NumArgs() {
			c.Arg(i).force(0)
			c.Entry(i).force(0)
		}
		if r := c.Result(); r != nil {
			r.force(0)
		}
	}},
	{"fields", 8 * MaxData, func(c *Call) {
		for i := range c.NumArgs() {
			walk(c.Arg(i), 0)
		}
	}},
	{"text", 16 * MaxData, func(c *Call) { DefaultText.AppendCall(nil, c) }},
	{"whole text", 64 * MaxData, func(c *Call) {
		(&Text{HexStrings: HexNonASCII, Consts: ConstVerbose, PIDNames: true, ArgNames: true, FDs: FDPath}).AppendCall(nil, c)
	}},
	{"raw text", 16 * MaxData, func(c *Call) {
		(&Text{Raw: true}).AppendCall(nil, c)
		(&Text{Addresses: true, Consts: ConstRaw, HexStrings: HexAll, StringLimit: 100}).AppendCall(nil, c)
	}},
}

// walk touches everything that can be reached from a value by its public face.
func walk(v *Value, depth int) {
	if v == nil || depth > 12 {
		return
	}
	v.Name()
	v.Str()
	v.Total()
	v.Size()
	v.IP()
	v.MAC()
	for i := range min(v.Len(), 64) {
		walk(v.Elem(i), depth+1)
		walk(v.FieldAt(i), depth+1)
	}
	v.Members(func(name string, f *Value) bool {
		if v.Field(name) == nil {
			panic("a member that is no field: " + name)
		}
		walk(f, depth+1)
		return true
	})
}

var heapAllocs = []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}

// allocated returns the bytes allocated on the heap so far, by all goroutines.
func allocated() uint64 {
	metrics.Read(heapAllocs)
	return heapAllocs[0].Value.Uint64()
}

// lookAtAll makes every view of a call and checks its caps.
func lookAtAll(t *testing.T, c *Call) {
	t.Helper()
	for _, v := range views {
		look := func() uint64 {
			before := allocated()
			v.look(c)
			return allocated() - before
		}
		n := look()
		if n > v.max { // the first look at a call loads tables, and other goroutines count too
			c.Reset()
			n = look()
		}
		if n > v.max {
			t.Fatalf("%s %s %#x: %s allocated %d bytes", c.ABI, syscalls.Name(c.ABI, c.NR), c.Args, v.name, n)
		}
	}
	checkJSON(t, c)
	if c.arena.spent > MaxData {
		t.Fatalf("%s %s %#x: %d bytes held", c.ABI, syscalls.Name(c.ABI, c.NR), c.Args, c.arena.spent)
	}
}

// everyWay looks at a call at its entry, at its exit, and again after a Reset.
func everyWay(t *testing.T, call *Call, ret int64) {
	t.Helper()
	call.Sig = syscalls.Lookup(call.ABI, call.NR)
	call.BufferLimit = MaxData
	call.LatchAll()
	lookAtAll(t, call)
	call.Exited, call.Ret, call.Errno = true, ret, 0
	if ret < 0 && ret > -4096 {
		call.Ret, call.Errno = -1, int(-ret)
	}
	lookAtAll(t, call)
	call.Reset()
	lookAtAll(t, call)
}

// FuzzCall decodes and prints any call with any words over any memory: nothing
// may panic, hold or allocate more than the caps, or print invalid JSON.
func FuzzCall(f *testing.F) {
	f.Add(uint8(0), uint16(257), uint64(0xffffff9c), uint64(0x1000), uint64(0x241), uint64(0o644), uint64(0), uint64(0), int64(3), []byte("/etc/passwd\x00"))
	f.Add(uint8(0), uint16(20), uint64(1), uint64(0x1000), uint64(3), uint64(0), uint64(0), uint64(0), int64(5), pack(uint64(0x1010), uint64(5), "hello"))
	f.Add(uint8(0), uint16(47), uint64(1), uint64(0x1000), uint64(0), uint64(0), uint64(0), uint64(0), int64(5), pack(uint64(0x1000), uint64(128), uint64(0x1000), uint64(1), uint64(0x1000), uint64(64), uint64(0)))
	f.Add(uint8(0), uint16(217), uint64(1), uint64(0x1000), uint64(0x8000), uint64(0), uint64(0), uint64(0), int64(24), pack(uint64(7), uint64(1), uint16(24), uint8(4), "a\x00\x00\x00\x00"))
	f.Add(uint8(0), uint16(44), uint64(1), uint64(0x1000), uint64(64), uint64(0), uint64(0x1000), uint64(12), int64(5), pack(uint32(64), uint16(20), uint16(0x301), uint64(1), make([]byte, 48)))
	f.Add(uint8(0), uint16(321), uint64(5), uint64(0x1000), uint64(128), uint64(0), uint64(0), uint64(0), int64(5), pack(uint32(1), uint32(2), uint64(0x1000), uint64(0x1000), make([]byte, 104)))
	f.Add(uint8(0), uint16(16), uint64(1), uint64(0xc0a06965), uint64(0x1000), uint64(0), uint64(0), uint64(0), int64(0), make([]byte, 160))
	f.Add(uint8(1), uint16(5), uint64(0x1000), uint64(0x8000), uint64(0), uint64(0), uint64(0), uint64(0), int64(-2), []byte{})
	f.Add(uint8(1), uint16(102), uint64(16), uint64(0x1000), uint64(0), uint64(0), uint64(0), uint64(0), int64(-2), pack(uint32(9), uint32(0x1000), uint32(0)))
	f.Add(uint8(2), uint16(435), uint64(0x1000), uint64(88), uint64(0), uint64(0), uint64(0), uint64(0), int64(77), make([]byte, 88))
	f.Fuzz(func(t *testing.T, abi uint8, nr uint16, a, b, c, d, e, g uint64, ret int64, mem []byte) {
		call := &Call{ABI: syscalls.ABI(abi % uint8(syscalls.NumABI)), NR: int(nr % 480), Mem: pages{0x1000: mem}}
		call.Args = [6]uint64{a, b, c, d, e, g}
		everyWay(t, call, ret)
	})
}

// Every call, over memory that is empty, full of ones, text, or points to
// itself. Each memory is tried with other argument words from call to call.
func TestHostileMemory(t *testing.T) {
	const size = 2048
	self64, self32 := make([]byte, size), make([]byte, size)
	for i := 0; i < size; i += 8 {
		order.PutUint64(self64[i:], 0x1000)
		order.PutUint32(self32[i:], 0x1000)
		order.PutUint32(self32[i+4:], 0x1000)
	}
	memories := [][]byte{nil, make([]byte, size), bytes.Repeat([]byte{0xff}, size), bytes.Repeat([]byte("a"), size), self64, self32}
	args := [][6]uint64{
		{0x1000, 0x1000, 0x1000, 0x1000, 0x1000, 0x1000},
		{1, 0x1000, 64, 0x1000, 0x1000, 16},
		{0x1000, ^uint64(0), 0x1000, ^uint64(0), 0x1000, ^uint64(0)},
		{0x1000, 1 << 62, 0x17f8, 0x2ff0, 0x2ff0, 1 << 31},
	}
	for abi := range syscalls.NumABI {
		for nr := range syscalls.Max(abi) {
			if _, twin := syscalls.Number(syscalls.AMD64, syscalls.Name(abi, nr)); twin && abi == syscalls.ARM64 || !syscalls.Known(abi, nr) {
				continue // arm64's are amd64's
			}
			for i, mem := range memories {
				ret := []int64{0, 64, -14, 1 << 40}[i%4]
				everyWay(t, &Call{ABI: abi, NR: nr, Args: args[(i+nr)%4], Mem: pages{0x1000: mem}}, ret)
			}
		}
	}
}
