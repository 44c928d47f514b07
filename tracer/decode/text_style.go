package decode

import (
	"strconv"
	"strings"

	"luatrace/tracer/syscalls"
)

// ConstStyle is how named constants and flags print (strace's -X).
type ConstStyle uint8

// The styles: O_RDONLY, 0, 0 /* O_RDONLY */.
const (
	ConstAbbrev ConstStyle = iota
	ConstRaw
	ConstVerbose
)

// HexStyle says what of strings prints as \x escapes (strace's -x).
type HexStyle uint8

// The styles: octal escapes; \x for the bytes that would be octal; every byte
// of strings that have such bytes; every byte of all strings.
const (
	HexNone HexStyle = iota
	HexNonASCIIChars
	HexNonASCII
	HexAll
)

// FDDetail is a set of things to be said of a descriptor beside its number
// (strace's --decode-fds).
type FDDetail uint8

// The details: the path; what a socket is connected to; the numbers of a
// device; counter, process or signals of an eventfd, pidfd or signalfd.
const (
	FDPath FDDetail = 1 << iota
	FDSocket
	FDDevice
	FDEventFD
	FDPidFD
	FDSignalFD

	FDAll = FDPath | FDSocket | FDDevice | FDEventFD | FDPidFD | FDSignalFD
)

// styled prints a scalar whose name is not all that is asked for.
func (o *Text) styled(dst []byte, v *Value) []byte {
	start := len(dst)
	switch v.typ.Kind {
	case syscalls.KindSigset, syscalls.KindSigmask:
		return o.signalNumbers(dst, v)
	case syscalls.KindFlags:
		if v.typ.Low != nil {
			return o.splitFlags(dst, v, 0xff)
		}
		if s := v.set(); s != nil && s.Perm {
			return o.permFlags(dst, v)
		}
		if s := v.set(); s != nil && v.typ.Set.Name == "sock" && s.Subs[0].Enum(v.num&s.Subs[0].Mask) != "" {
			return o.splitFlags(dst, v, s.Subs[0].Mask)
		}
	}
	abbrev := *o
	abbrev.Consts = ConstAbbrev
	dst = abbrev.scalar(dst, v)
	return o.restyle(dst, start, v)
}

// restyle replaces what stands behind start, a value's name, by the number, or
// makes it a comment behind that.
func (o *Text) restyle(dst []byte, start int, v *Value) []byte {
	var buf [80]byte
	number := v.rawNumber(buf[:0])
	return o.restyled(dst, start, number)
}

func (o *Text) restyled(dst []byte, start int, number []byte) []byte {
	name := string(dst[start:])
	dst = append(dst[:start], number...)
	if o.Consts == ConstRaw || name == string(number) {
		return dst
	}
	if strings.Contains(name, " /* ") { // a number without a name says so itself
		return append(dst[:start], name...)
	}
	return appendMarked(dst, name)
}

// rawNumber is how a value prints without its name.
func (v *Value) rawNumber(dst []byte) []byte {
	switch v.typ.Kind {
	case syscalls.KindSignal, syscalls.KindDirFD:
		return strconv.AppendInt(dst, int64(v.num), 10)
	case syscalls.KindFmode:
		return appendOct(dst, v.num)
	case syscalls.KindRlim:
		return strconv.AppendUint(dst, v.num, 10)
	case syscalls.KindNetPort:
		return appendQuotedHex(dst, []byte{byte(v.num >> 8), byte(v.num)})
	case syscalls.KindNetLong:
		return appendQuotedHex(dst, []byte{byte(v.num >> 24), byte(v.num >> 16), byte(v.num >> 8), byte(v.num)})
	}
	n := v.num
	if v.size > 0 && v.size < 8 {
		n &= 1<<(8*v.size) - 1
	}
	return appendHex0(dst, n)
}

func appendQuotedHex(dst, b []byte) []byte {
	dst = appendEscaped(append(dst, '"'), b, true)
	return append(dst, '"')
}

// splitFlags prints flags with an enumeration in some bits, each with a number
// of its own: the type of a socket, the signal of a clone.
func (o *Text) splitFlags(dst []byte, v *Value, mask uint64) []byte {
	var buf [24]byte
	low, high := v.num&mask, v.num&^mask
	start := len(dst)
	if v.typ.Low != nil { // flags first
		if high != 0 || low == 0 {
			dst = appendFlags(dst, v.set(), high, false)
			dst = o.restyled(dst, start, appendHex0(buf[:0], high))
		}
		if low != 0 {
			if high != 0 {
				dst = append(dst, '|')
			}
			at := len(dst)
			dst = o.restyled(appendSignal(dst, int64(low)), at, strconv.AppendUint(buf[:0], low, 10))
		}
		return dst
	}
	dst = appendFlags(dst, v.set(), low, false)
	dst = o.restyled(dst, start, appendHex0(buf[:0], low))
	if high != 0 {
		dst = append(dst, '|')
		at := len(dst)
		var rest syscalls.SetView
		rest.Members, rest.Marker = v.set().Members, v.set().Marker
		dst = appendFlags(dst, &rest, high, false)
		dst = o.restyled(dst, at, appendHex0(buf[:0], high))
	}
	return dst
}

