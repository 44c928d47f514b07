package chaos

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"luatrace/internal/reliability/trial"
)

var attaching = Experiment{
	Name: "attaches",
	Says: "Attaching to a program with busy and with sleeping threads, and leaving it by SIGINT, SIGTERM, `stop_trace` or kill −9, again and again. The program counts its calls: none fails, none that sleeps " +
		"is cut short, and luatrace counts no more calls than the program.",
	Small: 20, Large: 1000, Attaches: true,
	run: func(l *Lab, n int) {
		c := l.command(l.fixture("steady"), "3", "1800")
		c.Timeout = 30 * time.Minute
		p := l.start(c)
		if p == nil {
			return
		}
		const all = 3 + 9 + 1
		trial.Until(func() bool { return len(threads(p.PID())) == all })
		var counted int64
		for i := 0; i < n && !l.done(); i++ {
			counted += l.attachOnce(p.PID(), i)
		}
		p.Signal(syscall.SIGTERM)
		var made, opens, blocked, interrupted, failed int64
		l.checkEnd(p, "exit 0", "getppid %d opens %d blocked %d interrupted %d failed %d\n", []any{&made, &opens, &blocked, &interrupted, &failed})
		// The kernel lets go what the killed luatrace has stopped as if a signal had come: at most the
		// calls that three of the threads make then fail.
		if kills := int64(n / 4); interrupted > 3*kills {
			l.problem("%d calls failed with EINTR, after %d times kill -9 of luatrace", interrupted, kills)
		}
		l.count("calls failed with EINTR at a kill −9 of luatrace", interrupted)
		if counted > made {
			l.problem("luatrace counted %d calls, the program %d", counted, made)
		}
		l.count("calls checked", made+2*opens+blocked)
		l.count("calls failed", failed)
		l.count("calls counted while attached", counted)
		if counted == 0 {
			l.problem("luatrace counted no calls at all")
		}
	},
}

var countedCalls = regexp.MustCompile(`(?m)^counted (\d+)$`)

// attachOnce attaches to a process for a random time, and returns how many calls were counted.
func (l *Lab) attachOnce(pid, i int) int64 {
	script := `local n = 0 on("getppid:enter", function(ev) n = n + 1 end) on("end", function() print("counted " .. n) end)`
	if i%4 == 1 {
		script += fmt.Sprintf(` every("%dms", function() stop_trace() end)`, 1+l.rand.IntN(20))
	}
	p := l.start(l.command(l.Luatrace, "-e", script, "-p", strconv.Itoa(pid)))
	if p == nil {
		return 0
	}
	want := "exit 0"
	if i%4 != 1 {
		if !trial.Within(20*time.Second, func() bool { return trial.Field(pid, "TracerPid") != "0" }) {
			l.problem("it was not attached to")
		}
		l.sleep(40)
		sig := []syscall.Signal{syscall.SIGINT, 0, syscall.SIGTERM, syscall.SIGKILL}[i%4]
		p.Signal(sig)
		want = fmt.Sprintf("signal %d (%v)", int(sig), sig)
	}
	o := l.wait(p)
	if o.Ended() != want || len(o.Left) > 0 {
		l.problem("luatrace -p ended with %s, left %q, stderr %s; want %s", o.Ended(), o.Left, trial.Short(o.Stderr), want)
	}
	if t := trial.Field(pid, "TracerPid"); t != "0" {
		l.problem("after the detach %s traces it", t)
	}
	if !trial.Within(5*time.Second, func() bool { return !strings.ContainsAny(states(pid), "Tt") }) {
		l.problem("after the detach its threads are in states %s", states(pid))
	}
	l.count("attaches", 1)
	m := countedCalls.FindStringSubmatch(o.Stderr)
	if m == nil {
		if want != "signal 9 (killed)" {
			l.problem("luatrace did not say what it counted: %s", trial.Short(o.Stderr))
		}
		return 0
	}
	counted, _ := strconv.ParseInt(m[1], 10, 64)
	return counted
}
