package syscalls

import (
	"slices"
	"strings"
	"sync"
)

// class is one of strace's sets of calls, by name, over all ABIs.
type class struct {
	name, calls string
}

// classes holds strace's classes in the order of its manual page. A class has
// the calls its description fits: "file" those that take a file name, "desc"
// those that take or return a file descriptor (sockets' own calls are
// "network" instead), and so on. "%stat" and "%statfs" are what is written
// %%stat and %%statfs on strace's command line.
var classes = [...]class{
	{"file", `
		access acct chdir chmod chown chown32 chroot creat execve execveat
		faccessat faccessat2 fanotify_mark fchmodat fchmodat2 fchownat
		file_getattr file_setattr fspick fstatat64 futimesat getcwd getxattr
		getxattrat inotify_add_watch lchown lchown32 lgetxattr link linkat
		listxattr listxattrat llistxattr lremovexattr lsetxattr
		lstat lstat64 mkdir mkdirat mknod mknodat mount mount_setattr
		move_mount name_to_handle_at newfstatat oldlstat oldstat open open_tree
		open_tree_attr openat openat2 pivot_root quotactl readlink readlinkat
		removexattr removexattrat rename renameat renameat2 rmdir setxattr
		setxattrat stat stat64 statfs statfs64 statx swapoff swapon symlink
		symlinkat truncate truncate64 umount umount2 unlink unlinkat uselib
		utime utimensat utimensat_time64 utimes`},
	{"desc", `
		_llseek _newselect bpf cachestat close close_range copy_file_range creat
		dup dup2 dup3 epoll_create epoll_create1 epoll_ctl
		epoll_pwait epoll_pwait2 epoll_wait eventfd eventfd2
		execveat faccessat faccessat2 fadvise64 fadvise64_64 fallocate
		fanotify_init fanotify_mark fchdir fchmod fchmodat fchmodat2 fchown
		fchown32 fchownat fcntl fcntl64 fdatasync fgetxattr file_getattr
		file_setattr finit_module flistxattr flock fremovexattr fsconfig
		fsetxattr fsmount fsopen fspick fstat fstat64 fstatat64 fstatfs
		fstatfs64 fsync ftruncate ftruncate64 futimesat getdents getdents64
		getxattrat inotify_add_watch inotify_init inotify_init1
		inotify_rm_watch io_uring_enter io_uring_register io_uring_setup ioctl
		kexec_file_load landlock_add_rule landlock_create_ruleset
		landlock_restrict_self linkat listxattrat lseek memfd_create
		memfd_secret mkdirat mknodat mmap mmap2 mount_setattr move_mount
		mq_getsetattr mq_notify mq_open mq_timedreceive mq_timedreceive_time64
		mq_timedsend mq_timedsend_time64 name_to_handle_at newfstatat oldfstat
		open open_by_handle_at open_tree open_tree_attr openat openat2
		perf_event_open pidfd_getfd pidfd_open pidfd_send_signal pipe pipe2
		poll ppoll ppoll_time64 pread64 preadv preadv2 process_madvise
		process_mrelease pselect6 pselect6_time64 pwrite64 pwritev pwritev2
		quotactl_fd read readahead readdir readlinkat readv removexattrat
		renameat renameat2 select sendfile sendfile64 setns setxattrat signalfd
		signalfd4 socketcall splice statx symlinkat sync_file_range syncfs tee
		timerfd_create timerfd_gettime timerfd_gettime64 timerfd_settime
		timerfd_settime64 unlinkat userfaultfd utimensat utimensat_time64
		vmsplice write writev`},
	{"memory", `
		brk get_mempolicy io_destroy io_setup io_uring_register madvise
		map_shadow_stack mbind migrate_pages mincore mlock mlock2 mlockall mmap
		mmap2 move_pages mprotect mremap mseal msync munlock munlockall munmap
		pkey_mprotect process_madvise remap_file_pages set_mempolicy
		set_mempolicy_home_node shmat shmdt`},
	{"network", `
		accept accept4 bind connect getpeername getpmsg getsockname getsockopt
		listen putpmsg recvfrom recvmmsg recvmmsg_time64 recvmsg sendfile
		sendfile64 sendmmsg sendmsg sendto setsockopt shutdown socket
		socketcall socketpair`},
	{"process", `
		clone clone3 execve execveat exit exit_group fork kill
		pidfd_send_signal rt_sigqueueinfo rt_tgsigqueueinfo tgkill tkill
		vfork wait4 waitid waitpid`},
	{"signal", `
		io_uring_enter kill pause pidfd_send_signal rt_sigaction rt_sigpending
		rt_sigprocmask rt_sigqueueinfo rt_sigreturn rt_sigsuspend
		rt_sigtimedwait rt_sigtimedwait_time64 rt_tgsigqueueinfo sgetmask
		sigaction sigaltstack signal signalfd signalfd4 sigpending sigprocmask
		sigreturn sigsuspend ssetmask tgkill tkill`},
	{"ipc", `
		ipc msgctl msgget msgrcv msgsnd semctl semget semop semtimedop
		semtimedop_time64 shmat shmctl shmdt shmget`},
	{"creds", `
		capget capset getegid getegid32 geteuid geteuid32 getgid getgid32
		getgroups getgroups32 getresgid getresgid32 getresuid getresuid32
		getuid getuid32 prctl setfsgid setfsgid32 setfsuid setfsuid32 setgid
		setgid32 setgroups setgroups32 setregid setregid32 setresgid
		setresgid32 setresuid setresuid32 setreuid setreuid32 setuid setuid32`},
	{"clock", `
		adjtimex clock_adjtime clock_adjtime64 clock_getres clock_getres_time64
		clock_gettime clock_gettime64 clock_settime clock_settime64
		gettimeofday settimeofday stime time`},
	{"stat", `oldstat stat stat64`},
	{"lstat", `lstat lstat64 oldlstat`},
	{"fstat", `fstat fstat64 fstatat64 newfstatat oldfstat statx`},
	{"%stat", `
		fstat fstat64 fstatat64 lstat lstat64 newfstatat oldfstat oldlstat
		oldstat stat stat64 statx`},
	{"statfs", `statfs statfs64`},
	{"fstatfs", `fstatfs fstatfs64`},
	{"%statfs", `fstatfs fstatfs64 statfs statfs64 ustat`},
	{"pure", `
		getegid getegid32 geteuid geteuid32 getgid getgid32 getpgrp getpid
		getppid gettid getuid getuid32`},
}

