package syscalls

import "sync/atomic"

// TypeKind says how a register word, a struct field or an array element is to
// be read and printed. The comments give the name it has in the tables.
type TypeKind uint8

// The kinds.
const (
	KindNone        TypeKind = iota // "-": not shown
	KindInt                         // "int": signed 32 bits
	KindUint                        // "uint": unsigned 32 bits
	KindLong                        // "long": signed word
	KindSize                        // "size": unsigned word
	KindOff                         // "off": signed 64-bit offset
	KindS64                         // "s64"
	KindU64                         // "u64"
	KindU16                         // "u16"
	KindU8                          // "u8"
	KindHex                         // "hex": unsigned word in hexadecimal
	KindHex32                       // "hex32": 32 bits in hexadecimal
	KindCookie                      // "cookie": 64 bits that are no quantity: mask, hash or user data
	KindAddr                        // "addr": an address, printed NULL when zero
	KindOct                         // "oct": octal, at least three digits
	KindMode                        // "mode": permission bits in octal
	KindFmode                       // "fmode": file type and permissions, S_IFREG|0644
	KindDev                         // "dev": device number, makedev(major, minor)
	KindFD                          // "fd": file descriptor
	KindDirFD                       // "dirfd": file descriptor or AT_FDCWD
	KindPid                         // "pid": process or thread id
	KindUID                         // "uid": user id, -1 for none
	KindGID                         // "gid": group id
	KindSignal                      // "signo": signal number
	KindFlags                       // "flags:SET": bits
	KindEnum                        // "enum:SET": one value
	KindKey                         // "key": System V IPC key
	KindTicks                       // "ticks": clock_t, hundredths of a second
	KindHandler                     // "handler": signal handler address, SIG_DFL or SIG_IGN
	KindRlim                        // "rlim": resource limit, kibibytes or infinity
	KindClock                       // "enum:clockid" of negative, computed clock ids
	KindNetPort                     // "be16": port in network byte order, htons(); "be16:SET": one value
	KindLE16                        // "le16": 16 bits in little-endian order, htobs(); "le16:SET": one value
	KindIfindex                     // "ifindex": number of a network interface
	KindErrno                       // "errno": 0 or a negative error number, -ENOENT
	KindHex8                        // "hex8": byte in hexadecimal
	KindXByte                       // "xbyte": byte in hexadecimal, 00 for zero
	KindDyn                         // "dyn": what it is depends on other fields: control messages, netlink
	KindNetLong                     // "be32": 32 bits in network byte order, htonl()
	KindIPv4                        // "ip4": 4 address bytes
	KindIPv6                        // "ip6": 16 address bytes
	KindIPAddr                      // "ipaddr": address of 4 or 16 bytes
	KindMAC                         // "mac": hardware address
	KindIoctl                       // "ioctl": request number
	KindIoprio                      // "ioprio": I/O priority, IOPRIO_PRIO_VALUE(class, level)
	KindCaps                        // "caps": capabilities, 1<<CAP_CHOWN|...
	KindNegErrno                    // "negerrno": a number, or a negative error number: -ENOENT
	KindResidency                   // "residency": mincore's byte for a page, of which the low bit counts
	KindHex08                       // "hex08": 32 bits in eight columns, 0x00beef
	KindWordMask                    // "wordmask": a word of a bit mask, in full width
	KindUserArea                    // "userarea": offset in struct user of ptrace(2), 8*RIP
	KindFutexOp                     // "futexop": operation of FUTEX_WAKE_OP
	KindQuotaCmd                    // "qcmd": command of quotactl, QCMD(Q_SYNC, USRQUOTA)
	KindIPCCall                     // "ipccall": number of an ipc(2) call, its version in the upper half
	KindSigmask                     // "sigmask": signal mask in a word, of the first 32 signals
	KindBPFCode                     // "bpfcode": operation of an eBPF instruction
	KindVersion                     // "kver": kernel version, KERNEL_VERSION(6, 1, 0)
	KindTime                        // "time[:NSEC]": seconds since 1970, printed with the date; NSEC is the field of the rest
	KindPath                        // "path": file name, printed whole
	KindString                      // "str[:MAX]": NUL-terminated string; in a struct an inline char array; "pathbuf:MAX": printed whole
	KindBytes                       // "buf:LEN": LEN bytes
	KindHexBytes                    // "hexbuf:LEN": LEN bytes, always printed as \x escapes
	KindSockBuf                     // "sockbuf:LEN": LEN bytes sent or received, messages on a netlink socket
	KindOpt                         // "opt:LEN[:KIND]": socket option, KIND when it is long enough; an int if it has the size of one
	KindStrings                     // "strv": NULL-terminated array of strings
	KindEnv                         // "env": the same, printed as a count when abbreviated
	KindRef                         // "&KIND": pointer to one scalar, printed in brackets
	KindStruct                      // "struct:NAME[:LEN[:LEAST]]", "struct:NAME:LEN:TOTAL": pointer to (or inline) struct
	KindArray                       // "[KIND;LEN]": array of LEN elements
	KindPtrArray                    // "[*KIND;LEN]": array of LEN pointers to elements
	KindIovec                       // "iovec:LEN[:TOTAL]": iovecs with their data
	KindIovecAddr                   // "iovaddr:LEN": iovecs of another address space, not followed
	KindSockaddr                    // "sockaddr:LEN": socket address of LEN bytes
	KindControl                     // "cmsgs:LEN": control messages
	KindSigset                      // "sigset[:LEN]": signal mask of LEN bytes
	KindFDSet                       // "fdset:N": fd_set up to descriptor N
	KindBits                        // "bits:LEN": LEN bytes of CPU mask
	KindSiginfo                     // "siginfo"
	KindSigframe                    // "sigframe": what a signal handler returns to, on the stack and not in an argument
	KindWait                        // "wstatus": wait status
	KindDirents                     // "dirents:LEN": directory entries of getdents64, "olddirents:LEN" of getdents
	KindLSMContexts                 // "lsmctx:LEN": lsm_ctx structs of lengths of their own
	KindMsgbuf                      // "msgbuf:LEN": msgbuf with LEN bytes of text
	KindCapData                     // "capdata:HEADER": capget's data, of the version in the argument HEADER
	KindNodeMask                    // "nodemask:N": mask of N-1 memory nodes
	KindKeyCaps                     // "keycaps:LEN": LEN bytes of capabilities of keyctl(2)
	KindPollResult                  // "pollfds:N": pollfd array, results apart
	KindLow64                       // "off64": 64 bits in this and the next word of a 32-bit ABI
	KindHigh64                      // "high64": 64 bits in this and the next word, the upper half first
	KindPages                       // "pages": an offset in pages of 4096 bytes, printed in bytes
	NumKinds                        // number of kinds, not a kind itself
)

