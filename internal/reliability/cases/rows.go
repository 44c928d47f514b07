package cases

import (
	"fmt"
	"slices"
	"strings"
	"sync"

	"luatrace/internal/reliability/trial"
)

// never is a call that no program makes: the kernel has forgotten it.
const never = "lookup_dcookie"

// enters and exits count calls, and look at each; what they count is in the trace at the end.
const (
	enters = `on("*:enter", function(ev) agg.enters:count(ev.name) look(ev) end)` + "\n"
	exits  = `on("*:exit", function(ev) agg.exits:count(ev.name, ev.err or "ok") look(ev) end)` + "\n"
)

// realisation is how the luatrace command is brought to a row.
type realisation struct {
	options []string
	script  string
	// plan is what --plan must say, unplanned what it must not say.
	plan, unplanned string
}

// A call that every hook looks at needs no filter, so the script of Traced spares one.
var realisations = map[Row]realisation{
	Filtered: {script: `on("` + never + `:exit", function(ev) agg.exits:count(ev.name, ev.ret) end)` + "\n",
		plan: "calls\n        " + never + "\nfilter ", unplanned: "all others"},
	Notified: {script: enters,
		plan: "\nnotify  the hook is asked before the call: all others", unplanned: "\ntrace "},
	Traced: {script: strings.Replace(exits, "*:exit", "!"+never+":exit", 1),
		plan: "\ntrace   stops before the call, and after it if a hook wants the result: all others", unplanned: "every call stops"},
	Unfiltered: {options: []string{"--attachable"}, script: enters + exits,
		plan: "every call stops, before and after it runs (--attachable)\n", unplanned: "filter "},
	Attached: {script: enters + exits,
		plan: "every call stops, before and after it runs (a filter can't be put on a process that runs already)\n"},
}

// arguments are luatrace's options for a row of a case, without -o and what is traced.
func (c *Case) arguments(row Row) []string {
	r := realisations[row]
	look := c.Look
	if look == "" {
		look = "local line = tostring(ev)"
	}
	script := "local function look(ev) " + look + " end\n" + r.script + c.Script
	return append(append(slices.Clone(r.options), c.Options...), "-e", script)
}

// plans remembers what checkPlan found.
var plans sync.Map // string -> func() error

// checkPlan asks luatrace as the user whether the arguments bring it to the row.
func checkPlan(luatrace string, user trial.User, row Row, arguments []string) error {
	argv := append([]string{luatrace, "--plan"}, arguments...)
	if row == Attached {
		argv = append(argv, "-p", "1") // any pid: a plan attaches to nothing
	} else {
		argv = append(argv, "--", "true")
	}
	ask, _ := plans.LoadOrStore(user.Name+"\x00"+string(row)+"\x00"+strings.Join(argv, "\x00"), sync.OnceValue(func() error {
		o, err := trial.Run(trial.Command{Argv: argv, Dir: "/", User: user})
		if err != nil {
			return err
		}
		r := realisations[row]
		if o.Code != 0 || !strings.Contains(o.Stdout, r.plan) || r.unplanned != "" && strings.Contains(o.Stdout, r.unplanned) {
			return fmt.Errorf("this is not the row %s: %q ended with %s and printed\n%s%s", row, argv, o.Ended(), o.Stdout, o.Stderr)
		}
		return nil
	}))
	return ask.(func() error)()
}
