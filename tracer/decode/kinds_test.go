package decode

import (
	"fmt"
	"strings"
	"testing"

	"luatrace/tracer/syscalls"
)

// kindCase is an argument of a kind, over the memory at base, and how it
// prints.
type kindCase struct {
	kind string // as the tables write it, with its direction
	word uint64 // the argument; base for a pointer to mem
	mem  []byte
	want string
}

// kindCases have a case for each kind at least. A pointer's are run again over
// memory that is cut short and over none. The call is "k(a KIND, n size, b hex)",
// and returns n.
var kindCases = []kindCase{
	{"int", 0xffffffff, nil, "-1"},
	{"uint", 1<<32 | 7, nil, "7"},
	{"long", ^uint64(4), nil, "-5"},
	{"size", ^uint64(0), nil, "18446744073709551615"},
	{"off", ^uint64(0), nil, "-1"},
	{"s64", ^uint64(1), nil, "-2"},
	{"u64", 1 << 63, nil, "9223372036854775808"},
	{"<&u16", base, pack(uint16(65535), uint16(1)), "[65535]"},
	{"<&u8", base, []byte{255, 1}, "[255]"},
	{"<&hex8", base, []byte{254, 1}, "[0xfe]"},
	{"hex", 0xabc, nil, "0xabc"},
	{"hex32", 5<<32 | 0x1f, nil, "0x1f"},
	{"cookie", 1 << 63, nil, "0x8000000000000000"},
	{"addr", 0x1234, nil, "0x1234"},
	{"addr", 0, nil, "NULL"},
	{"oct", 0o22, nil, "022"},
	{"mode", 0o4755, nil, "04755"},
	{"fmode", 0o40755, nil, "S_IFDIR|0755"},
	{"dev", 0x803, nil, "makedev(0x8, 0x3)"},
	{"fd", 0xffffffff, nil, "-1"},
	{"dirfd", 0xffffff9c, nil, "AT_FDCWD"},
	{"pid", 0xfffffffe, nil, "-2"},
	{"uid", 0xffffffff, nil, "-1"},
	{"gid", 100, nil, "100"},
	{"signo", 9, nil, "SIGKILL"},
	{"signo", 200, nil, "200"},
	{"flags:open", 0o2000101, nil, "O_WRONLY|O_CREAT|O_CLOEXEC"},
	{"enum:whence", 2, nil, "SEEK_END"},
	{"enum:whence", 77, nil, "0x4d /* SEEK_??? */"},
	{"key", 0, nil, "IPC_PRIVATE"},
	{"ticks", 150, nil, "150 /* 1.50 s */"},
	{"handler", 1, nil, "SIG_IGN"},
	{"rlim", 8 << 20, nil, "8192*1024"},
	{"enum:clockid", 1, nil, "CLOCK_MONOTONIC"},
	{"be16", 0x5000, nil, "htons(80)"},
	{"le16", 0x1001, nil, "htobs(4097)"},
	{"ifindex", 0, nil, "0"},
	{"errno", 0xfffffffe, nil, "-ENOENT"},
	{"<&xbyte", base, []byte{0}, "[00]"},
	{"<&be32", base, []byte{0, 0, 1, 2}, "[htonl(258)]"},
	{"<&ip4", base, []byte{127, 0, 0, 1}, `inet_addr("127.0.0.1")`},
	{"<&ip6", base, append(make([]byte, 15), 1), `"::1"`},
	{"ioctl", 0x5401, nil, "TCGETS"},
	{"ioctl", 0xfefefefe, nil, "_IOC(_IOC_READ|_IOC_WRITE, 0xfe, 0xfe, 0x3efe)"},
	{"ioprio", 2<<13 | 4, nil, "IOPRIO_PRIO_VALUE(IOPRIO_CLASS_BE, 4)"},
	{"caps", 3, nil, "1<<CAP_CHOWN|1<<CAP_DAC_OVERRIDE"},
	{"negerrno", 0xfffffffe, nil, "-ENOENT"},
	{"<[residency;n]", base, []byte{1, 0, 3, 2}, "[1, 0, 1, 0]"},
	{"hex08", 0xbeef, nil, "0x00beef"},
	{"wordmask", 5, nil, "0x00000000000005"},
	{"userarea", 128, nil, "8*RIP"},
	{"futexop", 0x01002003, nil, "FUTEX_OP_SET<<28|0x2<<12|FUTEX_OP_CMP_NE<<24|0x3"},
	{"qcmd", 0xffffffff80000100, nil, "QCMD(Q_SYNC, USRQUOTA)"},
	{"ipccall", 1<<16 | 1, nil, "1<<16|1"},
	{"sigmask", 0x201, nil, "[HUP USR1]"},
	{"kver", 0x60102, nil, "KERNEL_VERSION(6, 1, 2)"},
	{"time", 0, nil, "0"},
	{"path", base, []byte("/etc\x00"), `"/etc"`},
	{"str", base, []byte("a\nb\x00"), `"a\nb"`},
	{"<buf:n", base, []byte("ab\x00\xff"), `"ab\0\377"`},
	{"<hexbuf:n", base, []byte("ab\x00\xff"), `"\x61\x62\x00\xff"`},
	{"<sockbuf:n", base, []byte("abcd"), `"abcd"`},
	{"<opt:n", base, pack(uint32(7)), "[7]"},
	{"strv", base, pack(uint64(base+16), uint64(0), "ls\x00"), `["ls"]`},
	{"env", base, pack(uint64(base+16), uint64(0), "A=1\x00"), "0x7fff0000 /* 1 var */"},
	{"<&int", base, pack(int32(-3)), "[-3]"},
	{"<struct:timespec", base, pack(int64(1), int64(2)), "{tv_sec=1, tv_nsec=2}"},
	{"<[int;n]", base, pack(int32(1), int32(2), int32(3), int32(4)), "[1, 2, 3, 4]"},
	{"<[*int;1]", base, pack(uint64(base+8), int32(5)), "[[5]]"},
	{"<iovec:1", base, pack(uint64(base+16), uint64(2), "hi"), `[{iov_base="hi", iov_len=2}]`},
	{"<iovaddr:1", base, pack(uint64(0x7000), uint64(2)), "[{iov_base=0x7000, iov_len=2}]"},
	{"<sockaddr:16", base, pack(uint16(2), "\x00\x50\x7f\x00\x00\x01", uint64(0)), `{sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr("127.0.0.1")}`},
	{"<cmsgs:20", base, pack(uint64(20), uint32(1), uint32(1), int32(3)), "[{cmsg_len=20, cmsg_level=SOL_SOCKET, cmsg_type=SCM_RIGHTS, cmsg_data=[3]}]"},
	{"<sigset:8", base, pack(uint64(1)), "[HUP]"},
	{"<fdset:8", base, pack(uint64(5)), "[0 2]"},
	{"<bits:8", base, pack(uint64(3)), "[0 1]"},
	{"<siginfo", base, pack(int32(15), int32(0), int32(0), int32(0), int32(77), int32(1000), make([]byte, 104)), "{si_signo=SIGTERM, si_code=SI_USER, si_pid=77, si_uid=1000}"},
	{"<wstatus", base, pack(uint32(0x300)), "[{WIFEXITED(s) && WEXITSTATUS(s) == 3}]"},
	{">dirents:n", base, pack(uint64(7), uint64(1), uint16(24), uint8(4), "a\x00\x00\x00\x00"), "0x7fff0000 /* 1 entries */"},
	{"<lsmctx:40", base, pack(uint64(100), uint64(0), uint64(40), uint64(3), "ctx\x00\x00\x00\x00\x00"), `[{id=LSM_ID_CAPABILITY, flags=0, len=40, ctx_len=3, ctx="ctx"}]`},
	{"<msgbuf:2", base, pack(uint64(5), "hi"), `{mtype=5, mtext="hi"}`},
	{"<nodemask:n", base, pack(uint64(5)), "[0x00000000000005]"},
	{"<keycaps:1", base, []byte{1}, "[KEYCTL_CAPS0_CAPABILITIES]"},
	{"<pollfds:1", base, pack(uint32(3), uint16(1), uint16(0)), "[{fd=3, events=POLLIN}]"},
	{"off64", ^uint64(0), nil, "-1"},
	{"high64", 1, nil, "4294967300"},
	{"pages", 3, nil, "0x3000"},
}

