package encode

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"luatrace/tracer/decode"
	"luatrace/tracer/syscalls"
)

// memory is a Memory that package decode can read.
type memory struct {
	bytes map[uint64]byte
	next  uint64
}

func newMemory() *memory { return &memory{map[uint64]byte{}, 0x10000} }

func (m *memory) Place(b []byte) uint64 {
	at := m.next
	m.write(at, b)
	m.next += uint64(len(b)+31) &^ 15 // a gap that is not mapped
	return at
}

func (m *memory) write(at uint64, b []byte) {
	for i, x := range b {
		m.bytes[at+uint64(i)] = x
	}
}

func (m *memory) ReadMemory(addr uint64, b []byte) (int, error) {
	for i := range b {
		x, ok := m.bytes[addr+uint64(i)]
		if !ok {
			return i, fmt.Errorf("no memory at %#x", addr+uint64(i))
		}
		b[i] = x
	}
	return len(b), nil
}

// values parses an object of JSON as tests give it: numbers exact.
func values(t *testing.T, text string) map[string]any {
	t.Helper()
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var m map[string]any
	if err := d.Decode(&m); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return plain(m).(map[string]any)
}

func plain(v any) any {
	switch v := v.(type) {
	case json.Number:
		if n, err := v.Int64(); err == nil {
			return n
		}
		var n uint64
		fmt.Sscan(v.String(), &n)
		return n
	case []any:
		for i := range v {
			v[i] = plain(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = plain(v[k])
		}
	}
	return v
}

// made encodes a call and returns it as package decode sees it afterwards.
func made(abi syscalls.ABI, name string, args, before map[string]any, ret int64) (*decode.Call, *Call, error) {
	nr, ok := syscalls.Number(abi, name)
	if !ok {
		return nil, nil, fmt.Errorf("no call %s", name)
	}
	mem, sig := newMemory(), syscalls.Lookup(abi, nr)
	c, err := Args(abi, sig, args, before, mem)
	if err != nil {
		return nil, nil, err
	}
	d := &decode.Call{ABI: abi, NR: nr, Name: name, Sig: sig, Mem: mem, Args: c.Args, BufferLimit: decode.MaxData}
	d.LatchAll()
	for _, l := range c.After {
		mem.write(l.Addr, l.Bytes)
	}
	if ret == 0 {
		ret = int64(c.Counted)
	}
	d.Exited, d.Ret = true, ret
	return d, c, nil
}

// kindRows have a value for each kind, in the JSON form, as an argument of
// "k(a KIND, n size)". n is what is given for it, 0 for nothing.
var kindRows = []struct {
	kind, value string
	n           int
}{
	{"int", `-1`, 0},
	{"uint", `4294967295`, 0},
	{"long", `-5`, 0},
	{"size", `18446744073709551615`, 0},
	{"off", `-1`, 0},
	{"s64", `-2`, 0},
	{"u64", `9223372036854775808`, 0},
	{"<&u16", `65535`, 0},
	{"<&u8", `255`, 0},
	{"hex", `2748`, 0},
	{"hex32", `31`, 0},
	{"cookie", `9223372036854775808`, 0},
	{"addr", `4660`, 0},
	{"oct", `18`, 0},
	{"mode", `2541`, 0},
	{"fmode", `16877`, 0},
	{"dev", `2051`, 0},
	{"fd", `-1`, 0},
	{"dirfd", `-100`, 0},
	{"pid", `-2`, 0},
	{"uid", `-1`, 0},
	{"gid", `100`, 0},
	{"signo", `"SIGKILL"`, 0},
	{"signo", `200`, 0},
	{"flags:open", `{"value":524353,"names":["O_WRONLY","O_CREAT","O_CLOEXEC"]}`, 0},
	{"enum:whence", `"SEEK_END"`, 0},
	{"enum:whence", `77`, 0},
	{"key", `0`, 0},
	{"ticks", `150`, 0},
	{"handler", `"SIG_IGN"`, 0},
	{"handler", `81985529216486895`, 0},
	{"rlim", `8388608`, 0},
	{"enum:clockid", `"CLOCK_MONOTONIC"`, 0},
	{"be16", `80`, 0},
	{"le16", `4097`, 0},
	{"ifindex", `3`, 0},
	{"errno", `-2`, 0},
	{"<&xbyte", `7`, 0},
	{"<&hex8", `254`, 0},
	{"<&be32", `258`, 0},
	{"<&ip4", `"127.0.0.1"`, 0},
	{"<&ip6", `"::1"`, 0},
	{"ioctl", `"TCGETS"`, 0},
	{"ioctl", `4278124286`, 0},
	{"ioprio", `16388`, 0},
	{"caps", `{"value":3,"names":["CAP_CHOWN","CAP_DAC_OVERRIDE"]}`, 0},
	{"negerrno", `-2`, 0},
	{"<[residency;n]", `[1,0,1,0]`, 4},
	{"hex08", `48879`, 0},
	{"wordmask", `5`, 0},
	{"userarea", `128`, 0},
	{"futexop", `16785411`, 0},
	{"qcmd", `2147483904`, 0},
	{"ipccall", `65537`, 0},
	{"sigmask", `{"value":513,"names":["SIGHUP","SIGUSR1"]}`, 0},
	{"kver", `393474`, 0},
	{"time", `1000000000`, 0},
	{"path", `"/etc"`, 0},
	{"str", `"a\nb"`, 0},
	{"<buf:n", `"abcd"`, 0},
	{"<hexbuf:n", `"ab\u0000"`, 0},
	{"<sockbuf:n", `"abcd"`, 0},
	{"<opt:n", `7`, 0},
	{"<opt:n", `"eth0-and-more"`, 0},
	{"<opt:n:struct:timeval", `{"tv_sec":1,"tv_usec":2}`, 0},
	{"strv", `["ls","-l"]`, 0},
	{"env", `["A=1"]`, 0},
	{"<&int", `-3`, 0},
	{"<struct:timespec", `{"tv_sec":1,"tv_nsec":2}`, 0},
	{"<[int;n]", `[1,2,-3]`, 0},
	{"<[*int;1]", `[5]`, 0},
	{"<iovec:n", `[{"iov_base":"hi","iov_len":2},{"iov_base":"","iov_len":0}]`, 0},
	{"<iovaddr:1", `[{"iov_base":28672,"iov_len":2}]`, 0},
	{"<sockaddr:n", `{"sin_family":"AF_INET","sin_port":80,"sin_addr":"127.0.0.1"}`, 0},
	{"<sockaddr:n", `{"sin6_family":"AF_INET6","sin6_port":53,"sin6_flowinfo":0,"sin6_addr":"::1","sin6_scope_id":0}`, 0},
	{"<sockaddr:n", `{"sun_family":"AF_UNIX","sun_path":"/run/x"}`, 0},
	{"<sockaddr:n", `{"sun_family":"AF_UNIX","sun_path":"\u0000abstract"}`, 0},
	{"<sockaddr:n", `{"nl_family":"AF_NETLINK","nl_pid":5,"nl_groups":0}`, 0},
	{"<sockaddr:n", `{"sll_family":"AF_PACKET","sll_protocol":"ETH_P_IP","sll_ifindex":2,"sll_hatype":"ARPHRD_ETHER","sll_pkttype":"PACKET_HOST","sll_halen":2,"sll_addr":[1,2]}`, 0},
	{"<cmsgs:n", `[{"cmsg_len":20,"cmsg_level":"SOL_SOCKET","cmsg_type":"SCM_RIGHTS","cmsg_data":[3]},{"cmsg_len":28,"cmsg_level":"SOL_SOCKET","cmsg_type":"SCM_CREDENTIALS","cmsg_data":{"pid":1,"uid":2,"gid":3}}]`, 0},
	{"<sigset:8", `{"value":1,"names":["SIGHUP"]}`, 0},
	{"<fdset:64", `[0,2]`, 0},
	{"<bits:128", `[0,1]`, 0},
	{"<siginfo", `{"si_signo":"SIGTERM","si_code":"SI_USER","si_pid":77,"si_uid":1000}`, 0},
	{"<siginfo", `{"si_signo":"SIGSEGV","si_code":"SEGV_MAPERR","si_addr":4096}`, 0},
	{"<siginfo", `{"si_signo":"SIGCHLD","si_code":"CLD_EXITED","si_pid":5,"si_uid":0,"si_status":1,"si_utime":2,"si_stime":3}`, 0},
	{"<wstatus", `768`, 0},
	{">dirents:n", `[{"d_ino":7,"d_off":1,"d_reclen":24,"d_type":"DT_DIR","d_name":"a"},{"d_ino":8,"d_off":2,"d_reclen":32,"d_type":"DT_REG","d_name":"a-longer-nam"}]`, 0},
	{">olddirents:n", `[{"d_ino":7,"d_off":1,"d_reclen":24,"d_name":"a"}]`, 0},
	{"<lsmctx:n", `[{"id":"LSM_ID_CAPABILITY","flags":0,"len":40,"ctx_len":3,"ctx":"ctx"}]`, 0},
	{"<msgbuf:2", `{"mtype":5,"mtext":"hi"}`, 0},
	{"<nodemask:n", `[5]`, 0},
	{"<keycaps:1", `[{"value":1,"names":["KEYCTL_CAPS0_CAPABILITIES"]}]`, 0},
	{"<pollfds:n", `[{"fd":3,"events":{"value":1,"names":["POLLIN"]},"revents":{"value":0,"names":[]}}]`, 0},
	{"off64", `-1`, 0},
	{"high64", `4294967300`, 0},
	{"pages", `12288`, 0},
}

// kindLines are calls for the kinds that only mean something in a struct or in
// one call, and calls whose values need more than one argument.
var kindLines = []struct {
	kind syscalls.TypeKind
	call string
	args string
}{
	{syscalls.KindCapData, "capset", `{"hdrp":{"version":"_LINUX_CAPABILITY_VERSION_3","pid":0},"datap":{"effective":{"value":4294967297,"names":["CAP_CHOWN","CAP_MAC_OVERRIDE"]},"permitted":{"value":2,"names":["CAP_DAC_OVERRIDE"]},"inheritable":{"value":0,"names":[]}}}`},
	{syscalls.KindBPFCode, "bpf", `{"cmd":"BPF_PROG_LOAD","attr":{"prog_type":"BPF_PROG_TYPE_SOCKET_FILTER","insn_cnt":1,"insns":[{"code":149,"dst_reg":"BPF_REG_0","src_reg":"BPF_REG_0","off":0,"imm":0}],"license":"GPL","log_level":0,"log_size":0,"log_buf":null,"kern_version":0,"prog_flags":{"value":0,"names":[]},"prog_name":"x"},"size":64}`},
	{syscalls.KindDyn, "sendmsg", `{"sockfd":3,"msg":{"msg_name":{"sin_family":"AF_INET","sin_port":1,"sin_addr":"1.2.3.4"},"msg_namelen":16,"msg_iov":[{"iov_base":"ab","iov_len":2}],"msg_iovlen":1,"msg_control":[{"cmsg_len":20,"cmsg_level":"SOL_SOCKET","cmsg_type":"SCM_RIGHTS","cmsg_data":[5]}],"msg_controllen":24,"msg_flags":{"value":0,"names":[]}},"flags":{"value":16384,"names":["MSG_NOSIGNAL"]}}`},
	{syscalls.KindSigset, "rt_sigaction", `{"signum":"SIGCHLD","act":{"sa_handler":"SIG_DFL","sa_mask":{"value":65536,"names":["SIGCHLD"]},"sa_flags":{"value":335544320,"names":["SA_RESTORER","SA_RESTART"]},"sa_restorer":4096},"oldact":null,"sigsetsize":8}`},
	{syscalls.KindStruct, "statx", `{"dirfd":-100,"path":"/x","flags":{"value":0,"names":["AT_STATX_SYNC_AS_STAT"]},"mask":{"value":2047,"names":["STATX_BASIC_STATS"]},"statxbuf":{"address":4096,"unreadable":true}}`},
}

// exempt are kinds that no value of an argument has, and why.
var exempt = map[syscalls.TypeKind]string{
	syscalls.KindNone:     "it is not shown",
	syscalls.KindSigframe: "it lies on the stack, where no argument points to",
	syscalls.KindIPAddr:   "inside netlink messages, which are given as bytes",
	syscalls.KindMAC:      "inside netlink messages, which are given as bytes",
}

// TestRoundTrip encodes a value of each kind and decodes it again.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	seen := map[syscalls.TypeKind]bool{}
	for i, row := range kindRows {
		name, err := syscalls.Define(fmt.Sprintf("encoded%d@%d(a %s, n size, b hex) int", i, 700+i, row.kind))
		if err != nil {
			t.Errorf("%s: %v", row.kind, err)
			continue
		}
		args := values(t, `{"a":`+row.value+`}`)
		if row.n > 0 {
			args["n"] = uint64(row.n)
		}
		d, c, err := made(syscalls.Native(), name, args, nil, 0)
		if err != nil {
			t.Errorf("%s %s: %v", row.kind, row.value, err)
			continue
		}
		for typ := d.Param(0).Type; typ != nil; typ = typ.Elem {
			seen[typ.Kind] = true
		}
		if got := string(decode.AppendJSON(nil, d.Arg(0))); got != row.value {
			t.Errorf("%s: %s became %s (arguments %#x)", row.kind, row.value, got, c.Args)
		}
	}
	for _, row := range kindLines {
		seen[row.kind] = true
		d, _, err := made(syscalls.AMD64, row.call, values(t, row.args), nil, 0)
		if err != nil {
			t.Errorf("%s: %v", row.call, err)
			continue
		}
		if got := string(d.AppendJSONArgs(nil)); got != row.args {
			t.Errorf("%s:\n%s became\n%s", row.call, row.args, got)
		}
	}
	for k := range syscalls.NumKinds {
		if !seen[k] && exempt[k] == "" {
			t.Errorf("kind %d has no row", k)
		}
	}
}

