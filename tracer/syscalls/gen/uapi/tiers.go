package main

import "strings"

// coreHeaders are the headers whose constants and structs system calls and
// common ioctls take. They make the table that is looked at first; everything
// else is for drivers and single subsystems.
var coreHeaders = fieldSet(`
acct aio_abi audit auto_fs auxvec binfmts bpf bpf_common btf
cachestat capability cdrom close_range coredump eventfd eventpoll
errqueue ethtool fadvise falloc fanotify fcntl fd fiemap filter fs fscrypt
fsmap fsverity futex genetlink hdreg hidraw icmp icmpv6 if if_addr if_addrlabel
if_alg if_arp if_bonding if_bridge if_ether if_link if_packet if_ppp if_pppox
if_tun if_vlan if_xdp in in6 in_route inet_diag inotify input ioctl
io_uring ioprio ip ip6_tunnel ipc ipv6 ipv6_route ipx irda kcmp kd kdev_t
kexec keyboard keyctl landlock limits llc loop lsm lwtunnel magic major
membarrier memfd mempolicy mman module mount mptcp mqueue msg mtio
neighbour net net_namespace net_tstamp netconf netdevice netfilter netlink
netlink_diag nexthop nsfs oom openat2 packet_diag param perf_event personality
pidfd pipe pkt_sched poll posix_types ppp_defs prctl ptrace quota random rds reboot
resource route rseq rtc rtnetlink sched sctp seccomp securebits sem serial
serial_core shm signal signalfd sock_diag socket sockios soundcard stat stddef
string swap sysinfo taskstats tcp termios time time_types timerfd times timex
tiocl tipc tls tty tty_flags types udp uio un unistd unix_diag userfaultfd
utime utsname veth vm_sockets vt wait watch_queue wireless x25 xattr xfrm
`)

// coreDirs are whole directories of such headers.
var coreDirs = []string{
	"asm-generic/", "linux/sched/", "linux/io_uring/", "linux/can/",
	"linux/netfilter_ipv4/ip_tables.h", "linux/netfilter_ipv6/ip6_tables.h",
}

// hardwareHeaders are the asm/ headers that are about the processor or its
// hypervisor and not about system calls.
var hardwareHeaders = fieldSet(`
amd_hsmp boot bootparam debugreg e820 hw_breakpoint hwcap hwcap2 ist kvm
kvm_para kvm_perf mce msr msr-index mtrr perf_regs processor-flags setup
setup_data sgx svm vm86 vmx vsyscall sve_context
`)

// skipped headers hold what other tables already have, or nothing of use.
var skipped = map[string]bool{
	"asm/unistd.h": true, "asm/unistd_32.h": true, "asm/unistd_64.h": true,
	"asm/unistd_x32.h": true, "asm-generic/unistd.h": true,
	"linux/unistd.h": true, "linux/libc-compat.h": true,
	"linux/vbox_err.h": true,
}

// core reports which of the two tables a header belongs to. What does not come
// from a kernel header at all is core.
func core(header string) bool {
	for _, dir := range coreDirs {
		if strings.HasPrefix(header, dir) {
			return true
		}
	}
	dir, file, _ := strings.Cut(header, "/")
	file = strings.TrimSuffix(file, ".h")
	switch dir {
	case "linux":
		return coreHeaders[file]
	case "asm":
		return !hardwareHeaders[file]
	}
	for _, d := range uapiDirs {
		if dir == d {
			return false
		}
	}
	return true
}

func fieldSet(s string) map[string]bool {
	set := map[string]bool{}
	for _, f := range strings.Fields(s) {
		set[f] = true
	}
	return set
}
