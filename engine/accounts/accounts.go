// Package accounts reads /etc/passwd and /etc/group (passwd(5), group(5)). The standard
// library's os/user asks the C library for accounts where there is one, which
// makes the program depend on it; users of a directory service (LDAP, sssd)
// are unknown here, as they are to any static program.
package accounts

import (
	"errors"
	"os"
	"slices"
	"strconv"
	"strings"
)

// User is an entry of /etc/passwd: Name, the number UID, and GID, that of its own group.
type User struct {
	Name     string
	UID, GID int
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
		uid, err1 := strconv.Atoi(f[2])
		gid, err2 := strconv.Atoi(f[3])
		if u := (User{f[0], uid, gid}); err1 == nil && err2 == nil && is(u) {
			return u, nil
		}
	}
	return User{}, ErrUnknown
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
		gid, err := strconv.Atoi(f[2])
		if err == nil && !slices.Contains(gids, gid) && slices.Contains(strings.Split(f[3], ","), u.Name) {
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
