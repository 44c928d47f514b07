package chaos

import (
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"luatrace/internal/reliability/trial"
)

var stopping = Experiment{
	Name: "stops",
	Says: "SIGSTOP and SIGCONT, one or several at once, to processes, to single threads, and to luatrace itself. What is stopped at the end of a round is stopped in all its threads, what is " +
		"continued runs, and no call fails.",
	Small: 20, Large: 2000,
	run: func(l *Lab, n int) {
		seconds := 50 + n/2
		c := l.command(append(l.Row.Front(l.Luatrace), l.fixture("herd"), "2", strconv.Itoa(seconds))...)
		c.Timeout = time.Duration(seconds+10) * time.Second
		p := l.start(c)
		if p == nil {
			return
		}
		var pids []int
		trial.Until(func() bool { pids = herdOf(p); return len(pids) >= 2 && len(threads(pids[1])) >= 3 })
		for i := 0; i < n && !l.done(); i++ {
			l.stopRound(p, pids)
		}
		for _, pid := range pids {
			p.SignalOne(pid, syscall.SIGTERM)
		}
		o := l.wait(p)
		if o.Ended() != "exit 0" || len(o.Left) > 0 {
			l.problem("ended with %s, left %q, stderr %s", o.Ended(), o.Left, trial.Short(o.Stderr))
		}
		l.reports(o)
	},
}

// herdOf lists the long-lived processes of a herd, which have threads; the last word is with
// those that exist at the start.
func herdOf(p *trial.Process) []int {
	var list []int
	for _, pid := range p.PIDs() {
		if comm(pid) == "herd" && len(threads(pid)) >= 3 {
			list = append(list, pid)
		}
	}
	return list
}

// stopRound stops and continues somebody a few times, leaves it stopped or not, looks, and
// continues it.
func (l *Lab) stopRound(p *trial.Process, pids []int) {
	if l.rand.IntN(8) == 0 {
		p.SignalOne(p.PID(), syscall.SIGSTOP)
		l.sleep(5)
		p.SignalOne(p.PID(), syscall.SIGCONT)
		// luatrace passes a SIGCONT on to the command if that is stopped: not to a later stop
		time.Sleep(300 * time.Millisecond)
		l.count("stops of luatrace", 1)
		return
	}
	pid := pids[l.rand.IntN(len(pids))]
	last := syscall.SIGCONT
	for range 1 + l.rand.IntN(6) {
		last = []syscall.Signal{syscall.SIGSTOP, syscall.SIGCONT, syscall.SIGTSTP}[l.rand.IntN(3)]
		if list := threads(pid); l.rand.IntN(2) == 0 && len(list) > 0 {
			// a stop of one thread stops all
			unix.Tgkill(pid, list[l.rand.IntN(len(list))], last)
		} else {
			p.SignalOne(pid, last)
		}
		l.count("signals sent", 1)
		if l.rand.IntN(2) == 0 {
			l.sleep(3)
		}
	}
	if last == syscall.SIGSTOP {
		if !trial.Within(5*time.Second, func() bool { return stopped(pid) }) {
			l.problem("process %d was stopped, but is in states %s", pid, states(pid))
		}
		l.count("stops checked", 1)
	}
	p.SignalOne(pid, syscall.SIGCONT)
	// With hooks, a thread that runs is stopped again and again.
	if !trial.Within(5*time.Second, func() bool { return strings.Trim(states(pid), "Tt") != "" && !stopped(pid) }) {
		l.problem("process %d was continued, but is in states %s", pid, states(pid))
	}
	l.count("continuations checked", 1)
}
