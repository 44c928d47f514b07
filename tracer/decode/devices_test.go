package decode

import (
	"encoding/json"
	"strings"
	"testing"

	"luatrace/tracer/syscalls"
)

// lineTest is a call, what it has in memory and the line strace 6.1 prints for
// it; brief is the line with -v left out when that differs.
type lineTest struct {
	call        string
	args        []uint64
	mem         []byte
	ret         int64
	full, brief string
}

func checkLines(t *testing.T, tests []lineTest) {
	t.Helper()
	whole := &Text{StringLimit: 32}
	for _, tc := range tests {
		c := newCall(t, syscalls.AMD64, tc.call, pages{base: tc.mem}, tc.args...)
		c.LatchAll()
		done(c, tc.ret)
		if got := string(whole.AppendCall(nil, c)); got != tc.full {
			t.Errorf("got  %s\nwant %s", got, tc.full)
		}
		if tc.brief == "" {
			tc.brief = tc.full
		}
		brief := &Text{StringLimit: 32, Abbrev: true}
		if got := string(brief.AppendCall(nil, c)); got != tc.brief {
			t.Errorf("brief: got  %s\nwant %s", got, tc.brief)
		}
		if js := c.AppendJSONArgs(nil); !json.Valid(js) {
			t.Errorf("%s: invalid JSON: %s", tc.call, js)
		}
	}
}

