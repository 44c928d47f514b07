package main

import (
	"luatrace/engine/inject"
	"luatrace/engine/printer"
)

var scriptOptions = group{title: "What to do with the calls", options: []option{
	{long: "trace", letter: "t", arg: "=SPEC", brief: "only these calls: open,close  %file  /^stat/  '!read'",
		help: "only these calls: open,close or %file or /^stat/ or '!read' or '*'; also signal:INT, or a phase :enter",
		to:   func(o *options) any { return &o.traces }, complete: completeCalls},
	{long: "exec", letter: "e", arg: "=CODE", brief: "run Lua code; with -t it is the body of a hook on ev",
		help: "run Lua code; with -t it is the body of a hook",
		to:   func(o *options) any { return &o.codes }},
	{long: "script", letter: "s", arg: "=NAME", brief: "a script of the collection, a FILE.lua, - for stdin",
		help: "run a script of the collection, a FILE.lua, or - for standard input",
		to:   func(o *options) any { return &o.scripts }, complete: completeScripts},
	{long: "arg", letter: "a", arg: "=NAME=VALUE", brief: "an argument of the script",
		help: "an argument of the scripts",
		to:   func(o *options) any { return &o.scriptArgs }, complete: completeArgs},
	{long: "skip-startup", brief: "leave out the calls of the dynamic loader",
		help: "leave out the calls of the dynamic loader and those about the locale",
		to:   func(o *options) any { return &o.skipStartup }},
	{long: "lines", help: "print the calls beside what scripts write, and mark what they changed",
		to: func(o *options) any { return &o.lines }},
	{long: "inject", arg: "=SPEC:DO[:when=WHEN]", help: "tamper with these calls, as strace does. DO is" +
		"\nerror=ERRNO or retval=N (the call is not made),\nsyscall=NAME (another call is made)," +
		"\nsignal=SIG, delay_enter=TIME, delay_exit=TIME," +
		"\npoke_enter=@argN=HEX,..., poke_exit=...\nWHEN is FIRST, FIRST+, FIRST+STEP, FIRST..LAST or FIRST..LAST+STEP, counted in each thread",
		to: func(o *options) any { return setting{set: o.ruleBy(inject.Parse)} }, complete: completeRule},
	{long: "fault", arg: "=SPEC[:error=ERRNO][:when=WHEN]", brief: "make calls fail: write:error=ENOSPC:when=3", help: "make these calls fail, with ENOSYS if no error is given",
		to: func(o *options) any { return setting{set: o.ruleBy(inject.ParseFault)} }, complete: completeRule},
}}

var targetOptions = group{title: "Which processes to trace", options: []option{
	{long: "attach", letter: "p", arg: "=PID,NAME...", brief: "processes that run already, by number or name",
		help: "processes that run already, with all their threads: by number, by whole name (nginx), or by the program's file. " +
			"luatrace reports those that have ended, and traces the others",
		to: func(o *options) any { return &o.pidLists }, complete: completeProcesses},
	{long: "follow-forks", letter: "f", help: "trace children and threads too. luatrace always does; with -o and -f each line has its thread id",
		to: func(o *options) any { return &o.followed }, counts: func(o *options) repeated { return repeated{&o.followLevel, 2} }},
	{long: "no-follow", help: "trace neither children nor threads",
		to: func(o *options) any { return &o.noFollow }},
	{long: "user", letter: "u", arg: "=USER", help: "run the command as this user or UID:GID, with the user's HOME, SHELL, USER and LOGNAME",
		to: func(o *options) any { return setting{set: o.setUser} }, complete: completeUsers},
	{long: "env", letter: "E", arg: "=VAR=VALUE, VAR", help: "set or unset a variable of the command",
		to: func(o *options) any { return &o.env }},
	{long: "argv0", arg: "=NAME", help: "the command's argv[0]",
		to: func(o *options) any { return &o.argv0 }},
	{long: "exit-with-command", help: "end with the command, and detach from daemons and other processes that it leaves running",
		to: func(o *options) any { return &o.endsWith }},
	{long: "detach-on", letter: "b", arg: "=execve", help: "detach from a process when it runs another program",
		to: func(o *options) any { return setting{o.setDetachOn, completeDetachOn} }},
	{long: "syscall-limit", arg: "=N", help: "detach from all processes after N calls were shown",
		to: func(o *options) any { return &o.print.Limit }},
	{long: "for", arg: "=TIME", brief: "end the trace after 10s, 500ms, 1m",
		help: "end the trace after 10s, 500ms, 1m: processes of -p run on, the command gets SIGTERM",
		to:   func(o *options) any { return parsed(&o.limits.trace, parseTime) }},
}}

var filterOptions = group{title: "Which calls and signals to print", options: []option{
	{long: "trace-path", letter: "P", arg: "=PATH", brief: "only calls about this file",
		help: "calls about this file, by path or descriptor, or about the file that PATH links to; may be repeated",
		to:   func(o *options) any { return &o.paths }},
	{long: "trace-fds", arg: "=SET", help: "calls about these descriptors, or about a path of -P",
		to: func(o *options) any { return parsed(&o.print.Filter.FDs, printer.ParseNumberSet) }},
	{long: "successful-only", letter: "z", help: "calls that succeeded",
		to: func(o *options) any { return &o.successful }},
	{long: "failed-only", letter: "Z", brief: "only calls that failed",
		help: "calls that failed",
		to:   func(o *options) any { return &o.failed }},
	{long: "status", arg: "=SET", help: "calls whose status is one of successful, failed, unfinished, unavailable, detached",
		to: func(o *options) any { return setOf(&o.print.Status, statuses) }},
	{long: "signal", arg: "=SET", help: "signals, by name or number",
		to: func(o *options) any { return parsed(&o.print.Signals, parseSignals) }, complete: completeSignals},
	{long: "quiet", also: []string{"silent", "silence"}, letter: "q", bare: "attach,personality,faults",
		to: func(o *options) any { return setOf(&o.print.Quiet, quietNames) }, counts: func(o *options) repeated { return repeated{&o.quietLevel, 3} },
		forms: []form{
			{"-q, --quiet=attach,personality,faults", "leave out messages, and how often faults hit; --silent and --silence are the same"},
			{"-qq, --quiet=attach,personality,faults,exit", "leave out ends of processes too"},
			{"-qqq, --quiet=all", "leave out path-resolution and thread-execve too"},
		}},
}, note: "SET is names with commas between them, all, or none; !SET is all but these."}
