package chaos

import (
	"fmt"
	"strings"
	"syscall"
	"time"

	"luatrace/internal/reliability/trial"
)

var killing = Experiment{
	Name: "kills",
	Says: "kill −9 of luatrace, of a traced process, of the command, of luatrace and another at once, at random times from the start on. Without a seccomp filter tracees go on " +
		"without their tracer, with one they are killed with it; none stays stopped, none has a call that fails.",
	Small: 8, Large: 500,
	run: func(l *Lab, n int) {
		herd := l.fixture("herd")
		for i := 0; i < n && !l.done(); i++ {
			l.killOne(herd, i)
		}
	},
}

// killOne starts a herd of processes, kills some, ends the others, and hears what they say.
func (l *Lab) killOne(herd string, i int) {
	c := l.command(append(l.Row.Front(l.Luatrace), herd, "3", "30")...)
	c.Grace = 20 * time.Second
	p := l.start(c)
	if p == nil {
		return
	}
	l.sleep(150)
	tracer, tracees := p.PID(), p.PIDs()
	pick := func() int {
		if len(tracees) == 0 {
			return tracer
		}
		return tracees[l.rand.IntN(len(tracees))]
	}
	var victims []int
	switch i % 4 {
	case 0:
		victims = []int{tracer}
	case 1:
		victims = []int{pick()}
	case 2:
		victims = []int{tracer, pick()}
	case 3:
		victims = []int{pick(), tracer}
	}
	dead := false // the tracer
	for _, v := range victims {
		if p.SignalOne(v, syscall.SIGKILL) == nil {
			l.count("kills survived", 1)
			dead = dead || v == tracer
		}
	}
	l.sleep(20)
	survivors := l.end(p, dead)
	o := l.wait(p)
	if len(o.Left) > 0 || o.TimedOut {
		l.problem("after kill -9 of %v (luatrace is %d): %s, left %q", victims, tracer, o.Ended(), o.Left)
	}
	if dead && !l.Row.Unfiltered && survivors > 0 {
		l.problem("%d processes live without luatrace, with its filter", survivors)
	}
	if dead && o.Signal != syscall.SIGKILL {
		l.problem("luatrace, killed, ended with %s; stderr %s", o.Ended(), trial.Short(o.Stderr))
	}
	l.reports(o)
}

// end sends SIGTERM to every process of the herd until none is left. If luatrace is dead, those
// that die with it get their time first; it returns how many went on without.
func (l *Lab) end(p *trial.Process, dead bool) (survivors int) {
	herd := func() []int {
		var list []int
		for _, pid := range p.PIDs() {
			if comm(pid) == "herd" {
				list = append(list, pid)
			}
		}
		return list
	}
	if dead && !l.Row.Unfiltered {
		trial.Within(5*time.Second, func() bool { survivors = len(herd()); return survivors == 0 })
		return survivors
	}
	if dead {
		// nobody stops them any more
		for _, pid := range herd() {
			if !trial.Within(5*time.Second, func() bool { return !strings.ContainsAny(states(pid), "Tt") }) {
				l.problem("process %d without tracer is in states %s", pid, states(pid))
			}
		}
	}
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
		pids := p.PIDs()
		for _, pid := range pids {
			// also one that luatrace has forked and that is not the command yet
			if pid != p.PID() {
				survivors++
				p.SignalOne(pid, syscall.SIGTERM)
			}
		}
		if len(pids) == 0 || len(pids) == 1 && pids[0] == p.PID() {
			break
		}
	}
	return survivors
}

// reports reads what the processes of the herd say about their calls.
func (l *Lab) reports(o trial.Outcome) {
	for line := range strings.Lines(o.Stdout) {
		var pid int
		var calls, failed int64
		if line == "ready\n" {
			continue
		}
		if n, _ := fmt.Sscanf(line, "pid %d calls %d failed %d\n", &pid, &calls, &failed); n != 3 || failed != 0 {
			l.problem("a process says %q", line)
			continue
		}
		l.count("calls checked", calls)
		l.count("calls failed", failed)
	}
}
