package aside

import (
	"strings"

	"golang.org/x/sys/unix"

	"luatrace/tracer/procfs"
)

// credentials are what the kernel compares when one thread wants to trace another.
type credentials struct {
	tid                  int
	uid, gid             []int // real, effective, saved and that of the file system
	effective, permitted uint64
	users                namespace
}

// credentialsOf reads those of a thread. known is false if it can't be looked at, or if
// users of it have no number in our user namespace: those all look the same.
func credentialsOf(tid int) (c credentials, known bool) {
	c = credentials{tid: tid, uid: procfs.IntsOf(proc().Field(tid, "Uid")), gid: procfs.IntsOf(proc().Field(tid, "Gid")), users: namespaceOf(tid, "user")}
	c.effective, c.permitted = procfs.SetOf(proc().Field(tid, "CapEff")), procfs.SetOf(proc().Field(tid, "CapPrm"))
	if len(c.uid) < 4 || len(c.gid) < 4 || c.users == (namespace{}) {
		return c, false
	}
	const overflow = 65534 // /proc/sys/kernel/overflowuid and overflowgid, by default
	for i := range c.uid {
		if (c.uid[i] == overflow || c.gid[i] == overflow) && !mapsAll() {
			return c, false
		}
	}
	return c, true
}

// mapsAll says whether every user has a number in our user namespace.
func mapsAll() bool {
	b, _ := proc().Self("uid_map")
	return strings.Join(strings.Fields(string(b)), " ") == "0 0 4294967295"
}

// over says whether a thread may do to the processes of another's user namespace what
// needs CAP_SYS_PTRACE: its capabilities count there and below it, and who has made
// a namespace has all capabilities in it (user_namespaces(7)).
func (c *credentials) over(o *credentials) bool {
	if c.users == o.users {
		return c.capable()
	}
	found, owner := false, -1
	ancestors(o.tid, "user", func(ns namespace, madeBy int) bool {
		if ns == c.users {
			found = c.capable() || owner >= 0 && owner == c.uid[1]
			return false
		}
		owner = madeBy
		return true
	})
	return found
}

// privileged is the part of the kernel's check that is about capabilities alone: a
// tracer needs all that the tracee has, or CAP_SYS_PTRACE there.
func (c *credentials) privileged(o *credentials) bool {
	return c.users == o.users && o.permitted&^c.permitted == 0 || c.over(o)
}

// same says whether all users and groups of another thread are the real ones of
// this.
func (c *credentials) same(o *credentials) bool {
	for i := range 3 {
		if o.uid[i] != c.uid[0] || o.gid[i] != c.gid[0] {
			return false
		}
	}
	return true
}

// capable says whether a thread has CAP_SYS_PTRACE, in its user namespace.
func (c *credentials) capable() bool { return c.effective>>unix.CAP_SYS_PTRACE&1 != 0 }

// rootOf is the root of a thread's user namespace, as a user of ours; -1 if it is not known.
func rootOf(c *credentials) int {
	if c.users == namespaceOf(unix.Getpid(), "user") {
		return 0
	}
	b, err := proc().ReadFile(c.tid, "uid_map")
	if err != nil {
		return -1
	}
	for line := range strings.Lines(string(b)) {
		if f := procfs.IntsOf(line); len(f) == 3 && f[0] == 0 && f[2] > 0 {
			return f[1]
		}
	}
	return -1
}

// dumpableFor says whether a process may be looked into by a thread that has no
// capabilities over it: the kernel gives the files in /proc of one that may not
// be to the root of the user namespace in which it called execve (proc(5)). A tracer must be
// capable there: in its own namespace, or in the process's. The processes of
// root look the same in either case.
func (o *credentials) dumpableFor(c *credentials, over bool) bool {
	var st unix.Stat_t
	if proc().Stat(o.tid, "mem", &st, unix.AT_SYMLINK_NOFOLLOW) != nil {
		return false
	}
	if int(st.Uid) == o.uid[1] && int(st.Gid) == o.gid[1] {
		return true
	}
	if !over {
		return false
	}
	inside := rootOf(o)
	return c.capable() && int(st.Uid) == rootOf(c) || inside > 0 && int(st.Uid) == inside
}

// MayTrace says whether the kernel would let one thread trace another, as far as
// that can be seen from here: a process is not let go in vain. See "Ptrace
// access mode checking" in ptrace(2). What Landlock, SELinux and AppArmor say is not
// known, nor whom Yama's PR_SET_PTRACER allows.
func MayTrace(tid, target int) bool {
	c, o, over, may := mayMeet(tid, target)
	return may && (c.same(&o) || over) && o.dumpableFor(&c, over)
}

// MayTraceChild says whether the kernel would let a parent trace a child that asks
// for it (PTRACE_TRACEME).
func MayTraceChild(parent, child int) bool {
	_, _, _, may := mayMeet(parent, child)
	return may
}

// mayMeet is what the kernel asks whoever wants it: Yama, and the capabilities of the two. over
// says whether the tracer has power over the other's user namespace.
func mayMeet(tracer, tracee int) (c, o credentials, over, may bool) {
	c, known := credentialsOf(tracer)
	o, knownToo := credentialsOf(tracee)
	if !known || !knownToo {
		return c, o, false, false
	}
	over = c.over(&o)
	scope := proc().YamaScope()
	return c, o, over, (scope < 2 || scope == 2 && over) && c.privileged(&o)
}
