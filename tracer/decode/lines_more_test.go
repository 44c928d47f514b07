package decode

import (
	"strings"
	"testing"
	"time"

	"luatrace/tracer/syscalls"
)

// The mask that a signal handler's return restores lies elsewhere on the stack of each ABI.
func TestSigreturn(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		abi       syscalls.ABI
		call      string
		low, high int // where the halves of the mask are
	}{
		{syscalls.AMD64, "rt_sigreturn", 296, 300},
		{syscalls.ARM64, "rt_sigreturn", 168, 172},
		{syscalls.I386, "rt_sigreturn", 248, 252},
		{syscalls.I386, "sigreturn", 80, 712},
	} {
		stack := make([]byte, 1024)
		copy(stack[tc.low:], pack(uint32(1<<1|1<<14)))  // SIGINT, SIGTERM
		copy(stack[tc.high:], pack(uint32(1<<(63-32)))) // SIGRT_32
		c := newCall(t, tc.abi, tc.call, pages{base: stack})
		c.SP = base
		want := tc.call + "({mask=[INT TERM RT_32]})"
		if got := string(DefaultText.AppendCall(nil, done(c, 0))); !strings.HasPrefix(got, want) {
			t.Errorf("%s: got %s, want %s", tc.abi, got, want)
		}
		c = newCall(t, tc.abi, tc.call, pages{base: stack})
		c.SP = base + 1000
		if got := string(DefaultText.AppendArgs(nil, c)); got != tc.call+"(0x7fff03e8" {
			t.Errorf("%s: unreadable stack: got %s", tc.abi, got)
		}
	}
}

