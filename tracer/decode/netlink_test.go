package decode

import (
	"encoding/json"
	"testing"

	"luatrace/tracer/syscalls"
)

// nlmsgBytes makes a netlink message, whose length it fills in.
func nlmsgBytes(typ, flags uint16, body ...any) []byte {
	b := pack(body...)
	return append(pack(uint32(nlHeader+len(b)), typ, flags, uint32(7), uint32(0)), b...)
}

// attrBytes makes an attribute, padded to the next.
func attrBytes(typ uint16, body ...any) []byte {
	b := pack(body...)
	a := append(pack(uint16(nlAttrHeader+len(b)), typ), b...)
	return append(a, make([]byte, -len(a)&3)...)
}

// netlinkCall is sendto on a netlink socket of the protocol.
func netlinkCall(t *testing.T, protocol int, data []byte) *Call {
	c := newCall(t, syscalls.AMD64, "sendto", pages{base: data}, 3, base, uint64(len(data)), 0, 0, 0)
	c.Netlink = func(int) int { return protocol }
	c.IfName = func(n int) string { return map[int]string{1: "lo"}[n] }
	return c
}

const (
	route, sockDiag, generic = 0, 4, 16 // NETLINK_ROUTE and others
)

func TestNetlink(t *testing.T) {
	t.Parallel()
	ifinfo := pack(uint8(0), uint8(0), uint16(1), int32(1), uint32(0x10049), uint32(0))
	link := nlmsgBytes(16, 2, ifinfo, attrBytes(3, "lo\x00"), attrBytes(4, uint32(1500)), attrBytes(1, "\x02\xfc\x00\x00\x00\x01"),
		attrBytes(18|0x8000, attrBytes(1, "dummy\x00")), attrBytes(500, "\x01"))
	getaddr := nlmsgBytes(22, 0x301, pack(uint8(2), uint8(0), uint8(0), uint8(0), uint32(0)))
	tests := []struct {
		protocol int
		data     []byte
		want     string
	}{
		{route, link, `[{nlmsg_len=84, nlmsg_type=RTM_NEWLINK, nlmsg_flags=NLM_F_MULTI, nlmsg_seq=7, nlmsg_pid=0}, ` +
			`{ifi_family=AF_UNSPEC, ifi_type=ARPHRD_ETHER, ifi_index=if_nametoindex("lo"), ifi_flags=IFF_UP|IFF_LOOPBACK|IFF_RUNNING|IFF_LOWER_UP, ifi_change=0}, ` +
			`[[{nla_len=7, nla_type=IFLA_IFNAME}, "lo"], [{nla_len=8, nla_type=IFLA_MTU}, 1500], [{nla_len=10, nla_type=IFLA_ADDRESS}, 02:fc:00:00:00:01], ` +
			`[{nla_len=16, nla_type=NLA_F_NESTED|IFLA_LINKINFO}, [{nla_len=10, nla_type=IFLA_INFO_KIND}, "dummy"]], [{nla_len=5, nla_type=0x1f4 /* IFLA_??? */}, "\x01"]]]`},
		{route, getaddr, `[{nlmsg_len=24, nlmsg_type=RTM_GETADDR, nlmsg_flags=NLM_F_REQUEST|NLM_F_DUMP, nlmsg_seq=7, nlmsg_pid=0}, ` +
			`{ifa_family=AF_INET, ifa_prefixlen=0, ifa_flags=0, ifa_scope=RT_SCOPE_UNIVERSE, ifa_index=0}]`},
		{route, append(getaddr[:len(getaddr):len(getaddr)], nlmsgBytes(3, 2, int32(0))...), `[[{nlmsg_len=24, nlmsg_type=RTM_GETADDR, nlmsg_flags=NLM_F_REQUEST|NLM_F_DUMP, nlmsg_seq=7, nlmsg_pid=0}, ` +
			`{ifa_family=AF_INET, ifa_prefixlen=0, ifa_flags=0, ifa_scope=RT_SCOPE_UNIVERSE, ifa_index=0}], ` +
			`[{nlmsg_len=20, nlmsg_type=NLMSG_DONE, nlmsg_flags=NLM_F_MULTI, nlmsg_seq=7, nlmsg_pid=0}, 0]]`},
		{route, nlmsgBytes(2, 0, int32(-19), getaddr), `[{nlmsg_len=44, nlmsg_type=NLMSG_ERROR, nlmsg_flags=0, nlmsg_seq=7, nlmsg_pid=0}, ` +
			`{error=-ENODEV, msg=[{nlmsg_len=24, nlmsg_type=RTM_GETADDR, nlmsg_flags=NLM_F_REQUEST|NLM_F_DUMP, nlmsg_seq=7, nlmsg_pid=0}, ` +
			`{ifa_family=AF_INET, ifa_prefixlen=0, ifa_flags=0, ifa_scope=RT_SCOPE_UNIVERSE, ifa_index=0}]}]`},
		{sockDiag, nlmsgBytes(20, 0x301, uint8(1), uint8(0), uint16(0), uint32(0x402), uint32(5), uint32(1), uint32(1), uint32(0)),
			`[{nlmsg_len=40, nlmsg_type=SOCK_DIAG_BY_FAMILY, nlmsg_flags=NLM_F_REQUEST|NLM_F_DUMP, nlmsg_seq=7, nlmsg_pid=0}, {sdiag_family=AF_UNIX, sdiag_protocol=0, ` +
				`udiag_states=1<<TCP_ESTABLISHED|1<<TCP_LISTEN, udiag_ino=5, udiag_show=UDIAG_SHOW_NAME, udiag_cookie=[1, 0]}]`},
		{generic, nlmsgBytes(16, 1, uint8(3), uint8(1), uint16(0), attrBytes(2, "nlctrl\x00")),
			`[{nlmsg_len=32, nlmsg_type=nlctrl, nlmsg_flags=NLM_F_REQUEST, nlmsg_seq=7, nlmsg_pid=0}, {cmd=CTRL_CMD_GETFAMILY, version=1}, [{nla_len=11, nla_type=CTRL_ATTR_FAMILY_NAME}, "nlctrl"]]`},
		{route, pack(uint32(4), uint16(999), uint16(0), uint32(0), uint32(0), "rest"),
			`{nlmsg_len=4, nlmsg_type=0x3e7 /* RTM_??? */, nlmsg_flags=0, nlmsg_seq=0, nlmsg_pid=0}`},
		{route, []byte("short"), `"short"`},
		{-1, getaddr, `"\30\0\0\0\26\0\1\3\7\0\0\0\0\0\0\0\2\0\0\0\0\0\0\0"`},
	}
	for _, tt := range tests {
		c := netlinkCall(t, tt.protocol, tt.data)
		if got := c.Arg(1).String(); got != tt.want {
			t.Errorf("protocol %d:\n got %s\nwant %s", tt.protocol, got, tt.want)
		}
		for n := range tt.data { // cut anywhere
			c := netlinkCall(t, tt.protocol, tt.data[:n])
			_ = c.Arg(1).String()
		}
	}
	m := netlinkCall(t, route, link).Arg(1).Messages()
	if m.Len() != 1 || m.Elem(0).Field("payload").Field("ifi_index").Int() != 1 || m.Elem(0).Field("attrs").Len() != 5 {
		t.Error("fields of a message")
	}
	if js := AppendJSON(nil, m); !json.Valid(js) {
		t.Errorf("JSON: %s", js)
	}
}

