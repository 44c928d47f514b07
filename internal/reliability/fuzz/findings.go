package fuzz

// Findings are what the targets have found, by target: all of it is mended, and the inputs are
// tests of the targets.
var Findings = map[string][]string{
	"bindings.FuzzGreedy": {"the stack of a coroutine grew step by step under many values: seconds in which nothing could interrupt it",
		"where it could not grow further before the coroutine ran, an index was out of range (in gopher-lua; caught)"},
	"bindings.FuzzInterface": {
		"`string.find` crashed on a huge start index (in gopher-lua; caught, as a Lua error without a place)",
		"`t:event` called by a hook waited for ever",
	},
	"cmd/luatrace.FuzzFlags": {"the message about an unknown option repeated its control characters"},
	"tracer.FuzzMachine": {
		"a child that died before its birth was told of had a record for ever",
		"a child whose parent was killed while making it could stay stopped",
		"a stop of a leader that another thread's execve had replaced was taken for the new one's",
		"a thread killed just after its execve was told of under a wrong id, and its old record stayed",
		"requests and signals could go to an id whose death had been collected, though not yet looked at",
		"a child let go before its birth was told of got a second record",
		"the death of a child was told as that of the next one with its id, when neither's birth had been told of",
		"the record of a thread killed just after its execve was taken for that of a child with its former id, whose death was then never told of, or told as that thread's",
	},
	"tracer.FuzzReports":         {"an execve said to come from another process's thread upset the counts of threads"},
	"tracer/encode.FuzzArgs":     {"an empty name of an argument crashed"},
	"tracer/syscalls.FuzzDefine": {"control characters were taken in the definition of a call"},
}
