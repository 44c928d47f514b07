package fdinfo

import (
	"encoding/binary"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// Constants of linux/unix_diag.h.
const (
	unixShowName = 1
	unixShowPeer = 4
	unixAttrName = 0
	unixAttrPeer = 2
)

const (
	headerSize      = 16 // struct nlmsghdr
	unixRequestSize = 24 // struct unix_diag_req
	unixAnswerSize  = 16 // struct unix_diag_msg
)

// unixDiag asks the kernel for the peer and the name of a unix socket. A name
// that starts with a zero byte is an abstract one. The kernel answers for the
// asker's network namespace only: ok is false if the tracee has another.
func (f *file) unixDiag(inode string) (peer uint32, name string, ok bool) {
	ino, err := strconv.ParseUint(inode, 10, 32)
	if err != nil || !f.sameNamespace() {
		return 0, "", false
	}
	s, err := unix.Socket(unix.AF_NETLINK, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, unix.NETLINK_SOCK_DIAG)
	if err != nil {
		return 0, "", false
	}
	defer unix.Close(s)
	if unix.Sendto(s, unixRequest(uint32(ino)), 0, &unix.SockaddrNetlink{Family: unix.AF_NETLINK}) != nil {
		return 0, "", false
	}
	// The answer is there when the request has been sent.
	var buf [1024]byte
	n, _, err := unix.Recvfrom(s, buf[:], unix.MSG_DONTWAIT)
	if err != nil {
		return 0, "", false
	}
	return parseUnixAnswer(buf[:n])
}

func (f *file) sameNamespace() bool {
	theirs, err := f.fs.Readlink(f.tid, "ns/net")
	if err != nil {
		return false
	}
	ours, err := f.fs.SelfLink("thread-self/ns/net")
	return err == nil && ours == theirs
}

func unixRequest(inode uint32) []byte {
	order := binary.NativeEndian
	b := order.AppendUint32(nil, headerSize+unixRequestSize)
	b = order.AppendUint16(b, unix.SOCK_DIAG_BY_FAMILY)
	b = order.AppendUint16(b, unix.NLM_F_REQUEST)
	b = append(b, make([]byte, 8)...)     // sequence, port id
	b = append(b, unix.AF_UNIX, 0, 0, 0)  // family, protocol, padding
	b = order.AppendUint32(b, 0xffffffff) // any state
	b = order.AppendUint32(b, inode)      //
	b = order.AppendUint32(b, unixShowName|unixShowPeer)
	return append(b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff) // any cookie
}

// parseUnixAnswer takes peer and name from a netlink message.
func parseUnixAnswer(b []byte) (peer uint32, name string, ok bool) {
	order := binary.NativeEndian
	if len(b) < headerSize+unixAnswerSize || order.Uint16(b[4:]) != unix.SOCK_DIAG_BY_FAMILY {
		return 0, "", false
	}
	b = b[:min(len(b), int(order.Uint32(b)))]
	if len(b) < headerSize+unixAnswerSize {
		return 0, "", false
	}
	b = b[headerSize+unixAnswerSize:]
	for len(b) >= 4 {
		size, kind := int(order.Uint16(b)), order.Uint16(b[2:])
		if size < 4 || size > len(b) {
			break
		}
		switch data := b[4:size]; {
		case kind == unixAttrName:
			name = string(data)
			if name != "" && name[0] != 0 {
				name, _, _ = strings.Cut(name, "\x00")
			}
		case kind == unixAttrPeer && len(data) >= 4:
			peer = order.Uint32(data)
		}
		b = b[min(len(b), (size+3)&^3):]
	}
	return peer, name, true
}
