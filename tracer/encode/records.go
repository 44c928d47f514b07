package encode

import (
	"fmt"
	"strings"

	"luatrace/tracer/syscalls"
)

func structType(name string) *syscalls.Type {
	return &syscalls.Type{Kind: syscalls.KindStruct, Struct: name}
}

// records encodes what is not laid out by one struct of the tables.
func (e *encoder) records(t *syscalls.Type, v any) ([]byte, error) {
	switch t.Kind {
	case syscalls.KindSiginfo:
		return e.siginfo(v)
	case syscalls.KindSigframe:
		return nil, nil // on the stack, where no argument points to
	case syscalls.KindMsgbuf:
		return e.msgbuf(v)
	case syscalls.KindCapData:
		return e.capData(v)
	}
	items, err := list(v)
	if err != nil {
		return nil, err
	}
	var b []byte
	for i, item := range items {
		m, ok := item.(map[string]any)
		if !ok {
			return nil, fmt.Errorf("element %d: a table is wanted, not %s", i+1, describe(item))
		}
		var one []byte
		switch {
		case t.Kind == syscalls.KindControl:
			one, err = e.controlMessage(m)
		case t.Kind == syscalls.KindLSMContexts:
			one, err = e.record(m, "lsm_ctx", "ctx", "len", 8)
		case t.Struct != "":
			one, err = e.record(m, t.Struct, "d_name", "d_reclen", e.abi.WordSize())
		default:
			one, err = e.record(m, "linux_dirent64", "d_name", "d_reclen", 8)
		}
		if err != nil {
			return nil, fmt.Errorf("element %d: %w", i+1, err)
		}
		b = append(b, one...)
	}
	return b, nil
}

// record encodes a struct that ends in a string, with its length in a field.
func (e *encoder) record(m map[string]any, name, last, length string, align int) ([]byte, error) {
	lay := syscalls.StructByName(e.abi, name)
	text, ok := m[last].(string)
	if !ok {
		return nil, fmt.Errorf("%s: a string is wanted, not %s", last, describe(m[last]))
	}
	fields := map[string]any{}
	for k, v := range m {
		if k != last {
			fields[k] = v
		}
	}
	at := lay.Fields[lay.Field(last)].Offset
	size := (at + len(text) + 1 + align - 1) / align * align
	if n, given := number(m[length]); given && n >= uint64(at+len(text)) && n <= maxRoom {
		size = int(n)
	}
	fields[length] = uint64(size)
	if i := lay.Field("ctx_len"); i >= 0 && fields["ctx_len"] == nil {
		fields["ctx_len"] = uint64(len(text))
	}
	b, err := e.structure(lay, fields)
	if err != nil {
		return nil, err
	}
	b = append(b, make([]byte, max(0, size-len(b)))...)[:size]
	copy(b[at:], text)
	return b, nil
}

// controlMessage encodes a cmsghdr with its data.
func (e *encoder) controlMessage(m map[string]any) ([]byte, error) {
	lay := syscalls.StructByName(e.abi, "cmsghdr")
	enum := func(field string, set *syscalls.Set) (uint64, error) {
		w, err := e.word(&syscalls.Type{Kind: syscalls.KindEnum, Set: set}, m[field])
		if err != nil {
			return 0, fmt.Errorf("%s: %w", field, err)
		}
		return w, nil
	}
	level, err := enum("cmsg_level", syscalls.SetByName("sol"))
	if err != nil {
		return nil, err
	}
	messages := syscalls.ControlMessages(level)
	var types *syscalls.Set
	if messages != nil {
		types = messages.Set
	}
	typ, err := enum("cmsg_type", types)
	if err != nil {
		return nil, err
	}
	data, err := e.attribute(messages.Attr(typ), m["cmsg_data"])
	if err != nil {
		return nil, fmt.Errorf("cmsg_data: %w", err)
	}
	word := e.abi.WordSize()
	b := little(uint64(lay.Size+len(data)), word)
	b = append(append(b, little(level, 4)...), little(typ, 4)...)
	b = append(b, data...)
	return append(b, make([]byte, (word-len(b)%word)%word)...), nil
}

// attribute encodes data whose type its header says.
func (e *encoder) attribute(a *syscalls.Attr, v any) ([]byte, error) {
	if text, ok := v.(string); ok && (a == nil || a.Type == nil || a.Type.Pointer()) {
		return []byte(text), nil
	}
	if a == nil || a.Type == nil {
		if v == nil {
			return nil, nil
		}
		return nil, fmt.Errorf("its bytes as a string are wanted, not %s", describe(v))
	}
	if v == nil {
		return nil, nil
	}
	if items, ok := v.([]any); ok && a.Type.Kind != syscalls.KindArray {
		b, _, err := e.array(&syscalls.Type{Kind: syscalls.KindArray, Elem: a.Type}, items)
		return b, err
	}
	return e.inline(a.Type, v, a.Type.MemSize(e.abi))
}

