package decode

import (
	"sync"

	"luatrace/tracer/syscalls"
)

// sigset decodes a signal mask of the given length, 8 bytes if none is given.
func (s scope) sigset(v *Value, t *syscalls.Type, addr uint64) {
	n := uint64(8)
	if t.Len.Kind != syscalls.LenNone {
		var ok bool
		n, ok = s.length(&t.Len)
		if !ok || n != 8 && t.Len.Kind != syscalls.LenConst {
			return // the kernel takes no other size
		}
	}
	b := s.c.copyIn(addr, n)
	if uint64(len(b)) < n {
		v.setUnreadable(s.c, t, addr)
		return
	}
	s.c.number(v, t, load(b), int(n))
	v.Ref, v.Addr = true, addr
}

// signalNames returns the names of the signals in a mask.
func signalNames(mask uint64) []string {
	var names []string
	for i := range 64 {
		if mask>>i&1 == 1 {
			names = append(names, syscalls.SignalName(i+1))
		}
	}
	return names
}

// Origins of a signal, by the sign and value of si_code.
const (
	siUser   = 0
	siQueue  = -1
	siTimer  = -2
	siMesgq  = -3
	siAsync  = -4
	siSigio  = -5
	siTkill  = -6
	siKernel = 0x80

	cldExited = 1 // of SIGCHLD
)

var (
	siginfoTypes sync.Map // struct name: *syscalls.Type
	sigSIGCHLD   = 17
)

// siFault are the signals of faults: SIGILL, SIGTRAP, SIGBUS, SIGFPE, SIGSEGV.
var siFault = map[int]bool{4: true, 5: true, 7: true, 8: true, 11: true}

// siginfoStruct names the layout that the union of a siginfo has.
func siginfoStruct(signo, code int) string {
	switch {
	case code == siUser || code == siTkill:
		return "siginfo_kill"
	case code == siTimer:
		return "siginfo_timer"
	case code == siSigio:
		return "siginfo_poll"
	case code == siQueue || code == siMesgq || code == siAsync || code < 0:
		return "siginfo_rt"
	case code == siKernel && !siFault[signo]:
		return "siginfo_plain"
	}
	switch signo {
	case sigSIGCHLD:
		return "siginfo_chld"
	case 4: // SIGILL
		return "siginfo_ill"
	case 5: // SIGTRAP
		return "siginfo_trap"
	case 7: // SIGBUS
		return "siginfo_bus"
	case 8: // SIGFPE
		return "siginfo_fpe"
	case 11: // SIGSEGV
		return "siginfo_segv"
	case 29: // SIGIO
		return "siginfo_poll"
	case 31: // SIGSYS
		return "siginfo_sys"
	case 0:
		return "siginfo_plain"
	}
	return "siginfo_kill"
}

func (s scope) siginfo(v *Value, t *syscalls.Type, addr uint64) {
	b := s.c.copyIn(addr, syscalls.SiginfoSize)
	if len(b) < syscalls.SiginfoSize {
		v.setUnreadable(s.c, t, addr)
		return
	}
	s.siginfoBytes(v, b, addr)
}

func (s scope) siginfoBytes(v *Value, b []byte, addr uint64) {
	signo, code := int(int32(load(b[0:4]))), int(int32(load(b[8:12])))
	name := siginfoStruct(signo, code)
	st, ok := siginfoTypes.Load(name)
	if !ok {
		st, _ = siginfoTypes.LoadOrStore(name, &syscalls.Type{Kind: syscalls.KindStruct, Struct: name})
	}
	s.bytes(v, st.(*syscalls.Type), b, addr)
	v.inline = false
}

// Siginfo decodes a siginfo_t as PTRACE_GETSIGINFO gives it; abi is the
// tracer's own, whatever the tracee's. Bytes that are missing count as zero.
// The value has a memory of its own and stays valid.
func Siginfo(abi syscalls.ABI, b []byte) *Value {
	full := make([]byte, syscalls.SiginfoSize)
	copy(full, b)
	c := &Call{ABI: abi, selected: true}
	v := &Value{}
	scope{c: c}.siginfoBytes(v, full, 0)
	return v
}

var structSigframe = &syscalls.Type{Kind: syscalls.KindStruct, Struct: "sigframe"}

// sigframe decodes what the return from a signal handler restores, of which
// the signal mask is of interest. It lies on the stack, at sp, where each
// architecture has its own layout (rt_sigframe and ucontext of
// asm/sigframe.h and asm/ucontext.h).
func (s scope) sigframe(v *Value, t *syscalls.Type, sp uint64) {
	c := s.c
	low, high := uint64(0), uint64(4) // where the halves of the mask are
	switch {
	case c.ABI == syscalls.ARM64:
		low = 128 + 40 // siginfo; uc_flags, uc_link, uc_stack
	case c.ABI != syscalls.I386:
		low = 40 + 256 // uc_flags, uc_link, uc_stack; sigcontext
	case c.Name == "sigreturn":
		low, high = 80, 88+624-80 // oldmask of the sigcontext; extramask after it and an FPU state
	default:
		low = 12 + 128 + 108 // handler's arguments; siginfo; the ucontext up to its mask
	}
	a, b := c.copyIn(sp+low, 4), c.copyIn(sp+low+high, 4)
	if len(a) < 4 || len(b) < 4 {
		v.setUnreadable(c, t, sp)
		return
	}
	s.bytes(v, structSigframe, append(append(make([]byte, 0, 8), a...), b...), sp+low)
	v.inline = false
}
