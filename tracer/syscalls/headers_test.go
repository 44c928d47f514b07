package syscalls

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// assertions is a C file of static assertions and what the compiler says of it.
type assertions struct {
	head  string
	lines []string // what line i of the file asserts, "" for none
	text  bytes.Buffer
}

// add asserts expr and gives it a name for reports.
func (a *assertions) add(name, expr string) {
	a.lines = append(a.lines, name)
	fmt.Fprintf(&a.text, "_Static_assert(%s, \"x\");\n", expr)
}

// check compiles the file. It returns the names of the assertions that are
// wrong and the number of those that hold; what the compiler can't make sense of
// (a name these headers don't have yet) is neither.
func (a *assertions) check(t *testing.T, flags ...string) (wrong []string, held int) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "assert.c")
	if err := os.WriteFile(file, append([]byte(a.head), a.text.Bytes()...), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("cc", append(slices.Clone(flags), "-fsyntax-only", "-fmax-errors=0", "-w", "-fno-diagnostics-show-caret", file)...)
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	out, err := cmd.CombinedOutput()
	if _, failed := errors.AsType[*exec.ExitError](err); err != nil && !failed {
		t.Fatalf("%v: the tests need a C compiler", err)
	}
	if fatal := bytes.Index(out, []byte("fatal error:")); fatal >= 0 {
		line, _, _ := bytes.Cut(out[fatal:], []byte("\n"))
		return []string{string(line)}, 0
	}
	first := strings.Count(a.head, "\n") + 1
	bad := map[int]bool{}
	for _, m := range diagnostic.FindAllSubmatch(out, -1) {
		line, _ := strconv.Atoi(string(m[1]))
		i := line - first
		if i < 0 || i >= len(a.lines) || bad[i] {
			continue
		}
		bad[i] = true
		if strings.HasPrefix(string(m[2]), "static assertion failed") {
			wrong = append(wrong, a.lines[i])
		}
	}
	return wrong, len(a.lines) - len(bad)
}

var diagnostic = regexp.MustCompile(`assert\.c:(\d+):\d+: error: (.*)`)

// The values of the constants that sets use are those of the installed kernel
// headers, which are those of an older or a newer kernel than the table's.
func TestSetsAgreeWithInstalledHeaders(t *testing.T) {
	t.Parallel()
	byHeader := map[string]map[string]uint64{}
	for _, name := range SetNames() {
		set := SetByName(name)
		if set == nil {
			continue // reported elsewhere
		}
		for _, m := range set.On(Native()).Members {
			for _, table := range constantTables[Native()] {
				text, ok := table.Find(m.Name)
				if !ok {
					continue
				}
				f := strings.Fields(text)
				if low32(parseValue(f[0])) != m.Value {
					break // the set gives a value of its own
				}
				header := f[2]
				if rest, ok := strings.CutPrefix(header, "asm-generic/"); ok {
					header = "asm/" + rest // which may change parts of it
				}
				if byHeader[header] == nil {
					byHeader[header] = map[string]uint64{}
				}
				byHeader[header][m.Name] = m.Value
				break
			}
		}
	}
	total := 0
	for header, names := range byHeader {
		if _, err := os.Stat(filepath.Join("/usr/include", header)); err != nil {
			if _, err := os.Stat(filepath.Join("/usr/include/x86_64-linux-gnu", header)); err != nil {
				continue // newer than the installed ones, or of extra.txt
			}
		}
		a := &assertions{head: "#include <linux/types.h>\n#include <linux/ioctl.h>\n#include <" + header + ">\n"}
		for name, value := range names {
			a.add(name, fmt.Sprintf("(unsigned long long)(%s) == %#xULL || (unsigned)(%s) == %#xULL", name, value, name, value))
		}
		wrong, held := a.check(t)
		total += held
		for _, name := range wrong {
			// The enumerations of linux/snmp.h are in another order in each kernel.
			if !grown(name) && !differ(Native(), name) && header != "linux/snmp.h" {
				t.Errorf("%s of %s has another value than %#x", name, header, names[name])
			}
		}
	}
	t.Logf("%d constants of %d headers", total, len(byHeader))
	if total < 1500 {
		t.Errorf("only %d constants could be compared", total)
	}
}

