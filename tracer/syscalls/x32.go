package syscalls

import (
	"sort"
	"strings"
	"sync"
)

const (
	x32Prefix = "x32_"
	x32First  = 512
)

// x32Own lists the calls that have a number of their own under x32, from
// x32First on, because their arguments hold 32-bit longs or pointers
// (arch/x86/entry/syscalls/syscall_64.tbl, ABI column "x32").
var x32Own = [...]string{
	"rt_sigaction", "rt_sigreturn", "ioctl", "readv", "writev", "recvfrom",
	"sendmsg", "recvmsg", "execve", "ptrace", "rt_sigpending",
	"rt_sigtimedwait", "rt_sigqueueinfo", "sigaltstack", "timer_create",
	"mq_notify", "kexec_load", "waitid", "set_robust_list",
	"get_robust_list", "vmsplice", "move_pages", "preadv", "pwritev",
	"rt_tgsigqueueinfo", "recvmmsg", "sendmmsg", "process_vm_readv",
	"process_vm_writev", "setsockopt", "getsockopt", "io_setup",
	"io_submit", "execveat", "preadv2", "pwritev2",
}

// x32Compat lists the structs whose pointers and sizes have 32 bits under x32:
// those of the calls of x32Own, for which the kernel uses the layouts of i386
// (linux/compat.h). All others are amd64's, as x32's long is 64 bits wide in
// the kernel's interface (__kernel_long_t): stat, timespec, rlimit, sysinfo.
var x32Compat = map[string]bool{
	"iovec": true, "iovec_remote": true, "msghdr": true, "mmsghdr": true, "cmsghdr": true,
	"sigaction": true, "sigaltstack": true, "sigevent": true, "sigval": true,
	"robust_list_head": true, "robust_list": true, "kexec_segment": true,
	"regset_gp": true, "regset_fp": true, "regset_get_gp": true, "regset_get_fp": true,
	"siginfo_plain": true, "siginfo_kill": true, "siginfo_timer": true, "siginfo_rt": true,
	"siginfo_segv": true, "siginfo_bus": true, "siginfo_fpe": true, "siginfo_ill": true,
	"siginfo_trap": true, "siginfo_poll": true, "siginfo_sys": true,
}

// x32Layout returns the ABI whose layout a struct has under x32: X32 itself for
// what the table gives a layout of its own.
func x32Layout(name string) ABI {
	if _, ok := structTab().layout(name + "@" + X32.String()); ok {
		return X32
	}
	if x32Compat[name] {
		return I386
	}
	return AMD64
}

// x32Names is indexed by number without bit 30. It is made on first use so
// that a program that never meets x32 pays nothing, and once so that naming a
// call does not allocate.
var x32Names = sync.OnceValue(func() []string {
	names := make([]string, max(len(namesAMD64), x32First+len(x32Own)))
	own := map[string]bool{}
	for i, name := range x32Own {
		own[name] = true
		names[x32First+i] = x32Prefix + name
	}
	for nr, name := range namesAMD64 {
		if name != "" && !own[name] {
			names[nr] = x32Prefix + name
		}
	}
	return names
})

func x32Name(nr int) string {
	nr &^= X32Bit
	if names := x32Names(); nr >= 0 && nr < len(names) {
		return names[nr]
	}
	return ""
}

func x32Number(name string) (int, bool) {
	plain, ok := strings.CutPrefix(name, x32Prefix)
	if !ok {
		return 0, false
	}
	for i, s := range x32Own {
		if s == plain {
			return X32Bit | (x32First + i), true
		}
	}
	nr, ok := Number(AMD64, plain)
	if !ok {
		return 0, false
	}
	return X32Bit | nr, true
}

func x32SortedNames() []string {
	var names []string
	for _, s := range x32Names() {
		if s != "" {
			names = append(names, s)
		}
	}
	sort.Strings(names)
	return names
}
