package tracer

import (
	"errors"
	"slices"
	"sync/atomic"

	"golang.org/x/sys/unix"

	"luatrace/tracer/internal/kernel"
	"luatrace/tracer/internal/limits"
	"luatrace/tracer/internal/reports"
	"luatrace/tracer/internal/sigstate"
	"luatrace/tracer/seccomp"
)

// Command is what Launch runs.
type Command struct {
	Path string   // the program; see LookPath
	Argv []string // with argv[0]
	Env  []string // "NAME=value", the whole environment
	// User, if not nil, is who the command runs as (needs CAP_SETUID and CAP_SETGID). If that is
	// somebody else, the command gets a session keyring of its own (keyrings(7)).
	User *User
	// Filter, if not nil, is installed before the execve; the command and all
	// its descendants keep it for their lives. Tracees with a filter can't be let go: every
	// call that it traces would fail with ENOSYS. The kernel kills them if
	// the tracer dies.
	Filter *seccomp.Filter
}

// User is a numeric user with its groups.
type User struct {
	UID, GID uint32   // all of real, effective and saved; the kernel has none of 4294967295
	Groups   []uint32 // supplementary groups
}

// starting is what the beginning of a trace has shown.
type starting struct {
	commandPID int     // of the command that Launch started, 0 for none
	launch     *launch // that command before its execve, else nil
	launchErr  error   // why the trace can't begin, for Next to return
	// kernelKnown says that the kernel has answered a request that came with the
	// oldest one that will do.
	kernelKnown bool
	canSetInfo  bool // PTRACE_SET_SYSCALL_INFO has not failed yet
}

// ourFilter is the filter that every tracee has.
type ourFilter struct {
	filtered bool            // there is one
	filter   *seccomp.Filter // that one
	listener *listener       // of its notifications, or nil
	orphans  orphans
	freed    atomic.Uint64 // counts reports after which a thread's id is free, or another's
}

// launch is a command between fork and its successful execve.
type launch struct {
	path   string
	task   *Task
	errors int               // read end of the child's error pipe
	plan   *kernel.ChildPlan // which the child may read
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
	plan.Gate, plan.Opener, plan.Errors = gate[0], gate[1], errs[1]

	tid, refused := t.forkSeized(plan, c.Filter)
	unix.Close(errs[1]) // the child's end of it is all there may be: failure reads until that is closed
	if refused != nil {
		unix.Close(errs[0])
		t.setFilter(nil)
		refused.Path = c.Path
		return nil, refused
	}
	task := t.newTask(tid, tid, nil, lifeGated)
	task.interrupted = true
	task.Proc.Command = true
	t.commandPID = tid
	t.launch = &launch{path: c.Path, task: task, errors: errs[0], plan: plan}
	unix.Write(gate[1], []byte{0})
	if c.Filter != nil {
		if err := t.awaitFilter(task, c.Filter.Notifies()); err != nil {
			t.setFilter(nil)
			return nil, err
		}
	}
	return task.Proc, nil
}

// forkSeized forks the child and seizes it at its gate. If the child has a
// tracer already, because somebody traces this process and follows its children
// (strace -f), another child is made that is born untraced (CLONE_UNTRACED). That
// is not for a child with a filter: calls could fail without its tracer.
func (t *Tracer) forkSeized(plan *kernel.ChildPlan, filter *seccomp.Filter) (tid int, refused *LaunchError) {
	for {
		pid, e := kernel.Fork(plan)
		if e != 0 {
			return 0, &LaunchError{Step: "fork", Errno: e}
		}
		tid := int(pid)
		if filter != nil {
			t.setFilter(filter)
		}
		// Options go in with the SEIZE itself; later they could come too late.
		e = kernel.Ptrace(unix.PTRACE_SEIZE, tid, 0, t.options)
		if e == 0 {
			e = kernel.Ptrace(unix.PTRACE_INTERRUPT, tid, 0, 0)
		}
		if e == 0 {
			return tid, nil
		}
		again := e == unix.EPERM && plan.CloneFlags == 0 && isTraced(tid) && statusField(tid, "Seccomp") == "0"
		reason := newRefusal(tid, e, true).reason()
		var status uint32
		got, _ := kernel.Wait4Now(tid, &status, unix.WALL|unix.WNOTHREAD)
		end := exitOf(kernel.DecodeStatus(status))
		if got != tid {
			end = endChild(tid)
		}
		if got == tid || e == unix.ESRCH { // somebody else has ended it
			return 0, &LaunchError{Step: "start", Errno: unix.ECHILD, Signal: end.Signal}
		}
		if !again {
			return 0, &LaunchError{Step: "ptrace", Errno: e, Reason: reason}
		}
		plan.CloneFlags = unix.CLONE_UNTRACED
	}
}

// endChild kills a child and collects it.
func endChild(tid int) Exit {
	unix.Kill(tid, unix.SIGKILL)
	for {
		w := reports.Report{TID: tid}
		_, e := kernel.Wait4(tid, &w.Status, unix.WALL|unix.WNOTHREAD)
		if e == unix.ECHILD {
			return Exit{Signal: unix.SIGKILL}
		}
		if e == 0 && w.IsDeath() {
			return exitOf(kernel.DecodeStatus(w.Status))
		}
	}
}

