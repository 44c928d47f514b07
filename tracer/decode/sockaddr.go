package decode

import (
	"net/netip"

	"luatrace/tracer/syscalls"
)

// Socket address families with a layout of their own.
const (
	afUnix    = 1
	afInet    = 2
	afInet6   = 10
	afNetlink = 16
)

var sockaddrTypes = map[uint64]*syscalls.Type{
	afUnix:    {Kind: syscalls.KindStruct, Struct: "sockaddr_un"},
	afInet:    {Kind: syscalls.KindStruct, Struct: "sockaddr_in"},
	afInet6:   {Kind: syscalls.KindStruct, Struct: "sockaddr_in6"},
	afNetlink: {Kind: syscalls.KindStruct, Struct: "sockaddr_nl"},
}

var sockaddrOther = &syscalls.Type{Kind: syscalls.KindStruct, Struct: "sockaddr_any"}

const maxSockaddr = 128 // sizeof(struct sockaddr_storage)

// sockaddr decodes a socket address of the given length: a struct of the
// family, or family and bytes when the family is unknown or the length is too
// short for it.
func (s scope) sockaddr(v *Value, t *syscalls.Type, addr uint64) {
	n, ok := s.length(&t.Len)
	if !ok {
		return
	}
	if int32(n) < 2 {
		return // not even a family; stays an address
	}
	n = min(uint64(uint32(n)), maxSockaddr)
	b := s.c.copyIn(addr, n)
	if uint64(len(b)) < n {
		v.setUnreadable(s.c, t, addr)
		return
	}
	s.sockaddrBytes(v, b, addr)
}

func (s scope) sockaddrBytes(v *Value, b []byte, addr uint64) {
	st := sockaddrTypes[load(b[:2])]
	if st != nil && st.Struct != "sockaddr_un" {
		lay := st.Layout(s.c.ABI)
		need := 0
		if lay != nil {
			need = lay.Size
		}
		if st.Struct == "sockaddr_in6" {
			need -= 4 // the scope id came later (RFC 2553)
		}
		if len(b) < need {
			st = nil
		}
	}
	if st == nil {
		st = sockaddrOther
	}
	s.bytes(v, st, b, addr)
	v.inline = false
}

// sunPath decodes the path of a UNIX address: up to its NUL, or when it starts
// with one (the abstract name space) all bytes there are.
func (s scope) sunPath(f *Value, b []byte) {
	f.Kind, f.data = KindString, b
	if len(b) > 0 && b[0] != 0 {
		for i, ch := range b {
			if ch == 0 {
				f.data = b[:i]
				break
			}
		}
	}
	f.total, f.inline = uint64(len(f.data)), true
}

// IP returns the address in a sin_addr or sin6_addr field; for other values it
// is not valid.
func (v *Value) IP() netip.Addr {
	if v.typ != nil {
		switch {
		case v.typ.Kind == syscalls.KindIPv4 && len(v.data) >= 4:
			return netip.AddrFrom4([4]byte(v.data))
		case v.typ.Kind == syscalls.KindIPv6 && len(v.data) >= 16:
			return netip.AddrFrom16([16]byte(v.data))
		}
	}
	return netip.Addr{}
}
