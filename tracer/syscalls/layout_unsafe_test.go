package syscalls

import (
	"slices"
	"strings"
	"testing"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The sizes of x/sys's types are those of the native ABI, made from other
// headers by another program.
func TestLayoutSizesEqualXSys(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]uintptr{
		"stat":                     unsafe.Sizeof(unix.Stat_t{}),
		"statfs":                   unsafe.Sizeof(unix.Statfs_t{}),
		"statx":                    unsafe.Sizeof(unix.Statx_t{}),
		"statx_timestamp":          unsafe.Sizeof(unix.StatxTimestamp{}),
		"rusage":                   unsafe.Sizeof(unix.Rusage{}),
		"rlimit":                   unsafe.Sizeof(unix.Rlimit{}),
		"sysinfo":                  unsafe.Sizeof(unix.Sysinfo_t{}),
		"new_utsname":              unsafe.Sizeof(unix.Utsname{}),
		"timespec":                 unsafe.Sizeof(unix.Timespec{}),
		"timeval":                  unsafe.Sizeof(unix.Timeval{}),
		"itimerspec":               unsafe.Sizeof(unix.ItimerSpec{}),
		"itimerval":                unsafe.Sizeof(unix.Itimerval{}),
		"tms":                      unsafe.Sizeof(unix.Tms{}),
		"utimbuf":                  unsafe.Sizeof(unix.Utimbuf{}),
		"flock":                    unsafe.Sizeof(unix.Flock_t{}),
		"pollfd":                   unsafe.Sizeof(unix.PollFd{}),
		"epoll_event":              unsafe.Sizeof(unix.EpollEvent{}),
		"iovec":                    unsafe.Sizeof(unix.Iovec{}),
		"msghdr":                   unsafe.Sizeof(unix.Msghdr{}),
		"cmsghdr":                  unsafe.Sizeof(unix.Cmsghdr{}),
		"linger":                   unsafe.Sizeof(unix.Linger{}),
		"ucred":                    unsafe.Sizeof(unix.Ucred{}),
		"sockaddr_in":              unsafe.Sizeof(unix.RawSockaddrInet4{}),
		"sockaddr_in6":             unsafe.Sizeof(unix.RawSockaddrInet6{}),
		"sockaddr_un":              unsafe.Sizeof(unix.RawSockaddrUnix{}),
		"sockaddr_nl":              unsafe.Sizeof(unix.RawSockaddrNetlink{}),
		"sockaddr_ll":              unsafe.Sizeof(unix.RawSockaddrLinklayer{}),
		"sockaddr_vm":              unsafe.Sizeof(unix.RawSockaddrVM{}),
		"sockaddr_alg":             unsafe.Sizeof(unix.RawSockaddrALG{}),
		"sockaddr_xdp":             unsafe.Sizeof(unix.RawSockaddrXDP{}),
		"tcp_info":                 unsafe.Sizeof(unix.TCPInfo{}),
		"inotify_event":            unsafe.Sizeof(unix.InotifyEvent{}),
		"signalfd_siginfo":         unsafe.Sizeof(unix.SignalfdSiginfo{}),
		"siginfo":                  unsafe.Sizeof(unix.Siginfo{}),
		"open_how":                 unsafe.Sizeof(unix.OpenHow{}),
		"mount_attr":               unsafe.Sizeof(unix.MountAttr{}),
		"sched_attr":               unsafe.Sizeof(unix.SchedAttr{}),
		"winsize":                  unsafe.Sizeof(unix.Winsize{}),
		"fscrypt_policy_v2":        unsafe.Sizeof(unix.FscryptPolicyV2{}),
		"file_clone_range":         unsafe.Sizeof(unix.FileCloneRange{}),
		"can_filter":               unsafe.Sizeof(unix.CanFilter{}),
		"nlmsghdr":                 unsafe.Sizeof(unix.NlMsghdr{}),
		"rtmsg":                    unsafe.Sizeof(unix.RtMsg{}),
		"bpf_insn":                 8,
		"__user_cap_header_struct": unsafe.Sizeof(unix.CapUserHeader{}),
	} {
		l, ok := Layout(Native(), name)
		if !ok {
			t.Errorf("no struct %s", name)
		} else if l.Size != int(want) {
			t.Errorf("struct %s has %d bytes, x/sys's %d", name, l.Size, want)
		}
	}
}

