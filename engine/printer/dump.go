package printer

import (
	"strconv"

	"luatrace/engine"
	"luatrace/tracer/decode"
)

// dumpKind is how the data of a call lie in memory.
type dumpKind uint8

const (
	dumpBuffer   dumpKind = iota + 1 // address, then length
	dumpVector                       // array of iovecs, then their number
	dumpMessage                      // struct msghdr
	dumpMessages                     // array of struct mmsghdr
)

// dumped are the calls whose data are shown; all have a descriptor first and
// the data second.
var dumped = map[string]struct {
	kind  dumpKind
	write bool
}{
	"read": {dumpBuffer, false}, "pread64": {dumpBuffer, false}, "recv": {dumpBuffer, false}, "recvfrom": {dumpBuffer, false},
	"mq_timedreceive": {dumpBuffer, false}, "mq_timedreceive_time64": {dumpBuffer, false},
	"readv": {dumpVector, false}, "preadv": {dumpVector, false}, "preadv2": {dumpVector, false},
	"recvmsg": {dumpMessage, false}, "recvmmsg": {dumpMessages, false}, "recvmmsg_time64": {dumpMessages, false},
	"write": {dumpBuffer, true}, "pwrite64": {dumpBuffer, true}, "send": {dumpBuffer, true}, "sendto": {dumpBuffer, true},
	"mq_timedsend": {dumpBuffer, true}, "mq_timedsend_time64": {dumpBuffer, true},
	"writev": {dumpVector, true}, "pwritev": {dumpVector, true}, "pwritev2": {dumpVector, true}, "vmsplice": {dumpVector, true},
	"sendmsg": {dumpMessage, true}, "sendmmsg": {dumpMessages, true},
}

// dump shows what a call that succeeded has read or written, if its descriptor
// is one of those of --read or --write.
func (p *Printer) dump(ev *engine.Event) {
	if p.opts.Read == nil && p.opts.Write == nil || ev.Errno != 0 {
		return
	}
	c := ev.Call()
	d, ok := dumped[c.Name]
	if !ok || c.NumArgs() < 2 {
		return
	}
	fd := int(int32(c.Args[0]))
	if fd < 0 || d.write && !p.opts.Write.Has(fd) || !d.write && !p.opts.Read.Has(fd) {
		return
	}
	switch d.kind {
	case dumpBuffer:
		n := c.Args[2]
		if !d.write {
			n = uint64(ev.Ret)
		}
		p.dumpMemory(c.Mem, c.Args[1], n)
	case dumpVector:
		p.dumpVector(c, c.Arg(1), uint64(ev.Ret), d.write)
	case dumpMessage:
		p.dumpVector(c, c.Arg(1).Field("msg_iov"), uint64(ev.Ret), d.write)
	case dumpMessages:
		messages := c.Arg(1)
		for i := 0; i < messages.Len() && int64(i) < ev.Ret; i++ {
			m := messages.Elem(i)
			n := m.Field("msg_len")
			vector := m.Field("msg_hdr").Field("msg_iov")
			if n == nil || vector == nil {
				return
			}
			p.line = append(strconv.AppendInt(append(p.line, " = "...), int64(vector.Len()), 10), " buffers in vector "...)
			p.line = strconv.AppendInt(p.line, int64(i), 10)
			p.end()
			p.dumpVector(c, vector, n.Uint(), d.write)
		}
	}
}

// dumpVector shows buffers up to total bytes in all; those of a write whole.
func (p *Printer) dumpVector(c *decode.Call, v *decode.Value, total uint64, whole bool) {
	if v == nil || v.Kind != decode.KindArray {
		return
	}
	for i := range v.Len() {
		base, length := v.Elem(i).Field("iov_base"), v.Elem(i).Field("iov_len")
		if base == nil || length == nil {
			return
		}
		n := length.Uint()
		if !whole {
			n = min(n, total)
			total -= n
		}
		if n == 0 {
			continue
		}
		addr := base.Addr
		if addr == 0 {
			addr = base.Uint()
		}
		p.line = append(strconv.AppendUint(append(p.line, " * "...), n, 10), " bytes in buffer "...)
		p.line = strconv.AppendInt(p.line, int64(i), 10)
		p.end()
		p.dumpMemory(c.Mem, addr, n)
	}
}

// dumpMemory shows n bytes at addr, sixteen a line, as far as they can be read.
func (p *Printer) dumpMemory(mem decode.Memory, addr, n uint64) {
	var buf [4096]byte
	digits := 5 // of the offset
	for m := (n - 1) >> 20; n > 0 && m > 0; m >>= 4 {
		digits++
	}
	for at := uint64(0); at < n; {
		chunk := buf[:min(n-at, uint64(len(buf)))]
		got, err := mem.ReadMemory(addr+at, chunk)
		for i := 0; i < got; i += 16 {
			p.line = appendDumpLine(p.line, at+uint64(i), digits, chunk[i:min(i+16, got)])
			p.end()
		}
		if at += uint64(max(got, 0)); got < len(chunk) || err != nil {
			return
		}
	}
}

func appendDumpLine(dst []byte, offset uint64, digits int, b []byte) []byte {
	const hex = "0123456789abcdef"
	dst = append(dst, " | "...)
	for i := digits - 1; i >= 0; i-- {
		dst = append(dst, hex[offset>>(4*i)&15])
	}
	dst = append(dst, ' ')
	for i := range 16 {
		if i%8 == 0 {
			dst = append(dst, ' ')
		}
		if i < len(b) {
			dst = append(dst, hex[b[i]>>4], hex[b[i]&15], ' ')
		} else {
			dst = append(dst, "   "...)
		}
	}
	dst = append(dst, ' ')
	for i := range 16 {
		switch {
		case i >= len(b):
			dst = append(dst, ' ')
		case b[i] >= ' ' && b[i] <= '~':
			dst = append(dst, b[i])
		default:
			dst = append(dst, '.')
		}
	}
	return append(dst, " |"...)
}
