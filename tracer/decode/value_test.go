package decode

import (
	"strings"
	"testing"

	"luatrace/tracer/syscalls"
)

func statBytes(abi syscalls.ABI, mode uint32, size int64) []byte {
	l, _ := syscalls.Layout(abi, "stat")
	b := make([]byte, l.Size)
	order.PutUint32(b[l.Field("st_mode").Offset:], mode)
	if f := l.Field("st_size"); f.Size == 8 {
		order.PutUint64(b[f.Offset:], uint64(size))
	} else {
		order.PutUint32(b[f.Offset:], uint32(size))
	}
	return b
}

func TestStructLayoutsOfEachABI(t *testing.T) {
	t.Parallel()
	for _, abi := range []syscalls.ABI{syscalls.AMD64, syscalls.ARM64} {
		c := done(newCall(t, abi, "fstat", pages{base: statBytes(abi, 0o100640, 1<<40)}, 3, base), 0)
		st := c.Arg(1)
		if got := st.Field("st_size"); got.Int() != 1<<40 || got.Wide {
			t.Errorf("%s: st_size %d", abi, got.Int())
		}
		if got := st.String(); got != "{st_mode=S_IFREG|0640, st_size=1099511627776, ...}" {
			t.Errorf("%s: %s", abi, got)
		}
	}
	c := done(newCall(t, syscalls.I386, "gettimeofday", pages{base: pack(int32(-5), int32(7))}, base, 0), 0)
	if got := c.Arg(0).String(); got != "{tv_sec=-5, tv_usec=7}" {
		t.Errorf("i386 timeval: %s", got)
	}
	c = newCall(t, syscalls.I386, "pread64", nil, 3, 0, 5, 0x10, 0x2)
	if got := c.Arg(3).Int(); got != 0x200000010 || c.Shown(4) {
		t.Errorf("i386 offset: %#x", got)
	}
	c = newCall(t, syscalls.ARM64, "openat", pages{base: pack("/\x00")}, 0xffffff9c, base, 0o40000)
	if got := c.Arg(2).String(); got != "O_RDONLY|O_DIRECTORY" {
		t.Errorf("arm64 flags: %s", got)
	}
	c = newCall(t, syscalls.I386, "execve", pages{base: pack("ls\x00\x00", uint32(base), uint32(0))}, base, base+4, 0)
	if got := c.Arg(1).String(); got != `["ls"]` {
		t.Errorf("i386 argv: %s", got)
	}
}

func TestStructByName(t *testing.T) {
	t.Parallel()
	v, err := Struct(syscalls.AMD64, "epoll_event", at(base, uint32(5), uint64(1)<<63), base)
	if err != nil {
		t.Fatal(err)
	}
	if d := v.Field("data"); d.Uint() != 1<<63 || !d.Wide {
		t.Errorf("data: %#x wide %v", d.Uint(), d.Wide)
	}
	if v.Field("no_such") != nil || v.Len() != 2 || v.FieldInfo(0).Name != "events" {
		t.Error("fields of epoll_event")
	}
	if _, err = Struct(syscalls.AMD64, "nonsense", pages{}, base); err == nil || !strings.Contains(err.Error(), `no struct "nonsense"`) {
		t.Errorf("unknown struct: %v", err)
	}
	if _, err = Struct(syscalls.AMD64, "stat", at(base, uint64(0)), base); err == nil || !strings.Contains(err.Error(), "8 of 144 bytes") {
		t.Errorf("short memory: %v", err)
	}
}

func TestFlagsHas(t *testing.T) {
	t.Parallel()
	c := newCall(t, syscalls.AMD64, "openat", nil, 0, 0, 0o2000101, 0)
	f := c.Arg(2)
	for name, want := range map[string]bool{"O_CREAT": true, "O_WRONLY": true, "O_RDONLY": false, "O_RDWR": false,
		"O_CREAT|O_CLOEXEC": true, "O_CREAT|O_EXCL": false, "O_APPEND": false} {
		if got, err := f.Has(name); got != want || err != nil {
			t.Errorf("Has(%s) = %v, %v", name, got, err)
		}
	}
	if got := strings.Join(f.Names(), " "); got != "O_WRONLY O_CREAT O_CLOEXEC" {
		t.Errorf("Names: %s", got)
	}
	_, err := f.Has("O_CRAET")
	if err == nil || !strings.Contains(err.Error(), "did you mean O_CREAT?") {
		t.Errorf("typo: %v", err)
	}
	if _, err = c.Arg(0).Has("O_CREAT"); err == nil {
		t.Error("a descriptor has flags")
	}

	c = newCall(t, syscalls.AMD64, "rt_sigprocmask", at(base, uint64(1<<1)), 0, base, 0, 8)
	mask := c.Arg(1)
	if got, err := mask.Has("SIGINT"); !got || err != nil || !mask.Wide {
		t.Errorf("signal mask: %v %v", got, err)
	}
	if got := strings.Join(mask.Names(), " "); got != "SIGINT" {
		t.Errorf("signal mask names: %s", got)
	}
	if got := c.Arg(0); got.Kind != KindEnum || got.Name() != "SIG_BLOCK" {
		t.Errorf("how: %s %s", got.Kind, got.Name())
	}
}