func TestLayoutSizesByABI(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name               string
		amd64, i386, arm64 int
	}{
		{"stat", 144, 64, 128},
		{"statfs", 120, 64, 120},
		{"epoll_event", 12, 12, 16},
		{"flock", 32, 16, 32},
		{"msghdr", 56, 28, 56},
		{"mmsghdr", 64, 32, 64},
		{"iovec", 16, 8, 16},
		{"sigaction", 32, 20, 32},
		{"sigaltstack", 24, 12, 24},
		{"timeval", 16, 8, 16},
		{"__kernel_timespec", 16, 16, 16},
		{"siginfo", 128, 128, 128},
		{"clone_args", 88, 88, 88},
		{"rusage", 144, 72, 144},
		{"sched_param", 4, 4, 4},
		{"linux_dirent64", 24, 20, 24},
		{"linux_dirent", 24, 12, 24},
		{"mmap_arg_struct", 48, 24, 48},
		{"user_pt_regs", 0, 0, 272},
	} {
		for abi, want := range map[ABI]int{AMD64: c.amd64, I386: c.i386, ARM64: c.arm64} {
			l, ok := Layout(abi, c.name)
			if ok != (want != 0) || ok && l.Size != want {
				t.Errorf("%v: struct %s: %+v, want %d bytes", abi, c.name, l, want)
			}
		}
	}
}

func TestLayoutFields(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		abi  ABI
		name string
		want StructField
	}{
		{AMD64, "stat", StructField{Name: "st_size", Offset: 48, Size: 8, Type: "s64"}},
		{ARM64, "stat", StructField{Name: "st_mode", Offset: 16, Size: 4, Type: "u32"}},
		{I386, "stat64", StructField{Name: "st_size", Offset: 44, Size: 8, Type: "s64"}},
		{AMD64, "sockaddr_in", StructField{Name: "sin_port", Offset: 2, Size: 2, Type: "be16"}},
		{AMD64, "sockaddr_in", StructField{Name: "sin_addr", Offset: 4, Size: 4, Type: "in_addr"}},
		{AMD64, "sockaddr_un", StructField{Name: "sun_path", Offset: 2, Size: 108, Type: "char", Count: 108}},
		{ARM64, "sockaddr_un", StructField{Name: "sun_path", Offset: 2, Size: 108, Type: "char", Count: 108}},
		{AMD64, "msghdr", StructField{Name: "msg_iov", Offset: 16, Size: 8, Type: "*iovec"}},
		{I386, "msghdr", StructField{Name: "msg_iov", Offset: 8, Size: 4, Type: "*iovec"}},
		{I386, "iovec", StructField{Name: "iov_base", Offset: 0, Size: 4, Type: "ptr"}},
		{AMD64, "perf_event_attr", StructField{Name: "precise_ip", Offset: 41, Size: 1, BitOffset: 7, BitSize: 2, Type: "u64"}},
		{AMD64, "perf_event_attr", StructField{Name: "config3", Offset: 128, Size: 8, Type: "u64"}},
		{AMD64, "perf_event_attr", StructField{Name: "sample_freq", Offset: 16, Size: 8, Type: "u64"}},
		{AMD64, "io_uring_sqe", StructField{Name: "addr", Offset: 16, Size: 8, Type: "u64"}},
		{AMD64, "linux_dirent64", StructField{Name: "d_name", Offset: 19, Type: "char", Count: -1}},
		{AMD64, "bpf_attr", StructField{Name: "prog_name", Offset: 48, Size: 16, Type: "char", Count: 16}},
		{AMD64, "siginfo", StructField{Name: "si_code", Offset: 8, Size: 4, Type: "s32"}},
	} {
		l, ok := Layout(c.abi, c.name)
		if !ok {
			t.Errorf("%v: no struct %s", c.abi, c.name)
			continue
		}
		if f := l.Field(c.want.Name); f == nil {
			t.Errorf("%v: struct %s has no field %s", c.abi, c.name, c.want.Name)
		} else if f.BitSize != 0 && c.want.BitSize != 0 {
			if f.Offset*8+f.BitOffset != c.want.Offset*8+c.want.BitOffset || f.BitSize != c.want.BitSize {
				t.Errorf("%v: struct %s: %+v, want %+v", c.abi, c.name, *f, c.want)
			}
		} else if *f != c.want {
			t.Errorf("%v: struct %s: %+v, want %+v", c.abi, c.name, *f, c.want)
		}
	}
	if l, ok := Layout(AMD64, "bpf_attr"); !ok || !l.Union || l.Header != "linux/bpf.h" {
		t.Errorf("bpf_attr: %+v", l)
	}
	for _, name := range []string{"", "nosuch", "sta", "stat ", "struct stat"} {
		if l, ok := Layout(AMD64, name); ok || l != nil {
			t.Errorf("there is a struct %q: %+v", name, l)
		}
	}
	a, _ := Layout(AMD64, "stat")
	b, _ := Layout(AMD64, "stat")
	if a != b {
		t.Error("a struct was parsed twice")
	}
}