// kindLines are calls for the kinds that only mean something in a struct or in
// one call.
var kindLines = []struct {
	kind syscalls.TypeKind
	call string
	args [3]uint64
	mem  []byte
	want string
}{
	{syscalls.KindDyn, "sendto", [3]uint64{3, base, 24}, pack(uint32(24), uint16(20), uint16(1), uint32(7), uint32(0), "\x02\x18\x00\x00", uint32(1)),
		`[{nlmsg_len=24, nlmsg_type=RTM_NEWADDR, nlmsg_flags=NLM_F_REQUEST, nlmsg_seq=7, nlmsg_pid=0}, `},
	{syscalls.KindIPAddr, "sendto", [3]uint64{3, base, 32}, pack(uint32(32), uint16(20), uint16(1), uint32(7), uint32(0), "\x02\x18\x00\x00", uint32(1), uint16(8), uint16(1), "\x7f\x00\x00\x01"),
		`[{nla_len=8, nla_type=IFA_ADDRESS}, inet_addr("127.0.0.1")]`},
	{syscalls.KindMAC, "sendto", [3]uint64{3, base, 40}, pack(uint32(40), uint16(28), uint16(1), uint32(7), uint32(0), "\x02\x00\x00\x00", uint32(1), uint32(0), uint16(10), uint16(2), "\x01\x02\x03\x04\x05\x06", uint16(0)),
		`[{nla_len=10, nla_type=NDA_LLADDR}, 01:02:03:04:05:06]`},
	{syscalls.KindBPFCode, "bpf", [3]uint64{5, base, 32}, pack(uint32(2), uint32(1), uint64(base+32), uint64(0), uint32(0), uint32(0), "\x95\x00\x00\x00\x00\x00\x00\x00"),
		`{code=BPF_JMP|BPF_K|BPF_EXIT, `},
	{syscalls.KindSigframe, "rt_sigreturn", [3]uint64{}, append(make([]byte, 296), pack(uint64(1<<1))...), `{mask=[INT]}`},
	{syscalls.KindCapData, "capset", [3]uint64{base, base + 8}, pack(uint32(0x20080522), uint32(0), uint32(1), uint32(2), uint32(0), uint32(0), uint32(0), uint32(0)),
		`{effective=1<<CAP_CHOWN, permitted=1<<CAP_DAC_OVERRIDE, inheritable=0}`},
}

