package decode

import "luatrace/tracer/syscalls"

var (
	structIovec     = &syscalls.Type{Kind: syscalls.KindStruct, Struct: "iovec"}
	structIovecAddr = &syscalls.Type{Kind: syscalls.KindStruct, Struct: "iovec_remote"}
)

// iovec decodes an array of iovecs whose data follows when it is touched.
// After a read the bytes that count are the call's result, spread over the
// buffers in order.
func (s scope) iovec(v *Value, t *syscalls.Type, addr uint64) {
	n, ok := s.length(&t.Len)
	if !ok {
		return
	}
	elem := structIovec
	if t.Kind == syscalls.KindIovecAddr || s.failed {
		elem = structIovecAddr
	}
	s.arrayOf(v, t, elem, addr, n)
	if v.Kind != KindArray {
		return
	}
	total, limited := s.length(&t.Total)
	for i := range v.kids {
		kid := &v.kids[i]
		kid.limited, kid.parent = limited, s.parent
		if limited {
			kid.limit = total
			if f := kid.Field("iov_len"); f != nil {
				total -= min(total, f.num)
			}
		}
	}
}

// iovBase decodes the data of one iovec.
func (s scope) iovBase(iov *Value, t *syscalls.Type, f *Value, addr uint64) {
	f.setAddr(s.c, t, addr)
	length := iov.Field("iov_len")
	if addr == 0 || length == nil {
		return
	}
	avail := length.num
	if iov.limited {
		avail = min(avail, iov.limit)
	}
	if iov.inMessage() {
		s.sockBufOf(f, t, addr, length.num, avail)
		return
	}
	s.bufferOf(f, t, addr, length.num, avail)
}

// inMessage reports whether an iovec is part of a msghdr.
func (v *Value) inMessage() bool { return v.parent.StructName() == "msghdr" }
