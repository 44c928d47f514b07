package cases

// endCases are about how a trace ends, and about what the kernel refuses.
var endCases = []Case{
	{
		Name:  "ends",
		Says:  "A trace that ends by a signal to luatrace, once or twice, by os.exit in a script, or with a command that is killed, stopped or waits in vfork: end hooks and aggregations come once, the status is the documented one, and nothing stays stopped.",
		Tests: []string{"cmd/luatrace.TestEnds", "cmd/luatrace.TestExitWithCommand", "cmd/luatrace.TestExitAtLoad", "engine.TestSecondSignalWhileKeeping"},
	},
	{
		Name: "output-blocked",
		Says: "Nobody reads luatrace's output and a signal comes: the tracees go on at once; what was written is kept for a reader until a second signal.",
		Rows: []Row{Notified, Traced, Unfiltered}, Tests: []string{"cmd/luatrace.TestOutputIsBlocked"},
	},
	{
		Name:  "refused-by-kernel",
		Says:  "What the kernel does not let luatrace trace is named with its reason, and what to do: another user, a tracer, Yama, a missing capability, a zombie, a kernel thread, a namespace, a profile.",
		Tests: []string{"tracer.TestReasons", "cmd/luatrace.TestAttachRefused", "cmd/luatrace.TestAttachToTraced", "cmd/luatrace.TestAttachToAnotherUsers"},
	},
	{
		Name: "container-profile",
		Says: "A container's profile refuses seccomp or process_vm_readv: luatrace does without; it refuses ptrace: luatrace says what to add.",
		Rows: Started, Tests: []string{"cmd/luatrace.TestContainerProfile"},
	},
}
