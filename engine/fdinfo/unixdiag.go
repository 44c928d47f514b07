package fdinfo

import (
	"encoding/binary"
	"strings"

	"golang.org/x/sys/unix"
)

// Constants of linux/unix_diag.h.
const (
	unixShowName = 1
	unixShowPeer = 4
	unixAttrName = 0
	unixAttrPeer = 2

	unixRequestSize = 24 // struct unix_diag_req
	unixAnswerSize  = 16 // struct unix_diag_msg
)

// PeerInode returns the inode of the unix socket that this one is connected to, 0
// if there is none or it can't be known. The request is answered at once.
func (r *Resolver) PeerInode(src Source, inode uint64) uint32 {
	s := r.record(inode)
	if s.peerInode != 0 && s.Protocol == "UNIX-STREAM" {
		return s.peerInode // a connection is never made anew
	}
	s.peerInode = 0
	if peer, _, ok := r.askUnix(src, uint32(inode)); ok {
		s.peerInode = peer
	}
	return s.peerInode
}

// askUnixDiag asks for a socket's path and its peer's.
func (r *Resolver) askUnixDiag(src Source, s *Socket) bool {
	peer, path, ok := r.askUnix(src, uint32(s.Inode))
	if !ok {
		return false
	}
	s.peerInode = peer
	peerPath := ""
	if peer != 0 {
		_, peerPath, _ = r.askUnix(src, peer)
	}
	s.setPaths(path, peerPath)
	return true
}

// askUnix asks for the peer and the path of a unix socket.
func (r *Resolver) askUnix(src Source, inode uint32) (peer uint32, path string, ok bool) {
	if inode == 0 || !r.diag.send(src, unixRequest(inode)) {
		return 0, "", false
	}
	return parseUnixAnswer(r.diag.receive())
}

func unixRequest(inode uint32) []byte {
	order := binary.NativeEndian
	b := appendHeader(make([]byte, 0, headerSize+unixRequestSize), unixRequestSize, 0)
	b = append(b, unix.AF_UNIX, 0, 0, 0)  // family, protocol, padding
	b = order.AppendUint32(b, 0xffffffff) // any state
	b = order.AppendUint32(b, inode)
	b = order.AppendUint32(b, unixShowName|unixShowPeer)
	return append(b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff) // any cookie
}

// parseUnixAnswer takes peer and path from a netlink message. An abstract path
// begins with a zero byte.
func parseUnixAnswer(b []byte) (peer uint32, path string, ok bool) {
	order := binary.NativeEndian
	if len(b) < headerSize+unixAnswerSize || order.Uint16(b[4:]) != unix.SOCK_DIAG_BY_FAMILY {
		return 0, "", false
	}
	b = b[:min(len(b), int(order.Uint32(b)))]
	if len(b) < headerSize+unixAnswerSize {
		return 0, "", false
	}
	peer, path = unixAttributes(b[headerSize+unixAnswerSize:])
	return peer, path, true
}

func unixAttributes(b []byte) (peer uint32, path string) {
	order := binary.NativeEndian
	for len(b) >= 4 {
		size, kind := int(order.Uint16(b)), order.Uint16(b[2:])
		if size < 4 || size > len(b) {
			break
		}
		switch data := b[4:size]; {
		case kind == unixAttrName:
			path = string(data)
			if path != "" && path[0] != 0 {
				path, _, _ = strings.Cut(path, "\x00")
			}
		case kind == unixAttrPeer && len(data) >= 4:
			peer = order.Uint32(data)
		}
		b = b[min(len(b), (size+3)&^3):]
	}
	return peer, path
}
