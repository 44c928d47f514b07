package fdinfo

import (
	"bytes"
	"encoding/hex"
	"net/netip"
	"strconv"
	"strings"
)

// askTables looks a socket up in /proc/PID/net, which is that of the source's
// network namespace. The kernel writes a line for each socket there is.
func askTables(src Source, fd int, s *Socket) bool {
	if s.Protocol == "" {
		s.Protocol = src.SocketProtocol(fd)
	}
	inode := strconv.FormatUint(s.Inode, 10)
	switch {
	case s.Inet():
		return inetTable(src, s, inode)
	case s.Unix():
		return unixTable(src, s, inode)
	case s.Protocol == "NETLINK":
		return netlinkTable(src, s, inode)
	case s.Protocol == "":
		return unixTable(src, s, inode) || inetTable(src, s, inode) || netlinkTable(src, s, inode)
	}
	return true // of another kind, of which there is no more to say
}

// inetTable looks in the tables of TCP and UDP: the columns are slot, local,
// remote, state, ..., the inode as the tenth.
func inetTable(src Source, s *Socket, inode string) bool {
	for _, t := range [...]struct{ file, protocol string }{{"tcp", "TCP"}, {"tcp6", "TCPv6"}, {"udp", "UDP"}, {"udp6", "UDPv6"}} {
		if s.Protocol != "" && strings.TrimPrefix(s.Protocol, "MP") != t.protocol {
			continue
		}
		row := row(src, t.file, 9, inode)
		if row == nil {
			continue
		}
		if s.Protocol == "" {
			s.Protocol = t.protocol
		}
		local, _ := Address(row[1])
		peer, _ := Address(row[2])
		if peer.Port() == 0 {
			peer = netip.AddrPort{}
		}
		const listen = "0A"
		s.set(local, peer, row[3] == listen && s.Kind() == "tcp")
		return true
	}
	return false
}

// unixTable looks in the table of unix sockets: slot, references, protocol, flags,
// type, state, inode, path. It has no peers. All but the path is the kernel's own text.
func unixTable(src Source, s *Socket, inode string) bool {
	var path string
	rows, ours := 0, false // how many there are for the inode; this is one of them
	err := src.ScanProcFile("net/unix", func(line []byte) bool {
		line = bytes.TrimSuffix(line, []byte("\n"))
		at, rest, ok := unixRow(line)
		switch {
		case ok && string(at) == inode:
			rows, ours, path = rows+1, true, string(rest)
		case ok:
			ours = false
		case ours && len(path) <= mostPath: // it has a newline
			path += "\n" + string(line)
		}
		return rows < 2
	})
	// A path may hold what looks like another socket's row. That one's own row is in the
	// table too: of two nobody can say which is the kernel's.
	if err != nil || rows != 1 {
		return false
	}
	if abstract, ok := strings.CutPrefix(path, "@"); ok {
		path = "\x00" + abstract
	}
	if s.Protocol == "" {
		s.Protocol = "UNIX"
	}
	s.setPaths(path, "")
	return true
}

// mostPath is the length of the longest path of a unix socket (sun_path of unix(7)).
const mostPath = 108

// unixRow takes inode and path from a line of the table of unix sockets; ok is false if
// it can't be the beginning of a row.
func unixRow(line []byte) (inode, path []byte, ok bool) {
	slot, rest, ok := bytes.Cut(line, []byte(": "))
	if !ok || len(slot) < 8 || len(slot) > 16 || !isHex(slot) {
		return nil, nil, false
	}
	for _, width := range [...]int{8, 8, 8, 4, 2} {
		var word []byte
		if word, rest, ok = bytes.Cut(rest, []byte(" ")); !ok || len(word) != width || !isHex(word) {
			return nil, nil, false
		}
	}
	rest = bytes.TrimLeft(rest, " ")
	inode, path, _ = bytes.Cut(rest, []byte(" "))
	for _, c := range inode {
		if c < '0' || c > '9' {
			return nil, nil, false
		}
	}
	return inode, path, len(inode) > 0
}

func isHex(b []byte) bool {
	for _, c := range b {
		if (c < '0' || c > '9') && (c|0x20 < 'a' || c|0x20 > 'f') {
			return false
		}
	}
	return true
}

// netlinkTable looks in the table of netlink sockets: slot, protocol, port id,
// ..., the inode as the tenth.
func netlinkTable(src Source, s *Socket, inode string) bool {
	row := row(src, "netlink", 9, inode)
	if row == nil {
		return false
	}
	proto, err := strconv.Atoi(row[1])
	port, err2 := strconv.ParseUint(row[2], 10, 32)
	if err != nil || err2 != nil {
		return false
	}
	s.Protocol, s.Proto, s.PortID = "NETLINK", proto, uint32(port)
	return true
}

// row returns the row of a table of /proc/PID/net whose column, counted from 0, has
// this value; nil if there is none. None of these tables has text of a program's.
func row(src Source, table string, column int, value string) (row []string) {
	src.ScanProcFile("net/"+table, func(line []byte) bool {
		if !bytes.Contains(line, []byte(value)) {
			return true
		}
		if fields := strings.Fields(string(line)); len(fields) > column && fields[column] == value {
			row = fields
		}
		return row == nil
	})
	return row
}

// Address reads "0100007F:1F90" of a table of /proc/PID/net: 127.0.0.1:8080. The
// kernel prints the address as 32-bit words in host order, which is
// little-endian on amd64 and arm64.
func Address(s string) (netip.AddrPort, bool) {
	addr, port, _ := strings.Cut(s, ":")
	b, err := hex.DecodeString(addr)
	p, err2 := strconv.ParseUint(port, 16, 16)
	if err != nil || err2 != nil || len(b)%4 != 0 {
		return netip.AddrPort{}, false
	}
	for i := 0; i < len(b); i += 4 {
		b[i], b[i+1], b[i+2], b[i+3] = b[i+3], b[i+2], b[i+1], b[i]
	}
	a, ok := netip.AddrFromSlice(b)
	return netip.AddrPortFrom(a, uint16(p)), ok
}
