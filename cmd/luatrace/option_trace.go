package main

var limitOptions = group{title: "Limits, in bytes or as 64K, 512M, 2G", options: []option{
	{long: "hook-timeout", arg: "=TIME", help: "how long a hook may run, 5s; 0 is for ever. Then\nit fails: see on_error in luatrace help on",
		to: func(o *options) any { return &o.limits.hookTime }},
	{long: "max-memory", arg: "=SIZE", help: "what scripts may keep, 1G or a quarter of the\nmemory there is; 0 is no limit",
		to: func(o *options) any { return parsed(&o.limits.memory, parseSize) }},
	{long: "max-output", arg: "=SIZE", help: "how long the trace may get; 0, no limit. Without\nit -o leaves 1G of the file system free, or a\ntwentieth, or half of what is free at first",
		to: func(o *options) any { return parsed(&o.limits.output, parseSize) }},
	{long: "max-read", arg: "=SIZE", help: "what a script may read of a process at once, 64M",
		to: func(o *options) any { return parsed(&o.limits.read, parseSize) }},
	{long: "max-keys", arg: "=N", help: "rows of an aggregation, 100000; the rest is one",
		to: func(o *options) any { return &o.limits.keys }},
}}

var traceOptions = group{title: "The trace itself", options: []option{
	{long: "plan", help: "show what will stop, and how; trace nothing",
		to: func(o *options) any { return &o.plan }},
	{long: "attachable", help: "no seccomp filter: scripts may let processes go",
		to: func(o *options) any { return &o.attachable }},
	{long: "keep-tracing", help: "refuse programs that trace others: their ptrace\nfails with EPERM, instead of luatrace letting\ngo what they trace",
		to: func(o *options) any { return &o.keepTracing }},
	{long: "no-notify", help: "stop calls instead of asking: for commands that\nhave a seccomp listener themselves",
		to: func(o *options) any { return &o.noNotify }},
	{long: "cpu", arg: "=auto|off", help: "share a CPU with a busy tracee",
		to: func(o *options) any { return &o.cpu }, complete: completePlacement},
	{long: "seed", arg: "=N", help: "what rng() and faults of some probability begin\nwith that give no seed, 0: alike in each run",
		to: func(o *options) any { return &o.limits.seed }},
	{long: "read-only", help: "scripts may look and not change anything",
		to: func(o *options) any { return &o.readOnly }},
	{long: "sandbox", help: "scripts get at no files, environment or other\ncode, but at what is traced",
		to: func(o *options) any { return &o.sandbox }},
	{long: "help", letter: "h", help: "a screen of help",
		to: func(o *options) any { return &o.help }},
	{long: "version", letter: "V", help: "version",
		to: func(o *options) any { return &o.version }},
}}
