package cases

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"luatrace/internal/reliability/trial"
)

// lives prints the beginnings and ends of tasks.
const lives = `on("proc:fork,exec,exit", function(ev) print(ev.name, ev.pid == ev.tid and "leader" or "thread") end)`

// execCases are about processes and threads that begin and end: fork, clone, execve, exit.
var execCases = []Case{
	{
		Name: "exec-by-thread",
		Says: "A thread that is not the leader calls execve: the others end, then it goes on under the leader's id. " +
			"The execve is one call, with the entry of the one thread and the exit of the other.",
		Argv:   []string{"FIXTURE/texec"},
		Script: lives,
		Check: func(r *Run) error {
			want := strings.Repeat("clone leader ", 5) + strings.Repeat("exit thread ", 4) + "exit leader exec leader exit leader"
			if got := strings.Join(events(r.Trace), " "); !strings.HasSuffix(got, want) {
				return fmt.Errorf("the events are %s, want %s", got, want)
			}
			if n := r.Count("execve"); r.Row != Filtered && n < 2 {
				return fmt.Errorf("the hooks saw %d execve, want 2", n)
			}
			return r.Paired("execve")
		},
	},
	{
		Name:    "exec-fails",
		Status:  126,
		Says:    "An execve that fails, in a PATH search or for a file that can't be run, is a call that fails; the caller goes on.",
		Argv:    sh(`/nonexistent/x; echo $?; ./plain; echo $?; PATH=/nonexistent:/:/etc nothing; echo $?; exec ./plain`),
		Prepare: "echo text >plain",
		Check:   func(r *Run) error { return r.Paired("execve") },
	},
	{
		Name:    "command-not-run",
		Says:    "A command that isn't there or can't be run ends luatrace as it would end a shell, 127 or 126, with a line that says why.",
		Prepare: "echo text >plain; mkdir dir; printf '#!/nonexistent/interpreter\n' >script; chmod 755 script",
		Rows:    Started,
		Do: func(c *Cell) error {
			dir, err := c.Subdir("commands")
			if err != nil {
				return err
			}
			prepared, err := c.command(dir)
			if err != nil {
				return err
			}
			for command, want := range map[string]int{"/nonexistent/x": 127, "nothing-of-that-name": 127, "./plain": 126, "./dir": 126, "/etc/passwd": 126, "./script": 127} {
				cmd := prepared
				cmd.Argv = append(append([]string{c.Luatrace, "-o", "/dev/null"}, c.arguments(c.Row)...), "--", command)
				o, err := trial.Run(cmd)
				if err != nil {
					return err
				}
				// a script without its interpreter is "not found" for a shell too
				line, rest, _ := strings.Cut(o.Stderr, "\n")
				if o.Code != want || o.Stdout+rest != "" || !strings.HasPrefix(line, "luatrace: ") || !strings.Contains(line, command) || len(o.Left) > 0 {
					return fmt.Errorf("%s: %s, stderr %s, left %q; want exit %d and a line", command, o.Ended(), trial.Short(o.Stderr), o.Left, want)
				}
			}
			return nil
		},
	},
	{
		Name: "vfork",
		Says: "A parent that called vfork sleeps until the child's execve or end; both go on as untraced.",
		Argv: []string{"FIXTURE/vforker", "5"}, Long: []string{"FIXTURE/vforker", "200"},
		Check: func(r *Run) error { return r.Paired("vfork") },
	},
	{
		Name: "clone3",
		Says: "Children and threads made by clone3(2), with a pidfd, like vfork, untraced, are traced or left as they ask, and all answer.",
		Argv: []string{"FIXTURE/clone3er"},
	},
	{
		Name: "clone-parent",
		Says: "A child made with CLONE_PARENT is its grandparent's, who may be luatrace: nobody waits for the wrong one.",
		Argv: []string{"FIXTURE/cparent"},
	},
	{
		Name:   "leader-exits-first",
		Status: 7,
		Says:   "The first thread ends before the others: the process goes on, and ends with what the last one says.",
		Argv:   []string{"FIXTURE/lexit"},
	},
	{
		Name:   "exit-of-many-threads",
		Status: 42,
		Says:   "An exit_group with a hundred threads alive, or a thousand, ends them all with its status, and each end is an event.",
		Argv:   []string{"FIXTURE/manythr", "100"}, Long: []string{"FIXTURE/manythr", "1000"}, Script: lives,
		Check: func(r *Run) error {
			want := 0
			fmt.Sscanf(r.Untraced.Stdout, "threads %d", &want)
			if got := strings.Count(r.Trace, "exit\tthread\n"); got != want || got == 0 {
				return fmt.Errorf("%d ends of threads, want %d", got, want)
			}
			return nil
		},
	},
	{
		Name:   "exit-of-busy-threads",
		Status: 42,
		Says:   "The same when the threads make calls without end.",
		Argv:   []string{"FIXTURE/manythr", "20", "spin"},
	},
	{
		Name: "fork-storm",
		Says: "Hundreds of short children, or thousands, 50 at a time: no status is wrong, and no child is missed.",
		Argv: []string{"FIXTURE/forkstorm", "150"}, Long: []string{"FIXTURE/forkstorm", "3000"}, Script: lives,
		Check: func(r *Run) error {
			want := 0
			fmt.Sscanf(r.Untraced.Stdout, "children %d", &want)
			got := strings.Count(r.Trace, "fork\tleader\n")
			if r.Row == Attached {
				// the shell before it had children too
				got = min(got, want)
			}
			if got != want || got == 0 {
				return fmt.Errorf("%d forks, want %d", got, want)
			}
			return nil
		},
	},
	{
		Name: "fork-tree",
		Says: "Children that fork while their parents do, and end in any order.",
		Argv: []string{"FIXTURE/forktree", "3", "3"}, Long: []string{"FIXTURE/forktree", "5", "4"},
	},
	{
		Name: "pid-reuse",
		Says: "The process ids of a small PID namespace are used again and again: what is known of a process ends with it.",
		Rows: Started,
		Do: func(c *Cell) error {
			dir, err := c.Subdir("out")
			if err != nil {
				return err
			}
			fixture, err := c.Expand("FIXTURE/forkstorm", dir)
			if err != nil {
				return err
			}
			trace := filepath.Join(dir, "trace")
			args := append([]string{c.Luatrace, "-o", trace}, c.arguments(c.Row)...)
			args[len(args)-1] += lives
			// the kernel keeps the first 300 numbers for itself once they are used up
			script := `echo 400 >/proc/sys/kernel/pid_max && exec "$@"`
			o, err := trial.Run(trial.Command{Argv: append([]string{"unshare", "-Urpf", "--mount-proc", "sh", "-c", script, "sh"}, append(args, "--", fixture, "600")...), Dir: dir, User: c.User})
			if err != nil {
				return err
			}
			if o.Code != 0 || o.Stdout != "children 600 wrong 0\n" || o.Stderr != "" || len(o.Left) > 0 {
				return fmt.Errorf("%s, stdout %q, stderr %q, left %q", o.Ended(), o.Stdout, o.Stderr, o.Left)
			}
			text, err := os.ReadFile(trace)
			if err != nil {
				return err
			}
			forks, exits := len(regexp.MustCompile(`(?m)^(fork|clone)\t`).FindAll(text, -1)), strings.Count(string(text), "exit\tleader\n")
			if forks != 600 || exits != 601 {
				return fmt.Errorf("%d forks and %d exits, want 600 and 601", forks, exits)
			}
			return nil
		},
	},
	{
		Name: "daemon",
		Says: "A daemon that forks twice and leaves its session is traced to its end, which luatrace waits for; none of its calls fails.",
		Argv: sh(`FIXTURE/daemonize DIR/state 3; until grep -qs done DIR/state; do sleep 0.05; done; cat DIR/state`),
		Check: func(r *Run) error {
			if n := r.Count("setsid"); r.Row != Filtered && n != 1 {
				return fmt.Errorf("%d setsid, want 1", n)
			}
			return nil
		},
	},
	{
		Name: "daemon-outlives-command",
		Says: "The command ends and leaves a daemon: luatrace goes on until the daemon ends.",
		Argv: []string{"FIXTURE/daemonize", "DIR/state", "3"},
		Rows: Started,
		Check: func(r *Run) error {
			text, err := os.ReadFile(filepath.Join(r.dir, "traced", "state"))
			if err == nil && string(text) != "done 3 failed 0\n" {
				err = fmt.Errorf("when luatrace ended the daemon had said %q", text)
			}
			return err
		},
	},
	{
		Name: "namespaces",
		Says: "In a PID, user and mount namespace of its own the program finds its own ids and files, and children that it can signal.",
		Argv: []string{"unshare", "-Urpf", "--mount-proc", "sh", "-c", `exec 2>/dev/null; echo $$ $(id -u); sleep 100 & kill -0 $! && kill $!; wait $! 2>/dev/null; echo $?; set -- /proc/[0-9]*; echo "$*"; cat /proc/self/comm`},
	},
}

// sh is the command line of a shell script.
func sh(script string) []string { return []string{"sh", "-c", script} }

// events are the lines of the trace that lives printed, two words each.
func events(trace string) (list []string) {
	for _, m := range regexp.MustCompile(`(?m)^(fork|vfork|clone|exec|exit)\t(leader|thread)$`).FindAllStringSubmatch(trace, -1) {
		list = append(list, m[1]+" "+m[2])
	}
	return list
}