// classAliases are second names of classes.
var classAliases = map[string]string{"net": "network"}

// Classes returns the names of strace's classes of calls: "file", "desc",
// "memory", "network", "process", "signal", "ipc", "creds", "clock", "stat",
// "lstat", "fstat", "%stat", "statfs", "fstatfs", "%statfs" and "pure".
func Classes() []string {
	names := make([]string, len(classes))
	for i, c := range classes {
		names[i] = c.name
	}
	return names
}

// classMasks says for each call of each ABI's table which classes it is in:
// bit i for classes[i].
var classMasks = sync.OnceValue(func() *[NumABI][]uint32 {
	var masks [NumABI][]uint32
	for abi := range masks {
		masks[abi] = make([]uint32, Max(ABI(abi)))
	}
	for i, c := range classes {
		for name := range strings.FieldsSeq(c.calls) {
			for abi := range masks {
				if nr, ok := Number(ABI(abi), name); ok && nr < len(masks[abi]) {
					masks[abi][nr] |= 1 << i
				}
			}
		}
	}
	return &masks
})

// classIndex is looked up on every InClass; a map of strings is cheap enough.
var classIndex = sync.OnceValue(func() map[string]uint {
	m := map[string]uint{}
	for i, c := range classes {
		m[c.name] = uint(i)
	}
	for alias, name := range classAliases {
		m[alias] = m[name]
	}
	return m
})

// IsClass reports whether there is a class of that name; "net" is one.
func IsClass(name string) bool {
	_, ok := classIndex()[name]
	return ok
}

// InClass reports whether a call is in one of strace's classes. It knows every
// numbered call of every ABI; unknown numbers and unknown classes are in none.
// It does not allocate after its first use. Safe for any goroutine.
func InClass(abi ABI, nr int, class string) bool {
	i, ok := classIndex()[class]
	if !ok || abi >= NumABI {
		return false
	}
	abi, nr = base(abi, nr)
	masks := classMasks()[abi]
	return nr >= 0 && nr < len(masks) && masks[nr]&(1<<i) != 0
}

// classesOf returns the classes of one call by its name, without making the
// masks of all.
func classesOf(name string) []string {
	var list []string
	for _, c := range classes {
		rest := c.calls
		for {
			i := strings.Index(rest, name)
			if i < 0 {
				break
			}
			end := i + len(name)
			if (i == 0 || rest[i-1] <= ' ') && (end == len(rest) || rest[end] <= ' ') {
				list = append(list, c.name)
				break
			}
			rest = rest[end:]
		}
	}
	return list
}

// ClassCalls returns the names of the calls of an ABI that are in a class,
// sorted; nil if there is no such class.
func ClassCalls(abi ABI, class string) []string {
	if !IsClass(class) {
		return nil
	}
	var names []string
	for _, name := range Names(abi) {
		if nr, ok := Number(abi, name); ok && InClass(abi, nr, class) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}
