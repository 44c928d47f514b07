package decode

import (
	"strings"
	"testing"

	"luatrace/tracer/syscalls"
)

// TestProcessLines has lines of strace 6.1 for calls about processes, memory,
// interprocess communication, keys and the system.
func TestProcessLines(t *testing.T) {
	t.Parallel()
	const neg1 = ^uint64(0)
	filter := pack(uint16(0x20), uint8(0), uint8(0), uint32(4), uint16(0x15), uint8(1), uint8(0), uint32(0xc000003e), uint16(6), uint8(0), uint8(0), uint32(0x50001))
	prog := append(pack(uint16(3), uint16(0), uint32(0), uint64(base+16)), filter...)
	msqid := pack(int32(0x1235), uint32(1), uint32(2), uint32(3), uint32(4), uint32(0o600), uint64(0), uint64(0), uint64(0),
		int64(10), int64(11), int64(12), uint64(0), uint64(5), uint64(16384), int32(77), int32(78), uint64(0), uint64(0))
	schedAttr := pack(uint32(56), uint32(6), uint64(7), int32(3), uint32(0), uint64(1), uint64(2), uint64(3), uint32(4), uint32(5))
	regs := make([]byte, 27*8)
	order.PutUint64(regs[16*8:], 0x409a27)
	tests := []struct {
		call string
		args []uint64
		mem  []byte
		ret  int64
		want string
	}{
		{"msgsnd", []uint64{12, base, 5, 0o4000}, pack(int64(1), "hello"), 0, `msgsnd(12, {mtype=1, mtext="hello"}, 5, IPC_NOWAIT) = 0`},
		{"msgsnd", []uint64{12, base, 40, 0}, pack(int64(1), "hello"), -14, `msgsnd(12, {mtype=1, mtext=0x7fff0008}, 40, 0) = -1 EFAULT (Bad address)`},
		{"msgsnd", []uint64{12, base, 1, 0}, pack(int32(1)), -14, `msgsnd(12, 0x7fff0000, 1, 0)            = -1 EFAULT (Bad address)`},
		{"msgrcv", []uint64{12, base, 4, 0, 0}, pack(int64(-1), "abcd"), 2, `msgrcv(12, {mtype=-1, mtext="abcd"}, 4, 0, 0) = 2`},
		{"msgctl", []uint64{12, 2, base}, msqid, 0, `msgctl(12, IPC_STAT, {msg_perm={uid=1, gid=2, mode=0600, key=4661, cuid=3, cgid=4}, msg_stime=10, ` +
			`msg_rtime=11, msg_ctime=12, msg_qnum=5, msg_qbytes=16384, msg_lspid=77, msg_lrpid=78}) = 0`},
		{"msgctl", []uint64{12, 0x101, base}, msqid, 0, `msgctl(12, IPC_64|IPC_SET, {msg_perm={uid=1, gid=2, mode=0600}, msg_qbytes=16384}) = 0`},
		{"msgctl", []uint64{12, 99, base}, nil, -22, `msgctl(12, 0x63 /* MSG_??? */, 0x7fff0000) = -1 EINVAL (Invalid argument)`},
		{"mbind", []uint64{base, 4096, 2, base, 129, 3}, pack(uint64(1), uint64(0)), 0,
			`mbind(0x7fff0000, 4096, MPOL_BIND, [0x00000000000001, 0000000000000000], 129, MPOL_MF_STRICT|MPOL_MF_MOVE) = 0`},
		{"mbind", []uint64{base, 4096, 2, base, 200, 0}, pack(uint64(1)), -14,
			`mbind(0x7fff0000, 4096, MPOL_BIND, [0x00000000000001, ... /* 0x7fff0008 */], 200, 0) = -1 EFAULT (Bad address)`},
		{"mbind", []uint64{base, 4096, 2, base, neg1, 0}, nil, -22, `mbind(0x7fff0000, 4096, MPOL_BIND, 0x7fff0000, 18446744073709551615, 0) = -1 EINVAL (Invalid argument)`},
		{"set_mempolicy", []uint64{2, base, 1}, pack(uint64(1)), 0, `set_mempolicy(MPOL_BIND, 0x7fff0000, 1) = 0`},
		{"move_pages", []uint64{0, 2, base, 0, base + 16, 0}, pack(uint64(0x1000), uint64(0x2000), int32(0), int32(-2)), 0,
			`move_pages(0, 2, [0x1000, 0x2000], NULL, [0, -ENOENT], 0) = 0`},
		{"mincore", []uint64{0x1000, 8193, base}, pack(uint8(1), uint8(0), uint8(3)), 0, `mincore(0x1000, 8193, [1, 0, 1])        = 0`},
		{"membarrier", []uint64{0, 0}, nil, 3, `membarrier(MEMBARRIER_CMD_QUERY, 0)     = 0x3 (MEMBARRIER_CMD_GLOBAL|MEMBARRIER_CMD_GLOBAL_EXPEDITED)`},
		{"personality", []uint64{0x5400008}, nil, 0x40000, `personality(PER_LINUX32|READ_IMPLIES_EXEC|SHORT_INODE|STICKY_TIMEOUTS) = 0x40000 (PER_LINUX|ADDR_NO_RANDOMIZE)`},
		{"personality", []uint64{0xffffffff}, nil, 0, `personality(0xffffffff)                 = 0 (PER_LINUX)`},
		{"ioprio_set", []uint64{1, 0, 0x4004}, nil, 0, `ioprio_set(IOPRIO_WHO_PROCESS, 0, IOPRIO_PRIO_VALUE(IOPRIO_CLASS_BE, 4)) = 0`},
		{"ioprio_get", []uint64{1, 0}, nil, 0x4004, `ioprio_get(IOPRIO_WHO_PROCESS, 0)       = 16388 (IOPRIO_PRIO_VALUE(IOPRIO_CLASS_BE, 4))`},
		{"sched_setattr", []uint64{0, base, 0}, schedAttr, 0, `sched_setattr(0, {size=56, sched_policy=SCHED_DEADLINE, sched_flags=SCHED_FLAG_RESET_ON_FORK|SCHED_FLAG_RECLAIM|SCHED_FLAG_DL_OVERRUN, ` +
			`sched_nice=3, sched_priority=0, sched_runtime=1, sched_deadline=2, sched_period=3, sched_util_min=4, sched_util_max=5}, 0) = 0`},
		{"capset", []uint64{base, base + 8}, pack(uint32(0x20080522), int32(-1), uint32(1), uint32(0), uint32(0), uint32(1<<31), uint32(1), uint32(0xfffffe00)), -1,
			`capset({version=_LINUX_CAPABILITY_VERSION_3, pid=-1}, {effective=1<<CAP_CHOWN|0x80000000, permitted=1<<CAP_MAC_OVERRIDE, inheritable=0xfffffe00 /* CAP_??? */}) = -1 EPERM (Operation not permitted)`},
		{"capset", []uint64{base, base + 8}, pack(uint32(0x19980330), int32(-1), uint32(3), uint32(0), uint32(0)), 0,
			`capset({version=_LINUX_CAPABILITY_VERSION_1, pid=-1}, {effective=1<<CAP_CHOWN|1<<CAP_DAC_OVERRIDE, permitted=0, inheritable=0}) = 0`},
		{"capget", []uint64{base, base + 8}, pack(uint32(5), int32(0)), -22, `capget({version=0x5 /* _LINUX_CAPABILITY_VERSION_??? */, pid=0}, 0x7fff0008) = -1 EINVAL (Invalid argument)`},
		{"prctl", []uint64{3}, nil, 1, `prctl(PR_GET_DUMPABLE)                  = 1 (SUID_DUMP_USER)`},
		{"prctl", []uint64{4, neg1}, nil, -22, `prctl(PR_SET_DUMPABLE, 0xffffffffffffffff /* SUID_DUMP_??? */) = -1 EINVAL (Invalid argument)`},
		{"prctl", []uint64{52, 1}, nil, 2, `prctl(PR_GET_SPECULATION_CTRL, PR_SPEC_INDIRECT_BRANCH) = 0x2 (PR_SPEC_ENABLE)`},
		{"prctl", []uint64{47, 1, 5, 0, 0}, nil, 0, `prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, CAP_KILL, 0, 0) = 0`},
		{"prctl", []uint64{33, 1, 1, 0, 0}, nil, 0, `prctl(PR_MCE_KILL, PR_MCE_KILL_SET, PR_MCE_KILL_EARLY, 0, 0) = 0`},
		{"prctl", []uint64{62, 1, 1, 2, base}, nil, 0, `prctl(PR_SCHED_CORE, PR_SCHED_CORE_CREATE, 1, 0x2 /* PIDTYPE_PGID */, 0x7fff0000) = 0`},
		{"prctl", []uint64{0x59616d61, neg1}, nil, 0, `prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY) = 0`},
		{"prctl", []uint64{0x59616d61, 5}, nil, 0, `prctl(PR_SET_PTRACER, 5)                = 0`},
		{"arch_prctl", []uint64{0x1022, base}, pack(uint64(7)), 0, `arch_prctl(ARCH_GET_XCOMP_PERM, [0x7 /* XFEATURE_MASK_FPSSE|XFEATURE_MASK_YMM */]) = 0`},
		{"seccomp", []uint64{1, 1, base}, prog, 0, `seccomp(SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, {len=3, filter=0x7fff0010}) = 0`},
		{"seccomp", []uint64{2, 0, base}, pack(uint32(0x12345)), -95, `seccomp(SECCOMP_GET_ACTION_AVAIL, 0, [0x12345 /* SECCOMP_RET_??? */]) = -1 EOPNOTSUPP (Operation not supported)`},
		{"ptrace", []uint64{3, 9, 8*15 + 3, base}, nil, -5, `ptrace(PTRACE_PEEKUSER, 9, 8*ORIG_RAX+3, 0x7fff0000) = -1 EIO (Input/output error)`},
		{"ptrace", []uint64{6, 9, 856, 1}, nil, 0, `ptrace(PTRACE_POKEUSER, 9, offsetof(struct user, u_debugreg)+8, 0x1) = 0`},
		{"ptrace", []uint64{7, 9, 1, 9}, nil, 0, `ptrace(PTRACE_CONT, 9, 0x1, SIGKILL)    = 0`},
		{"ptrace", []uint64{0x4205, 9, 1, base}, append(pack(uint64(base+16), uint64(16)), pack(uint64(1), uint64(2))...), 0,
			`ptrace(PTRACE_SETREGSET, 9, NT_PRSTATUS, {iov_base={r15=0x1, r14=0x2}, iov_len=16}) = 0`},
		{"ptrace", []uint64{0x4204, 9, 0x202, base}, pack(uint64(base+16), uint64(16)), -14,
			`ptrace(PTRACE_GETREGSET, 9, NT_X86_XSTATE, {iov_base=0x7fff0010, iov_len=16}) = -1 EFAULT (Bad address)`},
		{"ptrace", []uint64{0x420e, 9, 16, base}, pack(uint8(0), uint8(0), uint16(0), uint32(0xc000003e), uint64(5)), 24,
			`ptrace(PTRACE_GET_SYSCALL_INFO, 9, 16, {op=PTRACE_SYSCALL_INFO_NONE, arch=AUDIT_ARCH_X86_64, instruction_pointer=0x5}) = 24`},
		{"keyctl", []uint64{5, 99, 0x3f3f0000 | 1<<30}, nil, -22, `keyctl(KEYCTL_SETPERM, 99, KEY_POS_VIEW|KEY_POS_READ|KEY_POS_WRITE|KEY_POS_SEARCH|KEY_POS_LINK|KEY_POS_SETATTR|KEY_USR_VIEW|KEY_USR_READ|` +
			`KEY_USR_WRITE|KEY_USR_SEARCH|KEY_USR_LINK|KEY_USR_SETATTR|0x40000000) = -1 EINVAL (Invalid argument)`},
		{"keyctl", []uint64{31, base, 100}, pack(uint8(1), uint8(1)), 2, `keyctl(KEYCTL_CAPABILITIES, [KEYCTL_CAPS0_CAPABILITIES, KEYCTL_CAPS1_NS_KEYRING_NAME], 100) = 2`},
		{"keyctl", []uint64{28, base, base + 40, base + 42, base + 46}, pack(int32(1), uint32(3), uint32(2), make([]byte, 28), "x\x00abc\x00de"), 0,
			`keyctl(KEYCTL_PKEY_VERIFY, {key_id=1, in_len=3, in2_len=2}, "x", "abc", "de") = 0`},
		{"keyctl", []uint64{9, 1, neg1 - 3}, nil, 0, `keyctl(KEYCTL_UNLINK, 1, KEY_SPEC_USER_KEYRING) = 0`},
		{"futex", []uint64{base, 5, 1, 2, base, 0xa1002003}, nil, 0,
			`futex(0x7fff0000, FUTEX_WAKE_OP, 1, 2, 0x7fff0000, FUTEX_OP_OPARG_SHIFT<<28|FUTEX_OP_OR<<28|0x2<<12|FUTEX_OP_CMP_NE<<24|0x3) = 0`},
		{"futex", []uint64{base, 0x85, 1, 2, base, 0x5ffff001}, nil, -38,
			`futex(0x7fff0000, FUTEX_WAKE_OP_PRIVATE, 1, 2, 0x7fff0000, 0x5<<28 /* FUTEX_OP_??? */|0xfff<<12|0xf<<24 /* FUTEX_OP_CMP_??? */|0x1) = -1 ENOSYS (Function not implemented)`},
		{"quotactl", []uint64{0x80000701, base, 3, base}, pack("/dev/x\x00"), -3, `quotactl(QCMD(Q_GETQUOTA, GRPQUOTA), "/dev/x", 3, 0x7fff0000) = -1 ESRCH (No such process)`},
		{"quotactl", []uint64{0x12345678, 0, 0, 16}, nil, -22, `quotactl(QCMD(0x123456 /* Q_??? */, 0x78 /* ???QUOTA */), NULL, 0, 0x10) = -1 EINVAL (Invalid argument)`},
		{"syslog", []uint64{10, 0, 0}, nil, 7, `syslog(10 /* SYSLOG_ACTION_SIZE_BUFFER */) = 7`},
		{"kcmp", []uint64{1, 2, 7, 1, base}, pack(uint32(5), uint32(6), uint32(9)), 0, `kcmp(1, 2, KCMP_EPOLL_TFD, 1, {efd=5, tfd=6, toff=9}) = 0`},
		{"modify_ldt", []uint64{17, base, 16}, pack(uint32(5), uint32(0x1000), uint32(0), uint32(0x7f)), 0, `modify_ldt(17, {entry_number=5, base_addr=0x001000, limit=00000000, ` +
			`seg_32bit=1, contents=3, read_exec_only=1, limit_in_pages=1, seg_not_present=1, useable=1, lm=0}, 16) = 0`},
		{"lsm_get_self_attr", []uint64{100, base, base + 48, 0}, pack(uint64(104), uint64(0), uint64(40), uint64(2), "ab", make([]byte, 14), uint32(40)), 1,
			`lsm_get_self_attr(LSM_ATTR_CURRENT, [{id=LSM_ID_APPARMOR, flags=0, len=40, ctx_len=2, ctx="ab"}], [40], 0) = 1`},
		{"afs_syscall", []uint64{1, 2, 0, 4, 5, 6}, nil, -38, `afs_syscall(0x1, 0x2, 0, 0x4, 0x5)      = -1 ENOSYS (Function not implemented)`},
	}
	for _, tc := range tests {
		c := done(newCall(t, syscalls.AMD64, tc.call, pages{base: tc.mem}, tc.args...), tc.ret)
		if got := string(DefaultText.AppendCall(nil, c)); got != tc.want {
			t.Errorf("got  %s\nwant %s", got, tc.want)
		}
	}

	c := done(newCall(t, syscalls.AMD64, "ptrace", pages{base: regs}, 12, 9, 0, base), 0)
	if f := c.Arg(3).Field("rip"); f.Uint() != 0x409a27 || !strings.Contains(c.Arg(3).String(), "orig_rax=0, rip=0x409a27, cs=0") {
		t.Errorf("registers: %s", c.Arg(3))
	}
	c = done(newCall(t, syscalls.AMD64, "seccomp", pages{base: prog}, 1, 1, base), 0)
	want := `{len=3, filter=[BPF_STMT(BPF_LD|BPF_W|BPF_ABS, 0x4), BPF_JUMP(BPF_JMP|BPF_K|BPF_JEQ, 0xc000003e, 0x1, 0), BPF_STMT(BPF_RET|BPF_K, SECCOMP_RET_ERRNO|0x1)]}`
	if got := string((&Text{}).AppendValue(nil, c.Arg(2))); got != want {
		t.Errorf("filter: %s", got)
	}
	c = done(newCall(t, syscalls.AMD64, "capset", pages{base: pack(uint32(0x20080522), int32(0), make([]byte, 4), uint32(32), make([]byte, 16))}, base, base+8), 0)
	if has, err := c.Arg(1).Field("permitted").Has("CAP_KILL"); !has || err != nil {
		t.Errorf("CAP_KILL: %v %v", has, err)
	}
	if _, err := c.Arg(1).Field("permitted").Has("CAP_NOTHING"); err == nil {
		t.Error("CAP_NOTHING is a capability")
	}
	if got := strings.Join(c.Arg(1).Field("permitted").Names(), " "); got != "CAP_KILL" {
		t.Errorf("names: %s", got)
	}
}