// TestArgs has the ways to write a value, and what is filled in.
func TestArgs(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ call, args, before, want string }{
		{"openat", `{"path":"/x","flags":"O_RDONLY|O_CLOEXEC"}`, ``, `openat(AT_FDCWD, "/x", O_RDONLY|O_CLOEXEC)`},
		{"openat", `{"fd":4,"path":"x","flags":"O_CREAT|0x1","mode":420}`, ``, `openat(4, "x", O_WRONLY|O_CREAT, 0644)`},
		{"write", `{"fd":1,"buf":"hello"}`, ``, `write(1, "hello", 5) = 5`},
		{"write", `{"fd":1,"buf":"hello","count":2}`, ``, `write(1, "he", 2) = 5`},
		{"read", `{"fd":0,"buf":"ab\u0000","count":100}`, ``, `read(0, "ab\0", 100) = 3`},
		{"kill", `{"pid":1,"sig":"SIGTERM"}`, ``, `kill(1, SIGTERM) = 0`},
		{"fcntl", `{"fd":1,"cmd":"F_SETFL","arg":"O_NONBLOCK"}`, ``, `fcntl(1, F_SETFL, O_RDONLY|O_NONBLOCK) = 0`},
		{"connect", `{"fd":3,"addr":{"sa_family":"AF_UNIX","sun_path":"/s"}}`, ``, `connect(3, {sa_family=AF_UNIX, sun_path="/s"}, 5) = 0`},
		{"getsockname", `{"sockfd":3,"addr":{"sin_family":"AF_INET","sin_port":1,"sin_addr":"127.0.0.1"},"addrlen":16}`, `{"addrlen":128}`,
			`getsockname(3, {sa_family=AF_INET, sin_port=htons(1), sin_addr=inet_addr("127.0.0.1")}, [128 => 16]) = 0`},
		{"getsockname", `{"sockfd":3,"addr":{"sin_family":"AF_INET","sin_port":1,"sin_addr":"127.0.0.1"}}`, ``,
			`getsockname(3, {sa_family=AF_INET, sin_port=htons(1), sin_addr=inet_addr("127.0.0.1")}, [16]) = 0`},
		{"connect", `{"fd":3,"addr":{"sun_family":"AF_UNIX","sun_path":"/s"},"addrlen":110}`, ``, `connect(3, {sa_family=AF_UNIX, sun_path="/s"}, 110) = 0`},
		{"newfstatat", `{"path":"/x","statbuf":{"st_mode":33188,"st_size":5}}`, ``, `newfstatat(AT_FDCWD, "/x", {st_mode=S_IFREG|0644, st_size=5, ...}, 0) = 0`},
		{"pipe2", `{"pipefd":[3,4]}`, ``, `pipe2([3, 4], 0) = 0`},
		{"execve", `{"path":"/bin/ls","argv":["ls","-l"],"envp":[]}`, ``, `execve("/bin/ls", ["ls", "-l"], 0x10090 /* 0 vars */) = 0`},
		{"mmap", `{"addr":null,"length":4096,"prot":"PROT_READ","flags":"MAP_PRIVATE","fd":3}`, ``, `mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, 3, 0) = 0`},
		{"read", `{"fd":0,"buf":{"address":4096},"count":1}`, ``, `read(0, "", 1) = 0`},
		{"poll", `{"fds":[{"fd":3,"events":"POLLIN","revents":"POLLIN"}],"timeout":-1}`, ``, `poll([{fd=3, events=POLLIN}], 1, -1) = 0`},
		{"rt_sigprocmask", `{"how":"SIG_BLOCK","set":["SIGINT"],"sigsetsize":8}`, ``, `rt_sigprocmask(SIG_BLOCK, [INT], NULL, 8) = 0`},
		{"writev", `{"fd":1,"iov":["ab","c"]}`, ``, `writev(1, [{iov_base="ab", iov_len=2}, {iov_base="c", iov_len=1}], 2) = 3`},
		{"getdents64", `{"fd":3,"dirp":[{"d_name":"x","d_type":"DT_REG","d_ino":1}]}`, ``, `getdents64(3, 0x10000 /* 1 entries */, 24) = 24`},
	} {
		var before map[string]any
		if row.before != "" {
			before = values(t, row.before)
		}
		d, _, err := made(syscalls.AMD64, row.call, values(t, row.args), before, 0)
		if err != nil {
			t.Errorf("%s %s: %v", row.call, row.args, err)
			continue
		}
		got := string((&decode.Text{Abbrev: true, StringLimit: 32}).AppendCall(nil, d))
		if !strings.HasPrefix(strings.Join(strings.Fields(got), " "), row.want) {
			t.Errorf("%s %s:\n%s, want\n%s", row.call, row.args, got, row.want)
		}
	}
}

