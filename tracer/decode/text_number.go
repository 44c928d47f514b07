package decode

import (
	"math/bits"
	"net/netip"
	"strconv"

	"luatrace/tracer/syscalls"
)

func appendMarked(dst []byte, marker string) []byte {
	return append(append(append(dst, " /* "...), marker...), " */"...)
}

// appendEnum prints a constant's name, or the number and the family's mark.
func appendEnum(dst []byte, s *syscalls.SetView, n uint64) []byte {
	if s == nil {
		return appendHex0(dst, n)
	}
	name := s.Enum(n)
	if s.Comment != 0 {
		if name == "" {
			name = s.Marker
		}
		if s.Comment == 10 {
			return appendMarked(strconv.AppendInt(dst, int64(int32(n)), 10), name)
		}
		return appendMarked(appendHex0(dst, n), name)
	}
	if name != "" {
		return append(dst, name...)
	}
	switch s.Marker {
	case "-":
		if n>>32 != 0 { // a long
			return strconv.AppendInt(dst, int64(n), 10)
		}
		return strconv.AppendInt(dst, int64(int32(n)), 10)
	case "0x":
		return appendHex0(dst, n)
	}
	return appendMarked(appendHex0(dst, n), s.Marker)
}

// flags prints names joined by "|", then what has no name.
func (o *Text) flags(dst []byte, v *Value) []byte {
	n, low := v.num, uint64(0)
	if v.typ.Low != nil {
		low = n & 0xff
		n &^= 0xff
	}
	start := len(dst)
	dst = appendFlags(dst, v.set(), n, v.typ.Low != nil && low != 0)
	if v.typ.Low != nil && low != 0 {
		if len(dst) > start {
			dst = append(dst, '|')
		}
		dst = appendSignal(dst, int64(low))
	}
	return dst
}

func appendFlags(dst []byte, s *syscalls.SetView, n uint64, more bool) []byte {
	if s.Comment != 0 {
		return appendFlagsComment(dst, s, n)
	}
	start := len(dst)
	sep := func() {
		if len(dst) > start {
			dst = append(dst, '|')
		}
	}
	var perm, size uint64
	if s.Perm {
		perm, n = n&0o777, n&^0o777
	}
	if s.ShiftName != "" {
		size, n = n>>s.Shift&63, n&^(63<<s.Shift)
	}
	named := false
	for _, e := range s.Subs {
		if e.Last {
			continue
		}
		sub := n & e.Mask
		n &^= e.Mask
		if name := e.Enum(sub); name != "" {
			sep()
			dst, named = append(dst, name...), true
		} else if e.Loose {
			n |= sub
		} else if sub != 0 {
			sep()
			dst, named = appendMarked(appendHex(dst, sub), e.Marker), true
		}
	}
	if s.Bare {
		if len(dst) > start {
			dst = append(dst, '|')
		}
		if start = len(dst); n == 0 {
			return dst
		}
	}
	var last uint64
	if len(s.Subs) > 0 && s.Subs[0].Last {
		last = n & s.Subs[0].Mask
		n &^= last
	}
	for i := 0; n != 0 && i < len(s.Members); i++ {
		m := &s.Members[i]
		if n&m.Value != m.Value || m.Value == 0 {
			continue
		}
		sep()
		dst, named = append(dst, m.Name...), true
		n &^= m.Value
	}
	if n != 0 {
		sep()
		dst = appendHex(dst, n)
		if !named && !s.Perm && s.Marker != "-" {
			dst = appendMarked(dst, s.Marker)
		}
	}
	if len(s.Subs) > 0 && s.Subs[0].Last {
		sep()
		return appendEnum(dst, s.Subs[0].SetView, last)
	}
	if size != 0 {
		sep()
		dst = strconv.AppendUint(dst, size, 10)
		dst = append(append(dst, "<<"...), s.ShiftName...)
	}
	if s.Perm {
		sep()
		return appendOct(dst, perm)
	}
	if len(dst) == start && !more {
		if name := s.Enum(0); name != "" && s.Subs == nil {
			return append(dst, name...)
		}
		dst = append(dst, '0')
	}
	return dst
}

// appendFlagsComment prints the number, and in a comment the names it has.
func appendFlagsComment(dst []byte, s *syscalls.SetView, n uint64) []byte {
	dst = appendHex0(dst, n)
	if n == 0 {
		return dst
	}
	sep := " /* "
	for i := range s.Members {
		if m := &s.Members[i]; m.Value != 0 && n&m.Value == m.Value {
			dst = append(append(dst, sep...), m.Name...)
			n, sep = n&^m.Value, "|"
		}
	}
	switch {
	case sep != "|":
		return appendMarked(dst, s.Marker)
	case n != 0:
		dst = appendHex(append(dst, '|'), n)
	}
	return append(dst, " */"...)
}

func appendSignal(dst []byte, n int64) []byte {
	if name := syscalls.SignalName(int(n)); name != "" {
		return append(dst, name...)
	}
	return strconv.AppendInt(dst, n, 10)
}

// AppendSigset appends a kernel set of 64 signals: [INT USR1].
func AppendSigset(dst []byte, mask uint64) []byte { return appendSigset(dst, mask, 8) }

