package decode

import (
	"testing"

	"luatrace/tracer/syscalls"
)

// base is where the tests' memory starts.
const base = 0x7fff0000

func timespec(sec, nsec int64) []byte { return pack(sec, nsec) }

// TestLines compares full lines with what strace 6.1 prints for the same call.
func TestLines(t *testing.T) {
	t.Parallel()
	const neg1 = ^uint64(0)
	tests := []struct {
		call string
		args []uint64
		mem  []byte
		ret  int64
		want string
	}{
		{"close", []uint64{3}, nil, 0, `close(3)                                = 0`},
		{"openat", []uint64{0xffffff9c, base, 0o2000000}, pack("/etc/passwd\x00"), 3,
			`openat(AT_FDCWD, "/etc/passwd", O_RDONLY|O_CLOEXEC) = 3`},
		{"openat", []uint64{5, base, 0x241, 0o644}, pack("x\x01y\x00"), -2,
			`openat(5, "x\1y", O_WRONLY|O_CREAT|O_TRUNC, 0644) = -1 ENOENT (No such file or directory)`},
		{"open", []uint64{0, 0x10000}, nil, -14, `open(NULL, O_RDONLY|O_DIRECTORY)        = -1 EFAULT (Bad address)`},
		{"open", []uint64{16, 0}, nil, -14, `open(0x10, O_RDONLY)                    = -1 EFAULT (Bad address)`},
		{"read", []uint64{3, base, 832}, pack("\x7fELF\x02\x01\x01\x030\x00"), 10,
			`read(3, "\177ELF\2\1\1\0030\0", 832)    = 10`},
		{"read", []uint64{3, base, 832}, nil, -11,
			`read(3, 0x7fff0000, 832)                = -1 EAGAIN (Resource temporarily unavailable)`},
		{"write", []uint64{1, base, 40}, pack("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"), 40,
			`write(1, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"..., 40) = 40`},
		{"write", []uint64{1, base, 5}, pack("\t\n\"\\\xff"), 5, `write(1, "\t\n\"\\\377", 5)             = 5`},
		{"mmap", []uint64{0, 8192, 3, 0x22, 0xffffffff, 0}, nil, 0x7f123456000,
			`mmap(NULL, 8192, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f123456000`},
		{"mmap", []uint64{0, 4096, 1, 0x54000022 &^ 0x4000000, 0xffffffff, 0x1000}, nil, -22,
			`mmap(NULL, 4096, PROT_READ, MAP_PRIVATE|MAP_ANONYMOUS|20<<MAP_HUGE_SHIFT, -1, 0x1000) = -1 EINVAL (Invalid argument)`},
		{"mprotect", []uint64{0x1000, 16, 0}, nil, 0, `mprotect(0x1000, 16, PROT_NONE)         = 0`},
		{"madvise", []uint64{0, 1, 0x7fffffff}, nil, -22,
			`madvise(NULL, 1, 0x7fffffff /* MADV_??? */) = -1 EINVAL (Invalid argument)`},
		{"brk", []uint64{0}, nil, 0x55555555, `brk(NULL)                               = 0x55555555`},
		{"umask", []uint64{0o22}, nil, 0, `umask(022)                              = 000`},
		{"access", []uint64{base, 5}, pack("a\x00"), 0, `access("a", R_OK|X_OK)                  = 0`},
		{"access", []uint64{base, 0}, pack("a\x00"), 0, `access("a", F_OK)                       = 0`},
		{"mknod", []uint64{base, 0o20644, 0x501}, pack("a\x00"), 0,
			`mknod("a", S_IFCHR|0644, makedev(0x5, 0x1)) = 0`},
		{"lseek", []uint64{3, neg1 - 4, 1}, nil, 5, `lseek(3, -5, SEEK_CUR)                  = 5`},
		{"fcntl", []uint64{1, 3}, nil, 0x8001, `fcntl(1, F_GETFL)                       = 0x8001 (flags O_WRONLY|O_LARGEFILE)`},
		{"fcntl", []uint64{1, 1}, nil, 0, `fcntl(1, F_GETFD)                       = 0`},
		{"fcntl", []uint64{1, 1}, nil, 1, `fcntl(1, F_GETFD)                       = 0x1 (flags FD_CLOEXEC)`},
		{"fcntl", []uint64{1, 2, 1}, nil, 0, `fcntl(1, F_SETFD, FD_CLOEXEC)           = 0`},
		{"fcntl", []uint64{1, 6, base}, pack(int16(1), int16(0), int32(0), int64(0), int64(10), int32(0), int32(0)), 0,
			`fcntl(1, F_SETLK, {l_type=F_WRLCK, l_whence=SEEK_SET, l_start=0, l_len=10}) = 0`},
		{"pipe2", []uint64{base, 0x80000}, pack(int32(3), int32(4)), 0, `pipe2([3, 4], O_CLOEXEC)                = 0`},
		{"execve", []uint64{base, base + 16, base + 40}, pack("/bin/ls\x00\x00\x00\x00\x00\x00\x00\x00\x00",
			uint64(base), uint64(base+1), uint64(0), uint64(base), uint64(0)), 0,
			`execve("/bin/ls", ["/bin/ls", "bin/ls"], 0x7fff0028 /* 1 var */) = 0`},
		{"getdents64", []uint64{3, base, 32768}, pack(uint64(1), uint64(2), uint16(24), uint8(4), ".\x00\x00\x00\x00",
			uint64(1), uint64(2), uint16(24), uint8(4), "..\x00\x00\x00"), 48,
			`getdents64(3, 0x7fff0000 /* 2 entries */, 32768) = 48`},
		{"getrandom", []uint64{base, 3, 1}, pack("a\x00\xff"), 3, `getrandom("\x61\x00\xff", 3, GRND_NONBLOCK) = 3`},
		{"writev", []uint64{1, base, 2}, pack(uint64(base+32), uint64(3), uint64(base+35), uint64(2), "abcde"), 5,
			`writev(1, [{iov_base="abc", iov_len=3}, {iov_base="de", iov_len=2}], 2) = 5`},
		{"readv", []uint64{1, base, 2}, pack(uint64(base+32), uint64(3), uint64(base+35), uint64(2), "abcde"), 4,
			`readv(1, [{iov_base="abc", iov_len=3}, {iov_base="d", iov_len=2}], 2) = 4`},
		{"connect", []uint64{3, base, 16}, pack(uint16(2), "\x1f\x90\x7f\x00\x00\x01", uint64(0)), -115,
			`connect(3, {sa_family=AF_INET, sin_port=htons(8080), sin_addr=inet_addr("127.0.0.1")}, 16) = -1 EINPROGRESS (Operation now in progress)`},
		{"connect", []uint64{3, base, 28}, pack(uint16(10), "\x00\x35\x00\x00\x00\x03", make([]byte, 15), "\x01", uint32(0)), 0,
			`connect(3, {sa_family=AF_INET6, sin6_port=htons(53), sin6_flowinfo=htonl(3), inet_pton(AF_INET6, "::1", &sin6_addr), sin6_scope_id=0}, 28) = 0`},
		{"bind", []uint64{3, base, 110}, pack(uint16(1), "/run/s\x00", make([]byte, 120)), 0,
			`bind(3, {sa_family=AF_UNIX, sun_path="/run/s"}, 110) = 0`},
		{"bind", []uint64{3, base, 8}, pack(uint16(1), "\x00abs\x01x"), 0, `bind(3, {sa_family=AF_UNIX, sun_path=@"abs\1x"}, 8) = 0`},
		{"bind", []uint64{3, base, 12}, pack(uint16(16), uint16(0), uint32(0), uint32(0)), 0,
			`bind(3, {sa_family=AF_NETLINK, nl_pid=0, nl_groups=00000000}, 12) = 0`},
		{"bind", []uint64{3, base, 6}, pack(uint16(5), "ab\x00c"), 0, `bind(3, {sa_family=AF_APPLETALK, sa_data="ab\0c"}, 6) = 0`},
		{"bind", []uint64{3, base, 1}, pack(uint16(5)), -22, `bind(3, 0x7fff0000, 1)                  = -1 EINVAL (Invalid argument)`},
		{"socket", []uint64{2, 0x80001, 6}, nil, 3, `socket(AF_INET, SOCK_STREAM|SOCK_CLOEXEC, IPPROTO_TCP) = 3`},
		{"socket", []uint64{16, 3, 15}, nil, 3, `socket(AF_NETLINK, SOCK_RAW, NETLINK_KOBJECT_UEVENT) = 3`},
		{"setsockopt", []uint64{3, 1, 2, base, 4}, pack(int32(1)), 0, `setsockopt(3, SOL_SOCKET, SO_REUSEADDR, [1], 4) = 0`},
		{"rt_sigprocmask", []uint64{0, base, 0, 8}, pack(uint64(1<<1 | 1<<14 | 1<<31)), 0,
			`rt_sigprocmask(SIG_BLOCK, [INT TERM RTMIN], NULL, 8) = 0`},
		{"rt_sigprocmask", []uint64{2, base, 0, 8}, pack(^uint64(1<<8 | 1<<18)), 0,
			`rt_sigprocmask(SIG_SETMASK, ~[KILL STOP], NULL, 8) = 0`},
		{"rt_sigaction", []uint64{17, base, 0, 8}, pack(uint64(0x401000), uint64(0x14000000), uint64(0x402000), uint64(1<<16)), 0,
			`rt_sigaction(SIGCHLD, {sa_handler=0x401000, sa_mask=[CHLD], sa_flags=SA_RESTORER|SA_RESTART, sa_restorer=0x402000}, NULL, 8) = 0`},
		{"rt_sigaction", []uint64{34, base, 0, 8}, pack(uint64(1), uint64(0), uint64(0), uint64(0)), 0,
			`rt_sigaction(SIGRT_2, {sa_handler=SIG_IGN, sa_mask=[], sa_flags=0}, NULL, 8) = 0`},
		{"kill", []uint64{neg1 - 999, neg1}, nil, -3, `kill(-1000, -1)                         = -1 ESRCH (No such process)`},
		{"wait4", []uint64{neg1, base, 1, 0}, pack(int32(0x300)), 99, `wait4(-1, [{WIFEXITED(s) && WEXITSTATUS(s) == 3}], WNOHANG, NULL) = 99`},
		{"wait4", []uint64{neg1, base, 1, 0}, pack(int32(0x300)), 0, `wait4(-1, 0x7fff0000, WNOHANG, NULL)    = 0`},
		{"prlimit64", []uint64{0, 3, 0, base}, pack(uint64(8<<20), neg1), 0,
			`prlimit64(0, RLIMIT_STACK, NULL, {rlim_cur=8192*1024, rlim_max=RLIM64_INFINITY}) = 0`},
		{"nanosleep", []uint64{base, base}, timespec(1, 0), 0, `nanosleep({tv_sec=1, tv_nsec=0}, 0x7fff0000) = 0`},
		{"nanosleep", []uint64{base, base}, timespec(1, 5), -516,
			`nanosleep({tv_sec=1, tv_nsec=5}, {tv_sec=1, tv_nsec=5}) = ? ERESTART_RESTARTBLOCK (Interrupted by signal)`},
		{"pause", nil, nil, -514, `pause()                                 = ? ERESTARTNOHAND (To be restarted if no handler)`},
		{"futex", []uint64{base, 128, 2, 0}, nil, -11, `futex(0x7fff0000, FUTEX_WAIT_PRIVATE, 2, NULL) = -1 EAGAIN (Resource temporarily unavailable)`},
		{"futex", []uint64{base, 129, 1}, nil, 0, `futex(0x7fff0000, FUTEX_WAKE_PRIVATE, 1) = 0`},
		{"futex", []uint64{base, 0x109, 1, 0, 0, 0xffffffff}, nil, 0,
			`futex(0x7fff0000, FUTEX_WAIT_BITSET|FUTEX_CLOCK_REALTIME, 1, NULL, FUTEX_BITSET_MATCH_ANY) = 0`},
		{"poll", []uint64{base, 2, 100}, pack(int32(3), int16(1), int16(1), int32(-1), int16(0), int16(0)), 1,
			`poll([{fd=3, events=POLLIN}, {fd=-1}], 2, 100) = 1 ([{fd=3, revents=POLLIN}])`},
		{"poll", []uint64{base, 1, 0}, pack(int32(3), int16(1), int16(0)), 0, `poll([{fd=3, events=POLLIN}], 1, 0)     = 0 (Timeout)`},
		{"select", []uint64{20, base, 0, 0, 0}, pack(uint64(0x18)), 2, `select(20, [3 4], NULL, NULL, NULL)     = 2 (in [3 4])`},
		{"epoll_wait", []uint64{3, base, 5, neg1}, pack(uint32(1), uint64(0x100000003)), 1,
			`epoll_wait(3, [{events=EPOLLIN, data={u32=3, u64=4294967299}}], 5, -1) = 1`},
		{"epoll_wait", []uint64{3, base, 5, 0}, nil, 0, `epoll_wait(3, [], 5, 0)                 = 0`},
		{"clone", []uint64{0x1200011, 0, 0, base, 0}, nil, 77,
			`clone(child_stack=NULL, flags=CLONE_CHILD_CLEARTID|CLONE_CHILD_SETTID|SIGCHLD, child_tidptr=0x7fff0000) = 77`},
		{"ioctl", []uint64{0, 0x5413, base}, pack(uint16(24), uint16(80), uint32(0)), 0,
			`ioctl(0, TIOCGWINSZ, {ws_row=24, ws_col=80, ws_xpixel=0, ws_ypixel=0}) = 0`},
		{"ioctl", []uint64{neg1, neg1, neg1}, nil, -9,
			`ioctl(-1, _IOC(_IOC_READ|_IOC_WRITE, 0xff, 0xff, 0x3fff), 0xffffffffffffffff) = -1 EBADF (Bad file descriptor)`},
		{"sched_getaffinity", []uint64{0, 8, base}, pack(uint64(3)), 8, `sched_getaffinity(0, 8, [0 1])          = 8`},
		{"getuid", nil, nil, 1000, `getuid()                                = 1000`},
		{"chown", []uint64{base, 0xffffffff, 5}, pack("f\x00"), 0, `chown("f", -1, 5)                       = 0`},
		{"prctl", []uint64{15, base}, pack("worker\x00"), 0, `prctl(PR_SET_NAME, "worker")            = 0`},
		{"exit_group", []uint64{1}, nil, 0, `exit_group(1)                           = ?`},
	}
	for _, tc := range tests {
		c := done(newCall(t, syscalls.AMD64, tc.call, pages{base: tc.mem}, tc.args...), tc.ret)
		if got := string(DefaultText.AppendCall(nil, c)); got != tc.want {
			t.Errorf("got  %s\nwant %s", got, tc.want)
		}
	}
}

