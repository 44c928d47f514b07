package main

import (
	"luatrace/engine/inject"
	"luatrace/engine/printer"
)

var scriptOptions = group{title: "What to do with the calls", options: []option{
	{long: "trace", letter: "t", arg: "=SPEC", help: "only these calls: open,close  %file  /^stat/\n'!read'  '*'; also signal:INT, a phase :enter",
		to: func(o *options) any { return &o.traces }, complete: completeCalls},
	{long: "exec", letter: "e", arg: "=CODE", help: "run Lua code; with -t it is the body of a hook",
		to: func(o *options) any { return &o.codes }},
	{long: "script", letter: "s", arg: "=NAME", help: "run a script of the collection, a FILE.lua, or -\nfor standard input",
		to: func(o *options) any { return &o.scripts }, complete: completeScripts},
	{long: "arg", letter: "a", arg: "=NAME=VALUE", help: "argument of the scripts",
		to: func(o *options) any { return &o.scriptArgs }, complete: completeArgs},
	{long: "skip-startup", help: "no calls of the dynamic loader, nor any about the\nlocale: what is left is the program's own",
		to: func(o *options) any { return &o.skipStartup }},
	{long: "lines", help: "print the calls beside what scripts write, with\nwhat they changed marked",
		to: func(o *options) any { return &o.lines }},
	{long: "inject", arg: "=SPEC:DO[:when=WHEN]", help: "tamper with these calls, as strace does; DO:\nerror=ERRNO or retval=N (the call is not made),\nsyscall=NAME (but this one), signal=SIG,\ndelay_enter=TIME, delay_exit=TIME,\npoke_enter=@argN=HEX,..., poke_exit=...\nWHEN: FIRST, FIRST+, FIRST+STEP, FIRST..LAST\nor FIRST..LAST+STEP, counted in each thread",
		to: func(o *options) any { return setting{o.ruleBy(inject.Parse)} }},
	{long: "fault", arg: "=SPEC[:error=ERRNO][:when=WHEN]", help: "make them fail, ENOSYS",
		to: func(o *options) any { return setting{o.ruleBy(inject.ParseFault)} }},
}}

var targetOptions = group{title: "Whom to trace", options: []option{
	{long: "attach", letter: "p", arg: "=PID,NAME...", help: "processes that run already, with all threads, by\nnumber, by name (all of it: nginx), or the\nprogram's file; one that has ended is reported,\nand the others are traced",
		to: func(o *options) any { return &o.pidLists }, complete: completeProcesses},
	{long: "follow-forks", letter: "f", help: "children and threads too; they are in any case,\nand with -o each line has its thread id",
		to: func(o *options) any { return &o.followed }, counts: func(o *options) repeated { return repeated{&o.followLevel, 2} }},
	{long: "no-follow", help: "neither children nor threads",
		to: func(o *options) any { return &o.noFollow }},
	{long: "user", letter: "u", arg: "=USER", help: "run the command as this user or UID:GID, with\nthe user's HOME, SHELL, USER and LOGNAME",
		to: func(o *options) any { return setting{o.setUser} }, complete: completeUsers},
	{long: "env", letter: "E", arg: "=VAR=VALUE, VAR", help: "set or unset a variable of the command",
		to: func(o *options) any { return &o.env }},
	{long: "argv0", arg: "=NAME", help: "the command's name for itself",
		to: func(o *options) any { return &o.argv0 }},
	{long: "exit-with-command", help: "end with the command: daemons and others that it\nleaves running are let go",
		to: func(o *options) any { return &o.endsWith }},
	{long: "detach-on", letter: "b", arg: "=execve", help: "let a process go when it runs another program",
		to: func(o *options) any { return setting{o.setDetachOn} }},
	{long: "syscall-limit", arg: "=N", help: "let all go after N calls shown",
		to: func(o *options) any { return &o.print.Limit }},
	{long: "for", arg: "=TIME", help: "end the trace after 10s, 500ms, 1m: processes of\n-p run on, the command gets SIGTERM",
		to: func(o *options) any { return parsed(&o.limits.trace, parseTime) }},
}}

var filterOptions = group{title: "Which calls to print, and which signals", options: []option{
	{long: "trace-path", letter: "P", arg: "=PATH", help: "calls about this file, by path or descriptor, or\nwhat PATH is a link to; may be repeated",
		to: func(o *options) any { return &o.paths }},
	{long: "trace-fds", arg: "=SET", help: "calls about these descriptors, or a path of -P",
		to: func(o *options) any { return parsed(&o.print.Filter.FDs, printer.ParseNumberSet) }},
	{long: "successful-only", letter: "z", help: "calls without an error",
		to: func(o *options) any { return &o.successful }},
	{long: "failed-only", letter: "Z", help: "calls with an error",
		to: func(o *options) any { return &o.failed }},
	{long: "status", arg: "=SET", help: "calls that were successful, failed, unfinished,\nunavailable, detached",
		to: func(o *options) any { return setOf(&o.print.Status, statuses) }},
	{long: "signal", arg: "=SET", help: "signals: names or numbers",
		to: func(o *options) any { return parsed(&o.print.Signals, parseSignals) }, complete: completeSignals},
	{long: "quiet", also: []string{"silent", "silence"}, letter: "q", bare: "attach,personality,faults",
		to: func(o *options) any { return setOf(&o.print.Quiet, quietNames) }, counts: func(o *options) repeated { return repeated{&o.quietLevel, 3} },
		forms: []form{
			{"-q, --quiet=attach,personality,faults", "leave out messages, and how often\n          faults hit; --silent and --silence\n          are the same"},
			{"-qq, --quiet=attach,personality,faults,exit", " ends of processes too"},
			{"-qqq, --quiet=all", "and path-resolution, thread-execve"},
		}},
}, note: "SET is names with commas between them, all, or none; !SET is all but these."}