// permFlags prints flags with permissions in the low bits, which stay octal.
func (o *Text) permFlags(dst []byte, v *Value) []byte {
	perm, high := v.num&0o777, v.num&^0o777
	if high != 0 {
		var buf [24]byte
		start := len(dst)
		rest := *v.set()
		rest.Perm = false
		dst = appendFlags(dst, &rest, high, false)
		dst = append(o.restyled(dst, start, appendHex0(buf[:0], high)), '|')
	}
	return appendOct(dst, perm)
}

// signalNumbers prints a set of signals with their numbers.
func (o *Text) signalNumbers(dst []byte, v *Value) []byte {
	verbose := o.Consts == ConstVerbose
	return appendSignals(dst, v.num, int(v.size), func(dst []byte, sig int) []byte {
		dst = strconv.AppendInt(dst, int64(sig), 10)
		if name, ok := strings.CutPrefix(syscalls.SignalName(sig), "SIG"); ok && verbose {
			dst = appendMarked(dst, name)
		}
		return dst
	})
}

// enum prints a constant that does not stand in a value of its own type.
func (o *Text) enum(dst []byte, s *syscalls.SetView, n uint64) []byte {
	start := len(dst)
	dst = appendEnum(dst, s, n)
	if o.Consts != ConstAbbrev {
		var buf [24]byte
		dst = o.restyled(dst, start, appendHex0(buf[:0], n))
	}
	return dst
}

// signal prints a signal that does not stand in a value of its own type.
func (o *Text) signal(dst []byte, n int64) []byte {
	start := len(dst)
	dst = appendSignal(dst, n)
	if o.Consts != ConstAbbrev {
		var buf [24]byte
		dst = o.restyled(dst, start, strconv.AppendInt(buf[:0], n, 10))
	}
	return dst
}

// ipv6Field prints a field that holds an IPv6 address.
func (o *Text) ipv6Field(dst []byte, name string, v *Value) []byte {
	if o.Consts == ConstAbbrev {
		dst = append(dst, "inet_pton(AF_INET6, "...)
		dst = append(o.ipv6(dst, v.data), ", &"...)
		return append(append(dst, name...), ')')
	}
	return o.address(append(append(dst, name...), '='), v)
}

// address prints an IP address as its bytes.
func (o *Text) address(dst []byte, v *Value) []byte {
	dst = appendQuotedHex(dst, v.data)
	if o.Consts == ConstRaw {
		return dst
	}
	dst = append(dst, " /* "...)
	if v.typ.Kind == syscalls.KindIPv6 {
		dst = append(o.ipv6(append(dst, "inet_pton(AF_INET6, "...), v.data), ')')
	} else {
		dst = o.ipv4(dst, v.data)
	}
	return append(dst, " */"...)
}

// rawArgs prints all arguments as the words they are (strace's --raw).
func (o *Text) rawArgs(dst []byte, c *Call) []byte {
	for i := range c.NumArgs() {
		w := c.Args[i]
		if c.params[i].Type != nil && !c.params[i].Type.Pointer() {
			if n := syscalls.RegisterSize(c.params[i].Kind, c.ABI); n < 8 {
				w &= 1<<(8*max(n, 4)) - 1
			}
		}
		if i > 0 {
			dst = append(dst, ", "...)
		}
		dst = appendHex0(dst, w)
	}
	return dst
}

// hasName reports whether values of a kind print a name, or a number in an
// unusual form.
func hasName(k syscalls.TypeKind) bool {
	switch k {
	case syscalls.KindFmode, syscalls.KindDev, syscalls.KindSignal, syscalls.KindSigset, syscalls.KindSigmask, syscalls.KindFlags,
		syscalls.KindEnum, syscalls.KindClock, syscalls.KindIoctl, syscalls.KindKey, syscalls.KindHandler,
		syscalls.KindRlim, syscalls.KindNetPort, syscalls.KindNetLong:
		return true
	}
	return false
}

// isText reports whether a pointer of a kind is to characters or bytes.
func isText(k syscalls.TypeKind) bool {
	switch k {
	case syscalls.KindPath, syscalls.KindString, syscalls.KindBytes, syscalls.KindHexBytes:
		return true
	}
	return false
}