// TestFilterCodes has instructions no filter should have.
func TestFilterCodes(t *testing.T) {
	t.Parallel()
	for code, want := range map[uint16]string{
		0x02: "BPF_ST", 0x03: "BPF_STX", 0x61: "BPF_LDX|BPF_W|BPF_MEM", 0xb1: "BPF_LDX|BPF_B|BPF_MSH",
		0x0c: "BPF_ALU|BPF_X|BPF_ADD", 0xb4: "BPF_ALU|BPF_K|BPF_MOV", 0xf5: "BPF_JMP|BPF_K|0xf0 /* BPF_??? */", 0x16: "BPF_RET|BPF_A",
		0x1e: "BPF_RET|0x18 /* BPF_??? */", 0x07: "BPF_MISC|BPF_TAX", 0x87: "BPF_MISC|BPF_TXA", 0xffff: "BPF_MISC|0xf8 /* BPF_??? */|0xff00 /* BPF_??? */",
	} {
		if got := string(appendFilterCode(nil, code)); got != want {
			t.Errorf("%#x: %s, want %s", code, got, want)
		}
	}
}

// TestSubCalls has the calls that stand for others on i386.
func TestSubCalls(t *testing.T) {
	t.Parallel()
	tests := []struct {
		call string
		args []uint64
		mem  []byte
		ret  int64
		want string
	}{
		{"socketcall", []uint64{1, base}, pack(uint32(1), uint32(1), uint32(0)), 3, `socket(AF_UNIX, SOCK_STREAM, 0)         = 3`},
		{"socketcall", []uint64{9, base}, pack(uint32(4), uint32(base+16), uint32(5), uint32(0), "hello"), 5, `send(4, "hello", 5, 0)                  = 5`},
		{"socketcall", []uint64{1, 16}, nil, -14, `socketcall(SYS_SOCKET, 0x10)            = -1 EFAULT (Bad address)`},
		{"socketcall", []uint64{21, base}, nil, -22, `socketcall(21, 0x7fff0000)              = -1 EINVAL (Invalid argument)`},
		{"socketcall", []uint64{0xffffffff, 0}, nil, -22, `socketcall(-1, NULL)                    = -1 EINVAL (Invalid argument)`},
		{"mmap", []uint64{base}, pack(uint32(0), uint32(4096), uint32(3), uint32(0x22), int32(-1), uint32(0)), 0x70000000,
			`mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x70000000`},
		{"mmap", []uint64{16}, nil, -14, `mmap(0x10)                              = -1 EFAULT (Bad address)`},
		{"ipc", []uint64{13, 0x1234, 0o1600}, nil, 5, `msgget(0x1234, IPC_CREAT|0600)          = 5`},
		{"ipc", []uint64{12, 5, 4, 0, base}, pack(uint32(base+8), int32(7), int32(9), "abcd"), 4, `msgrcv(5, {mtype=9, mtext="abcd"}, 4, 7, 0) = 4`},
		{"ipc", []uint64{1<<16 | 12, 5, 4, 0, base, 7}, pack(int32(9), "abcd"), 4, `msgrcv(5, {mtype=9, mtext="abcd"}, 4, 7, 0) = 4`},
		{"ipc", []uint64{3, 5, 0, 0x110, base}, pack(uint32(5)), 0, `semctl(5, 0, IPC_64|SETVAL, [0x5])      = 0`},
		{"ipc", []uint64{3, 5, 0, 0, 0}, nil, 0, `semctl(5, 0, IPC_RMID, NULL)            = 0`},
		{"ipc", []uint64{0xffff0005, 1, 2, 3, 4, 5}, nil, -38, `ipc(65535<<16|5, 0x1, 0x2, 0x3, 0x4, 0x5) = -1 ENOSYS (Function not implemented)`},
		{"ipc", []uint64{21, 5, 0, base, 0}, pack(uint32(0x70001000)), 0, `shmat(5, NULL, 0)                       = 0x70001000`},
		{"set_thread_area", []uint64{base}, pack(uint32(12), uint32(0), uint32(0), uint32(0)), 0,
			`set_thread_area({entry_number=12, base_addr=00000000, limit=00000000, seg_32bit=0, contents=0, read_exec_only=0, limit_in_pages=0, ` +
				`seg_not_present=0, useable=0}) = 0 (entry_number=12)`},
		{"readdir", []uint64{3, base, 1}, pack(uint32(2), uint32(9), uint16(1), ".\x00"), 1, `readdir(3, {d_ino=2, d_off=9, d_reclen=1, d_name="."}) = 1`},
		{"ssetmask", []uint64{0x11}, nil, 2, `ssetmask([HUP TRAP])                    = 0x2 (old mask [INT])`},
	}
	for _, tc := range tests {
		c := done(newCall(t, syscalls.I386, tc.call, pages{base: tc.mem}, tc.args...), tc.ret)
		if got := string(DefaultText.AppendCall(nil, c)); got != tc.want {
			t.Errorf("got  %s\nwant %s", got, tc.want)
		}
	}
	c := newCall(t, syscalls.I386, "socketcall", pages{base: pack(uint32(1), uint32(2), uint32(3))}, 1, base)
	if !c.Multiplexed() || c.Word(1) != 2 || c.Index("domain") != 0 {
		t.Errorf("words %d, domain is %d", c.Word(1), c.Index("domain"))
	}
}