func cmsgBytes(level, typ int32, body ...any) []byte {
	b := pack(body...)
	m := append(pack(uint64(16+len(b)), level, typ), b...)
	return append(m, make([]byte, -len(m)&7)...)
}

func TestControlMessages(t *testing.T) {
	t.Parallel()
	loopback := pack(uint16(2), uint16(0), "\x7f\x00\x00\x01", uint64(0))
	for want, data := range map[string][]byte{
		`[{cmsg_len=24, cmsg_level=SOL_SOCKET, cmsg_type=SCM_RIGHTS, cmsg_data=[5, 6]}]`:                      cmsgBytes(1, 1, int32(5), int32(6)),
		`[{cmsg_len=28, cmsg_level=SOL_SOCKET, cmsg_type=SCM_CREDENTIALS, cmsg_data={pid=9, uid=0, gid=1}}]`:  cmsgBytes(1, 2, int32(9), int32(0), int32(1)),
		`[{cmsg_len=32, cmsg_level=SOL_SOCKET, cmsg_type=SO_TIMESTAMP_OLD, cmsg_data={tv_sec=3, tv_usec=4}}]`: cmsgBytes(1, 29, int64(3), int64(4)),
		`[{cmsg_len=20, cmsg_level=SOL_IP, cmsg_type=IP_TTL, cmsg_data=[64]}]`:                                cmsgBytes(0, 2, int32(64)),
		`[{cmsg_len=17, cmsg_level=SOL_IP, cmsg_type=IP_TOS, cmsg_data=[0x10]}]`:                              cmsgBytes(0, 1, uint8(16)),
		`[{cmsg_len=18, cmsg_level=SOL_UDP, cmsg_type=UDP_SEGMENT, cmsg_data=[1400]}]`:                        cmsgBytes(17, 103, uint16(1400)),
		`[{cmsg_len=20, cmsg_level=SOL_IPV6, cmsg_type=IPV6_HOPLIMIT, cmsg_data=[9]}]`:                        cmsgBytes(41, 52, int32(9)),
		`[{cmsg_len=17, cmsg_level=SOL_SOCKET, cmsg_type=SCM_CREDENTIALS}]`:                                   cmsgBytes(1, 2, uint8(1)),
		`[{cmsg_len=48, cmsg_level=SOL_IP, cmsg_type=IP_RECVERR, cmsg_data={ee_errno=111, ee_origin=2, ee_type=3, ee_code=3, ee_info=0, ee_data=0, offender={sa_family=AF_INET, sin_port=htons(0), sin_addr=inet_addr("127.0.0.1")}}}]`: cmsgBytes(0, 11,
			uint32(111), uint8(2), uint8(3), uint8(3), uint8(0), uint32(0), uint32(0), loopback),
	} {
		head := pack(uint64(0), uint32(0), uint32(0), uint64(0), uint64(0), uint64(base+56), uint64(len(data)), uint32(0), uint32(0))
		for n := len(data); n >= 0; n-- {
			c := newCall(t, syscalls.AMD64, "sendmsg", pages{base: append(head[:56:56], data[:n]...)}, 3, base, 0)
			got := c.Arg(1).Field("msg_control")
			if text := got.String(); n == len(data) && text != want {
				t.Errorf(" got %s\nwant %s", text, want)
			}
		}
	}
}

