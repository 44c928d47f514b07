package decode

import (
	"testing"

	"luatrace/tracer/syscalls"
)

// TestConstStyles compares with what strace -X raw and -X verbose print.
func TestConstStyles(t *testing.T) {
	t.Parallel()
	inet6 := append([]byte{10, 0, 0, 53, 0, 0, 0, 5}, append(make([]byte, 15), 1, 1, 0, 0, 0)...)
	tests := []struct {
		call         string
		args         []uint64
		mem          []byte
		ret          int64
		raw, verbose string
	}{
		{"openat", []uint64{0xffffff9c, base, 0o2000000}, pack("a\x00"), 3,
			`openat(-100, "a", 0x80000) = 3`, `openat(-100 /* AT_FDCWD */, "a", 0x80000 /* O_RDONLY|O_CLOEXEC */) = 3`},
		{"openat", []uint64{5, base, 0x3f000000}, pack("a\x00"), -22,
			`openat(5, "a", 0x3f000000) = -1 EINVAL (Invalid argument)`,
			`openat(5, "a", 0x3f000000 /* O_RDONLY|0x3f000000 */) = -1 EINVAL (Invalid argument)`},
		{"access", []uint64{base, 4}, pack("a\x00"), 0, `access("a", 0x4) = 0`, `access("a", 0x4 /* R_OK */) = 0`},
		{"lseek", []uint64{3, 0, 0}, nil, 0, `lseek(3, 0, 0) = 0`, `lseek(3, 0, 0 /* SEEK_SET */) = 0`},
		{"madvise", []uint64{0, 1, 0x7fffffff}, nil, -22, `madvise(NULL, 1, 0x7fffffff) = -1 EINVAL (Invalid argument)`,
			`madvise(NULL, 1, 0x7fffffff /* MADV_??? */) = -1 EINVAL (Invalid argument)`},
		{"kill", []uint64{7, 10}, nil, 0, `kill(7, 10) = 0`, `kill(7, 10 /* SIGUSR1 */) = 0`},
		{"socket", []uint64{2, 0x80002, 0}, nil, 3, `socket(0x2, 0x2|0x80000, 0) = 3`,
			`socket(0x2 /* AF_INET */, 0x2 /* SOCK_DGRAM */|0x80000 /* SOCK_CLOEXEC */, 0 /* IPPROTO_IP */) = 3`},
		{"socket", []uint64{2, 0x77, 0}, nil, -22, `socket(0x2, 0x77, 0) = -1 EINVAL (Invalid argument)`,
			`socket(0x2 /* AF_INET */, 0x77 /* SOCK_??? */, 0 /* IPPROTO_IP */) = -1 EINVAL (Invalid argument)`},
		{"semget", []uint64{0, 1, 0o1600}, nil, 3, `semget(0, 1, 0x200|0600) = 3`,
			`semget(0 /* IPC_PRIVATE */, 1, 0x200 /* IPC_CREAT */|0600) = 3`},
		{"connect", []uint64{3, base, 16}, []byte{2, 0, 0, 1, 127, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0}, 0,
			`connect(3, {sa_family=0x2, sin_port="\x00\x01", sin_addr="\x7f\x00\x00\x01"}, 16) = 0`,
			`connect(3, {sa_family=0x2 /* AF_INET */, sin_port="\x00\x01" /* htons(1) */, sin_addr="\x7f\x00\x00\x01" /* inet_addr("127.0.0.1") */}, 16) = 0`},
		{"connect", []uint64{3, base, 28}, inet6, 0,
			`connect(3, {sa_family=0xa, sin6_port="\x00\x35", sin6_flowinfo="\x00\x00\x00\x05", sin6_addr="\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01", sin6_scope_id=1}, 28) = 0`,
			`connect(3, {sa_family=0xa /* AF_INET6 */, sin6_port="\x00\x35" /* htons(53) */, sin6_flowinfo="\x00\x00\x00\x05" /* htonl(5) */, sin6_addr="\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01" /* inet_pton(AF_INET6, "::1") */, sin6_scope_id=1}, 28) = 0`},
		{"rt_sigprocmask", []uint64{0, base, 0, 8}, pack(uint64(3)), 0, `rt_sigprocmask(0, [1 2], NULL, 8) = 0`,
			`rt_sigprocmask(0 /* SIG_BLOCK */, [1 /* HUP */ 2 /* INT */], NULL, 8) = 0`},
		{"prlimit64", []uint64{0, 3, base, 0}, pack(uint64(8<<20), ^uint64(0)), 0,
			`prlimit64(0, 0x3, {rlim_cur=8388608, rlim_max=18446744073709551615}, NULL) = 0`,
			`prlimit64(0, 0x3 /* RLIMIT_STACK */, {rlim_cur=8388608 /* 8192*1024 */, rlim_max=18446744073709551615 /* RLIM64_INFINITY */}, NULL) = 0`},
		{"fcntl", []uint64{3, 1}, nil, 1, `fcntl(3, 0x1) = 0x1 (flags 0x1)`, `fcntl(3, 0x1 /* F_GETFD */) = 0x1 (flags 0x1 /* FD_CLOEXEC */)`},
		{"fcntl", []uint64{3, 3}, nil, 0x8000, `fcntl(3, 0x3) = 0x8000 (flags O_RDONLY|O_LARGEFILE)`,
			`fcntl(3, 0x3 /* F_GETFL */) = 0x8000 (flags O_RDONLY|O_LARGEFILE)`},
	}
	for _, tc := range tests {
		for style, want := range map[ConstStyle]string{ConstRaw: tc.raw, ConstVerbose: tc.verbose} {
			c := newCall(t, syscalls.AMD64, tc.call, pages{base: tc.mem}, tc.args...)
			text := Text{StringLimit: 32, Abbrev: true, Consts: style}
			if got := string(text.AppendCall(nil, done(c, tc.ret))); got != want {
				t.Errorf("style %d:\ngot  %s\nwant %s", style, got, want)
			}
		}
	}
}

