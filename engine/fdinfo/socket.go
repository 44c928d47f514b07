package fdinfo

import (
	"bytes"
	"encoding/hex"
	"net/netip"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"luatrace/tracer/decode"
	"luatrace/tracer/syscalls"
)

// socket appends the protocol and, if the kernel's tables have them, the
// addresses; else the inode.
func (f *file) socket(dst []byte, inode string) []byte {
	// The kernel's own name of the protocol, such as TCPv6.
	var buf [64]byte
	n := 0
	path, err := f.fs.Path(f.tid, f.name)
	if err == nil {
		n, err = unix.Getxattr(path, "system.sockprotoname", buf[:])
	}
	if err != nil || n <= 1 {
		return append(append(append(dst, "socket:["...), inode...), ']')
	}
	proto := strings.TrimRight(string(buf[:n]), "\x00")
	dst = append(append(dst, proto...), ":["...)
	at := len(dst)
	switch proto {
	case "TCP", "TCPv6", "UDP", "UDPv6":
		dst = f.inet(dst, strings.Replace(strings.ToLower(proto), "v6", "6", 1), inode)
	case "UNIX", "UNIX-STREAM":
		dst = f.unix(dst, inode)
	case "NETLINK":
		dst = f.netlink(dst, inode)
	}
	if len(dst) == at {
		dst = append(dst, inode...)
	}
	return append(dst, ']')
}

// row returns the row of a table in /proc/PID/net, which is that of the
// tracee's network namespace, whose column has this value.
func (f *file) row(table string, column int, value string) []string {
	b, err := f.fs.ReadFile(f.tid, "net/"+table)
	if err != nil {
		return nil
	}
	return Row(b, column, value)
}

// Row returns the row of a table of /proc/PID/net whose column, counted from 0,
// has this value; nil if there is none.
func Row(table []byte, column int, value string) []string {
	for line := range bytes.Lines(table) {
		if !bytes.Contains(line, []byte(value)) {
			continue
		}
		if fields := strings.Fields(string(line)); len(fields) > column && fields[column] == value {
			return fields
		}
	}
	return nil
}

// inet appends the addresses of a socket: the columns of the tables are slot,
// local, remote, state, ..., the inode as the tenth.
func (f *file) inet(dst []byte, table, inode string) []byte {
	row := f.row(table, 9, inode)
	if row == nil {
		switch table {
		case "tcp":
			dst = append(dst, f.inetBound(unix.AF_INET, inode)...)
		case "tcp6":
			dst = append(dst, f.inetBound(unix.AF_INET6, inode)...)
		}
		return dst
	}
	dst = appendAddress(dst, row[1])
	if remote := strings.TrimRight(row[2], "0:"); remote != "" {
		dst = appendAddress(append(dst, "->"...), row[2])
	}
	return dst
}

func appendAddress(dst []byte, s string) []byte {
	if a, ok := Address(s); ok {
		return a.AppendTo(dst)
	}
	return append(dst, s...)
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

// unix appends inode, inode of the peer, and the path the socket is bound to.
func (f *file) unix(dst []byte, inode string) []byte {
	peer, path, ok := f.unixDiag(inode)
	if !ok {
		// Columns: slot, references, protocol, flags, type, state, inode, path.
		if row := f.row("unix", 6, inode); len(row) > 7 {
			path = row[7]
			if abstract, ok := strings.CutPrefix(path, "@"); ok {
				path = "\x00" + abstract
			}
		}
	}
	dst = append(dst, inode...)
	if peer != 0 {
		dst = strconv.AppendUint(append(dst, "->"...), uint64(peer), 10)
	}
	if path == "" {
		return dst
	}
	dst = append(dst, ',')
	if path[0] == 0 {
		dst, path = append(dst, '@'), path[1:]
	}
	dst = append(dst, '"')
	dst = decode.AppendEscaped(dst, path, "")
	return append(dst, '"')
}

// netlink appends protocol and port id: the columns are slot, protocol, port
// id, ..., the inode as the tenth.
func (f *file) netlink(dst []byte, inode string) []byte {
	row := f.row("netlink", 9, inode)
	if row == nil {
		return dst
	}
	name := row[1]
	if n, err := strconv.ParseUint(row[1], 10, 32); err == nil {
		if s := syscalls.SetByName("netlink"); s != nil && s.On(syscalls.Native()).Enum(n) != "" {
			name = strings.TrimPrefix(s.On(syscalls.Native()).Enum(n), "NETLINK_")
		}
	}
	return append(append(append(dst, name...), ':'), row[2]...)
}
