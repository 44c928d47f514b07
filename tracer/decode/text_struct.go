package decode

import (
	"fmt"
	"strconv"
	"strings"
	"sync"

	"luatrace/tracer/syscalls"
)

// structure prints fields in braces; in short form those marked in the table
// and "..." for the others.
func (o *Text) structure(dst []byte, v *Value) []byte {
	switch v.lay.Name {
	case "sock_filter", "seccomp_filter":
		return o.filterStep(dst, v)
	case "pollfd":
		return o.pollfd(dst, v)
	case "utimespec", "utimespec64", "utimeval":
		return o.fileTime(dst, v)
	case "nlmsg":
		return o.netlinkMessage(dst, v)
	case "msghdr":
		if c := v.call; !v.out && c.Exited && c.Errno != 0 && c.Name == "recvmsg" {
			dst = o.AppendValue(append(dst, "{msg_namelen="...), v.Field("msg_namelen"))
			return append(dst, '}') // nothing else of it was input
		}
	case "nlattribute":
		return o.netlinkAttribute(dst, v)
	}
	dst = append(dst, '{')
	first := true
	more := false
	sep := func() {
		if !first {
			dst = append(dst, ", "...)
		}
		first = false
	}
	brief := o.Abbrev && v.lay.Short
	for i := range v.lay.Fields {
		f := &v.lay.Fields[i]
		if f.Hidden || !v.fieldShown(f) {
			continue
		}
		name := f.Name
		if name == "st_size" && v.isDevice() || name == "st_rdev" && !v.isDevice() {
			more = more || brief && name == "st_size"
			continue
		}
		if brief && !f.Brief && !(f.BriefSet && v.FieldAt(i).num != 0) {
			more = true
			continue
		}
		fv := v.FieldAt(i)
		if fv.Kind == KindNone || fv.typ == rawType && name == "cmsg_data" {
			continue // no known form, or beyond the end of a shorter struct
		}
		if p := fv.Field("sival_ptr"); name == "sigev_value" && (p == nil || p.num == 0) {
			continue
		}
		if p := fv.Field("sival_ptr"); name == "si_value" && p != nil && p.num == 0 && v.lay.Name == "siginfo_rt" {
			continue
		}
		sep()
		if f.Type.Kind == syscalls.KindIPv6 {
			dst = o.ipv6Field(dst, name, fv)
			continue
		}
		if i == 0 && strings.HasPrefix(v.lay.Name, "sockaddr_") {
			name = "sa_family" // the name all families' first fields go by
		}
		if name == "si_value" {
			dst = o.AppendValue(append(dst, "si_int="...), fv.Field("sival_int"))
			dst = o.AppendValue(append(dst, ", si_ptr="...), fv.Field("sival_ptr"))
			continue
		}
		dst = append(append(dst, name...), '=')
		if f.Far && o.Abbrev {
			if f.Pointer {
				dst = appendAddr(dst, fv.num)
			} else {
				dst = append(dst, "[...]"...)
			}
			continue
		}
		dst = o.fieldValue(dst, v, f, fv)
	}
	if v.lay.Name == "linux_dirent" {
		sep()
		dst = o.enum(append(dst, "d_type="...), direntTypes().On(v.call.ABI), uint64(v.oldDirentType()))
	}
	if v.tail != nil && (!o.Abbrev || !v.lay.View) {
		sep()
		dst = o.tail(dst, v)
	} else if more || v.Truncated || v.tail != nil {
		sep()
		dst = append(dst, "..."...)
	}
	dst = append(dst, '}')
	if v.lay.Name == "statx_timestamp" {
		nsec := v.Field("tv_nsec").Int()
		return appendTimeComment(dst, v.Field("tv_sec").Int(), nsec, fraction(nsec))
	}
	return dst
}

// fraction is the layout of the nanoseconds of a date: nothing if there are none.
func fraction(nsec int64) string {
	if nsec == 0 {
		return ""
	}
	return ".000000000"
}