// TestX32Lines: pointers have 32 bits, registers and the kernel's longs 64.
func TestX32Lines(t *testing.T) {
	t.Parallel()
	tests := []struct {
		nr   int
		args []uint64
		mem  []byte
		ret  int64
		want string
	}{
		{516, []uint64{3, base, 1}, pack(uint32(base+8), uint32(3), "abc"), 3, `x32_writev(3, [{iov_base="abc", iov_len=3}], 1) = 3`},
		{8, []uint64{3, 1 << 40, 0}, nil, 1 << 40, `x32_lseek(3, 1099511627776, SEEK_SET)   = 1099511627776`},
		{535, []uint64{3, base, 0, 1 << 33, 7}, nil, 0, `x32_pwritev(3, [], 0, 8589934592)       = 0`},
		{35, []uint64{base, 0}, pack(int64(5), int64(6)), 0, `x32_nanosleep({tv_sec=5, tv_nsec=6}, NULL) = 0`},
	}
	for _, tc := range tests {
		c := newCall(t, syscalls.AMD64, "getpid", pages{base: tc.mem}, tc.args...)
		c.ABI, c.NR = syscalls.X32, tc.nr|syscalls.X32Bit
		c.Name, c.Sig = syscalls.Name(c.ABI, c.NR), syscalls.Lookup(c.ABI, c.NR)
		if got := string(DefaultText.AppendCall(nil, done(c, tc.ret))); got != tc.want {
			t.Errorf("got  %s\nwant %s", got, tc.want)
		}
	}
}