// setFilter notes which filter the tracees to come will have, nil for none: an
// attempt without one, after the kernel has refused it, must not leave tracees
// that die with the tracer.
func (t *Tracer) setFilter(f *seccomp.Filter) {
	const options = unix.PTRACE_O_TRACESECCOMP | unix.PTRACE_O_EXITKILL
	t.filter, t.filtered = f, f != nil
	if t.filtered {
		t.options |= options
	} else {
		t.options &^= options
	}
}

// awaitFilter steps the child over its seccomp(2) call. That call's result is
// the listener's descriptor number in the child, which pidfd_getfd copies: no
// handshake that the filter itself might catch, and the kernel made it
// close-on-exec in the child.
func (t *Tracer) awaitFilter(task *Task, listener bool) error {
	abandon := func(step string, e unix.Errno) error {
		path := t.launch.path
		t.launch.finish()
		endChild(task.TID)
		t.launch = nil
		t.forget(task)
		return &LaunchError{Step: step, Path: path, Errno: e}
	}
	installing := false
	for {
		var status uint32
		if _, e := kernel.Wait4(task.TID, &status, unix.WALL|unix.WNOTHREAD); e == unix.EINTR {
			continue
		} else if e != 0 {
			return abandon("wait", e)
		}
		st := kernel.DecodeStatus(status)
		if (st.Kind == kernel.StatusEventStop || st.Kind == kernel.StatusSyscall) && !t.kernelFits(task.TID) {
			return t.refuseLaunch(task)
		}
		sig := uintptr(0)
		switch st.Kind {
		case kernel.StatusExited, kernel.StatusSignaled:
			err := t.launch.failure(exitOf(st))
			t.launch = nil
			t.forget(task)
			return err
		case kernel.StatusSignal:
			sig = uintptr(st.Signal)
		case kernel.StatusSyscall:
			var s kernel.SyscallInfo
			if e := kernel.GetSyscallInfo(task.TID, &s); e != 0 {
				continue // killed; the report follows
			}
			if s.Op == kernel.SysInfoEntry {
				installing = int(s.NR) == unix.SYS_SECCOMP
			} else if installing && !s.IsError() {
				if listener {
					l, e := stealListener(task.TID, int(s.Rval()), &t.freed)
					if e != 0 {
						return abandon("listener", e)
					}
					t.listener = l
				}
				task.interrupted = false
				kernel.Ptrace(unix.PTRACE_CONT, task.TID, 0, 0)
				return nil
			}
		default: // a stop on the way to the execve
		}
		kernel.Ptrace(unix.PTRACE_SYSCALL, task.TID, 0, sig)
	}
}

// stealListener copies a descriptor of the stopped child.
func stealListener(pid, childFD int, freed *atomic.Uint64) (*listener, unix.Errno) {
	pidfd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return nil, errnoOf(err)
	}
	defer unix.Close(pidfd)
	fd, err := unix.PidfdGetfd(pidfd, childFD, 0)
	if err != nil {
		return nil, errnoOf(err)
	}
	return newListener(fd, freed), 0
}

func newChildPlan(c *Command) (*kernel.ChildPlan, error) {
	p := &kernel.ChildPlan{}
	var err error
	if p.Path, err = unix.BytePtrFromString(c.Path); err != nil {
		return nil, err
	}
	if p.Argv, err = bytePtrs(c.Argv); err != nil {
		return nil, err
	}
	if p.Env, err = bytePtrs(c.Env); err != nil {
		return nil, err
	}
	if u := c.User; u != nil {
		p.SetUser, p.UID, p.GID = true, u.UID, u.GID
		p.Keyring = int64(u.UID) != int64(unix.Geteuid())
		p.Groups = slices.Compact(slices.Sorted(slices.Values(u.Groups)))
		p.GotGroups = make([]uint32, len(p.Groups)+1)
		// Nobody else may run, and be traced, in the memory of this process.
		p.Way = kernel.ForkClone3
	}
	if c.Filter != nil {
		raw, err := c.Filter.Compile()
		if err != nil {
			return nil, err
		}
		p.Filter = kernel.SockFprog(seccomp.SockFilters(raw))
		if c.Filter.Notifies() {
			p.FilterArgs = kernel.FilterNewListener | kernel.FilterWaitKillableRecv
		}
	}
	if limits.Known {
		p.SetNoFile, p.NoFile = true, unix.Rlimit{Cur: limits.NoFile.Cur, Max: limits.NoFile.Max}
	}
	if s := sigstate.Inherited(); s.Known {
		p.SetSignals, p.Blocked, p.Ignore = true, uint64(s.Blocked), kernel.IgnoringAction
		for i := range p.Ignored {
			p.Ignored[i] = s.Ignored.Has(i + 1)
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

// failure reads which step failed; the child has ended so.
func (l *launch) failure(end Exit) error {
	defer l.finish()
	var f kernel.StepFailure
	for {
		n, err := unix.Read(l.errors, f.Bytes())
		if err == unix.EINTR {
			continue
		}
		if n != len(f.Bytes()) {
			return &LaunchError{Step: "start", Path: l.path, Errno: unix.ECHILD, Signal: end.Signal}
		}
		return &LaunchError{Step: kernel.StepNames[f.Step], Path: l.path, Errno: unix.Errno(f.Errno)}
	}
}
