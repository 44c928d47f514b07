package tracer

import (
	"fmt"

	"golang.org/x/sys/unix"

	"luatrace/tracer/internal/kernel"
)

// Numbers of the calls that a machine's threads make, on the native ABI.
const (
	modelGetpid = unix.SYS_GETPID
	modelFork   = unix.SYS_CLONE
	modelExec   = unix.SYS_EXECVE
)

// able says whether a running thread can do something at all now.
func (th *modelThread) able() bool {
	switch {
	case th.state != modelRunning:
		return false
	case th.execing: // killed while it waits, or alone at last
		return len(th.others()) == 0
	case th.awaits != nil:
		child := th.awaits
		if th.m.threads[child.tid] == child && child.state != modelDead {
			return false
		}
	case !th.traced && th.group.stopped != 0:
		return false
	}
	return true
}

// others are the threads of the group that must be collected before th, which
// calls execve, can become the leader.
func (th *modelThread) others() []*modelThread {
	var list []*modelThread
	for _, o := range th.group.threads {
		if o != th && (o.tid != th.group.pid || o.state != modelDead) {
			list = append(list, o)
		}
	}
	return list
}

// act lets a thread run on to its next stop, if it comes to one.
func (th *modelThread) act(windDown bool) {
	switch {
	case th.execing:
		th.finishExec()
		return
	case th.interrupt || th.group.stopped != 0 && !th.trapped:
		sig := unix.SIGTRAP
		event := ""
		if th.seized {
			event = "attached"
		}
		if th.group.stopped != 0 {
			sig, th.trapped = th.group.stopped, true
			if !th.seized {
				event = fmt.Sprintf("stopped %d", sig)
			}
		}
		th.seized = false
		if th.traced {
			th.stop(stopStatus(sig, unix.PTRACE_EVENT_STOP), kernel.SysInfoNone, event)
		}
		return
	case th.awaits != nil:
		th.awaits = nil
		if th.traced {
			th.stop(stopStatus(unix.SIGTRAP, unix.PTRACE_EVENT_VFORK_DONE), kernel.SysInfoNone, "")
		}
		return
	case th.phase == outside:
		th.outside(windDown)
	case th.phase == entered:
		th.phase = done
		th.effect()
	default:
		th.phase = outside
		if th.traced && th.req == unix.PTRACE_SYSCALL {
			ret := int64(0)
			if th.nr == -1 {
				ret = th.skipped
			}
			event := fmt.Sprintf("exit %d", ret)
			if th.silent {
				event = ""
			}
			th.stop(stopStatus(unix.SIGTRAP|0x80, 0), kernel.SysInfoExit, event)
			th.info.SetExit(ret, ret < 0)
			th.info.Arch = nativeAudit
		}
	}
}

// outside is what a thread does that is in no system call.
func (th *modelThread) outside(windDown bool) {
	m := th.m
	choice := m.choose(8)
	if windDown {
		choice = 7
	}
	switch choice {
	case 5:
		if th.traced {
			sig := []unix.Signal{unix.SIGUSR1, unix.SIGTSTP, unix.SIGTERM}[m.choose(3)]
			th.stop(stopStatus(sig, 0), kernel.SysInfoNone, fmt.Sprintf("signal %d", sig))
		}
	case 6:
		th.die(uint32(m.choose(4)) << 8) // only this thread
	case 7:
		th.group.kill(7 << 8) // exit_group
	default:
		th.nr = []int{modelGetpid, modelFork, modelFork, modelFork, modelExec}[choice]
		th.phase = entered
		th.skipped, th.silent = 0, m.filter
		switch {
		case !th.traced:
		case m.filter:
			if m.choose(4) > 0 {
				th.stop(stopStatus(unix.SIGTRAP, unix.PTRACE_EVENT_SECCOMP), kernel.SysInfoSeccomp, fmt.Sprintf("enter %d", th.nr))
				if m.choose(8) == 7 { // a filter of the program's own
					th.info.RetData = 1
					th.want = th.want[:len(th.want)-1]
				}
			}
		case th.req == unix.PTRACE_SYSCALL:
			th.stop(stopStatus(unix.SIGTRAP|0x80, 0), kernel.SysInfoEntry, fmt.Sprintf("enter %d", th.nr))
		}
	}
}

// effect is what the call in progress does.
func (th *modelThread) effect() {
	switch th.nr {
	case modelFork:
		th.bear([]int{unix.PTRACE_EVENT_FORK, unix.PTRACE_EVENT_VFORK, unix.PTRACE_EVENT_CLONE, 0}[th.m.choose(4)])
	case modelExec:
		if !th.traced {
			// A traced leader would vanish without a word: only wait4's ECHILD
			// tells, at the end.
			return
		}
		th.execing = true
		for _, o := range th.others() {
			o.die(0)
		}
	}
}

// bear makes a child: event 0 stands for CLONE_UNTRACED.
func (th *modelThread) bear(event int) {
	m := th.m
	if m.next-m.first >= machineIDs-1 || len(m.threads) > 40 {
		return
	}
	var g *modelGroup
	if event == unix.PTRACE_EVENT_CLONE && m.choose(2) == 1 {
		g = th.group
	}
	child := m.newThread(g, th.group)
	child.req = unix.PTRACE_CONT
	if !th.traced || event == 0 {
		return
	}
	child.traced, child.bearer = true, th
	child.group.loose = child.group.loose || th.group.loose
	child.stop(stopStatus(unix.SIGTRAP, unix.PTRACE_EVENT_STOP), kernel.SysInfoNone, "")
	th.stop(stopStatus(unix.SIGTRAP, event), kernel.SysInfoNone, newText(child.tid))
	th.msg = uint64(child.tid)
	if event == unix.PTRACE_EVENT_VFORK {
		th.awaits = child
	}
}

// finishExec makes th the leader of its group, which has no other threads now.
func (th *modelThread) finishExec() {
	m := th.m
	th.execing = false
	former := th.tid
	if former != th.group.pid {
		if leader := m.threads[th.group.pid]; leader != nil {
			leader.leave() // without a report
			for i := range leader.want {
				leader.want[i].maybe = true
			}
		}
		delete(m.threads, former)
		th.former, m.renamed[former] = former, true
		th.tid = th.group.pid
		m.threads[th.tid] = th
	}
	if th.traced {
		th.stop(stopStatus(unix.SIGTRAP, unix.PTRACE_EVENT_EXEC), kernel.SysInfoNone, fmt.Sprintf("exec %d", former))
		th.msg = uint64(former)
	}
}
