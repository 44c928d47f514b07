package main

var limitOptions = group{title: "Limits; SIZE is in bytes or as 64K, 512M, 2G", options: []option{
	{long: "hook-timeout", arg: "=TIME", help: "how long a hook may run before it fails, 5s; 0 is no limit (see on_error in luatrace help on)",
		to: func(o *options) any { return &o.limits.hookTime }},
	{long: "max-memory", arg: "=SIZE", help: "how much memory scripts may keep: 1G, or a quarter of the memory if that is less; 0 is no limit",
		to: func(o *options) any { return parsed(&o.limits.memory, parseSize) }},
	{long: "max-output", arg: "=SIZE", help: "how long the trace may get; 0 is no limit. Without this option -o leaves free 1G of the file system, " +
		"or a twentieth of it, or half of the space that is free at first, whatever is least",
		to: func(o *options) any { return parsed(&o.limits.output, parseSize) }},
	{long: "max-read", arg: "=SIZE", help: "how much a script may read of a process at once, 64M",
		to: func(o *options) any { return parsed(&o.limits.read, parseSize) }},
	{long: "max-keys", arg: "=N", help: "how many rows an aggregation may have, 100000; further keys share one",
		to: func(o *options) any { return &o.limits.keys }},
}}

var traceOptions = group{title: "The trace itself", options: []option{
	{long: "plan", brief: "show which calls will stop, and how; trace nothing",
		help: "show which calls will stop, and how; trace nothing",
		to:   func(o *options) any { return &o.plan }},
	{long: "attachable", help: "use no seccomp filter, so that scripts may detach from processes",
		to: func(o *options) any { return &o.attachable }},
	{long: "keep-tracing", help: "refuse programs that trace others: their ptrace fails with EPERM. Without this option luatrace detaches from what they trace",
		to: func(o *options) any { return &o.keepTracing }},
	{long: "no-notify", help: "stop calls instead of using seccomp notifications, for commands that have a listener themselves",
		to: func(o *options) any { return &o.noNotify }},
	{long: "cpu", arg: "=auto|off", help: "share a CPU with a busy tracee, or leave that to the scheduler",
		to: func(o *options) any { return &o.cpu }, complete: completePlacement},
	{long: "seed", arg: "=N", help: "the seed of rng(), and of faults with a probability, where scripts give none; 0, so that each run is the same",
		to: func(o *options) any { return &o.limits.seed }},
	{long: "read-only", help: "scripts may look but change nothing",
		to: func(o *options) any { return &o.readOnly }},
	{long: "sandbox", help: "scripts may use no files, environment or other code, only what is traced",
		to: func(o *options) any { return &o.sandbox }},
	{long: "help", letter: "h", help: "a screen of help",
		to: func(o *options) any { return &o.help }},
	{long: "version", letter: "V", help: "the version; with -v also which features of newer kernels are there",
		to: func(o *options) any { return &o.version }},
}}
