package cases

import (
	"errors"
	"fmt"
	"strings"

	"luatrace/internal/reliability/trial"
)

// signalCases are about stops and signals.
var signalCases = []Case{
	{
		Name: "group-stop",
		Says: "A process with threads that is stopped and continued, by itself and by its parent, is stopped for that long with all its threads, and runs afterwards.",
		Argv: []string{"FIXTURE/groupstop", "20"},
	},
	{
		Name: "stopped-child",
		Says: "A shell sees that its child has stopped itself, continues it, and gets its status.",
		// the shell must not ask /proc, where a tracer's stop looks the same
		Argv: []string{"bash", "-c", `exec 2>/dev/null; set -m; sh -c 'kill -STOP $$; echo back; exit 6' & wait $!; echo $?; kill -CONT $!; until wait $!; s=$?; [ $s != 147 ]; do :; done; echo $s`},
	},
	{
		Name: "interrupted-calls",
		Says: "Calls interrupted by signals and stops are restarted, go on or fail with EINTR, just as untraced.",
		Argv: []string{"FIXTURE/restart"},
	},
	{
		Name: "ignored-signals",
		Says: "A signal that the program ignores does not interrupt epoll_wait and sigwaitinfo, which wait without a timeout and are never restarted.",
		Argv: []string{"FIXTURE/ignored"},
	},
	{
		Name: "ignored-signals-timeout",
		Says: "Nor does it interrupt them with a timeout.",
		Argv: []string{"FIXTURE/ignored", "timeout"},
		Limits: []Limit{{
			Heading: "What changes for the program",
			Says:    "the kernel wakes the thread to tell the tracer, and the call fails with EINTR; made again, it could wait for ever",
			Differs: func(r *Run) error {
				want := r.Untraced
				want.Stdout = "epoll_wait EINTR\nsigtimedwait EINTR\n"
				return r.Traced.Differs(want)
			},
		}},
	},
	{
		Name: "restart-codes",
		Says: "A hook that gives a call one of the kernel's restart codes (-512 to -516) as its result is refused, for the kernel would act on it.",
		Rows: Started, Tests: []string{"bindings.TestRestartCodes"},
	},
	{
		Name: "sigtrap",
		Says: "SIGTRAP from the program itself, by a breakpoint, raise, kill and sigqueue, arrives, and is not taken for a stop of the tracer's.",
		Argv: []string{"FIXTURE/int3"},
	},
	{
		Name:  "signal-to-many",
		Says:  "A signal is sent to the process group, or to luatrace and the command one by one: the command gets it once.",
		Tests: []string{"cmd/luatrace.TestSignalToMany"},
	},
	{
		Name:  "signal-queue-full",
		Says:  "There is no room for queued signals, which all processes of a user share: luatrace sees, changes and waits as ever, and Ctrl-C ends it.",
		Tests: []string{"cmd/luatrace.TestFullSignalQueue"},
	},
	{
		Name: "siginfo",
		Says: "A handler is told the same of each signal: code, sender, value; real-time signals stay in order.",
		Argv: []string{"FIXTURE/siginfo"},
	},
	{
		Name:   "signal-replaced",
		Says:   "A hook turns one signal into another: the handler gets that one, and is told who sent it.",
		Argv:   []string{"FIXTURE/sigterm_usr1", "USR1", "HUP", "TERM"},
		Script: `on("signal:SIGUSR1", function(ev) ev.sig = "SIGUSR2" end)`,
		Differs: func(r *Run) error {
			want := r.Untraced
			want.Stdout = strings.Replace(want.Stdout, "got SIGUSR1 code 0 from self", "got SIGUSR2 code 0 from self", 1)
			if want.Stdout == r.Untraced.Stdout {
				return errors.New("the program got no SIGUSR1 untraced")
			}
			return r.Traced.Differs(want)
		},
	},
	{
		Name:   "signal-suppressed",
		Says:   "A hook suppresses one signal: its handler does not run, the others' do.",
		Argv:   sh(`trap 'echo hup' HUP; trap 'echo usr1' USR1; kill -HUP $$; kill -USR1 $$; kill -HUP $$; echo on`),
		Script: `on("signal:SIGHUP", function(ev) ev:suppress() end)`,
		Differs: func(r *Run) error {
			want := r.Untraced
			want.Stdout = "usr1\non\n"
			if r.Untraced.Stdout != "hup\nusr1\nhup\non\n" {
				return fmt.Errorf("untraced it printed %q", r.Untraced.Stdout)
			}
			return r.Traced.Differs(want)
		},
	},
	{
		Name: "signal-storm",
		Says: "A signal ten thousand times a second and a call without pause: no call fails, both go on.",
		Argv: []string{"FIXTURE/sigstorm", "300"}, Mask: `\d+ calls \d+`,
	},
	{
		Name: "signal-during-hook",
		Says: "Signals come while hooks on calls and signals take a millisecond: they queue, and no call fails with an EINTR that it would not see untraced.",
		Argv: []string{"FIXTURE/sigstorm", "300", "eintr"}, Mask: `\d+ calls \d+`,
		Look: `if ev.name == "getppid" then local till = os.clock() + 0.001 while os.clock() < till do end end`,
		// one in fifty: at each, the program would do nothing but handle signals
		Script: `local n = 0
			on("signal", function(ev)
				n = n + 1
				if n % 50 == 0 then local till = os.clock() + 0.001 while os.clock() < till do end end
			end)`,
	},
	{
		Name: "sigurg",
		Says: "A Go program whose runtime preempts goroutines by SIGURG all the time computes the same.",
		Argv: []string{"env", goTracee + "=1", "SELF"},
	},
	{
		Name: "killed-at-any-stop",
		Says: "SIGKILL hits a program with threads at any moment, in any stop: luatrace ends by the same signal and says nothing.",
		Rows: Started,
		Do: func(c *Cell) error {
			fixture, err := c.Expand("FIXTURE/busythreads", "")
			if err != nil {
				return err
			}
			for round := range 5 {
				args := append([]string{c.Luatrace, "-o", "/dev/null"}, c.arguments(c.Row)...)
				o, err := trial.Run(trial.Command{Argv: append(args, "--", "sh", "-c", `(sleep 0.0$1; kill -9 $$) & exec "$0" 4`, fixture, fmt.Sprint(round)), Dir: "/", User: c.User})
				if err != nil {
					return err
				}
				if o.Signal != 9 || o.Stderr != "" || len(o.Left) > 0 {
					return fmt.Errorf("%s, stderr %q, left %q", o.Ended(), o.Stderr, o.Left)
				}
			}
			return nil
		},
	},
	{
		Name:   "killed-child",
		Says:   "The end of a child by SIGKILL, asleep or stopped, is an event with that signal, and its parent's status is the same.",
		Argv:   sh(`sleep 100 & kill -9 $!; wait $! 2>/dev/null; echo $?; sleep 100 & kill -STOP $!; kill -9 $!; wait $! 2>/dev/null; echo $?`),
		Script: `on("proc:exit", function(ev) print("end", ev.killed) end)`,
		Check: func(r *Run) error {
			if n := strings.Count(r.Trace, "end\tSIGKILL\n"); n != 2 {
				return fmt.Errorf("%d ends by SIGKILL, want 2", n)
			}
			return nil
		},
	},
	{
		Name: "fairness",
		Says: "One thread that makes calls without pause does not starve ten that sleep and wake.",
		Argv: []string{"FIXTURE/fair", "100"},
	},
	{
		Name: "exit-statuses",
		Says: "Every exit status and fatal signal of the command is luatrace's own.",
		Rows: Started,
		Do: func(c *Cell) error {
			for _, end := range []string{"exit 0", "exit 1", "exit 2", "exit 3", "exit 77", "exit 127", "exit 255", "kill -KILL $$", "kill -TERM $$", "kill -PIPE $$", "kill -SEGV $$", "kill -34 $$"} {
				script := sh("ulimit -c 0; " + end + "; sleep 9")
				want, err := trial.Run(trial.Command{Argv: script, Dir: "/", User: c.User})
				if err != nil {
					return err
				}
				args := append(append([]string{c.Luatrace, "-o", "/dev/null"}, c.arguments(c.Row)...), "--")
				got, err := trial.Run(trial.Command{Argv: append(args, script...), Dir: "/", User: c.User})
				if err != nil {
					return err
				}
				if err := got.Differs(want); err != nil {
					return fmt.Errorf("%s: %w", end, err)
				}
			}
			return nil
		},
	},
	{
		Name: "every-fatal-signal",
		Says: "The same for all signals that end a program, and luatrace writes no core file of its own.",
		Rows: Started, Tests: []string{"cmd/luatrace.TestFatalSignalIsMirrored"},
	},
}