// tail prints the bytes of a struct that is longer than what is known of it.
func (o *Text) tail(dst []byte, v *Value) []byte {
	b, cut := v.tail, ""
	if o.StringLimit > 0 && len(b) > o.StringLimit && !v.lay.View {
		b, cut = b[:o.StringLimit], "..."
	}
	where := func() []byte {
		return fmt.Appendf(dst, "/* bytes %d..%d */", v.lay.Known, v.lay.Known+len(v.tail)-1)
	}
	if v.lay.View {
		dst = append(dst, "extra_data="...)
		dst = append(append(appendEscaped(append(dst, '"'), b, true), '"'), cut...)
		dst = append(dst, ' ')
		return where()
	}
	dst = append(where(), ' ')
	return append(append(appendEscaped(append(dst, '"'), b, true), '"'), cut...)
}

// fieldValue prints the fields whose form depends on the struct they are in.
func (o *Text) fieldValue(dst []byte, v *Value, f *syscalls.Field, fv *Value) []byte {
	if f.Type.Kind == syscalls.KindTime {
		dst = strconv.AppendInt(dst, fv.Int(), 10)
		var nsec int64
		if rest := v.Field(f.Type.Len.Name); rest != nil {
			if nsec = rest.Int(); nsec < 0 || nsec >= 1e9 {
				return dst
			}
		}
		return appendTimeComment(dst, fv.Int(), nsec, fraction(nsec))
	}
	switch v.lay.Name {
	case "regset_get_gp", "regset_get_fp", "iovec_remote":
		if f.Name == "iov_len" && v.before != nil {
			if was := v.before.Field("iov_len"); was.num != fv.num {
				dst = append(o.AppendValue(dst, was), " => "...)
			}
		}
	case "epoll_event":
		if f.Name == "data" {
			dst = append(dst, "{u32="...)
			dst = strconv.AppendUint(dst, uint64(uint32(fv.num)), 10)
			dst = append(dst, ", u64="...)
			return append(strconv.AppendUint(dst, fv.num, 10), '}')
		}
	case "perf_event_attr":
		return o.perfField(dst, v, f, fv)
	case "sockaddr_nl":
		if f.Name == "nl_groups" {
			if fv.num == 0 {
				return append(dst, "00000000"...) // C's %#08x
			}
			return fmt.Appendf(dst, "0x%06x", fv.num)
		}
	case "siginfo_sys":
		if f.Name == "si_syscall" {
			abi := syscalls.ABIOfAudit(uint32(v.Field("si_arch").num), fv.num)
			if nr := int(int32(fv.num)); abi < syscalls.NumABI && syscalls.Known(abi, nr) {
				return append(append(dst, "__NR_"...), syscalls.Name(abi, nr)...)
			}
		}
	case "siginfo_chld":
		if f.Name == "si_status" && v.Field("si_code").num != cldExited {
			return o.signal(dst, fv.Int()) // what killed or stopped it
		}
	case "sockaddr_in6":
		if f.Name == "sin6_scope_id" && linkLocal(v.Field("sin6_addr").Str()) {
			return o.ifindex(dst, fv)
		}
	case "utimbuf":
		return appendTimeComment(o.AppendValue(dst, fv), fv.Int(), 0, "")
	case "msghdr":
		if f.Name == "msg_namelen" && v.before != nil {
			if was := v.before.Field("msg_namelen"); was.num != fv.num {
				dst = append(o.AppendValue(dst, was), " => "...)
			}
		}
	}
	return o.AppendValue(dst, fv)
}

var direntTypes = sync.OnceValue(func() *syscalls.Set { return syscalls.SetByName("dt") })

// fieldShown evaluates a field's condition. What the kernel writes is shown
// only after it has.
func (v *Value) fieldShown(f *syscalls.Field) bool {
	if f.Out && !v.out && !v.isRegset() || f.Optional && uint64(f.Offset) >= v.given {
		return false
	}
	if f.Cond == nil {
		return true
	}
	by := v.FieldAt(v.lay.Field(f.Cond.Name)) // not a union: those have conditions
	if by == nil {
		return false
	}
	n := by.num
	if by.Kind == KindString {
		n = uint64(len(by.data)) // "if name": there is one
	}
	return f.Cond.Holds(n)
}

// isRegset reports whether v is the iovec of PTRACE_GETREGSET, which shows where
// the registers go when there are none.
func (v *Value) isRegset() bool { return strings.HasPrefix(v.lay.Name, "regset_get") }

// isDevice reports whether v is the stat of a device file, of which strace
// shows the device instead of the size.
func (v *Value) isDevice() bool {
	m := v.Field("st_mode")
	return m != nil && (m.num>>12&15 == 2 || m.num>>12&15 == 6)
}
