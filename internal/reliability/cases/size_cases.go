package cases

import (
	"fmt"
	"strings"

	"luatrace/internal/reliability/trial"
)

// sizeCases are about much of something, or little.
var sizeCases = []Case{
	{
		Name:   "huge-arguments",
		Says:   "Programs with 20,000 arguments, or with one of 100,000 bytes, start as untraced, and a hook that asks for their arguments gets all.",
		Argv:   sh("FIXTURE/longargs 20000 10; FIXTURE/longargs 1 100000"),
		Script: `on("proc:exec", function(ev) local n = 0 for _, a in ipairs(ev.proc.cmdline) do n = n + #a end print("cmdline", #ev.proc.cmdline, n) end)`,
		Check: func(r *Run) error {
			for _, want := range []string{"cmdline\t20002\t200015\n", "cmdline\t3\t100015\n"} {
				if !strings.Contains(r.Trace, want) {
					return fmt.Errorf("no line %q", want)
				}
			}
			return nil
		},
	},
	{
		Name: "few-descriptors",
		Says: "luatrace may open 24 files, and a hook reads the memory of 60 processes that live together: all is read, and they run as untraced.",
		Rows: []Row{Notified, Traced, Unfiltered},
		Do: func(c *Cell) error {
			dir, err := c.Subdir("out")
			if err != nil {
				return err
			}
			hook := map[Row]string{Notified: "*:enter", Traced: "!" + never, Unfiltered: "*"}[c.Row]
			args := append([]string{c.Luatrace}, realisations[c.Row].options...)
			args = append(args, "-o", dir+"/trace", "-e", `on("`+hook+`", function(ev) if ev.name == "execve" then agg.paths:count(ev.path) end return tostring(ev) end)`)
			script := `for i in 1 2 3 4 5 6 7 8 9 0; do for j in 1 2 3 4 5 6; do sh -c 'read x' <&9 & done; done; exec 9<&-; sleep 0.2; wait; echo all`
			o, err := trial.Run(trial.Command{
				Argv: append([]string{"sh", "-c", `mkfifo p; sleep 1 9>p & ulimit -n 24; exec "$@" 9<p`, "sh"}, append(args, "--", "sh", "-c", script)...),
				Dir:  dir, User: c.User,
			})
			if err != nil {
				return err
			}
			// 60 shells and the one that starts them
			trace, err := trial.Run(trial.Command{Argv: []string{"cat", dir + "/trace"}, Dir: dir, User: c.User})
			if err == nil && (o.Code != 0 || o.Stdout != "all\n" || o.Stderr != "" || len(o.Left) > 0 || !strings.Contains(trace.Stdout, "   61  /")) {
				err = fmt.Errorf("%s, stdout %q, stderr %q, left %q, trace %s", o.Ended(), trial.Short(o.Stdout), trial.Short(o.Stderr), o.Left, trial.Short(trace.Stdout))
			}
			return err
		},
	},
	{
		Name: "early-reports",
		Says: "The kernel may tell of a child's first stop, or its death, before its birth, and of an execve before what it ended: in any order events are seen once, no request goes to the dead, nobody stays stopped.",
		Rows: Started, Tests: []string{"tracer.TestMachine"},
	},
}