func TestNarrow(t *testing.T) {
	t.Parallel()
	d, c, err := made(syscalls.I386, "openat", values(t, `{"dirfd":-100,"path":"/x"}`), nil, 0)
	if err != nil || c.Args[0] != 0xffffff9c {
		t.Errorf("%v, %#x", err, c.Args)
	}
	if got := string(decode.AppendJSON(nil, d.Arg(1))); got != `"/x"` {
		t.Errorf("path %s", got)
	}
	d, c, err = made(syscalls.I386, "pread64", values(t, `{"fd":3,"buf":"x","count":1,"offset":4294967301}`), nil, 0)
	if err != nil || c.Args[3] != 5 || c.Args[4] != 1 {
		t.Errorf("an offset in two words: %v, %#x", err, c.Args)
	} else if got := string(decode.AppendJSON(nil, d.Arg(3))); got != "4294967301" {
		t.Errorf("offset %s", got)
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	for _, row := range []struct{ call, args, want string }{
		{"openat", `{"pth":"/x"}`, `openat has no argument "pth" (it has dirfd, path, flags, mode)`},
		{"openat", `{"path":["/x"]}`, `path: a string is wanted, not a list`},
		{"openat", `{"flags":"O_READ"}`, `flags: there is no constant "O_READ"`},
		{"openat", `{"flags":{"x":1}}`, `flags: a number or the name of one is wanted, not a table`},
		{"newfstatat", `{"statbuf":{"st_sice":5}}`, `statbuf: struct stat has no field "st_sice" (it has st_dev`},
		{"newfstatat", `{"statbuf":["x"]}`, `statbuf: struct stat is a table of its fields, not a list`},
		{"connect", `{"addr":{"sin_port":5}}`, `addr: a socket address needs a family`},
		{"connect", `{"addr":{"sa_family":"AF_INET","sin_addr":"x"}}`, `addr: sockaddr_in.sin_addr: an address of 4 bytes is wanted, such as "127.0.0.1"`},
		{"connect", `{"addr":{"sa_family":"AF_APPLETALK","x":1,"sa_data":5}}`, `addr: addresses of AF_APPLETALK are given as`},
		{"execve", `{"argv":[1]}`, `argv: strings are wanted, not 1`},
		{"writev", `{"iov":[5]}`, `iov: strings are wanted, not 5`},
		{"pipe2", `{"pipefd":"x|y"}`, ``},
		{"pipe2", `{"pipefd":["x"]}`, `pipefd: element 1: there is no constant "x"`},
		{"rt_sigprocmask", `{"set":["SIGX"]}`, `set: there is no signal "SIGX"`},
		{"pselect6", `{"readfds":[5000]}`, `readfds: numbers below 1024 are wanted, not 5000`},
		{"getdents64", `{"dirp":[{"d_ino":1}]}`, `dirp: element 1: d_name: a string is wanted, not nothing`},
		{"sethostname", `{"name":["x"]}`, `name: its bytes as a string are wanted, not a list`},
	} {
		_, _, err := made(syscalls.AMD64, row.call, values(t, row.args), nil, 0)
		switch {
		case row.want == "":
			if err != nil {
				t.Errorf("%s %s: %v", row.call, row.args, err)
			}
		case err == nil || !strings.HasPrefix(err.Error(), row.want):
			t.Errorf("%s %s: %v, want %s", row.call, row.args, err, row.want)
		}
	}
	mem := newMemory()
	if c, err := Args(syscalls.AMD64, nil, map[string]any{"arg2": int64(-1)}, nil, mem); err != nil || c.Args[1] != ^uint64(0) {
		t.Errorf("a call without a signature: %v", err)
	}
	if _, err := Args(syscalls.AMD64, nil, map[string]any{"arg7": int64(1)}, nil, mem); err == nil || err.Error() != `unknown argument "arg7"; there are arg1 to arg6` {
		t.Errorf("arg7: %v", err)
	}
}

// FuzzArgs: whatever is given for the arguments of any call, there is an error
// or words, never a panic, and what comes out can be looked at.
func FuzzArgs(f *testing.F) {
	for _, row := range kindRows {
		f.Add(uint16(257), []byte(`{"path":`+row.value+`}`), row.n)
	}
	for _, row := range kindLines {
		nr, _ := syscalls.Number(syscalls.AMD64, row.call)
		f.Add(uint16(nr), []byte(row.args), 0)
	}
	f.Fuzz(func(t *testing.T, nr uint16, text []byte, ret int) {
		sig := syscalls.Lookup(syscalls.AMD64, int(nr))
		if sig == nil {
			return
		}
		d := json.NewDecoder(bytes.NewReader(text))
		d.UseNumber()
		var m map[string]any
		if d.Decode(&m) != nil {
			return
		}
		m = plain(m).(map[string]any)
		args := map[string]any{}
		i := 0
		for _, v := range m { // by place: names are hard to guess
			if i < len(sig.Params) {
				args[sig.Params[i].Name] = v
				i++
			}
		}
		for _, given := range []map[string]any{m, args} {
			call, _, err := made(syscalls.AMD64, sig.Name, given, given, int64(ret))
			if err == nil {
				call.AppendJSONArgs((&decode.Text{}).AppendCall(nil, call))
			}
		}
	})
}
