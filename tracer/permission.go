package tracer

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"luatrace/tracer/internal/kernel"
	"luatrace/tracer/procfs"
)

const capSysPtrace = 19 // CAP_SYS_PTRACE of linux/capability.h

// refusal is what is known about a process that the kernel did not let us trace.
type refusal struct {
	errno unix.Errno
	child bool // it is our own, started to be traced
	// forbidden is how ptrace(2) fails whatever it is asked for: a seccomp filter
	// on this process refuses the call itself. 0 if it does not.
	forbidden unix.Errno
	pid, uid  int // uid is ours
	proc      *procfs.FS
}

// newRefusal collects that.
func newRefusal(pid int, e unix.Errno, child bool) *refusal {
	r := &refusal{errno: e, child: child, pid: pid, uid: os.Geteuid(), proc: proc()}
	// No process has the id 0. The kernel looks for the process first, so that any
	// other answer than ESRCH does not come from its ptrace.
	if e := kernel.Ptrace(unix.PTRACE_CONT, 0, 0, 0); e != unix.ESRCH {
		r.forbidden = e
	}
	return r
}

// Advice for containers. Their default profiles allow ptrace on kernels from
// 4.8 on, or with the capability.
const containerAdvice = "run the container with --cap-add=SYS_PTRACE (docker, podman), with SYS_PTRACE in securityContext.capabilities.add (Kubernetes), or without a profile: --security-opt seccomp=unconfined"

// reason says in words why, and what would help; "" if errno says it well
// enough.
func (r *refusal) reason() string {
	switch {
	case r.forbidden == unix.ENOSYS && r.field(os.Getpid(), "Seccomp") == "0":
		return "ptrace(2) is not implemented here (function not implemented): an emulator, such as qemu-user, runs this program; run luatrace outside of it, or in a virtual machine"
	case r.forbidden != 0:
		return fmt.Sprintf("a seccomp profile forbids ptrace(2) here (%v), as containers may; %s", r.forbidden, containerAdvice)
	case r.errno == unix.ESRCH && !r.child:
		if r.proc.View() != procfs.Own && r.proc.Why() != procfs.Missing {
			return "there is no such process in this pid namespace; /proc shows those of another one (mount -t proc proc /proc, or unshare --mount-proc)"
		}
		return "there is no such process"
	case r.errno != unix.EPERM && r.errno != unix.EACCES:
		return ""
	}
	tracer := r.tracer()
	switch {
	case tracer != "" && r.child:
		return fmt.Sprintf("%s traces luatrace and what it starts; a process can have only one tracer", tracer)
	case tracer != "":
		return fmt.Sprintf("it is traced already, by %s; a process can have only one tracer", tracer)
	case strings.HasPrefix(r.field(r.pid, "State"), "Z"):
		return "it has ended already (a zombie that its parent has not collected)"
	case r.kernelThread():
		return "it is a kernel thread"
	}
	may := r.capable()
	if scope := r.proc.YamaScope(); scope == 3 || scope > 0 && !may {
		if text := r.yamaReason(scope); text != "" {
			return text
		}
	}
	uid := r.owner()
	switch {
	case !may && uid >= 0 && uid != r.uid && r.uid != 0:
		return fmt.Sprintf("it belongs to another user (uid %d, you are %d); run luatrace as that user or as root", uid, r.uid)
	case !may && uid >= 0 && uid != r.uid:
		return fmt.Sprintf("it belongs to another user (uid %d), and root lacks CAP_SYS_PTRACE here; in a container, run it with --cap-add=SYS_PTRACE", uid)
	case !may && r.notDumpable():
		return "it does not let itself be traced (PR_SET_DUMPABLE, a set-user-ID program, or one that its user may not read); run luatrace as root"
	case !may && r.morePrivileged():
		return "it has capabilities that luatrace lacks; run luatrace as root"
	case may:
		return "not permitted, although luatrace has CAP_SYS_PTRACE: the process is in an outer user namespace (outside of this container), or a security module (SELinux, AppArmor, Landlock) forbids it"
	}
	return "not permitted: CAP_SYS_PTRACE is missing, or a security module (SELinux, AppArmor, Landlock) forbids it; run luatrace as root"
}

// yamaReason says what the value of kernel.yama.ptrace_scope forbids.
func (r *refusal) yamaReason(scope int) string {
	switch scope {
	case 1:
		if r.child {
			return "" // it allows that
		}
		return "kernel.yama.ptrace_scope is 1: only own children may be traced; start the program through luatrace (luatrace COMMAND), run luatrace as root, or: sudo sysctl kernel.yama.ptrace_scope=0. A program can allow it too: prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY)"
	case 2:
		return "kernel.yama.ptrace_scope is 2: CAP_SYS_PTRACE is needed; run luatrace as root, or: sudo sysctl kernel.yama.ptrace_scope=1"
	case 3:
		return "kernel.yama.ptrace_scope is 3: nobody may trace, and only a reboot changes that"
	}
	return ""
}

// field returns a field of /proc/PID/status, "" if there is none.
func (r *refusal) field(pid int, name string) string {
	return r.proc.Field(pid, name)
}

// tracer is the id and the name of the process that traces it, "" if none does.
func (r *refusal) tracer() string {
	pid, name, traced := r.proc.Tracer(r.pid)
	if !traced {
		return ""
	}
	if name == "" {
		name = "?"
	}
	if pid == 0 {
		return fmt.Sprintf("a process outside of this pid namespace (%s)", EscapeName(name))
	}
	return fmt.Sprintf("process %d (%s)", pid, EscapeName(name))
}

func (r *refusal) kernelThread() bool {
	_, err := r.proc.Readlink(r.pid, "exe")
	return r.field(r.pid, "Kthread") == "1" || errors.Is(err, fs.ErrNotExist)
}

// capable says whether this process has CAP_SYS_PTRACE, in its user namespace.
func (r *refusal) capable() bool {
	return parseSet(r.field(os.Getpid(), "CapEff"))>>capSysPtrace&1 != 0
}

// owner is the process's effective user, -1 if that is not known.
func (r *refusal) owner() int {
	f := strings.Fields(r.field(r.pid, "Uid"))
	if len(f) < 2 {
		return -1
	}
	uid, err := strconv.Atoi(f[1])
	if err != nil {
		return -1
	}
	return uid
}

// notDumpable says whether the kernel has given the process's files in /proc to
// root, which it does for those that are not to be looked into (proc(5)).
func (r *refusal) notDumpable() bool {
	var st unix.Stat_t
	return r.owner() != 0 && r.proc.Stat(r.pid, "mem", &st, unix.AT_SYMLINK_NOFOLLOW) == nil && st.Uid == 0
}

// morePrivileged says whether the process may use capabilities that this one may not.
func (r *refusal) morePrivileged() bool {
	return parseSet(r.field(r.pid, "CapPrm"))&^parseSet(r.field(os.Getpid(), "CapPrm")) != 0
}