func TestIoctlLines(t *testing.T) {
	t.Parallel()
	termios := pack(uint32(0x500), uint32(5), uint32(0xbf), uint32(0x8a3b), "\x00\x03\x1c\x7f\x15\x04\x00\x01\x00\x11\x13\x1a\x00\x12\x0f\x17\x16\x00\x00\x00")
	flags := `c_iflag=ICRNL|IXON, c_oflag=NL0|CR0|TAB0|BS0|VT0|FF0|OPOST|ONLCR, c_cflag=B38400|CS8|CREAD, c_lflag=ISIG|ICANON|ECHO|ECHOE|ECHOK|IEXTEN|ECHOCTL|ECHOKE, `
	full := flags + `c_line=N_TTY, c_cc=[[VINTR]=0x3, [VQUIT]=0x1c, [VERASE]=0x7f, [VKILL]=0x15, [VEOF]=0x4, [VTIME]=0, [VMIN]=0x1, [VSWTC]=0, ` +
		`[VSTART]=0x11, [VSTOP]=0x13, [VSUSP]=0x1a, [VEOL]=0, [VREPRINT]=0x12, [VDISCARD]=0xf, [VWERASE]=0x17, [VLNEXT]=0x16, [VEOL2]=0, [17]=0, [18]=0]`
	checkLines(t, []lineTest{
		{"ioctl", []uint64{0, 0x5401, base}, termios, 0, `ioctl(0, TCGETS, {` + full + `}) = 0`, `ioctl(0, TCGETS, {` + flags + `...}) = 0`},
		{"ioctl", []uint64{0, 0x5401, base}, termios, -25, `ioctl(0, TCGETS, 0x7fff0000) = -1 ENOTTY (Inappropriate ioctl for device)`, ""},
		{"ioctl", []uint64{0, 0x5405, base}, make([]byte, 18), 0,
			`ioctl(0, TCGETA, {c_iflag=, c_oflag=NL0|CR0|TAB0|BS0|VT0|FF0|, c_cflag=B0|CS5|, c_lflag=, c_line=N_TTY, c_cc=[[VINTR]=0, [VQUIT]=0, [VERASE]=0, [VKILL]=0, [VEOF]=0, [VTIME]=0, [VMIN]=0, [VSWTC]=0]}) = 0`,
			`ioctl(0, TCGETA, {c_iflag=, c_oflag=NL0|CR0|TAB0|BS0|VT0|FF0|, c_cflag=B0|CS5|, c_lflag=, ...}) = 0`},
		{"ioctl", []uint64{3, 0x125f}, nil, 0, `ioctl(3, BLKRRPART) = 0`, ""},
		{"ioctl", []uint64{3, 0x40086602, base}, pack(uint64(0x30)), 0, `ioctl(3, FS_IOC_SETFLAGS, [FS_IMMUTABLE_FL|FS_APPEND_FL]) = 0`, ""},
		{"ioctl", []uint64{3, 0x80086601, base}, pack(uint64(0x80000)), 0, `ioctl(3, FS_IOC_GETFLAGS, [FS_EXTENT_FL]) = 0`, ""},
		{"ioctl", []uint64{3, 0x4020940d, base}, pack(int64(4), uint64(1), uint64(2), uint64(3)), -22,
			`ioctl(3, BTRFS_IOC_CLONE_RANGE or FICLONERANGE, {src_fd=4, src_offset=1, src_length=2, dest_offset=3}) = -1 EINVAL (Invalid argument)`, ""},
		{"ioctl", []uint64{3, 0xc0189436, base}, pack(uint64(1), uint64(2), uint16(1), uint16(0), uint32(0), int64(5), uint64(6), uint64(7), int32(-1), uint32(0)), 0,
			`ioctl(3, BTRFS_IOC_FILE_EXTENT_SAME or FIDEDUPERANGE, {src_offset=1, src_length=2, dest_count=1, info=[{dest_fd=5, dest_offset=6}]} => {info=[{bytes_deduped=7, status=-1}]}) = 0`, ""},
		{"ioctl", []uint64{3, 0xc020660b, base}, pack(uint64(0), ^uint64(0), uint32(1), uint32(1), uint32(4), uint32(0), uint64(0), uint64(4096), uint64(8192), uint64(0), uint64(0), uint32(1), make([]byte, 12)), 0,
			`ioctl(3, FS_IOC_FIEMAP, {fm_start=0, fm_length=18446744073709551615, fm_flags=FIEMAP_FLAG_SYNC, fm_extent_count=4} => {fm_flags=FIEMAP_FLAG_SYNC, fm_mapped_extents=1, fm_extents=[{fe_logical=0, fe_physical=4096, fe_length=8192, fe_flags=FIEMAP_EXTENT_LAST}]}) = 0`,
			`ioctl(3, FS_IOC_FIEMAP, {fm_start=0, fm_length=18446744073709551615, fm_flags=FIEMAP_FLAG_SYNC, fm_extent_count=4} => {fm_flags=FIEMAP_FLAG_SYNC, fm_mapped_extents=1, ...}) = 0`},
		{"ioctl", []uint64{3, 0x81004506, base}, pack("keyboard\x00"), 9, `ioctl(3, EVIOCGNAME(256), "keyboard") = 9`, ""},
		{"ioctl", []uint64{3, 0xb703}, nil, 0x40000000, `ioctl(3, NS_GET_NSTYPE) = 1073741824 (CLONE_NEWNET)`, ""},
		{"ioctl", []uint64{3, 0xc018aa3f, base}, pack(uint64(0xaa), uint64(0), uint64(5)), 0, `ioctl(3, UFFDIO_API, {api=0xaa, features=0, ioctls=1<<_UFFDIO_REGISTER|1<<_UFFDIO_WAKE}) = 0`, ""},
		{"ioctl", []uint64{3, 0xc018aa3f, base}, pack(uint64(0xaa), uint64(0), uint64(5)), -22, `ioctl(3, UFFDIO_API, {api=0xaa, features=0}) = -1 EINVAL (Invalid argument)`, ""},
		{"ioctl", []uint64{3, 0x4010aeff, base}, nil, -25, `ioctl(3, _IOC(_IOC_WRITE, 0xae, 0xff, 0x10), 0x7fff0000) = -1 ENOTTY (Inappropriate ioctl for device)`, ""},
		{"ioctl", []uint64{3, 0x1234, 0}, nil, -25, `ioctl(3, _IOC(_IOC_NONE, 0x12, 0x34, 0), 0) = -1 ENOTTY (Inappropriate ioctl for device)`, ""},
	})
}

