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
	{long: "verbose", arg: "=SPEC", help: "structs and arrays of these calls only, of the\nothers their addresses",
		to: func(o *options) any { return &o.verbose }, complete: completeCalls},
	{long: "raw", arg: "=SPEC", help: "arguments of these calls in hexadecimal",
		to: func(o *options) any { return &o.raw }, complete: completeCalls},
	{long: "string-limit", arg: "=N", help: "bytes of a string, 32; 0 is all that was read",
		to: func(o *options) any { return &o.text.StringLimit }},
	{long: "columns", arg: "=N", help: "column of the results, 40",
		to: func(o *options) any { return &o.text.Columns }},
	{long: "arg-names", letter: "N", help: "arguments with their names",
		to: func(o *options) any { return &o.text.ArgNames }},
	{long: "strings-in-hex", letter: "x", bare: "all",
		to: func(o *options) any { return oneOf(&o.text.HexStrings, hexStyles) }, counts: func(o *options) repeated { return repeated{&o.hexLevel, 2} },
		forms: []form{
			{"-x, --strings-in-hex=non-ascii", "       strings with such bytes as \\x escapes"},
			{"-xx, --strings-in-hex[=all]", "          all strings"},
			{"--strings-in-hex=non-ascii-chars", " only the bytes; none is the default"},
		}},
	{long: "const-print-style", letter: "X", arg: "=raw|abbrev|verbose", help: " numbers, names, or both",
		to: func(o *options) any { return oneOf(&o.text.Consts, constStyles) }},
	{long: "decode-fds", letter: "y", bare: "path",
		to: func(o *options) any { return setOf(&o.text.FDs, fdDetails) }, counts: func(o *options) repeated { return repeated{&o.fdLevel, 2} },
		forms: []form{
			{"-y, --decode-fds[=path]", "paths of descriptors"},
			{"-yy, --decode-fds=all", "or SET of path, socket, dev, eventfd, pidfd,\nsignalfd: addresses of sockets, and so on"},
		}},
	{long: "decode-pids", letter: "Y", arg: "=comm", help: "names of processes behind their ids",
		to: func(o *options) any { return setOf(&o.pidDetails, pidDetails) }, counts: func(o *options) repeated { return repeated{&o.pidLevel, 1} }},
	{long: "instruction-pointer", letter: "i", help: "where the program was",
		to: func(o *options) any { return &o.print.Pointers }},
	{long: "syscall-number", letter: "n", help: "numbers of calls",
		to: func(o *options) any { return &o.print.Numbers }},
	{long: "read", arg: "=SET", help: "dump what is read from these descriptors",
		to: func(o *options) any { return parsed(&o.print.Read, printer.ParseNumberSet) }},
	{long: "write", arg: "=SET", help: "dump what is written to them",
		to: func(o *options) any { return parsed(&o.print.Write, printer.ParseNumberSet) }},
	{long: "always-show-pid", help: "the thread id also if there is one thread",
		to: func(o *options) any { return &o.print.PIDs }},
	{long: "width", arg: "=N", help: "shorten lines to N columns: those of the terminal\nunless -v or --string-limit is given; 0 does not",
		to: func(o *options) any { return parsed(&o.width, parseWidth) }},
	{long: "color", arg: "=auto|always|never", help: " failures red, signals yellow; auto is on a\nterminal, without NO_COLOR in the environment",
		to: func(o *options) any { return oneOf(&o.colouring, colourings) }},
}}

var timeOptions = group{title: "Times: PRECISION is s, ms, us or ns", options: []option{
	{long: "relative-timestamps", letter: "r", arg: "[=PRECISION]", help: " since the line before, us",
		to: func(o *options) any { return setting{o.setRelativeTime} }, bare: "us"},
	{long: "absolute-timestamps", bare: "time",
		to: func(o *options) any { return setting{o.setAbsoluteTime} },
		forms: []form{
			{"-tt", "time of day with microseconds"},
			{"-ttt", "seconds since 1970 with microseconds"},
			{"--absolute-timestamps[=FORMAT,PRECISION]", " none, time or unix; s"},
		}},
	{long: "syscall-times", letter: "T", arg: "[=PRECISION]", help: "       time in the call, us",
		to: func(o *options) any { return setting{o.setDurations} }, bare: "us"},
}}

var fileOptions = group{title: "Where to", options: []option{
	{long: "output", letter: "o", arg: "=FILE", help: "instead of standard error",
		to: func(o *options) any { return &o.output }},
	{long: "output-append-mode", letter: "A", help: "behind what is in FILE",
		to: func(o *options) any { return &o.appended }},
	{long: "output-separately", forms: []form{{"-ff, --output-separately", "FILE.TID for each thread; when an id comes again,\nbehind a line \"--- another thread ...\""}},
		to: func(o *options) any { return &o.separate }},
	{long: "json", letter: "j", help: "an object a line",
		to: func(o *options) any { return &o.json }},
}}

var tableOptions = group{title: "The table", options: []option{
	{long: "summary-only", letter: "c", help: "counts, errors and time of the calls",
		to: func(o *options) any { return &o.summaryOnly }},
	{long: "summary", letter: "C", help: "the calls, then the table",
		to: func(o *options) any { return &o.summaryToo }},
	{long: "summary-sort-by", letter: "S", arg: "=KEY", help: "a column or nothing",
		to: func(o *options) any { return parsed(&o.table.Sort, summary.ParseSort) }, complete: completeSort},
	{long: "summary-columns", letter: "U", arg: "=LIST", help: "time-percent, total-time, min-time, max-time,\navg-time, calls, errors, name",
		to: func(o *options) any { return parsed(&o.table.Columns, summary.ParseColumns) }},
	{long: "summary-wall-clock", letter: "w", help: "time from entry to exit: it always is",
		to: func(o *options) any { return &o.wallClock }},
	{long: "summary-syscall-overhead", letter: "O", arg: "=TIME", help: " taken off each call: 5, 5us, 1.5ms",
		to: func(o *options) any { return parsed(&o.table.Overhead, parseOverhead) }},
}}