// siginfoForms are the layouts of the union in a siginfo_t: the first that has
// all the fields counts.
var siginfoForms = strings.Fields(
	"siginfo_kill siginfo_rt siginfo_timer siginfo_chld siginfo_segv siginfo_bus siginfo_fpe siginfo_ill siginfo_trap siginfo_poll siginfo_sys siginfo_plain")

func (e *encoder) siginfo(v any) ([]byte, error) {
	var first error
	for _, name := range siginfoForms {
		b, err := e.structure(syscalls.StructByName(e.abi, name), v)
		if err == nil {
			return append(b, make([]byte, max(0, syscalls.SiginfoSize-len(b)))...), nil
		}
		if first == nil {
			first = err
		}
	}
	return nil, first
}

// msgbuf encodes a System V message: its type and its text.
func (e *encoder) msgbuf(v any) ([]byte, error) {
	m, ok := v.(map[string]any)
	text, isText := m["mtext"].(string)
	if !ok || !isText && m["mtext"] != nil {
		return nil, fmt.Errorf("a table {mtype = NUMBER, mtext = STRING} is wanted")
	}
	w, err := e.word(&syscalls.Type{Kind: syscalls.KindLong}, m["mtype"])
	return append(little(w, e.abi.WordSize()), text...), err
}

// capData encodes capget's sets as version 3 has them: the lower halves of
// all three, then the upper ones.
func (e *encoder) capData(v any) ([]byte, error) {
	b, err := e.structure(syscalls.StructByName(e.abi, "cap_data"), v)
	if err != nil {
		return nil, err
	}
	out := make([]byte, len(b))
	for i := range 6 {
		copy(out[4*i:4*i+4], b[i%3*8+i/3*4:])
	}
	return out, nil
}

// option encodes a socket option's value: an int if nothing else is known.
func (e *encoder) option(t *syscalls.Type, v any) ([]byte, int, error) {
	if text, ok := v.(string); ok && (t.Elem == nil || t.Elem.Pointer()) {
		return []byte(text), len(text), nil
	}
	elem := t.Elem
	if elem == nil {
		elem = &syscalls.Type{Kind: syscalls.KindInt}
	}
	if elem.Kind == syscalls.KindArray {
		b, _, err := e.array(elem, v)
		return b, len(b), err
	}
	b, err := e.inline(elem, v, elem.MemSize(e.abi))
	return b, len(b), err
}

// sockaddrs are the structs of the address families that have one.
var sockaddrs = map[uint64]string{
	1: "sockaddr_un", 2: "sockaddr_in", 3: "sockaddr_ax25", 4: "sockaddr_ipx", 9: "sockaddr_x25", 10: "sockaddr_in6", 16: "sockaddr_nl", 17: "sockaddr_ll",
	26: "sockaddr_llc", 29: "sockaddr_can", 30: "sockaddr_tipc", 33: "sockaddr_rxrpc", 36: "sockaddr_ieee802154", 38: "sockaddr_alg",
	39: "sockaddr_nfc", 40: "sockaddr_vm", 42: "sockaddr_qrtr", 44: "sockaddr_xdp", 45: "sockaddr_mctp",
}

// sockaddr encodes a socket address: its fields, of which the family is called
// sa_family or as the struct has it.
func (e *encoder) sockaddr(v any) ([]byte, error) {
	m, ok := v.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("a table with sa_family is wanted, not %s", describe(v))
	}
	var given any
	fields := map[string]any{}
	for k, f := range m {
		if k == "sa_family" || strings.HasSuffix(k, "_family") && given == nil {
			given = f
		} else {
			fields[k] = f
		}
	}
	if given == nil {
		return nil, fmt.Errorf("a socket address needs a family: {sa_family = \"AF_INET\", ...}")
	}
	family, err := e.word(&syscalls.Type{Kind: syscalls.KindEnum, Set: syscalls.SetByName("af")}, given)
	if err != nil {
		return nil, err
	}
	name := sockaddrs[family]
	if name == "" {
		if data, ok := m["sa_data"].(string); ok || m["sa_data"] == nil {
			return append(little(family, 2), data...), nil
		}
		return nil, fmt.Errorf("addresses of %v are given as {sa_family = ..., sa_data = BYTES}", given)
	}
	lay := syscalls.StructByName(e.abi, name)
	fields[lay.Fields[0].Name] = family
	b, err := e.structure(lay, fields)
	if name == "sockaddr_ll" { // with room for an address of 8 bytes
		b = append(b, make([]byte, max(0, 20-len(b)))...)
	}
	if path, ok := m["sun_path"].(string); ok && err == nil {
		b = b[:2+len(path)] // the length says where an abstract name ends
		if !strings.HasPrefix(path, "\x00") {
			b = append(b, 0)
		}
	}
	return b, err
}