// TestDeviceMapper has one struct of which each request uses other fields.
func TestDeviceMapper(t *testing.T) {
	t.Parallel()
	dm := make([]byte, 312)
	copy(dm, pack(uint32(4), uint32(0), uint32(0), uint32(512), uint32(312), uint32(1), int32(2), uint32(6), uint32(3), uint32(0), uint64(0xfd01), "lv"))
	checkLines(t, []lineTest{
		{"ioctl", []uint64{3, 0xc138fd01, base}, dm, -6, `ioctl(3, DM_REMOVE_ALL, [{version=[4, 0, 0], data_size=512, flags=DM_SUSPEND_FLAG|DM_EXISTS_FLAG}]) = -1 ENXIO (No such device or address)`, ""},
		{"ioctl", []uint64{3, 0xc138fd07, base}, dm, 0,
			`ioctl(3, DM_DEV_STATUS, [{version=[4, 0, 0], data_size=512, dev=makedev(0xfd, 0x1), name="lv", flags=DM_SUSPEND_FLAG|DM_EXISTS_FLAG}] => ` +
				`[{version=[4, 0, 0], data_size=512, dev=makedev(0xfd, 0x1), name="lv", target_count=1, open_count=2, event_nr=3, flags=DM_SUSPEND_FLAG|DM_EXISTS_FLAG}]) = 0`, ""},
	})
}

// TestIoctlNoMemory has structs that lie partly or not at all in memory.
func TestIoctlNoMemory(t *testing.T) {
	t.Parallel()
	checkLines(t, []lineTest{
		{"ioctl", []uint64{0, 0x5402, base}, make([]byte, 20), 0, `ioctl(0, SNDCTL_TMR_START or TCSETS, 0x7fff0000) = 0`, ""},
		{"ioctl", []uint64{0, 0x5402, 0}, nil, 0, `ioctl(0, SNDCTL_TMR_START or TCSETS, NULL) = 0`, ""},
		{"ioctl", []uint64{3, 0xc0189436, base}, pack(uint64(1), uint64(2), uint16(9), uint16(0), uint32(0)), -22,
			`ioctl(3, BTRFS_IOC_FILE_EXTENT_SAME or FIDEDUPERANGE, {src_offset=1, src_length=2, dest_count=9, info=0x7fff0018}) = -1 EINVAL (Invalid argument)`, ""},
	})
}

func TestIoctlNames(t *testing.T) {
	t.Parallel()
	op := newCall(t, syscalls.AMD64, "ioctl", nil, 0, 0x5402).Arg(1)
	if op.Name() != "TCSETS" || op.String() != "SNDCTL_TMR_START or TCSETS" {
		t.Errorf("%s, %s", op.Name(), op)
	}
	for name, want := range map[string]bool{"TCSETS": true, "SNDCTL_TMR_START": true, "TCGETS": false} {
		if got, err := op.Has(name); got != want || err != nil {
			t.Errorf("%s: %v, %v", name, got, err)
		}
	}
}