func TestRawAndAddresses(t *testing.T) {
	t.Parallel()
	c := newCall(t, syscalls.AMD64, "openat", pages{base: pack("a\x00")}, 0xffffff9c, base, 0, 0)
	raw := Text{Raw: true}
	if got := string(raw.AppendCall(nil, done(c, 3))); got != "openat(0xffffff9c, 0x7fff0000, 0, 0) = 0x3" {
		t.Error(got)
	}
	c = newCall(t, syscalls.AMD64, "openat", pages{base: pack("a\x00")}, 0xffffff9c, base, 0, 0)
	if got := string(raw.AppendCall(nil, done(c, -2))); got != "openat(0xffffff9c, 0x7fff0000, 0, 0) = -1 ENOENT (No such file or directory)" {
		t.Error(got)
	}
	addresses := Text{Addresses: true, StringLimit: 32}
	c = newCall(t, syscalls.AMD64, "connect", pages{base: make([]byte, 16)}, 3, base, 16)
	if got := string(addresses.AppendCall(nil, done(c, 0))); got != "connect(3, 0x7fff0000, 16) = 0" {
		t.Error(got)
	}
	c = newCall(t, syscalls.AMD64, "write", pages{base: pack("ab")}, 3, base, 2)
	if got := string(addresses.AppendCall(nil, done(c, 2))); got != `write(3, "ab", 2) = 2` {
		t.Error(got)
	}
}

func TestHexStyles(t *testing.T) {
	t.Parallel()
	for style, want := range map[HexStyle]string{
		HexNone: `"a\1\t\"\377"`, HexNonASCIIChars: `"a\x01\t\"\xff"`, HexNonASCII: `"\x61\x01\x09\x22\xff"`, HexAll: `"\x61\x01\x09\x22\xff"`,
	} {
		c := newCall(t, syscalls.AMD64, "write", pages{base: pack("a\x01\t\"\xff")}, 3, base, 5)
		text := Text{HexStrings: style, StringLimit: 32}
		if got := string(text.AppendValue(nil, c.Arg(1))); got != want {
			t.Errorf("style %d: %s, want %s", style, got, want)
		}
	}
}

func TestNamesOfProcesses(t *testing.T) {
	t.Parallel()
	c := newCall(t, syscalls.AMD64, "kill", nil, 7, 0)
	c.PIDName = func(pid int) string { return map[int]string{7: "a<b>1"}[pid] }
	text := Text{PIDNames: true}
	if got := string(text.AppendCall(nil, done(c, 0))); got != `kill(7<a\74b\0761>, 0) = 0` {
		t.Error(got)
	}
	c = newCall(t, syscalls.AMD64, "kill", nil, ^uint64(0), 0)
	c.PIDName = func(pid int) string { t.Errorf("asked for %d", pid); return "" }
	if got := string(text.AppendCall(nil, done(c, 0))); got != `kill(-1, 0) = 0` {
		t.Error(got)
	}
}