func TestUnknownCall(t *testing.T) {
	t.Parallel()
	c := &Call{ABI: syscalls.AMD64, NR: 1000, Args: [6]uint64{1, 2, 3, 4, 5, 6}, Exited: true, Errno: 38}
	want := `syscall_0x3e8(0x1, 0x2, 0x3, 0x4, 0x5, 0x6) = -1 ENOSYS (Function not implemented)`
	if got := string(DefaultText.AppendCall(nil, c)); got != want {
		t.Errorf("got %s", got)
	}
}

func TestEntryAndRest(t *testing.T) {
	t.Parallel()
	tests := []struct {
		call        string
		args        []uint64
		mem         []byte
		entry, rest string
	}{
		{"read", []uint64{3, base, 5}, pack("hello"), `read(3, `, `"hello", 5`},
		{"getpid", nil, nil, `getpid(`, ``},
		{"write", []uint64{3, base, 5}, pack("hello"), `write(3, "hello", 5`, ``},
		{"wait4", []uint64{5, base, 0, 0}, pack(int32(0)), `wait4(5, `, `[{WIFEXITED(s) && WEXITSTATUS(s) == 0}], 0, NULL`},
		{"pipe2", []uint64{base, 0}, pack(int32(5), int32(6)), `pipe2(`, `[5, 6], 0`},
		{"accept", []uint64{3, 0, 0}, nil, `accept(3, `, `NULL, NULL`},
	}
	for _, tc := range tests {
		c := newCall(t, syscalls.AMD64, tc.call, pages{base: tc.mem}, tc.args...)
		if got := string(DefaultText.AppendArgs(nil, c)); got != tc.entry {
			t.Errorf("%s: entry %q, want %q", tc.call, got, tc.entry)
		}
		if got := string(DefaultText.AppendRest(nil, done(c, 5))); got != tc.rest {
			t.Errorf("%s: rest %q, want %q", tc.call, got, tc.rest)
		}
	}
}

