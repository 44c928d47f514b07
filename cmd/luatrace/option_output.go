package main

import (
	"luatrace/engine/printer"
	"luatrace/engine/summary"
)

var lineOptions = group{title: "How calls are printed", options: []option{
	{long: "no-abbrev", letter: "v", help: "structs, environments and arrays in full",
		to: func(o *options) any { return &o.noAbbrev }},
	{long: "abbrev", arg: "=SPEC", help: "short for these calls, in full for the others",
		to: func(o *options) any { return &o.abbrev }, complete: completeCalls},
	{long: "verbose", arg: "=SPEC", help: "structs and arrays for these calls only, addresses for the others",
		to: func(o *options) any { return &o.verbose }, complete: completeCalls},
	{long: "raw", arg: "=SPEC", help: "arguments of these calls in hexadecimal",
		to: func(o *options) any { return &o.raw }, complete: completeCalls},
	{long: "string-limit", arg: "=N", help: "how many bytes of a string to print, 32; 0 prints all that was read",
		to: func(o *options) any { return &o.text.StringLimit }},
	{long: "columns", arg: "=N", help: "the column of the results, 40",
		to: func(o *options) any { return &o.text.Columns }},
	{long: "arg-names", letter: "N", help: "arguments with their names",
		to: func(o *options) any { return &o.text.ArgNames }},
	{long: "strings-in-hex", letter: "x", bare: "all",
		to: func(o *options) any { return oneOf(&o.text.HexStrings, hexStyles) }, counts: func(o *options) repeated { return repeated{&o.hexLevel, 2} },
		forms: []form{
			{"-x, --strings-in-hex=non-ascii", `strings with bytes that are not ASCII as \x escapes`},
			{"-xx, --strings-in-hex[=all]", "all strings"},
			{"--strings-in-hex=non-ascii-chars", "only the bytes that are not ASCII; none is the default"},
		}},
	{long: "const-print-style", letter: "X", arg: "=raw|abbrev|verbose", help: "constants as numbers, as names, or as both",
		to: func(o *options) any { return oneOf(&o.text.Consts, constStyles) }},
	{long: "decode-fds", letter: "y", bare: "path", brief: "paths of descriptors; -yy: addresses of sockets too",
		to: func(o *options) any { return setOf(&o.text.FDs, fdDetails) }, counts: func(o *options) repeated { return repeated{&o.fdLevel, 2} },
		forms: []form{
			{"-y, --decode-fds[=path]", "paths of descriptors"},
			{"-yy, --decode-fds=all", "all details, such as the addresses of sockets; or a SET of path, socket, dev, eventfd, pidfd, signalfd"},
		}},
	{long: "decode-pids", letter: "Y", arg: "=comm", help: "names of processes behind their ids",
		to: func(o *options) any { return setOf(&o.pidDetails, pidDetails) }, counts: func(o *options) repeated { return repeated{&o.pidLevel, 1} }},
	{long: "instruction-pointer", letter: "i", help: "the instruction pointer at each call",
		to: func(o *options) any { return &o.print.Pointers }},
	{long: "syscall-number", letter: "n", help: "the number of each call",
		to: func(o *options) any { return &o.print.Numbers }},
	{long: "read", arg: "=SET", help: "dump what is read from these descriptors",
		to: func(o *options) any { return parsed(&o.print.Read, printer.ParseNumberSet) }},
	{long: "write", arg: "=SET", help: "dump what is written to these descriptors",
		to: func(o *options) any { return parsed(&o.print.Write, printer.ParseNumberSet) }},
	{long: "always-show-pid", help: "the thread id even if there is one thread",
		to: func(o *options) any { return &o.print.PIDs }},
	{long: "width", arg: "=N", help: "shorten lines to N columns; 0 does not. The default is the width of the terminal, unless -v or --string-limit is given",
		to: func(o *options) any { return parsed(&o.width, parseWidth) }},
	{long: "color", arg: "=auto|always|never", help: "failures in red, signals in yellow; auto is on a terminal, unless NO_COLOR is set",
		to: func(o *options) any { return oneOf(&o.colouring, colourings) }},
}}

var timeOptions = group{title: "Times: PRECISION is s, ms, us or ns", options: []option{
	{long: "relative-timestamps", letter: "r", arg: "[=PRECISION]", help: "time since the line before, us",
		to: func(o *options) any { return setting{o.setRelativeTime, completePrecision} }, bare: "us"},
	{long: "absolute-timestamps", bare: "time",
		to: func(o *options) any { return setting{o.setAbsoluteTime, completeTimeFormat} },
		forms: []form{
			{"-tt", "time of day with microseconds"},
			{"-ttt", "seconds since 1970 with microseconds"},
			{"--absolute-timestamps[=FORMAT,PRECISION]", "FORMAT is none, time or unix; s"},
		}},
	{long: "syscall-times", letter: "T", arg: "[=PRECISION]", brief: "time in each call; -tt: when it was made",
		help: "time in the call, us",
		to:   func(o *options) any { return setting{o.setDurations, completePrecision} }, bare: "us"},
}}

var fileOptions = group{title: "Where the output goes", options: []option{
	{long: "output", letter: "o", arg: "=FILE", brief: "write the trace to FILE instead of standard error",
		help: "write the trace to FILE instead of standard error",
		to:   func(o *options) any { return &o.output }},
	{long: "output-append-mode", letter: "A", help: "append to FILE",
		to: func(o *options) any { return &o.appended }},
	{long: "output-separately", forms: []form{{"-ff, --output-separately", "FILE.TID for each thread. When an id comes again, its lines follow a line \"--- another thread ...\""}},
		to: func(o *options) any { return &o.separate }},
	{long: "json", letter: "j", brief: "JSON, an object per line",
		help: "JSON, an object per line",
		to:   func(o *options) any { return &o.json }},
}}

var tableOptions = group{title: "The table", options: []option{
	{long: "summary-only", letter: "c", brief: "a table of counts, errors and times instead of calls",
		help: "a table of counts, errors and times, without the calls",
		to:   func(o *options) any { return &o.summaryOnly }},
	{long: "summary", letter: "C", help: "the calls, then the table",
		to: func(o *options) any { return &o.summaryToo }},
	{long: "summary-sort-by", letter: "S", arg: "=KEY", help: "sort by a column, or by nothing",
		to: func(o *options) any { return parsed(&o.table.Sort, summary.ParseSort) }, complete: completeSort},
	{long: "summary-columns", letter: "U", arg: "=LIST", help: "time-percent, total-time, min-time, max-time, avg-time, calls, errors, name",
		to: func(o *options) any { return parsed(&o.table.Columns, summary.ParseColumns) }, complete: completeColumns},
	{long: "summary-wall-clock", letter: "w", help: "time from entry to exit; this is always so",
		to: func(o *options) any { return &o.wallClock }},
	{long: "summary-syscall-overhead", letter: "O", arg: "=TIME", help: "subtract this from the time of each call: 5, 5us, 1.5ms",
		to: func(o *options) any { return parsed(&o.table.Overhead, parseOverhead) }},
}}