// It does not run beside other tests: it defines calls, and counts what all
// goroutines allocate.
func TestKinds(t *testing.T) {
	seen := map[syscalls.TypeKind]bool{syscalls.KindNone: true}
	for i, tc := range kindCases {
		name, err := syscalls.Define(fmt.Sprintf("kind%d@%d(a %s, n size, b hex)", i, 700+i, tc.kind))
		if err != nil {
			t.Errorf("%s: %v", tc.kind, err)
			continue
		}
		nr, _ := syscalls.Number(syscalls.Native(), name)
		sig := syscalls.Lookup(syscalls.Native(), nr)
		call := func(mem []byte) *Call {
			c := &Call{ABI: syscalls.Native(), NR: nr, Name: name, Sig: sig, Mem: pages{base: mem}, Args: [6]uint64{tc.word, 4}}
			if strings.Contains(tc.kind, "dirents") {
				c.Args[1] = uint64(len(tc.mem))
			}
			return done(c, int64(c.Args[1]))
		}
		for typ := sig.Params[0].Type; typ != nil; typ = typ.Elem {
			seen[typ.Kind] = true
		}
		if got := call(tc.mem).Arg(0).String(); got != tc.want {
			t.Errorf("%s of %#x: %s, want %s", tc.kind, tc.word, got, tc.want)
		}
		for n := range len(tc.mem) { // no panic, and no more than is there
			everyWay(t, call(tc.mem[:n]), 4)
		}
		if sig.Params[0].Type.Pointer() {
			if got := call(nil).Arg(0).String(); !strings.HasPrefix(got, "0x7fff0000") {
				t.Errorf("%s that can't be read: %s", tc.kind, got)
			}
		}
	}
	for _, tc := range kindLines {
		seen[tc.kind] = true
		for n := range len(tc.mem) + 1 {
			c := newCall(t, syscalls.AMD64, tc.call, pages{base: tc.mem[:n]}, tc.args[:]...)
			c.SP = base
			c.Netlink = func(int) int { return 0 } // NETLINK_ROUTE
			if n < len(tc.mem) {
				everyWay(t, c, 0)
			} else if got := string((&Text{}).AppendCall(nil, done(c, 0))); !strings.Contains(got, tc.want) {
				t.Errorf("%s, want %s", got, tc.want)
			}
		}
	}
	for k := range syscalls.NumKinds {
		if !seen[k] {
			t.Errorf("kind %d has no test from bytes", k)
		}
	}
}