// A set that is not all there is its address.
func TestSetBeforeUnmappedMemory(t *testing.T) {
	t.Parallel()
	for n, want := range map[uint64]string{64: "select(64, [1 2], NULL, NULL, NULL", 65: "select(65, 0x7fff0000, NULL, NULL, NULL"} {
		c := newCall(t, syscalls.AMD64, "select", pages{base: pack(uint64(6), uint32(1))}, n, base)
		if got := string(DefaultText.AppendArgs(nil, c)); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// A call that never returns ends in "= ?"; what it would have written is missing.
func TestNoReturn(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		call string
		args []uint64
		want string
	}{
		{"kill", []uint64{77, 9}, `kill(77, SIGKILL)                       = ?`},
		{"pause", nil, `pause()                                 = ?`},
		{"read", []uint64{3, base, 5}, `read(3,  <unfinished ...>)              = ?`},
		{"poll", []uint64{0, 0, 5}, `poll(NULL, 0, 5 <unfinished ...>)       = ?`},
	} {
		c := newCall(t, syscalls.AMD64, tc.call, pages{}, tc.args...)
		if got := string(DefaultText.AppendNoReturn(DefaultText.AppendArgs(nil, c), c, 0)); got != tc.want {
			t.Errorf("got  %s\nwant %s", got, tc.want)
		}
	}
}

// clone3's argument stands at the entry of an interrupted line, what came of it at the exit.
func TestCloneArgsInTwoParts(t *testing.T) {
	t.Parallel()
	args := pack(uint64(0x100000), uint64(0), uint64(0), uint64(base+64), uint64(17), uint64(0), uint64(0), uint64(0), int32(4711))
	c := newCall(t, syscalls.AMD64, "clone3", pages{base: args}, base, 64)
	want := `clone3({flags=CLONE_PARENT_SETTID, parent_tid=0x7fff0040, exit_signal=SIGCHLD, stack=NULL, stack_size=0}`
	if got := string(DefaultText.AppendArgs(nil, c)); got != want {
		t.Errorf("entry: got %s\nwant %s", got, want)
	}
	done(c, 4711)
	if got := string(DefaultText.AppendRest(nil, c)); got != ` => {parent_tid=[4711]}, 64` {
		t.Errorf("exit: got %s", got)
	}
	if got := string(DefaultText.AppendCall(nil, c)); got != want+` => {parent_tid=[4711]}, 64) = 4711` {
		t.Errorf("whole: got %s", got)
	}
}

func TestPathsFromTheKernelAreWhole(t *testing.T) {
	t.Parallel()
	path := "/" + strings.Repeat("long/", 20)
	c := done(newCall(t, syscalls.AMD64, "getcwd", pages{base: pack(path + "\x00")}, base, 4096), int64(len(path)+1))
	if got := string(DefaultText.AppendCall(nil, c)); got != `getcwd("`+path+`", 4096) = 102` {
		t.Errorf("got %s", got)
	}
}

// With no room for the list, the result is its length, and nothing was written.
func TestXattrListOfNoSize(t *testing.T) {
	t.Parallel()
	mem := pages{base: pack("a\x00user.b\x00")}
	for size, want := range map[uint64]string{
		0:  `listxattr("a", 0x7fff0002, 0)           = 7`,
		10: `listxattr("a", "user.b\0", 10)          = 7`,
	} {
		c := done(newCall(t, syscalls.AMD64, "listxattr", mem, base, base+2, size), 7)
		if got := string(DefaultText.AppendCall(nil, c)); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

func TestTimeComment(t *testing.T) {
	t.Parallel()
	zone := time.Unix(1e9, 0).Format("2006-01-02T15:04:05")
	off := time.Unix(1e9, 0).Format("-0700")
	for nsec, want := range map[int64]string{0: " /* " + zone + off + " */", 5: " /* " + zone + ".000000005" + off + " */"} {
		if got := string(appendTimeComment(nil, 1e9, nsec, ".000000000")); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

func TestTicks(t *testing.T) {
	t.Parallel()
	for n, want := range map[int64]string{0: "0", 1: "1 /* 0.01 s */", 250: "250 /* 2.50 s */", -1: "-1 /* -0.01 s */"} {
		if got := string(appendTicks(nil, n)); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}

// In full, stat's times have dates, and a device has no size.
func TestStatInFull(t *testing.T) {
	t.Parallel()
	date := func(sec, nsec int64, layout string) string {
		return " /* " + time.Unix(sec, nsec).Format(layout+"-0700") + " */"
	}
	whole, nine := "2006-01-02T15:04:05", "2006-01-02T15:04:05.000000000"
	for _, tc := range []struct {
		mode uint32
		want string
	}{
		{0o100644, "st_size=9"},
		{0o20666, "st_rdev=makedev(0x1, 0x3)"},
	} {
		mem := pack("f\x00\x00\x00\x00\x00\x00\x00", uint64(0xfe00), uint64(42), uint64(1), tc.mode, uint32(7), uint32(8), uint32(0), uint64(0x103),
			int64(9), int64(4096), int64(16), int64(1e9), int64(5), int64(2e9), int64(0), int64(0), int64(0), make([]byte, 24))
		c := done(newCall(t, syscalls.AMD64, "stat", pages{base: mem}, base, base+8), 0)
		text := *DefaultText
		text.Abbrev = false
		mode := map[uint32]string{0o100644: "S_IFREG|0644", 0o20666: "S_IFCHR|0666"}[tc.mode]
		want := `stat("f", {st_dev=makedev(0xfe, 0), st_ino=42, st_mode=` + mode + `, st_nlink=1, st_uid=7, st_gid=8, st_blksize=4096, st_blocks=16, ` + tc.want +
			`, st_atime=1000000000` + date(1e9, 5, nine) + `, st_atime_nsec=5, st_mtime=2000000000` + date(2e9, 0, whole) +
			`, st_mtime_nsec=0, st_ctime=0, st_ctime_nsec=0}) = 0`
		if got := string(text.AppendCall(nil, c)); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
		want = `stat("f", {st_mode=` + mode + `, ` + tc.want + `, ...}) = 0`
		if got := string(DefaultText.AppendCall(nil, c)); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

func TestRestartSyscall(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"nanosleep": "restart_syscall(<... resuming interrupted nanosleep ...>) = 0",
		"":          "restart_syscall(<... resuming interrupted system call ...>) = 0",
	} {
		c := done(newCall(t, syscalls.AMD64, "restart_syscall", pages{}), 0)
		c.Continues = name
		if got := string(DefaultText.AppendCall(nil, c)); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}
