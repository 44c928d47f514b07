package cases

import (
	"fmt"
	"regexp"
	"strings"
)

// tracerCases are about programs that trace others.
var tracerCases = []Case{
	tracerCase("tracer-traceme", "traceme", "A child asks to be traced by its parent (PTRACE_TRACEME): luatrace lets it go, and the parent sees its calls."),
	tracerCase("tracer-vfork", "vfork", "A child made by vfork asks to be traced by its parent."),
	tracerCase("tracer-seize", "seize", "A tracer seizes its child (PTRACE_SEIZE), and what that forks."),
	tracerCase("tracer-attach", "attach", "A tracer attaches to a process in the middle of its work (PTRACE_ATTACH), and lets it go."),
	tracerCase("tracer-threads", "threads", "A tracer seizes all threads of a process at work, none of whose calls fails."),
	tracerCase("tracer-stopped", "stopped", "A tracer seizes a process that is stopped, and continues it."),
	tracerCase("tracer-leaves", "leave", "A tracer lets go of its tracee and ends: no call of the tracee fails then, and luatrace stays until it has ended if it must."),
	tracerCase("tracer-in-namespace", "threads", "A tracer in a pid namespace, where processes have other numbers.", "unshare -Upf "),
	{
		Name: "tracer-refused",
		Says: "Processes that the kernel would not let be traced are not let go: the errors are the kernel's.",
		Argv: []string{"sh", "-c", "FIXTURE/tracer refused"},
	},
	{
		Name: "tracer-without-rights",
		Says: "A tracee wants to trace one over which its capabilities don't count, as they are those of a user namespace beside or below; or wants to be traced by such a parent. " +
			"The kernel refuses that, and luatrace keeps the process.",
		Argv:  eachOf("maytrace", "inside", "sibling", "traceme"),
		Check: keptAll(60),
	},
	{
		Name:  "tracer-of-undumpable",
		Says:  "An ordinary user's tracee wants to trace one that may not be looked into (PR_SET_DUMPABLE): the kernel refuses that, and luatrace keeps the process.",
		Argv:  []string{"sh", "-c", "FIXTURE/maytrace dumpable; exit $?"},
		Users: []string{"nobody"},
		Check: keptAll(20),
	},
	func() Case {
		c := tracerCase("tracer-of-namespace", "", "A tracee traces one that is in a user namespace which the tracer's user has made.")
		c.Argv = []string{"sh", "-c", "FIXTURE/maytrace outside; exit $?"}
		c.Limits[0].Differs = func(r *Run) error {
			if o := r.Traced; !strings.HasPrefix(o.Stdout, "unshare E") && (o.Stdout != "PTRACE_SEIZE EPERM\nfailures 0\n" || !refusedByFilter.MatchString(o.Stderr)) {
				return fmt.Errorf("want EPERM and the advice")
			}
			return nil
		}
		return c
	}(),
	{
		Name: "tracer-fails",
		Says: "A tracee's wish to trace another fails in the kernel when luatrace has let that go already: luatrace attaches to it again, and says so.",
		Argv: []string{"sh", "-c", "FIXTURE/maytrace options; exit $?"},
		Rows: Started,
		Differs: func(r *Run) error {
			said := regexp.MustCompile(`^luatrace: process \d+ \(maytrace\) was let go for process \d+ \(maytrace\), whose ptrace failed \(input/output error\); it is traced by luatrace again, and what it did meanwhile is missing\n$`)
			if r.Row == Filtered || r.Row == Traced {
				said = refusedByFilter
			}
			if o := r.Traced; o.Code != 0 || o.Stdout != r.Untraced.Stdout || !said.MatchString(o.Stderr) {
				return fmt.Errorf("want the same output, and a message")
			}
			return keptAll(20)(r)
		},
	},
	{
		Name:    "tracer-known",
		Says:    "A command that is known to trace others, by its name or its file, is traced without a filter, and works whatever is hooked.",
		Argv:    []string{"FIXTURE/tracer", "threads"},
		Options: []string{"-q"},
	},
	{
		Name:    "tracer-kept",
		Says:    "With --keep-tracing a tracee that wants to trace another gets EPERM, and the trace goes on.",
		Argv:    []string{"sh", "-c", "FIXTURE/tracer attach; exit $?"},
		Options: []string{"--keep-tracing"},
		Differs: func(r *Run) error {
			if o := r.Traced; o.Code != 1 || o.Stdout != "PTRACE_ATTACH EPERM\n" || o.Stderr != "" {
				return fmt.Errorf("want exit 1 and EPERM, in silence")
			}
			return nil
		},
	},
	{
		Name:    "strace",
		Says:    "strace traces a command, with its children, under luatrace: its lines are those of an untraced strace.",
		Argv:    []string{"strace", "-f", "-e", "trace=execve,exit_group", "-e", "signal=none", "-o", "|cut -c7-32", "sh", "-c", "(exit 2); exit 3"},
		Status:  3,
		Options: []string{"-q"},
		Mask:    `0x[0-9a-f]+`,
	},
	{
		Name:    "gdb",
		Says:    "gdb runs a program that crashes, under luatrace, and shows where.",
		Argv:    []string{"gdb", "-nx", "-batch", "-ex", "run", "-ex", "bt 1", "FIXTURE/segv"},
		Options: []string{"-q"},
		Mask:    `0x[0-9a-f]+|(?m)^warning: .*\n|\[.*\]\n`,
	},
	{
		Name:    "luatrace",
		Says:    "luatrace traces a command under luatrace.",
		Argv:    []string{"LUATRACE", "-t", "execve", "--signal=none", "-qq", "sh", "-c", "exit 3"},
		Status:  3,
		Options: []string{"-q"},
		Mask:    `0x[0-9a-f]+|(?m)^\[pid .*\n`,
	},
}

// refusedByFilter is what luatrace says where a process can't be let go.
var refusedByFilter = regexp.MustCompile(`^luatrace: process \d+ \((tracer|maytrace)\) can't be traced by process \d+ \((tracer|maytrace)\): the seccomp filter of this run stops calls for their results; --attachable runs without one\n$`)

// keptAll checks that the hooks saw all getsid of processes that are not let go.
func keptAll(calls int) func(*Run) error {
	return func(r *Run) error {
		if n := r.Count("getsid"); r.Row != Filtered && n != calls && !strings.Contains(r.Untraced.Stdout, "unshare E") {
			return fmt.Errorf("the hooks saw %d getsid, want %d", n, calls)
		}
		return nil
	}
}

// tracerCase is a mode of the fixture. Nothing in the command tells that a
// tracer will run, so that the row is what it says.
func tracerCase(name, mode, says string, before ...string) Case {
	return Case{
		Name:    name,
		Says:    says,
		Argv:    []string{"sh", "-c", strings.Join(before, "") + "FIXTURE/tracer " + mode + "; exit $?"},
		Options: []string{"-q"},
		Limits: []Limit{{
			Rows:    []Row{Filtered, Traced},
			Heading: "Programs that trace others",
			Says:    "the call gets EPERM, and luatrace says what to add",
			Differs: func(r *Run) error {
				if o := r.Traced; o.Code != 1 || !strings.HasSuffix(o.Stdout, " EPERM\n") || !refusedByFilter.MatchString(o.Stderr) {
					return fmt.Errorf("want exit 1, EPERM and the advice")
				}
				return nil
			},
		}},
	}
}
