package engine

import (
	"cmp"
	"fmt"
	"strings"

	"luatrace/engine/fdinfo"
)

// fdPath returns what a descriptor stands for: the path of a file, "pipe:[...]" or
// "anon_inode:..." as /proc has it, and for sockets the protocol and its
// addresses, such as "tcp 127.0.0.1:34012->127.0.0.1:80" or "unix /run/x". "" if
// the descriptor is not open. It costs a readlink, and for a socket the questions
// of [fdinfo.Resolver].
func (e *Engine) fdPath(src fdinfo.Source, fd int) string {
	link := src.FD(fd)
	if inode, ok := fdinfo.Inode(link); ok {
		return e.sockets.Name(src, fd, inode)
	}
	return link
}

// FDInfo is what a descriptor stands for, in parts.
type FDInfo struct {
	FD int
	// Kind is "file" for all that has a path; "pipe", "tcp", "udp", "unix",
	// "netlink", "socket" for other protocols; and "anon" for eventfd, epoll and
	// the like.
	Kind string
	// Path is that of a file; of others, what /proc says.
	Path string
	// Local and Peer are the addresses of a socket, or the paths of a unix
	// socket and of the one it is connected to; "" if there are none.
	Local, Peer string
	Listening   bool
	// Inode is that of a socket or a pipe, 0 for others.
	Inode uint64

	// KnownPeer is what PeerInode returns, where that is known already: of a made-up
	// descriptor, and of one that its call closes.
	KnownPeer uint64

	eng *Engine
	src fdinfo.Source
}

// PeerInode returns the inode of the unix socket that this one is connected to, 0
// if there is none, if the connection was not accepted yet, or if it can't be known. It
// must be called from the hook.
func (d *FDInfo) PeerInode() uint64 {
	if d.Kind != "unix" || d.Inode == 0 || d.src == nil || d.KnownPeer != 0 {
		return d.KnownPeer
	}
	return uint64(d.eng.sockets.PeerInode(d.src, d.Inode))
}

// takeApart fills in what a made-up descriptor does not say: kind and addresses
// follow from the path, and the path from those.
func (d *FDInfo) takeApart() {
	switch {
	case d.Path != "" && d.Kind == "":
		given := *d
		d.describe(d.Path)
		d.Local, d.Peer = cmp.Or(given.Local, d.Local), cmp.Or(given.Peer, d.Peer)
		d.Inode, d.Listening = cmp.Or(given.Inode, d.Inode), given.Listening || d.Listening
	case d.Path == "":
		d.Path = d.Kind
		if text := cmp.Or(d.Local, fmt.Sprintf("socket:[%d]", d.Inode)); d.Kind != "" {
			d.Path += " " + text
		}
		if d.Listening {
			d.Path += " (listening)"
		} else if d.Peer != "" && (d.Kind != "unix" || d.Local == "") {
			d.Path += "->" + d.Peer
		}
	}
}

// fdInfo returns what is known of a descriptor, nil if it is not open.
func (e *Engine) fdInfo(src fdinfo.Source, fd int) *FDInfo {
	link := src.FD(fd)
	if link == "" {
		return nil
	}
	d := &FDInfo{FD: fd, Path: link, eng: e, src: src}
	inode, ok := fdinfo.Inode(link)
	if !ok {
		d.describe(link)
		return d
	}
	s := e.sockets.Socket(src, fd, inode)
	d.Kind, d.Path, d.Inode, d.Listening = s.Kind(), s.Name(), inode, s.Listening
	d.Local, d.Peer = s.Addresses()
	return d
}

// describe takes a descriptor apart of which there is only a text: what /proc says
// of one that is no socket, or what a made-up event says.
func (d *FDInfo) describe(text string) {
	kind, rest, _ := strings.Cut(text, " ")
	switch {
	case strings.HasPrefix(text, "/"):
		d.Kind = "file"
	case strings.HasPrefix(text, "pipe:["):
		d.Kind = "pipe"
		d.Inode, _ = fdinfo.Inode("socket" + strings.TrimPrefix(text, "pipe"))
	case kind == "tcp" || kind == "udp" || kind == "unix":
		d.Kind = kind
		rest, d.Listening = strings.CutSuffix(rest, " (listening)")
		d.Local, d.Peer, _ = strings.Cut(rest, "->")
		if inode, ok := fdinfo.Inode(d.Local); ok {
			d.Local, d.Inode = "", inode
		}
	default:
		d.Kind = "anon"
	}
}
