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

// lineCases are calls of each kind, with what one printed line and one lookup
// of a field may allocate once the call has been seen before.
var lineCases = []struct {
	what, name string
	mem        *block
	args       [6]uint64
	ret        int64
	line       string
	allocs     float64
}{
	{what: "close", name: "close", args: [6]uint64{3}, line: "close(3)                                = 0"},
	{what: "brk", name: "brk", args: [6]uint64{0x5000}, ret: 0x5000, line: "brk(0x5000)                             = 0x5000"},
	{what: "openat", name: "openat", mem: &block{0x1000, []byte("/etc/ld.so.cache\x00")}, args: [6]uint64{0xffffff9c, 0x1000, 0o2000000}, ret: 3,
		line: `openat(AT_FDCWD, "/etc/ld.so.cache", O_RDONLY|O_CLOEXEC) = 3`},
	{what: "openat-failed", name: "openat", mem: &block{0x1000, []byte("/etc/none\x00")}, args: [6]uint64{0xffffff9c, 0x1000, 0o2000000}, ret: -2,
		line: `openat(AT_FDCWD, "/etc/none", O_RDONLY|O_CLOEXEC) = -1 ENOENT (No such file or directory)`},
	{what: "mmap", name: "mmap", args: [6]uint64{0, 8192, 3, 0x22, 0xffffffff}, ret: 0x7000,
		line: "mmap(NULL, 8192, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7000"},
	{what: "stat", name: "stat", mem: &block{0x1000, append([]byte("/etc\x00"), make([]byte, 256)...)}, args: [6]uint64{0x1000, 0x1040},
		line: `stat("/etc", {st_mode=000, st_size=0, ...}) = 0`},
	{what: "read", name: "read", mem: &block{0x1000, []byte("hello, world\n\x00\x01")}, args: [6]uint64{3, 0x1000, 4096}, ret: 15,
		line: `read(3, "hello, world\n\0\1", 4096)     = 15`},
	{what: "read-832", name: "read", mem: &block{0x1000, append([]byte("\x7fELF\x02\x01\x01"), make([]byte, 4096)...)}, args: [6]uint64{3, 0x1000, 832}, ret: 832,
		line: `read(3, "\177ELF\2\1\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"..., 832) = 832`},
	{what: "sendmsg", name: "sendmsg",
		mem:  &block{0x1000, pack(uint64(0), uint32(0), uint32(0), uint64(0x1038), uint64(1), uint64(0), uint64(0), uint64(0), uint64(0x1048), uint64(5), "hello")},
		args: [6]uint64{4, 0x1000, 0x4000}, ret: 5,
		line: `sendmsg(4, {msg_name=NULL, msg_namelen=0, msg_iov=[{iov_base="hello", iov_len=5}], msg_iovlen=1, msg_controllen=0, msg_flags=0}, MSG_NOSIGNAL) = 5`},
	{what: "execve", name: "execve", mem: &block{0x1000, pack("/bin/ls\x00", uint64(0x1000), uint64(0x1000), uint64(0), uint64(0x1000), uint64(0))}, args: [6]uint64{0x1000, 0x1008, 0x1020},
		line: `execve("/bin/ls", ["/bin/ls", "/bin/ls"], 0x1020 /* 1 var */) = 0`},
	{what: "clone3", name: "clone3", mem: &block{0x1000, pack(uint64(0x100|0x200|0x400|0x800|0x10000), uint64(0), uint64(0), uint64(0), uint64(0), uint64(0x2000), uint64(0x1000), uint64(0), uint64(0), uint64(0), uint64(0))},
		args: [6]uint64{0x1000, 88}, ret: 77,
		line: `clone3({flags=CLONE_VM|CLONE_FS|CLONE_FILES|CLONE_SIGHAND|CLONE_THREAD, exit_signal=0, stack=0x2000, stack_size=0x1000}, 88) = 77`},
	{what: "poll", name: "poll", mem: &block{0x1000, pack(uint32(3), uint16(1), uint16(1), uint32(4), uint16(4), uint16(0))}, args: [6]uint64{0x1000, 2, 1000}, ret: 1,
		line: `poll([{fd=3, events=POLLIN}, {fd=4, events=POLLOUT}], 2, 1000) = 1 ([{fd=3, revents=POLLIN}])`},
	{what: "connect", name: "connect", mem: &block{0x1000, pack(uint16(2), "\x00\x50\x7f\x00\x00\x01", uint64(0))}, args: [6]uint64{3, 0x1000, 16},
		line: `connect(3, {sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr("127.0.0.1")}, 16) = 0`},
	{what: "ioctl", name: "ioctl", mem: &block{0x1000, pack(uint16(24), uint16(80), uint32(0))}, args: [6]uint64{1, 0x5413, 0x1000},
		line: `ioctl(1, TIOCGWINSZ, {ws_row=24, ws_col=80, ws_xpixel=0, ws_ypixel=0}) = 0`},
	{what: "rt_sigaction", name: "rt_sigaction", mem: &block{0x1000, make([]byte, 32)}, args: [6]uint64{2, 0x1000, 0, 8},
		line: `rt_sigaction(SIGINT, {sa_handler=SIG_DFL, sa_mask=[], sa_flags=0}, NULL, 8) = 0`},
	{what: "futex", name: "futex", args: [6]uint64{0x7000, 129, 1}, ret: 1, line: `futex(0x7000, FUTEX_WAKE_PRIVATE, 1)    = 1`},
	{what: "getdents64", name: "getdents64", mem: &block{0x1000, make([]byte, 64)}, args: [6]uint64{3, 0x1000, 32768}, line: `getdents64(3, 0x1000 /* 0 entries */, 32768) = 0`},
}

