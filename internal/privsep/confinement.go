package privsep

import "strings"

// Confinement is the set of what a helper has given away.
type Confinement uint32

const (
	// Limits: no descriptor that was inherited; bounds of memory, the size of files it writes (none), descriptors, CPU time, core dumps (none).
	Limits Confinement = 1 << iota
	// NoNewPrivs: no execve gives rights (PR_SET_NO_NEW_PRIVS).
	NoNewPrivs
	// User: it is not root, nor in root's groups.
	User
	// Capabilities: it has none.
	Capabilities
	// Undumpable: other processes of the same user can't trace it.
	Undumpable
	// Landlock: no file can be opened, made or removed by name.
	Landlock
	// Seccomp: only system calls that the Go runtime and the protocol need.
	Seccomp
)

var confinements = [...]string{"limits", "no_new_privs", "user", "capabilities", "undumpable", "landlock", "seccomp"}

// String lists the names of what is held, as "limits no_new_privs".
func (c Confinement) String() string {
	var names []string
	for i, name := range confinements {
		if c&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return strings.Join(names, " ")
}
