package chaos

import (
	"strconv"
	"syscall"
	"time"

	"luatrace/internal/reliability/trial"
)

var flooding = Experiment{
	Name: "signals",
	Says: "Signals with values (sigqueue) at up to 10 kHz, to a single thread and to a process with three busy threads; in the row unfiltered also while luatrace attaches and detaches. Each arrives once, in order where " +
		"there is one thread, and no call fails.",
	Small: 600, Large: 100000,
	run: func(l *Lab, n int) {
		var o [5]int64
		into := []any{&o[0], &o[1], &o[2], &o[3], &o[4]}
		counted := func() {
			l.count("signals sent", o[0])
			l.count("signals received", o[1])
			l.count("signals lost, twice or in another order", o[0]-o[1]+o[2]+o[3])
		}
		flood := func(threads int) []string {
			return []string{l.fixture("sigflood"), strconv.Itoa(n), strconv.Itoa(threads)}
		}
		const format = "sent %d received %d twice %d disorder %d failed %d\n"
		for _, threads := range []int{0, 3} {
			c := l.command(append(l.Row.Front(l.Luatrace), flood(threads)...)...)
			c.Timeout = time.Minute + time.Duration(n)*10*time.Millisecond
			l.check(c, "exit 0", format, into)
			counted()
			if !l.Row.Unfiltered {
				continue
			}
			c.Argv = flood(threads)
			p := l.start(c)
			if p == nil {
				return
			}
			for len(p.PIDs()) > 0 && !l.done() {
				l.attachBriefly(p.PID())
			}
			l.checkEnd(p, "exit 0", format, into)
			counted()
		}
	},
}

// attachBriefly attaches to a process that may end meanwhile.
func (l *Lab) attachBriefly(pid int) {
	tool := l.start(l.command(l.Luatrace, "-e", `on("*", function(ev) local _ = ev.ret end)`, "-p", strconv.Itoa(pid)))
	if tool == nil {
		return
	}
	trial.Within(5*time.Second, func() bool {
		t := trial.Field(pid, "TracerPid")
		return t != "0" || len(tool.PIDs()) == 0
	})
	l.sleep(30)
	tool.Signal(syscall.SIGINT)
	if o := l.wait(tool); len(o.Left) > 0 || o.TimedOut {
		l.problem("luatrace -p ended with %s, left %q", o.Ended(), o.Left)
	}
	l.count("attaches", 1)
}

var forking = Experiment{
	Name:  "forks",
	Says:  "A storm of short processes, fifty at a time, each with a status of its own: none is wrong or lost.",
	Small: 200, Large: 3000,
	run: func(l *Lab, n int) {
		var children, wrong int64
		l.traced("exit 0", "children %d wrong %d\n", []any{&children, &wrong}, l.fixture("forkstorm"), strconv.Itoa(n))
		l.count("processes", children)
		l.count("statuses wrong", wrong)
	},
}

var threading = Experiment{
	Name:  "threads",
	Says:  "A process whose threads are all alive when it ends with status 42.",
	Small: 200, Large: 1000,
	run: func(l *Lab, n int) {
		var threads int64
		l.traced("exit 42", "threads %d\n", []any{&threads}, l.fixture("manythr"), strconv.Itoa(n))
		l.count("threads", threads)
	},
}

var growing = Experiment{
	Name:  "short-threads",
	Says:  "Attaching to a process that makes threads which live for a millisecond, and leaving it, until it ends; its status is 9 as ever.",
	Small: 600, Large: 20000, Attaches: true,
	run: func(l *Lab, n int) {
		p := l.start(l.command(l.fixture("grow"), strconv.Itoa(n)))
		if p == nil {
			return
		}
		for len(p.PIDs()) > 0 && !l.done() {
			l.attachBriefly(p.PID())
		}
		o := l.wait(p)
		if o.Ended() != "exit 9" || o.Stdout != "ready\n" || len(o.Left) > 0 {
			l.problem("ended with %s, stdout %s, left %q", o.Ended(), trial.Short(o.Stdout), o.Left)
		}
	},
}