// TestLatch changes memory between entry and exit, as the kernel does.
func TestLatch(t *testing.T) {
	t.Parallel()
	mem := pages{base: pack(uint32(16), uint32(0), uint16(2), "\x00\x50\x01\x02\x03\x04", uint64(0))}
	c := newCall(t, syscalls.AMD64, "accept", mem, 3, base+8, base)
	c.LatchAll()
	mem[base][0] = 28
	done(c, 4)
	want := `accept(3, {sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr("1.2.3.4")}, [16 => 28]) = 4`
	if got := string(DefaultText.AppendCall(nil, c)); got != want {
		t.Errorf("got %s", got)
	}
	if in, out := c.Entry(2).Int(), c.Arg(2).Int(); in != 16 || out != 28 {
		t.Errorf("addrlen %d => %d", in, out)
	}

	mem = pages{base: pack(uint64(base+16), uint64(3), "abc")}
	c = newCall(t, syscalls.AMD64, "writev", mem, 1, base, 1)
	c.Latch(1)
	copy(mem[base][16:], "xyz")
	if got := string(DefaultText.AppendCall(nil, done(c, 3))); got != `writev(1, [{iov_base="abc", iov_len=3}], 1) = 3` {
		t.Errorf("got %s", got)
	}
}

func TestOptions(t *testing.T) {
	t.Parallel()
	mem := pages{base: pack("/tmp/a\xffb\x00")}
	c := newCall(t, syscalls.AMD64, "openat", mem, 3, base, 0)
	c.FDText = func(fd int, _ FDDetail) string { return map[int]string{3: "</tmp>", 4: "</tmp/a>"}[fd] }
	done(c, 4)
	tests := []struct {
		opts Text
		want string
	}{
		{Text{FDs: FDPath}, `openat(3</tmp>, "/tmp/a\377b", O_RDONLY) = 4</tmp/a>`},
		{Text{ArgNames: true}, `openat(dirfd=3, path="/tmp/a\377b", flags=O_RDONLY) = 4`},
		{Text{HexStrings: HexNonASCII}, `openat(3, "\x2f\x74\x6d\x70\x2f\x61\xff\x62", O_RDONLY) = 4`},
		{Text{Columns: 50}, `openat(3, "/tmp/a\377b", O_RDONLY)                = 4`},
	}
	for _, tc := range tests {
		if got := string(tc.opts.AppendCall(nil, c)); got != tc.want {
			t.Errorf("%+v: got %s", tc.opts, got)
		}
	}
}