// appendSigset prints signals without SIG.
func appendSigset(dst []byte, mask uint64, size int) []byte {
	return appendSignals(dst, mask, size, func(dst []byte, sig int) []byte {
		if name := syscalls.SignalName(sig); name != "" {
			return append(dst, name[len("SIG"):]...)
		}
		return strconv.AppendInt(dst, int64(sig), 10)
	})
}

// appendSignals prints each signal of a set of size bytes by one; a set that has
// most of them by those that are missing.
func appendSignals(dst []byte, mask uint64, size int, one func(dst []byte, sig int) []byte) []byte {
	nsig := 8 * size
	if nsig < 64 {
		mask &= 1<<nsig - 1
	}
	if mostSignals(mask, nsig) {
		dst, mask = append(dst, '~'), ^mask
	}
	dst = append(dst, '[')
	first := true
	for i := range nsig {
		if mask>>i&1 == 0 {
			continue
		}
		if !first {
			dst = append(dst, ' ')
		}
		first = false
		dst = one(dst, i+1)
	}
	return append(dst, ']')
}

// mostSignals reports whether a set is printed by what is missing.
func mostSignals(mask uint64, nsig int) bool { return bits.OnesCount64(mask) >= nsig*2/3 }

// Types of files in a mode (linux/stat.h).
var fileTypes = [16]string{1: "S_IFIFO", 2: "S_IFCHR", 4: "S_IFDIR",
	6: "S_IFBLK", 8: "S_IFREG", 10: "S_IFLNK", 12: "S_IFSOCK"}

func appendFmode(dst []byte, mode uint64) []byte {
	name := fileTypes[mode>>12&15]
	if name == "" {
		return appendOct(dst, mode)
	}
	dst = append(dst, name...)
	for _, b := range [...]struct {
		bit  uint64
		name string
	}{{0o4000, "|S_ISUID"}, {0o2000, "|S_ISGID"}, {0o1000, "|S_ISVTX"}} {
		if mode&b.bit != 0 {
			dst = append(dst, b.name...)
		}
	}
	dst = append(dst, '|')
	if rest := mode &^ 0o177777; rest != 0 {
		dst = append(appendHex(dst, rest), '|')
	}
	return appendOct(dst, mode&0o777)
}

// appendDev prints a device number as the kernel encodes it in 32 or 64 bits.
func appendDev(dst []byte, dev uint64) []byte {
	major := dev>>8&0xfff | dev>>32&^0xfff
	minor := dev&0xff | dev>>12&^0xff&0xffffffff
	dst = append(dst, "makedev("...)
	dst = appendHex0(dst, major)
	dst = append(dst, ", "...)
	return append(appendHex0(dst, minor), ')')
}

func appendRlim(dst []byte, v *Value) []byte {
	infinity := uint64(1)<<(8*v.size-1)<<1 - 1
	switch {
	case v.num == infinity && v.size == 8:
		return append(dst, "RLIM64_INFINITY"...)
	case v.num == infinity:
		return append(dst, "RLIM_INFINITY"...)
	case v.num > 1024 && v.num%1024 == 0:
		return append(strconv.AppendUint(dst, v.num/1024, 10), "*1024"...)
	}
	return strconv.AppendUint(dst, v.num, 10)
}

func appendHandler(dst []byte, v *Value) []byte {
	switch v.num {
	case 0:
		return append(dst, "SIG_DFL"...)
	case 1:
		return append(dst, "SIG_IGN"...)
	case ^uint64(0) >> (64 - 8*uint(v.call.ABI.WordSize())):
		return append(dst, "SIG_ERR"...)
	}
	return appendHex(dst, v.num)
}

// appendIoctl prints a request's names, or its parts.
func appendIoctl(dst []byte, abi syscalls.ABI, req uint32) []byte {
	if text := syscalls.IoctlText(abi, req); text != "" {
		return appendIoctlParams(append(dst, text...), req, text)
	}
	dirs := [...]string{"_IOC_NONE", "_IOC_WRITE", "_IOC_READ", "_IOC_READ|_IOC_WRITE"}
	dst = append(append(dst, "_IOC("...), dirs[req>>30]...)
	for _, part := range [...]uint32{req >> 8 & 0xff, req & 0xff, req >> 16 & 0x3fff} {
		dst = appendHex0(append(dst, ", "...), uint64(part))
	}
	return append(dst, ')')
}

func (o *Text) ipv4(dst, b []byte) []byte {
	if len(b) < 4 {
		return append(dst, '?')
	}
	var buf [16]byte
	dst = o.quoted(append(dst, "inet_addr("...), netip.AddrFrom4([4]byte(b)).AppendTo(buf[:0]))
	return append(dst, ')')
}

func (o *Text) ipv6(dst, b []byte) []byte {
	if len(b) < 16 {
		return append(dst, '?')
	}
	var buf [48]byte
	return o.quoted(dst, netip.AddrFrom16([16]byte(b)).AppendTo(buf[:0]))
}

// quoted prints a name in quotes, as \x escapes if all strings are.
func (o *Text) quoted(dst, name []byte) []byte {
	return append(appendEscaped(append(dst, '"'), name, o.HexStrings == HexAll), '"')
}
