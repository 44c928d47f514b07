package trial

import "slices"

// Row is a way in which luatrace is told of the calls of a program, as options that bring a run
// to it: see internal/reliability/cases, which asks --plan.
type Row struct {
	Name string
	// Exits tells whether hooks are told of the results of calls.
	Exits bool
	// Unfiltered tells whether there is no seccomp filter, so that tracees can lose their tracer.
	Unfiltered bool
	// all is a script with a hook on every call.
	all string
}

// Rows are those in which luatrace can start a command.
var Rows = []Row{
	{Name: "filtered", all: `on("lookup_dcookie", function(ev) local _ = ev.ret end)`},
	{Name: "notified", all: `on("*:enter", function(ev) end)`},
	{Name: "traced", Exits: true, all: `on("!lookup_dcookie", function(ev) local _ = ev.ret end)`},
	{Name: "unfiltered", Exits: true, Unfiltered: true, all: `on("*", function(ev) local _ = ev.ret end)`},
}

// Front is what to put before a command to trace it in this row, with hooks on every call; in
// the row filtered, on one that no program makes.
func (r Row) Front(luatrace string, options ...string) []string {
	return r.With(luatrace, r.all, options...)
}

// With is Front with another script.
func (r Row) With(luatrace, script string, options ...string) []string {
	argv := []string{luatrace}
	if r.Unfiltered {
		argv = append(argv, "--attachable")
	}
	return slices.Concat(argv, options, []string{"-e", script, "--"})
}
