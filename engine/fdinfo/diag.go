package fdinfo

import (
	"encoding/binary"

	"golang.org/x/sys/unix"

	"luatrace/tracer/procfs"
)

const headerSize = 16 // struct nlmsghdr

// diagSocket is a socket of NETLINK_SOCK_DIAG, opened at the first request. The
// kernel answers for the network namespace in which it was made: luatrace's own.
type diagSocket struct {
	fd        int
	open      bool
	namespace string
	buf       []byte
}

func (d *diagSocket) close() {
	if d.open {
		unix.Close(d.fd)
	}
	*d = diagSocket{}
}

// send sends a request; false if it can't be, or if the source is in another
// network namespace.
func (d *diagSocket) send(src Source, request []byte) bool {
	if d.namespace == "" {
		d.namespace, _ = procfs.Default().SelfLink("thread-self/ns/net")
	}
	if d.namespace == "" || src.NetNamespace() != d.namespace {
		return false
	}
	if !d.open {
		fd, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.NETLINK_SOCK_DIAG)
		if err != nil {
			return false
		}
		d.fd, d.open = fd, true
		d.buf = make([]byte, 32<<10)
	}
	return unix.Sendto(d.fd, request, 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}) == nil
}

// receive takes the next part of an answer, nil if there is none: the first is
// there when the request has been sent, and the kernel makes the next as one is
// taken.
func (d *diagSocket) receive() []byte {
	n, _, err := unix.Recvfrom(d.fd, d.buf, unix.MSG_DONTWAIT)
	if err != nil || n <= 0 {
		return nil
	}
	return d.buf[:n]
}

// discard ends an answer of which enough is known.
func (d *diagSocket) discard() {
	unix.Close(d.fd)
	d.open = false
}

// appendHeader begins a request for a body of some bytes.
func appendHeader(b []byte, body int, flags uint16) []byte {
	order := binary.NativeEndian
	b = order.AppendUint32(b, uint32(headerSize+body))
	b = order.AppendUint16(b, unix.SOCK_DIAG_BY_FAMILY)
	b = order.AppendUint16(b, unix.NLM_F_REQUEST|flags)
	return append(b, make([]byte, 8)...) // sequence, port id
}

// eachAnswer calls f with each answer among netlink messages. It returns false
// when f does, or at a message that ends the answer.
func eachAnswer(b []byte, f func(m []byte) bool) bool {
	order := binary.NativeEndian
	for len(b) >= headerSize {
		size := int(order.Uint32(b))
		if size < headerSize || size > len(b) || order.Uint16(b[4:]) != unix.SOCK_DIAG_BY_FAMILY {
			return false
		}
		if !f(b[headerSize:size]) {
			return false
		}
		b = b[min(len(b), (size+3)&^3):]
	}
	return true
}
