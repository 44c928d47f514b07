package aside

import (
	"golang.org/x/sys/unix"
)

// namespace identifies a namespace (namespaces(7)); the zero value is none that is
// known.
type namespace struct{ dev, ino uint64 }

// namespaceOf is a namespace of a thread, by its name below /proc/TID/ns.
func namespaceOf(tid int, kind string) namespace {
	var st unix.Stat_t
	if proc().Stat(tid, "ns/"+kind, &st, 0) != nil {
		return namespace{}
	}
	return namespace{st.Dev, st.Ino}
}

// namespaceAt is that of an open descriptor.
func namespaceAt(fd int) namespace {
	var st unix.Stat_t
	if unix.Fstat(fd, &st) != nil {
		return namespace{}
	}
	return namespace{st.Dev, st.Ino}
}

// mostNested is how deep the kernel nests namespaces of users and of processes.
const mostNested = 32

// ancestors calls visit for a namespace of a thread and those around it, from the inside, until that
// returns false or there is none that we may see. owner is the user who made it, of
// user namespaces.
func ancestors(tid int, kind string, visit func(ns namespace, owner int) bool) {
	fd, err := proc().Open(tid, "ns/"+kind, unix.O_RDONLY)
	for range mostNested + 2 {
		if err != nil {
			return
		}
		owner := -1
		if kind == "user" {
			if uid, err := unix.IoctlGetUint32(fd, unix.NS_GET_OWNER_UID); err == nil {
				owner = int(uid)
			}
		}
		goes := visit(namespaceAt(fd), owner)
		outer := -1
		if goes {
			outer, err = unix.IoctlRetInt(fd, unix.NS_GET_PARENT)
		}
		unix.Close(fd)
		if !goes {
			return
		}
		fd = outer
	}
	unix.Close(fd)
}

// around says whether a namespace of a thread, or one of those around it as many
// levels up, is the given one.
func around(tid int, kind string, levels int, want namespace) bool {
	found := false
	ancestors(tid, kind, func(ns namespace, _ int) bool {
		found = levels == 0 && ns == want && want != namespace{}
		levels--
		return levels >= 0
	})
	return found
}
