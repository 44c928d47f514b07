// Package accounts reads /etc/passwd and /etc/group (passwd(5), group(5)). The standard
// library's os/user asks the C library for accounts where there is one, which
// makes the program depend on it; users of a directory service (LDAP, sssd)
// are unknown here, as they are to any static program.
package accounts

import (
	"errors"
	"math"
	"os"
	"slices"
	"strconv"
	"strings"
)

// User is an entry of /etc/passwd: Name, the number UID, GID, that of its own group,
// Home, its directory, and Shell, which is /bin/sh where the entry names none.
type User struct {
	Name        string
	UID, GID    int
	Home, Shell string
}

// ErrUnknown says that there is no such entry.
var ErrUnknown = errors.New("no such entry in /etc/passwd")

// passwd and group are where the entries stand.
var passwd, group = "/etc/passwd", "/etc/group"

// ByName finds a user by name: ErrUnknown, or an error of reading the file. Like
// all functions here it may be called from any goroutine.
func ByName(name string) (User, error) {
	return find(func(u User) bool { return u.Name == name })
}

// ByUID finds a user by number: the first entry that has it.
func ByUID(uid int) (User, error) {
	return find(func(u User) bool { return u.UID == uid })
}

func find(is func(User) bool) (User, error) {
	text, err := os.ReadFile(passwd)
	if err != nil {
		return User{}, err
	}
	for f := range entries(string(text), 7) {
		uid, ok1 := ParseID(f[2])
		gid, ok2 := ParseID(f[3])
		u := User{f[0], int(uid), int(gid), f[5], f[6]}
		if u.Shell == "" {
			u.Shell = "/bin/sh"
		}
		if ok1 && ok2 && is(u) {
			return u, nil
		}
	}
	return User{}, ErrUnknown
}

// Names returns the names of all users, in the order of their entries; none where
// the file can't be read.
func Names() []string {
	text, _ := os.ReadFile(passwd)
	var names []string
	for f := range entries(string(text), 7) {
		names = append(names, f[0])
	}
	return names
}

// Groups are the numbers of the groups that a user is in: the one of its own
// entry first, then those that name it as a member.
func (u User) Groups() ([]int, error) {
	text, err := os.ReadFile(group)
	if err != nil {
		return nil, err
	}
	gids := []int{u.GID}
	for f := range entries(string(text), 4) {
		id, ok := ParseID(f[2])
		gid := int(id)
		if ok && !slices.Contains(gids, gid) && slices.Contains(strings.Split(f[3], ","), u.Name) {
			gids = append(gids, gid)
		}
	}
	return gids, nil
}

// GroupName is the name of a group, its number if it has none.
func GroupName(gid int) string {
	number := strconv.Itoa(gid)
	text, _ := os.ReadFile(group)
	for f := range entries(string(text), 4) {
		if f[2] == number {
			return f[0]
		}
	}
	return number
}

// ParseID reads the number of a user or group: 32 bits in decimal digits, and not
// 4294967295, which to the kernel is no number but "leave it as it is".
func ParseID(s string) (id uint32, ok bool) {
	n, err := strconv.ParseUint(s, 10, 32)
	return uint32(n), err == nil && n != math.MaxUint32
}

// entries yields the fields of each line that has at least n of them. Lines that
// begin with + or - ask a directory service.
func entries(text string, n int) func(func([]string) bool) {
	return func(yield func([]string) bool) {
		for line := range strings.Lines(text) {
			line = strings.TrimSpace(line)
			if line == "" || strings.IndexByte("#+-", line[0]) >= 0 {
				continue
			}
			if f := strings.Split(line, ":"); len(f) >= n && f[0] != "" && !yield(f) {
				return
			}
		}
	}
}