// coreStructs are what most programs hand to the kernel, by the header that
// has them. Those with a "+" grow from one kernel to the next, so only their
// fields are compared.
const coreStructHeaders = `
asm/stat.h: stat
asm/statfs.h: statfs statfs64
asm/termios.h: winsize termio
asm/termbits.h: termios termios2
linux/acct.h: acct_v3
linux/aio_abi.h: iocb io_event
linux/bpf.h: bpf_insn +bpf_attr +bpf_prog_info +bpf_map_info
linux/capability.h: __user_cap_header_struct __user_cap_data_struct
linux/dm-ioctl.h: dm_ioctl
linux/errqueue.h: sock_extended_err
linux/eventpoll.h: epoll_event
linux/fcntl.h: flock flock64 f_owner_ex open_how
linux/fiemap.h: fiemap fiemap_extent
linux/filter.h: sock_filter sock_fprog
linux/fs.h: fstrim_range file_clone_range fsxattr
linux/fsverity.h: fsverity_enable_arg
linux/futex.h: robust_list robust_list_head futex_waitv
linux/hdreg.h: hd_geometry
linux/if.h: ifreq ifconf
linux/if_packet.h: sockaddr_ll
linux/in.h: sockaddr_in ip_mreq ip_mreqn in_pktinfo
linux/in6.h: in6_addr sockaddr_in6 ipv6_mreq
linux/inotify.h: inotify_event
linux/io_uring.h: io_uring_cqe +io_uring_params
linux/ipc.h: ipc_kludge
linux/landlock.h: +landlock_ruleset_attr landlock_path_beneath_attr
linux/loop.h: loop_info loop_info64
linux/mount.h: mount_attr
linux/mqueue.h: mq_attr
linux/msg.h: msgbuf msginfo
linux/netlink.h: sockaddr_nl nlmsghdr nlattr nlmsgerr
linux/openat2.h: open_how
linux/perf_event.h: +perf_event_attr
linux/poll.h: pollfd
linux/posix_types.h: __kernel_fsid_t
linux/ptrace.h: ptrace_peeksiginfo_args seccomp_metadata
linux/resource.h: rusage rlimit rlimit64
linux/rseq.h: +rseq
linux/rtnetlink.h: rtmsg rtattr ifinfomsg
linux/sched.h: +clone_args
linux/sched/types.h: sched_attr
linux/seccomp.h: seccomp_data seccomp_notif_sizes
linux/sem.h: sembuf seminfo
linux/shm.h: shminfo
linux/signalfd.h: signalfd_siginfo
linux/stat.h: +statx statx_timestamp
linux/sysinfo.h: sysinfo
linux/tcp.h: +tcp_info
linux/time.h: timespec timeval itimerspec itimerval timezone
linux/time_types.h: __kernel_timespec __kernel_itimerspec
linux/times.h: tms
linux/timex.h: timex
linux/uio.h: iovec
linux/un.h: sockaddr_un
linux/userfaultfd.h: uffdio_api uffdio_range uffdio_copy
linux/utime.h: utimbuf
linux/utsname.h: oldold_utsname old_utsname new_utsname
linux/vm_sockets.h: sockaddr_vm
linux/vt.h: vt_stat vt_mode
asm/sembuf.h: semid64_ds
asm/shmbuf.h: shmid64_ds shminfo64
asm/msgbuf.h: msqid64_ds
asm/ipcbuf.h: ipc64_perm
`

// Sizes and offsets of core structs are what the C compiler makes of the
// installed headers, for 64-bit programs and for 32-bit ones.
func TestLayoutsAgreeWithInstalledHeaders(t *testing.T) {
	t.Parallel()
	if Native() != AMD64 {
		return // another machine's compiler makes no i386 code
	}
	for abi, flag := range map[ABI]string{AMD64: "-m64", I386: "-m32"} {
		structs, fields := 0, 0
		for line := range strings.Lines(coreStructHeaders) {
			header, names, ok := strings.Cut(strings.TrimSpace(line), ":")
			if !ok {
				continue
			}
			// UAPI headers want a few types of the C library's.
			a := &assertions{head: "typedef __SIZE_TYPE__ size_t; typedef int clockid_t; typedef long suseconds_t;\n" +
				"#include <linux/types.h>\n#include <linux/signal.h>\n#include <linux/time.h>\n#include <linux/socket.h>\nstruct sockaddr { unsigned short sa_family; char sa_data[14]; };\n#include <" + header + ">\n"}
			if header == "asm/stat.h" && abi == I386 {
				names += " stat64"
			}
			for name := range strings.FieldsSeq(names) {
				name, grows := strings.CutPrefix(name, "+")
				l, ok := Layout(abi, name)
				if !ok {
					t.Errorf("%s: no struct %s", abi, name)
					continue
				}
				typ := "struct " + name
				if l.Union {
					typ = "union " + name
				}
				if strings.HasSuffix(name, "_t") {
					typ = name
				}
				if !grows {
					a.add(typ, fmt.Sprintf("sizeof(%s) == %d", typ, l.Size))
					structs++
				}
				for _, f := range l.Fields {
					if f.BitSize != 0 || isPadding(f.Name) {
						continue
					}
					a.add(typ+"."+f.Name, fmt.Sprintf("__builtin_offsetof(%s, %s) == %d", typ, f.Name, f.Offset))
				}
			}
			wrong, held := a.check(t, flag, "-ffreestanding", "-isystem", "/usr/include/x86_64-linux-gnu")
			for _, name := range wrong {
				t.Errorf("%s: %s: %s", abi, header, name)
			}
			fields += held
		}
		t.Logf("%s: %d structs, %d sizes and offsets", abi, structs, fields)
		if structs < 60 || fields < 500 {
			t.Errorf("%s: only %d structs, %d sizes and offsets compared", abi, structs, fields)
		}
	}
}