func TestBPFLines(t *testing.T) {
	t.Parallel()
	create := pack(uint32(1), uint32(4), uint32(8), uint32(10), uint32(1), uint32(0), uint32(0), "mapname\x00\x00\x00\x00\x00\x00\x00\x00\x00", uint32(0), uint32(0))
	insns := pack("\xb7\x00\x00\x00\x01\x00\x00\x00", "\x18\x12\x00\x00\x05\x00\x00\x00", "\x95\x00\x00\x00\x00\x00\x00\x00")
	load := pack(uint32(2), uint32(3), uint64(base+48), uint64(base+72), uint32(0), uint32(0), uint64(0), uint32(0x60100), uint32(0), insns, "GPL\x00")
	checkLines(t, []lineTest{
		{"bpf", []uint64{0, base, 48}, create, 3,
			`bpf(BPF_MAP_CREATE, {map_type=BPF_MAP_TYPE_HASH, key_size=4, value_size=8, max_entries=10, map_flags=BPF_F_NO_PREALLOC, inner_map_fd=0, map_name="mapname", map_ifindex=0}, 48) = 3`, ""},
		{"bpf", []uint64{0, base, 16}, create, 3, `bpf(BPF_MAP_CREATE, {map_type=BPF_MAP_TYPE_HASH, key_size=4, value_size=8, max_entries=10}, 16) = 3`, ""},
		{"bpf", []uint64{0, base, 4}, create, -22, `bpf(BPF_MAP_CREATE, {map_type=BPF_MAP_TYPE_HASH, key_size=0, value_size=0, max_entries=0}, 4) = -1 EINVAL (Invalid argument)`, ""},
		{"bpf", []uint64{0, base, 200}, create, -22, `bpf(BPF_MAP_CREATE, 0x7fff0000, 200) = -1 EINVAL (Invalid argument)`, ""},
		{"bpf", []uint64{5, base, 48}, load, 4,
			`bpf(BPF_PROG_LOAD, {prog_type=BPF_PROG_TYPE_KPROBE, insn_cnt=3, insns=[{code=BPF_ALU64|BPF_K|BPF_MOV, dst_reg=BPF_REG_0, src_reg=BPF_REG_0, off=0, imm=0x1}, ` +
				`{code=BPF_LD|BPF_DW|BPF_IMM, dst_reg=BPF_REG_2, src_reg=BPF_REG_1, off=0, imm=0x5}, {code=BPF_JMP|BPF_K|BPF_EXIT, dst_reg=BPF_REG_0, src_reg=BPF_REG_0, off=0, imm=0}], ` +
				`license="GPL", log_level=0, log_size=0, log_buf=NULL, kern_version=KERNEL_VERSION(6, 1, 0), prog_flags=0}, 48) = 4`,
			`bpf(BPF_PROG_LOAD, {prog_type=BPF_PROG_TYPE_KPROBE, insn_cnt=3, insns=0x7fff0030, license="GPL", log_level=0, log_size=0, log_buf=NULL, kern_version=KERNEL_VERSION(6, 1, 0), prog_flags=0}, 48) = 4`},
		{"bpf", []uint64{13, base, 16}, pack(uint32(7), uint32(0), uint32(8), uint32(9)), 4,
			`bpf(BPF_PROG_GET_FD_BY_ID, {prog_id=7, next_id=0, open_flags=BPF_F_RDONLY, extra_data="\x09\x00\x00\x00" /* bytes 12..15 */}, 16) = 4`,
			`bpf(BPF_PROG_GET_FD_BY_ID, {prog_id=7, next_id=0, open_flags=BPF_F_RDONLY, ...}, 16) = 4`},
		{"bpf", []uint64{99, base, 16}, create, -22, `bpf(0x63 /* BPF_??? */, 0x7fff0000, 16) = -1 EINVAL (Invalid argument)`, ""},
	})
}

