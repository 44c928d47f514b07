// Package chaos disturbs traced programs at random times, with signals, kills, attaches and
// storms of all kinds, and counts what came of it: programs of our own that count their calls
// and failures say whether one was lost.
package chaos

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"time"

	"luatrace/internal/fixture"
	"luatrace/internal/reliability/trial"
)

// Experiment is a way to disturb programs.
type Experiment struct {
	// Name is that of the test.
	Name string
	// Says is what is done and what must come of it.
	Says string
	// Small and Large are its sizes: for a test of a second or two, and for a long run.
	Small, Large int
	// Attaches means that it attaches to programs, which only happens in the row unfiltered.
	Attaches bool
	run      func(l *Lab, n int)
}

// Experiments are all there are.
var Experiments = []Experiment{
	killing, stopping, attaching, flooding, forking, threading, growing, sequencing, stressing,
}

// rows are those that an experiment is run in.
func (e *Experiment) rows() []trial.Row {
	if !e.Attaches {
		return trial.Rows
	}
	var list []trial.Row
	for _, r := range trial.Rows {
		if r.Unfiltered {
			list = append(list, r)
		}
	}
	return list
}

// Where says how an experiment is run.
type Where struct {
	// Luatrace is the path of the command.
	Luatrace string
	User     trial.User
	Row      trial.Row
	// Seed is that of the random numbers; the scheduler's whims can't be repeated.
	Seed uint64
}

// Count is something counted.
type Count struct {
	What string
	N    int64
}

// Lab is one run of an experiment.
type Lab struct {
	Where
	rand     *rand.Rand
	scratch  string
	counts   []Count
	problems []string
}

// Run runs the experiment with n as its size, and returns what was counted and everything that
// did not go as it must.
func (e *Experiment) Run(w Where, n int) (counts []Count, problems []string, err error) {
	scratch, err := os.MkdirTemp("", "luatrace-chaos-")
	if err != nil {
		return nil, nil, err
	}
	defer os.RemoveAll(scratch)
	if err := w.User.Own(scratch); err != nil {
		return nil, nil, err
	}
	l := &Lab{Where: w, rand: rand.New(rand.NewPCG(w.Seed, 0)), scratch: scratch}
	e.run(l, n)
	return l.counts, l.problems, nil
}

// count adds to one of the counts.
func (l *Lab) count(what string, n int64) {
	for i := range l.counts {
		if l.counts[i].What == what {
			l.counts[i].N += n
			return
		}
	}
	l.counts = append(l.counts, Count{what, n})
}

// maxProblems is after how many problems an experiment ends.
const maxProblems = 5

func (l *Lab) problem(format string, args ...any) {
	if len(l.problems) < 2*maxProblems { // what the end shows too
		l.problems = append(l.problems, fmt.Sprintf(format, args...))
	}
}

// done tells whether to give up.
func (l *Lab) done() bool { return len(l.problems) >= maxProblems }

// sleep sleeps for a random time up to so many milliseconds, often a very short one.
func (l *Lab) sleep(most int) {
	t := l.rand.Float64()
	time.Sleep(time.Duration(t * t * float64(most) * float64(time.Millisecond)))
}

// command is a command as the user, in the scratch directory.
func (l *Lab) command(argv ...string) trial.Command {
	return trial.Command{Argv: argv, Dir: l.scratch, User: l.User, Env: []string{"TMPDIR=" + l.scratch, "HOME=" + l.scratch, "LC_ALL=C.UTF-8"}}
}

// start starts a command; nil is a problem that was told.
func (l *Lab) start(c trial.Command) *trial.Process {
	p, err := trial.Start(c)
	if err != nil {
		l.problem("%v", err)
		return nil
	}
	return p
}

// wait waits for the end of a process.
func (l *Lab) wait(p *trial.Process) trial.Outcome {
	o, err := p.Wait()
	if err != nil {
		l.problem("%v", err)
	}
	return o
}

// traced runs a command under luatrace to its end. It must end as said, with an output that
// scans as said, and leave nothing.
func (l *Lab) traced(ended, format string, into []any, argv ...string) {
	l.check(l.command(append(l.Row.Front(l.Luatrace), argv...)...), ended, format, into)
}

// check is traced for any command.
func (l *Lab) check(c trial.Command, ended, format string, into []any) {
	if p := l.start(c); p != nil {
		l.checkEnd(p, ended, format, into)
	}
}

// checkEnd waits for the end of a process, and checks it as traced does.
func (l *Lab) checkEnd(p *trial.Process, ended, format string, into []any) {
	o := l.wait(p)
	text := strings.TrimPrefix(o.Stdout, "ready\n")
	n, err := fmt.Sscanf(text, format, into...)
	if o.Ended() != ended || len(o.Left) > 0 || n != len(into) || err != nil {
		l.problem("ended with %s, left %q, stdout %s, stderr %s; want %s and %q", o.Ended(), o.Left, trial.Short(o.Stdout), trial.Short(o.Stderr), ended, format)
	}
}

// fixture compiles one of the programs.
func (l *Lab) fixture(name string) string {
	path, err := fixture.Compile(name)
	if err != nil {
		l.problem("%v", err)
		return "/nonexistent"
	}
	return path
}

// threads lists the threads of a process.
func threads(pid int) []int {
	dirs, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/[0-9]*", pid))
	var list []int
	for _, d := range dirs {
		var tid int
		if _, err := fmt.Sscan(filepath.Base(d), &tid); err == nil {
			list = append(list, tid)
		}
	}
	return list
}

// states are the state letters of a process's threads.
func states(pid int) string {
	var s []byte
	for _, tid := range threads(pid) {
		if state := trial.Field(tid, "State"); state != "" {
			s = append(s, state[0])
		}
	}
	return string(s)
}

// stopped tells whether all threads of a process are stopped and stay so for a while. Those that
// stop at a call are stopped for a moment only.
func stopped(pid int) bool {
	for range 20 {
		if s := states(pid); s == "" || strings.Trim(s, "Tt") != "" {
			return false
		}
		time.Sleep(500 * time.Microsecond)
	}
	return true
}

// comm is the name of a process.
func comm(pid int) string { return trial.Field(pid, "Name") }
