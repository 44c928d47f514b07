package tracer

import (
	"errors"

	"golang.org/x/sys/unix"

	"luatrace/tracer/internal/limits"
	"luatrace/tracer/internal/sigstate"
)

// Command is what Launch runs.
type Command struct {
	Path string   // the program; see LookPath
	Argv []string // with argv[0]
	Env  []string // "NAME=value", the whole environment
	// User, if not nil, is who the command runs as (needs CAP_SETUID).
	User *User
}

// User is a numeric user with its groups.
type User struct {
	UID, GID int
	Groups   []uint32
}

// launch is a command between fork and its successful execve.
type launch struct {
	path   string
	task   *Task
	errors int // read end of the child's error pipe
}

// Launch forks the command, seizes it at its gate and opens the gate. The
// first event of its task is the entry of its execve, if the Tracer looks at
// system calls, else EventExec; nothing of what happens between fork and
// execve is shown. If a step fails, Next returns a *LaunchError after the
// child's end; Launch itself returns one if there was no child to begin with.
func (t *Tracer) Launch(c Command) (*Process, error) {
	fail := func(step string, err error) error {
		var e unix.Errno
		errors.As(err, &e)
		return &LaunchError{Step: step, Path: c.Path, Errno: e}
	}
	plan, err := newChildPlan(&c)
	if err != nil {
		return nil, fail("arguments", err)
	}
	var gate, errs [2]int
	if err := unix.Pipe2(gate[:], unix.O_CLOEXEC); err != nil {
		return nil, fail("pipe", err)
	}
	defer unix.Close(gate[0])
	defer unix.Close(gate[1])
	if err := unix.Pipe2(errs[:], unix.O_CLOEXEC); err != nil {
		return nil, fail("pipe", err)
	}
	defer unix.Close(errs[1])
	plan.gate, plan.errors = gate[0], errs[1]

	pid, e := forkChild(plan)
	if e != 0 {
		unix.Close(errs[0])
		return nil, fail("fork", e)
	}
	tid := int(pid)
	// Options go in with the SEIZE itself; later they could come too late.
	e = ptrace(unix.PTRACE_SEIZE, tid, 0, t.options)
	if e == 0 {
		e = ptrace(unix.PTRACE_INTERRUPT, tid, 0, 0)
	}
	if e != 0 {
		// The child ends when its gate is closed; collect it.
		unix.Kill(tid, unix.SIGKILL)
		var status uint32
		for {
			if _, we := wait4(tid, &status, unix.WALL|unix.WNOTHREAD); we != unix.EINTR {
				break
			}
		}
		unix.Close(errs[0])
		return nil, fail("ptrace", e)
	}
	task := t.newTask(tid, tid, nil)
	task.launching, task.interrupted = true, true
	task.Proc.Command = true
	t.launch = &launch{path: c.Path, task: task, errors: errs[0]}
	unix.Write(gate[1], []byte{0})
	return task.Proc, nil
}

func newChildPlan(c *Command) (*childPlan, error) {
	p := &childPlan{}
	var err error
	if p.path, err = unix.BytePtrFromString(c.Path); err != nil {
		return nil, err
	}
	if p.argv, err = bytePtrs(c.Argv); err != nil {
		return nil, err
	}
	if p.envv, err = bytePtrs(c.Env); err != nil {
		return nil, err
	}
	if c.User != nil {
		p.setUser, p.uid, p.gid, p.groups = true, c.User.UID, c.User.GID, c.User.Groups
	}
	if limits.Known {
		p.setNoFile, p.noFile = true, unix.Rlimit{Cur: limits.NoFile.Cur, Max: limits.NoFile.Max}
	}
	if s := sigstate.Inherited(); s.Known {
		p.setSignals, p.blocked, p.ignore = true, uint64(s.Blocked), ignoringAction
		for i := range p.ignored {
			p.ignored[i] = s.Ignored.Has(i + 1)
		}
	}
	return p, nil
}

// bytePtrs makes a NULL-terminated array of C strings.
func bytePtrs(ss []string) ([]*byte, error) {
	ps := make([]*byte, 0, len(ss)+1)
	for _, s := range ss {
		p, err := unix.BytePtrFromString(s)
		if err != nil {
			return nil, err
		}
		ps = append(ps, p)
	}
	return append(ps, nil), nil
}

func (l *launch) finish() { unix.Close(l.errors) }

// failure reads which step failed; the child has ended.
func (l *launch) failure() error {
	defer l.finish()
	var f stepFailure
	for {
		n, err := unix.Read(l.errors, f.bytes())
		if err == unix.EINTR {
			continue
		}
		if n != len(f.bytes()) {
			// Killed before it could say anything.
			return &LaunchError{Step: "start", Path: l.path, Errno: unix.ECHILD}
		}
		return &LaunchError{Step: stepNames[f.step], Path: l.path, Errno: unix.Errno(f.errno)}
	}
}