func TestKernelStructLines(t *testing.T) {
	t.Parallel()
	how := pack(uint64(0), uint64(0), uint64(8))
	attr := make([]byte, 64)
	copy(attr, pack(uint32(3), uint32(0), uint64(0x10001)))
	attr[40], attr[41] = 1, 1<<7 // disabled, precise_ip=1
	iocb := pack(uint64(base+8), uint64(5), uint32(0), uint32(0), uint16(1), int16(0), uint32(3), uint64(base+72), uint64(3), int64(7), uint64(0), uint32(0), uint32(0), "abc")
	checkLines(t, []lineTest{
		{"openat2", []uint64{3, 0, base, 16}, how, -22, `openat2(3, NULL, 0x7fff0000, 16) = -1 EINVAL (Invalid argument)`, ""},
		{"openat2", []uint64{3, 0, base, 24}, how, 4, `openat2(3, NULL, {flags=O_RDONLY, resolve=RESOLVE_BENEATH}, 24) = 4`, ""},
		{"openat2", []uint64{3, 0, base, 32}, pack(how, uint64(0)), 4, `openat2(3, NULL, {flags=O_RDONLY, resolve=RESOLVE_BENEATH}, 32) = 4`, ""},
		{"openat2", []uint64{3, 0, base, 26}, pack(how, uint16(0x201)), -7,
			`openat2(3, NULL, {flags=O_RDONLY, resolve=RESOLVE_BENEATH, /* bytes 24..25 */ "\x01\x02"}, 26) = -1 E2BIG (Argument list too long)`, ""},
		{"openat2", []uint64{3, 0, base, 32}, how, -14, `openat2(3, NULL, 0x7fff0000, 32) = -1 EFAULT (Bad address)`, ""},
		{"io_submit", []uint64{1, 1, base}, iocb, 1,
			`io_submit(0x1, 1, [{aio_data=0x5, aio_lio_opcode=IOCB_CMD_PWRITE, aio_fildes=3, aio_buf="abc", aio_nbytes=3, aio_offset=7}]) = 1`, ""},
		{"io_submit", []uint64{1, ^uint64(0), base}, iocb, -22, `io_submit(0x1, -1, 0x7fff0000) = -1 EINVAL (Invalid argument)`, ""},
		{"io_uring_register", []uint64{3, 6, base, 1}, pack(uint32(2), uint32(0), uint64(base+16), int32(7)), 1,
			`io_uring_register(3, IORING_REGISTER_FILES_UPDATE, {offset=2, fds=[7]}, 1) = 1`, ""},
		{"landlock_add_rule", []uint64{3, 1, base, 0}, pack(uint64(5), int32(4)), 0,
			`landlock_add_rule(3, LANDLOCK_RULE_PATH_BENEATH, {allowed_access=LANDLOCK_ACCESS_FS_EXECUTE|LANDLOCK_ACCESS_FS_READ_FILE, parent_fd=4}, 0) = 0`, ""},
		{"landlock_add_rule", []uint64{3, 9, base, 0}, nil, -22, `landlock_add_rule(3, 0x9 /* LANDLOCK_RULE_??? */, 0x7fff0000, 0) = -1 EINVAL (Invalid argument)`, ""},
		{"epoll_pwait", []uint64{3, base, 1, 0, base, 8}, pack(uint64(5)), -9, `epoll_pwait(3, 0x7fff0000, 1, 0, 0x7fff0000, 8) = -1 EBADF (Bad file descriptor)`, ""},
		{"getdents", []uint64{3, base, 100}, pack(uint64(5), uint64(6), uint16(24), "a\x00\x00\x00\x00\x04"), 24,
			`getdents(3, [{d_ino=5, d_off=6, d_reclen=24, d_name="a", d_type=DT_DIR}], 100) = 24`, `getdents(3, 0x7fff0000 /* 1 entries */, 100) = 24`},
		{"name_to_handle_at", []uint64{3, 0, base, 0, 0}, pack(uint32(2), int32(1), "\x09\x08"), 0,
			`name_to_handle_at(3, NULL, {handle_bytes=2} => {handle_bytes=2, handle_type=1, f_handle="\x09\x08"}, NULL, 0) = 0`, ""},
		{"name_to_handle_at", []uint64{3, 0, base, 0, 0}, pack(uint32(2), int32(1), "\x09\x08"), -75,
			`name_to_handle_at(3, NULL, {handle_bytes=2}, NULL, 0) = -1 EOVERFLOW (Value too large for defined data type)`, ""},
	})
	c := done(newCall(t, syscalls.AMD64, "perf_event_open", pages{base: attr}, base, 0, 1, 2, 8), 3)
	got := string(DefaultText.AppendCall(nil, c))
	want := `perf_event_open({type=PERF_TYPE_HW_CACHE, size=0 /* PERF_ATTR_SIZE_??? */, config=PERF_COUNT_HW_CACHE_RESULT_MISS<<16|PERF_COUNT_HW_CACHE_OP_READ<<8|PERF_COUNT_HW_CACHE_L1I, ` +
		`sample_period=0, sample_type=0, read_format=0, disabled=1, precise_ip=1 /* constant skid */, ...}, 0, 1, 2, PERF_FLAG_FD_CLOEXEC) = 3`
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

// TestStatmount has strings whose places are given relative to the struct's end.
func TestStatmount(t *testing.T) {
	t.Parallel()
	b := make([]byte, 512)
	copy(b, pack(uint32(520), uint32(0), uint64(0x30)))
	copy(b[36:], pack(uint32(0)))
	copy(b[108:], pack(uint32(6)))
	c := newCall(t, syscalls.AMD64, "statmount", pages{base: append(b, "tmpfs\x00/t\x00"...)}, 0, base, 4096, 0)
	done(c, 0)
	c.Arg(1).force(0)
	if got, want := c.Arg(1).String(), `{size=520, mask=STATMOUNT_MNT_POINT|STATMOUNT_FS_TYPE, fs_type="tmpfs", mnt_point="/t"}`; got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	copy(b[108:], pack(^uint32(0)))
	c = done(newCall(t, syscalls.AMD64, "statmount", pages{base: b}, 0, base, 4096, 0), 0)
	if got := c.Arg(1).String(); !strings.Contains(got, "mnt_point=0x") {
		t.Errorf("string outside of all memory: %s", got)
	}
}