// LenKind says where a length or a count comes from.
type LenKind uint8

// The sources of a length.
const (
	LenNone  LenKind = iota
	LenConst         // a number
	LenRet           // the call's result
	LenName          // the value of a named sibling (argument or field)
	LenField         // the field Of of the struct that is the named argument
	LenDeref         // what the named sibling points to (a socklen_t)
	LenIoctl         // the size in an ioctl request's number
	LenArg           // the value of the named argument, for a field of a struct
	LenOwn           // the value of a field of the struct itself: its size
)

// Length is the source of a length in bytes or of a count of elements.
type Length struct {
	Kind LenKind
	N    uint64 // LenConst
	Name string // LenName, LenDeref, LenField, LenArg, LenOwn
	Of   string // LenField: the field
	Div  uint64 // bytes for one element, 0 for 1: the count is rounded up
}

// Type is what an argument, a struct field or an array element is.
type Type struct {
	Kind   TypeKind
	Set    *Set   // KindFlags, KindEnum
	Low    *Type  // KindFlags: type of the low byte (clone's signal), or nil
	Struct string // KindStruct
	Elem   *Type  // KindRef, KindArray, KindPtrArray
	Min    uint64 // KindStruct with Len: a shorter one is not looked at
	Wide   bool   // KindFlags: "flags64:SET", 64 bits in a register
	Half   bool   // KindUID, KindGID: 16 bits, as in the calls of i386 that have a twin with 32 in its name
	Index  *Set   // KindArray: nil, or the names of its indices
	Len    Length
	Word   bool   // "lflags:SET", "lenum:SET": a whole word counts, not 32 bits
	Raw    bool   // "ptr", "word": the number is not all there is to show
	Total  Length // KindIovec: bytes in all, when less than the sum; KindStruct: bytes that count
	Whole  bool   // KindString: printed whole, as paths are

	layouts [NumABI]atomic.Pointer[Struct]
}

// Layout returns the layout of the struct a KindStruct type names, or nil when
// the ABI has none. After the first use it is an atomic load.
func (t *Type) Layout(abi ABI) *Struct {
	if abi >= NumABI {
		return nil
	}
	if s := t.layouts[abi].Load(); s != nil {
		return s
	}
	s := StructByName(abi, t.Struct)
	if s != nil {
		t.layouts[abi].Store(s)
	}
	return s
}

// Pointer reports whether a word of this type is an address whose memory is
// the value.
func (t *Type) Pointer() bool { return t.Kind >= KindPath && t.Kind <= KindPollResult }