// Every struct must parse, and no field may reach beyond its struct.
func TestLayoutsAreSound(t *testing.T) {
	t.Parallel()
	for _, abi := range []ABI{AMD64, I386, ARM64} {
		names := LayoutNames(abi)
		if len(names) < 5000 {
			t.Errorf("%v: only %d structs", abi, len(names))
		}
		unknown := 0
		for _, name := range names {
			l, ok := Layout(abi, name)
			if !ok {
				t.Errorf("%v: %s is listed but not found", abi, name)
				continue
			}
			for _, f := range l.Fields {
				if f.Offset < 0 || f.Offset+f.Size > l.Size && l.Size != 0 {
					t.Errorf("%v: struct %s of %d bytes: %+v", abi, name, l.Size, f)
				}
				if f.Size == 0 && f.Count == 0 && f.BitSize == 0 {
					if _, ok := Layout(abi, f.Type); !ok {
						unknown++
						t.Logf("%v: struct %s: type of %s %s", abi, name, f.Name, f.Type)
					}
				}
			}
		}
		if unknown > 0 {
			t.Errorf("%v: %d fields of unknown type", abi, unknown)
		}
	}
}

func TestIoctl(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		abi   ABI
		req   uint32
		names string
		typ   string
		dir   IoctlDir
	}{
		{AMD64, 0x5401, "TCGETS", "termios", IoctlRead},
		{AMD64, 0x5413, "TIOCGWINSZ", "winsize", IoctlRead},
		{AMD64, 0x541b, "FIONREAD", "s32", IoctlRead},
		{ARM64, 0x5413, "TIOCGWINSZ", "winsize", IoctlRead},
		{AMD64, 0x8913, "SIOCGIFFLAGS", "ifreq", IoctlBoth},
		{AMD64, 0x40049409, "FICLONE BTRFS_IOC_CLONE", "s32", IoctlNone},
		{AMD64, 0x400454ca, "TUNSETIFF", "ifreq", IoctlWrite},
		{AMD64, 0x80081272, "BLKGETSIZE64", "ulong", IoctlRead},
		{I386, 0x80041272, "BLKGETSIZE64", "ulong", IoctlRead},
		{AMD64, 0xae80, "KVM_RUN", "", IoctlNone},
		{AMD64, 0x81004506, "EVIOCGNAME", "char[256]", IoctlRead},
		{AMD64, 0x80184542, "EVIOCGABS", "input_absinfo", IoctlRead},
		{AMD64, 0xffffffff, "", "", IoctlNone},
	} {
		names, typ, dir := IoctlFor(c.abi, c.req)
		want := strings.Fields(c.names)
		slices.Sort(want)
		names = slices.Sorted(slices.Values(names))
		for _, n := range want {
			if !slices.Contains(names, n) {
				t.Errorf("%v: %#x: names %v, want %v", c.abi, c.req, names, want)
			}
		}
		if len(want) == 0 && len(names) != 0 || typ != c.typ || dir != c.dir {
			t.Errorf("%v: %#x: %v %q %d, want %v %q %d", c.abi, c.req, names, typ, dir, want, c.typ, c.dir)
		}
	}
}
