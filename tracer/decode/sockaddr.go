package decode

import (
	"net/netip"

	"luatrace/tracer/syscalls"
)

// addressForm is the layout that addresses of a family have from a length on.
type addressForm struct {
	least int // bytes, with the family
	typ   *syscalls.Type
}

func addressForms(forms ...any) []addressForm {
	var list []addressForm
	for i := 0; i < len(forms); i += 2 {
		list = append(list, addressForm{forms[i].(int), &syscalls.Type{Kind: syscalls.KindStruct, Struct: forms[i+1].(string)}})
	}
	return list
}

// sockaddrForms are the layouts of each family's addresses, the longest first:
// the first that an address is long enough for counts.
var sockaddrForms = map[uint64][]addressForm{
	1:  addressForms(3, "sockaddr_un"), // AF_UNIX
	2:  addressForms(16, "sockaddr_in"),
	3:  addressForms(16, "sockaddr_ax25"), // AF_AX25
	4:  addressForms(16, "sockaddr_ipx"),  // AF_IPX
	9:  addressForms(18, "sockaddr_x25"),
	10: addressForms(24, "sockaddr_in6"), // the scope id came later (RFC 2553)
	16: addressForms(12, "sockaddr_nl"),
	17: addressForms(20, "sockaddr_ll"), // AF_PACKET
	26: addressForms(16, "sockaddr_llc"),
	29: addressForms(16, "sockaddr_can", 8, "sockaddr_can"),
	30: addressForms(16, "sockaddr_tipc"),
	33: addressForms(36, "sockaddr_rxrpc"),
	36: addressForms(20, "sockaddr_ieee802154"),
	38: addressForms(26, "sockaddr_alg"),
	39: addressForms(96, "sockaddr_nfc_llcp", 16, "sockaddr_nfc"),
	40: addressForms(16, "sockaddr_vm"),
	42: addressForms(12, "sockaddr_qrtr"),
	44: addressForms(16, "sockaddr_xdp"),
	45: addressForms(12, "sockaddr_mctp"),
}

// bluetoothForms are told apart by their exact lengths (AF_BLUETOOTH).
var bluetoothForms = map[int]addressForm{
	4:  {4, &syscalls.Type{Kind: syscalls.KindStruct, Struct: "sockaddr_hci_old"}},
	6:  {6, &syscalls.Type{Kind: syscalls.KindStruct, Struct: "sockaddr_hci"}},
	8:  {8, &syscalls.Type{Kind: syscalls.KindStruct, Struct: "sockaddr_sco"}},
	10: {10, &syscalls.Type{Kind: syscalls.KindStruct, Struct: "sockaddr_rc"}},
	12: {12, &syscalls.Type{Kind: syscalls.KindStruct, Struct: "sockaddr_l2_old"}},
	14: {14, &syscalls.Type{Kind: syscalls.KindStruct, Struct: "sockaddr_l2"}},
}

const afBluetooth = 31

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
	st := sockaddrOther
	family := load(b[:2])
	if family == afBluetooth {
		if f, ok := bluetoothForms[len(b)]; ok {
			st = f.typ
		}
	}
	for _, f := range sockaddrForms[family] {
		if len(b) >= f.least {
			st = f.typ
			break
		}
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

// hardwareAddr decodes the address in a sockaddr_ll, as many bytes as it says
// it has.
func (s scope) hardwareAddr(v *Value, fl *syscalls.Field, f *Value) {
	n := v.Field("sll_halen").num
	if n == 0 || fl.Offset >= len(v.data) {
		f.Kind = KindNone
		return
	}
	s.bytes(f, xbyteType, nil, v.Addr+uint64(fl.Offset))
	b := v.data[fl.Offset:]
	s.elements(f, xbyteType, b[:min(n, uint64(len(b)))], f.Addr, min(n, uint64(len(b))))
	f.total, f.Truncated = n, n > uint64(len(b))
	f.typ, f.cut = xbyteList, false
}

var (
	xbyteType = &syscalls.Type{Kind: syscalls.KindXByte}
	xbyteList = &syscalls.Type{Kind: syscalls.KindArray, Elem: xbyteType}
)

// linkLocal reports whether an IPv6 address has a scope of one link, so that
// it needs an interface.
func linkLocal(a []byte) bool {
	return len(a) >= 2 && (a[0] == 0xfe && a[1]&0xc0 == 0x80 || a[0] == 0xff && a[1]&0xf == 2)
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
