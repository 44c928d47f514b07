// Package trust says who else could have changed a file, or put another one into its
// place: by the modes, owners, groups and access lists of the file and of every
// folder that the path to it leads through, links included.
package trust

import (
	"encoding/binary"
	"os"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"

	"luatrace/engine/accounts"
)

// Party are users and groups that count as one with who runs this process.
type Party struct {
	UIDs, GIDs []int
}

// Root is root alone. It is for files that nobody has named.
func Root() Party { return Party{[]int{0}, []int{0}} }

// Caller is root and, under sudo (SUDO_UID, SUDO_GID), who called that.
func Caller() Party {
	p := Root()
	for _, c := range []struct {
		name string
		list *[]int
	}{{"SUDO_UID", &p.UIDs}, {"SUDO_GID", &p.GIDs}} {
		if id, ok := accounts.ParseID(os.Getenv(c.name)); ok && id > 0 {
			*c.list = append(*c.list, int(id))
		}
	}
	return p
}

// Self is the user of this process and root, and under sudo who called that. In a user
// namespace that has no number for the system's root, who owns / counts as root.
func Self() Party {
	p := Root()
	euid := os.Geteuid()
	if euid == 0 {
		p = Caller()
	}
	p.UIDs = append(p.UIDs, euid)
	var st unix.Stat_t
	if unix.Stat("/", &st) == nil {
		p.UIDs = append(p.UIDs, int(st.Uid))
	}
	return p
}

// Owns says whether one of the party owns a file.
func (p Party) Owns(st *unix.Stat_t) bool { return slices.Contains(p.UIDs, int(st.Uid)) }

// Writers says in words who may write to a file or folder besides its owner and the
// party, "" for nobody, and the command that would change it, up to the name.
// acl is the value of its extended attribute system.posix_acl_access, nil if it has none.
func (p Party) Writers(st *unix.Stat_t, acl []byte) (who, mend string) {
	switch {
	case st.Mode&0o002 != 0:
		return "everybody", "chmod o-w"
	case st.Mode&0o020 == 0:
		return "", "" // with an access list, this is its mask
	}
	group := true
	for _, e := range parseACL(acl) {
		switch {
		case e.tag == aclGroupObject:
			group = e.perm&aclWrite != 0
		case e.perm&aclWrite == 0:
		case e.tag == aclUser && e.id != st.Uid && !slices.Contains(p.UIDs, int(e.id)):
			return "the user " + UserName(int(e.id)), "setfacl -b"
		case e.tag == aclGroup && !p.ownGroup(st, int(e.id)):
			return "the group " + accounts.GroupName(int(e.id)), "setfacl -b"
		}
	}
	if group && !p.ownGroup(st, int(st.Gid)) {
		return "the group " + accounts.GroupName(int(st.Gid)), "chmod g-w"
	}
	return "", ""
}

// ownGroup says whether a group is one of the party's, or one that only the file's owner
// is in, as far as its number or the user's entry tells.
func (p Party) ownGroup(st *unix.Stat_t, gid int) bool {
	uid := int(st.Uid)
	if slices.Contains(p.GIDs, gid) || uid == gid {
		return true
	}
	u, err := accounts.ByUID(uid)
	return err == nil && u.GID == gid && accounts.GroupName(gid) == u.Name
}

// UserName is the name of a user, the number if it has none.
func UserName(uid int) string {
	if u, err := accounts.ByUID(uid); err == nil {
		return u.Name
	}
	return strconv.Itoa(uid)
}

// The tags and the permission of an entry of an access list (linux/posix_acl.h).
const (
	aclUser        = 0x02
	aclGroupObject = 0x04
	aclGroup       = 0x08
	aclWrite       = 0x02
)

type aclEntry struct {
	tag, perm uint16
	id        uint32
}

// parseACL reads the extended attribute (linux/posix_acl_xattr.h): a version, then
// entries of eight bytes.
func parseACL(b []byte) (list []aclEntry) {
	if len(b) < 4 || binary.LittleEndian.Uint32(b) != 2 {
		return nil
	}
	for b = b[4:]; len(b) >= 8; b = b[8:] {
		list = append(list, aclEntry{binary.LittleEndian.Uint16(b), binary.LittleEndian.Uint16(b[2:]), binary.LittleEndian.Uint32(b[4:])})
	}
	return list
}