// FuzzNetlink decodes any bytes as messages of any protocol.
func FuzzNetlink(f *testing.F) {
	f.Add(uint8(0), nlmsgBytes(16, 2, make([]byte, 16), attrBytes(3, "lo\x00"), attrBytes(18, attrBytes(1, "tun\x00"), attrBytes(2, attrBytes(1, uint32(0))))))
	f.Add(uint8(4), nlmsgBytes(20, 0, make([]byte, 72), attrBytes(1, make([]byte, 16))))
	f.Add(uint8(16), nlmsgBytes(16, 0, uint32(1), attrBytes(6, attrBytes(1, attrBytes(1, uint32(3))))))
	f.Add(uint8(0), nlmsgBytes(2, 0, int32(-1), nlmsgBytes(2, 0, int32(-1), nlmsgBytes(2, 0, int32(-1), nlmsgBytes(22, 1)))))
	f.Add(uint8(15), []byte("add@/devices/x\x00ACTION=add\x00"))
	f.Fuzz(func(t *testing.T, protocol uint8, data []byte) {
		c := netlinkCall(&testing.T{}, int(protocol%32), data)
		DefaultText.AppendCall(nil, c)
		(&Text{}).AppendCall(nil, c)
		if js := AppendJSON(nil, c.Arg(1).Messages()); !json.Valid(js) {
			t.Fatalf("invalid JSON: %s", js)
		}
		if c.arena.spent > MaxData {
			t.Fatalf("%d bytes held", c.arena.spent)
		}
	})
}

// FuzzControlMessages decodes any bytes as control messages.
func FuzzControlMessages(f *testing.F) {
	f.Add(cmsgBytes(1, 1, int32(5), int32(6)))
	f.Add(append(cmsgBytes(0, 11, make([]byte, 32)), cmsgBytes(41, 50, make([]byte, 20))...))
	f.Add(pack(^uint64(0), int32(1), int32(2), uint32(7)))
	f.Fuzz(func(t *testing.T, data []byte) {
		head := pack(uint64(0), uint32(0), uint32(0), uint64(0), uint64(0), uint64(base+56), uint64(len(data)), uint32(0), uint32(0))
		c := newCall(&testing.T{}, syscalls.AMD64, "sendmsg", pages{base: append(head, data...)}, 3, base, 0)
		DefaultText.AppendCall(nil, c)
		if js := AppendJSON(nil, c.Arg(1)); !json.Valid(js) {
			t.Fatalf("invalid JSON: %s", js)
		}
		if c.arena.spent > MaxData {
			t.Fatalf("%d bytes held", c.arena.spent)
		}
	})
}