// lineOf decodes and prints the call of a case.
func lineOf(c *Call, args [6]uint64, ret int64, buf []byte) []byte {
	c.Reset()
	c.Args = args
	c.Exited, c.Ret, c.Errno = true, ret, 0
	if ret < 0 && ret > -4096 {
		c.Ret, c.Errno = -1, int(-ret)
	}
	return DefaultText.AppendCall(buf[:0], c)
}

func TestLinesDoNotAllocate(t *testing.T) {
	for _, tc := range lineCases {
		mem := tc.mem
		if mem == nil {
			mem = &block{}
		}
		c := newCall(t, syscalls.AMD64, tc.name, mem)
		buf := lineOf(c, tc.args, tc.ret, nil)
		if got := string(buf); got != tc.line {
			t.Errorf("%s:\n%s, want\n%s", tc.what, got, tc.line)
		}
		if n := testing.AllocsPerRun(100, func() { buf = lineOf(c, tc.args, tc.ret, buf) }); n > tc.allocs {
			t.Errorf("%s: %v allocations, want %v", tc.what, n, tc.allocs)
		}
	}
}

// A field costs nothing but its value, whatever else the call has.
func TestFieldsDoNotAllocate(t *testing.T) {
	st := newCall(t, syscalls.AMD64, "fstat", &block{0x1000, make([]byte, 144)}, 3, 0x1000)
	st.Exited = true
	buf := newCall(t, syscalls.AMD64, "read", &block{0x1000, make([]byte, 4096)}, 3, 0x1000, 100)
	buf.Exited, buf.Ret = true, 100
	flags := newCall(t, syscalls.AMD64, "openat", &block{0x1000, []byte("/etc\x00")}, 0xffffff9c, 0x1000, 0o2000000)
	for what, f := range map[string]func() bool{
		"st_size": func() bool { st.Reset(); st.Exited = true; return st.Arg(1).Field("st_size") != nil },
		"bytes":   func() bool { buf.Reset(); buf.Exited, buf.Ret = true, 100; return len(buf.Arg(1).Str()) == 100 },
		"path":    func() bool { flags.Reset(); return string(flags.Arg(1).Str()) == "/etc" },
		"flag": func() bool {
			flags.Reset()
			has, err := flags.Arg(2).Has("O_CLOEXEC")
			return has && err == nil
		},
	} {
		if n := testing.AllocsPerRun(100, func() {
			if !f() {
				t.Fatalf("%s: wrong value", what)
			}
		}); n != 0 {
			t.Errorf("%s: %v allocations", what, n)
		}
	}
}

func BenchmarkLine(b *testing.B) {
	for _, tc := range lineCases {
		b.Run(tc.what, func(b *testing.B) {
			mem := tc.mem
			if mem == nil {
				mem = &block{}
			}
			c := newCall(b, syscalls.AMD64, tc.name, mem)
			buf := lineOf(c, tc.args, tc.ret, nil)
			b.ReportAllocs()
			for b.Loop() {
				buf = lineOf(c, tc.args, tc.ret, buf)
			}
		})
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