func TestWaitStatus(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]string{
		0:             "{WIFEXITED(s) && WEXITSTATUS(s) == 0}",
		0x300:         "{WIFEXITED(s) && WEXITSTATUS(s) == 3}",
		9:             "{WIFSIGNALED(s) && WTERMSIG(s) == SIGKILL}",
		0x86:          "{WIFSIGNALED(s) && WTERMSIG(s) == SIGABRT && WCOREDUMP(s)}",
		0x137f:        "{WIFSTOPPED(s) && WSTOPSIG(s) == SIGSTOP}",
		0x857f:        "{WIFSTOPPED(s) && WSTOPSIG(s) == SIGTRAP | 0x80}",
		0x6057f:       "{WIFSTOPPED(s) && WSTOPSIG(s) == SIGTRAP} | 0x60000",
		0xffff:        "{WIFCONTINUED(s)}",
		0x300 | 1<<20: "{WIFEXITED(s) && WEXITSTATUS(s) == 3} | 0x100000",
	} {
		if got := string(appendWait(nil, status)); got != want {
			t.Errorf("%#x: got %s, want %s", status, got, want)
		}
	}
}

func TestSiginfo(t *testing.T) {
	t.Parallel()
	tests := []struct {
		b    []byte
		want string
	}{
		{pack(int32(17), int32(0), int32(1), int32(0), int32(6), int32(0), int32(3), int32(0), int64(1), int64(0)),
			"{si_signo=SIGCHLD, si_code=CLD_EXITED, si_pid=6, si_uid=0, si_status=3, si_utime=1 /* 0.01 s */, si_stime=0}"},
		{pack(int32(17), int32(0), int32(2), int32(0), int32(6), int32(0), int32(15), int32(0), int64(0), int64(1234)),
			"{si_signo=SIGCHLD, si_code=CLD_KILLED, si_pid=6, si_uid=0, si_status=SIGTERM, si_utime=0, si_stime=1234 /* 12.34 s */}"},
		{pack(int32(15), int32(0), int32(0), int32(0), int32(6), int32(1000)),
			"{si_signo=SIGTERM, si_code=SI_USER, si_pid=6, si_uid=1000}"},
		{pack(int32(11), int32(0), int32(1), int32(0), uint64(0x10)),
			"{si_signo=SIGSEGV, si_code=SEGV_MAPERR, si_addr=0x10}"},
		{pack(int32(12), int32(0), int32(-1), int32(0), int32(6), int32(0), int64(5)),
			"{si_signo=SIGUSR2, si_code=SI_QUEUE, si_pid=6, si_uid=0, si_int=5, si_ptr=0x5}"},
		{pack(int32(12), int32(0), int32(-1), int32(0), int32(6), int32(0), int64(0)),
			"{si_signo=SIGUSR2, si_code=SI_QUEUE, si_pid=6, si_uid=0}"},
		{pack(int32(2), int32(0), int32(0x80), int32(0)), "{si_signo=SIGINT, si_code=SI_KERNEL}"},
		{pack(int32(5), int32(0), int32(0x80), int32(0)), "{si_signo=SIGTRAP, si_code=SI_KERNEL, si_addr=NULL}"},
		{pack(int32(31), int32(0), int32(1), int32(0), uint64(0x10), int32(110), uint32(0xc000003e)),
			"{si_signo=SIGSYS, si_code=SYS_SECCOMP, si_call_addr=0x10, si_syscall=__NR_getppid, si_arch=AUDIT_ARCH_X86_64}"},
		{pack(int32(31), int32(0), int32(1), int32(0), uint64(0x10), int32(20), uint32(0x40000003)),
			"{si_signo=SIGSYS, si_code=SYS_SECCOMP, si_call_addr=0x10, si_syscall=__NR_getpid, si_arch=AUDIT_ARCH_I386}"},
		{pack(int32(31), int32(0), int32(1), int32(0), uint64(0x10), int32(4000), uint32(0xc000003e)),
			"{si_signo=SIGSYS, si_code=SYS_SECCOMP, si_call_addr=0x10, si_syscall=4000, si_arch=AUDIT_ARCH_X86_64}"},
		{nil, "{si_signo=0, si_code=SI_USER, si_pid=0, si_uid=0}"},
	}
	for _, tc := range tests {
		if got := Siginfo(syscalls.AMD64, tc.b).String(); got != tc.want {
			t.Errorf("got %s\nwant %s", got, tc.want)
		}
	}
}

