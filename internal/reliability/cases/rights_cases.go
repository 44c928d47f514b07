package cases

import (
	"errors"
	"fmt"
	"regexp"

	"luatrace/internal/reliability/trial"
)

// changes is the heading of the limits that follow from being traced at all.
const changes = "What changes for the program"

// superuser starts su, which is set-user-ID root, and prints its effective user. Run by root, su
// asks for nothing and may be gone before it is looked at.
const superuser = `mkfifo f; su -c true <f >/dev/null 2>&1 & exec 3>f
	until test "$(cat /proc/$!/comm 2>/dev/null)" = su || ! kill -0 $! 2>/dev/null; do sleep 0.01; done
	sed -n 's/^Uid:\t[0-9]*\t\([0-9]*\).*/\1/p' /proc/$!/status 2>/dev/null
	exec 3>&-; wait $!; echo $?`

// prints makes a comparison of stdout with a pattern; all else must be as untraced.
func prints(pattern string) func(*Run) error {
	return func(r *Run) error {
		if !regexp.MustCompile("^(" + pattern + ")$").MatchString(r.Traced.Stdout) {
			return fmt.Errorf("stdout does not match %q", pattern)
		}
		want := r.Untraced
		want.Stdout = r.Traced.Stdout
		return r.Traced.Differs(want)
	}
}

// rightsCases are about rights, descriptors, and what the program can find out of the tracer.
var rightsCases = []Case{
	{
		Name: "descriptors",
		Says: "The program has the descriptors that it would have untraced, and those of luatrace are closed in it.",
		Argv: sh(`exec 3</dev/null 7>out; FIXTURE/fdlist; exec FIXTURE/fdlist`),
	},
	{
		Name:  "standard-input",
		Says:  "The standard input is the program's: luatrace takes nothing of it.",
		Argv:  []string{"FIXTURE/stdinecho"},
		Stdin: "one\ntwo\n",
	},
	{
		Name: "set-user-id",
		Says: "An ordinary user's command runs a set-user-ID program with its extra rights.",
		Argv: sh(superuser), Users: []string{"nobody"},
		Limits: []Limit{{Heading: "Who can be traced", Says: "a set-user-ID program that an ordinary user traces runs without its extra rights", Differs: func(r *Run) error {
			if r.Untraced.Stdout != "0\n1\n" {
				return errors.New("untraced, su has no extra rights")
			}
			return prints(`[1-9]\d*\n1\n`)(r)
		}}},
	},
	{
		Name: "set-user-id-under-root",
		Says: "Traced by root, a command that has become another user runs set-user-ID programs with their extra rights.",
		Argv: append([]string{"setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"}, sh(superuser)...), Users: []string{"root"}, Prepare: "chmod 777 .",
		Check: prints("0\n1\n"),
	},
	{
		Name: "set-user-id-of-user-option",
		Says: "The same if luatrace itself runs the command as another user: -u.",
		Argv: sh(superuser), Users: []string{"root"}, Rows: Started, Options: []string{"-u", "nobody"}, Prepare: "chmod 777 .",
		Differs: func(r *Run) error {
			// untraced it is root's
			r.Untraced = trial.Outcome{}
			return prints("0\n1\n")(r)
		},
	},
	{
		Name: "no-new-privs",
		Says: "The program's no_new_privs flag is as untraced.",
		Argv: []string{"grep", "NoNewPrivs", "/proc/self/status"},
		Limits: []Limit{{Rows: []Row{Filtered, Notified, Traced}, Users: []string{"nobody"}, Heading: changes,
			Says: "without CAP_SYS_ADMIN a filter needs no_new_privs, which /proc shows", Differs: prints("NoNewPrivs:\t1\n")}},
	},
	{
		Name: "filter-visible",
		Says: "The program finds no filter that it does not know.",
		Argv: []string{"grep", "Seccomp:", "/proc/self/status"},
		Limits: []Limit{{Rows: []Row{Filtered, Notified, Traced}, Heading: changes,
			Says: "/proc shows that there is a filter", Differs: prints("Seccomp:\t2\n")}},
	},
	{
		Name: "tracer-visible",
		Says: "The program finds no tracer.",
		Argv: []string{"grep", "TracerPid", "/proc/self/status"},
		Limits: []Limit{{Heading: "Who can be traced",
			Says: "/proc shows that there is a tracer", Differs: prints("TracerPid:\t[1-9][0-9]*\n")}},
	},
	{
		Name: "state-of-the-process",
		Says: "Signal masks and dispositions, limits, groups, umask, nice value, timers, CPU mask and the like are what they would be untraced.",
		Argv: sh(`FIXTURE/sigstate | grep -v '^Seccomp\|^NoNewPrivs'`),
	},
	{
		Name:  "suspended-seccomp",
		Says:  "luatrace never suspends the filters of a program (PTRACE_O_SUSPEND_SECCOMP).",
		Tests: []string{"tracer.TestOptions"},
	},
	{
		Name: "foreign-children",
		Says: "luatrace waits for its own tracees only: other children of its process, of other threads, are left to whoever started them.",
		Rows: Started, Tests: []string{"tracer.TestLeavesOtherChildren"},
	},
	{
		Name: "panic-in-tracer",
		Says: "A bug of luatrace that ends its tracing thread ends the trace and nothing else: the program runs on, and the end hooks run.",
		Rows: []Row{Notified, Traced, Unfiltered}, Tests: []string{"engine.TestPanic"},
	},
}