func TestMessage(t *testing.T) {
	t.Parallel()
	mem := pages{base: pack(
		uint64(base+56), uint32(16), uint32(0), uint64(base+72), uint64(1), uint64(base+96), uint64(24), uint32(0), uint32(0),
		uint16(2), "\x00\x35\x08\x08\x08\x08", uint64(0),
		uint64(base+88), uint64(3), "abc\x00\x00\x00\x00\x00",
		uint64(24), int32(1), int32(1), int32(5), int32(6))}
	c := newCall(t, syscalls.AMD64, "sendmsg", mem, 3, base, 0x4000)
	want := `sendmsg(3, {msg_name={sa_family=AF_INET, sin_port=htons(53), sin_addr=inet_addr("8.8.8.8")}, msg_namelen=16, ` +
		`msg_iov=[{iov_base="abc", iov_len=3}], msg_iovlen=1, msg_control=[{cmsg_len=24, cmsg_level=SOL_SOCKET, ` +
		`cmsg_type=SCM_RIGHTS, cmsg_data=[5, 6]}], msg_controllen=24, msg_flags=0}, MSG_NOSIGNAL) = 3`
	if got := string(DefaultText.AppendCall(nil, done(c, 3))); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	name := c.Arg(1).Field("msg_name")
	if ip := name.Field("sin_addr").IP().String(); ip != "8.8.8.8" || name.Field("sin_port").Uint() != 53 || name.Field("sa_family").Name() != "AF_INET" {
		t.Errorf("name: %s", name)
	}
	if fds := c.Arg(1).Field("msg_control").Elem(0).Field("cmsg_data"); fds.Len() != 2 || fds.Elem(1).Kind != KindFD || fds.Elem(1).Int() != 6 {
		t.Errorf("control data: %s", fds)
	}
}

func TestDirents(t *testing.T) {
	t.Parallel()
	mem := at(base, uint64(1), uint64(2), uint16(32), uint8(8), "file name\x00\x00\x00\x00")
	c := done(newCall(t, syscalls.AMD64, "getdents64", mem, 3, base, 100), 32)
	e := c.Arg(1).Elem(0)
	if string(e.Field("d_name").Str()) != "file name" || e.Field("d_type").Name() != "DT_REG" {
		t.Errorf("entry: %s", (&Text{}).AppendValue(nil, e))
	}
}

func TestArrayCutByUnmappedMemory(t *testing.T) {
	t.Parallel()
	c := newCall(t, syscalls.AMD64, "writev", at(base, uint64(0), uint64(0), uint64(0)), 1, base, 3)
	if got := c.Arg(1).String(); got != "[{iov_base=NULL, iov_len=0}, ... /* 0x7fff0010 */]" {
		t.Error(got)
	}
	c = newCall(t, syscalls.AMD64, "writev", at(base, uint64(0)), 1, base, 3)
	if v := c.Arg(1); v.Kind != KindUnreadable || v.Uint() != base {
		t.Errorf("%s %s", v.Kind, v)
	}
}

func TestOutArgumentsBeforeAndAfter(t *testing.T) {
	t.Parallel()
	c := newCall(t, syscalls.AMD64, "read", at(base, "data"), 3, base, 4)
	if v := c.Arg(1); v.Kind != KindAddr || v.Uint() != base {
		t.Errorf("at entry: %s", v.Kind)
	}
	c.Exited, c.Ret = true, 4
	if v := c.Arg(1); v.Kind != KindBytes || string(v.Str()) != "data" {
		t.Errorf("at exit: %s", v.Kind)
	}
	if r := c.Result(); r.Int() != 4 && r.Uint() != 4 {
		t.Errorf("result: %s", r)
	}
	c.Reset()
	c.Ret, c.Errno = -1, 9
	if v := c.Arg(1); v.Kind != KindAddr || c.Result() != nil {
		t.Errorf("after a failure: %s", v.Kind)
	}
	if c.Arg(6) != nil || c.Arg(-1) != nil || c.Param(3) != nil || c.Index("nonsense") != -1 {
		t.Error("arguments read does not have")
	}
}
