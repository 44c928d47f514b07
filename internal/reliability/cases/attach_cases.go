package cases

// attachCases are about -p: luatrace comes to a process that runs, and leaves it.
var attachCases = []Case{
	{
		Name:   "attach-to-new-threads",
		Status: 9,
		Says:   "luatrace attaches to a process that makes threads all the time: it finds all of them, and the process ends as it would.",
		Argv:   []string{"FIXTURE/grow", "1000"},
		Rows:   []Row{Attached},
		Visits: 8,
	},
	{
		Name:   "attach-in-calls",
		Says:   "luatrace attaches in the middle of a call, whose exit is then seen without an entry, and leaves in the middle of another; no call fails.",
		Argv:   sh(`dd if=/dev/zero of=/dev/null bs=1 count=400000 status=none; echo $?`),
		Rows:   []Row{Attached},
		Visits: 6,
	},
	{
		Name: "attach-to-sleeping",
		Says: "luatrace attaches to a process that sleeps in a call, with or without a timeout: it sleeps on, no call fails with EINTR or returns early.",
		Rows: []Row{Attached}, Tests: []string{"cmd/luatrace.TestAttachToSleeping"},
	},
	{
		Name: "attach-to-stopped",
		Says: "A stopped process stays stopped while it is traced and afterwards; continued meanwhile, it runs.",
		Rows: []Row{Attached}, Tests: []string{"cmd/luatrace.TestAttachToStopped", "tracer.TestAttachToStoppedProcess"},
	},
	{
		Name:   "detach-while-running",
		Says:   "luatrace leaves a process that makes no calls at all.",
		Argv:   []string{"FIXTURE/spin", "1000"},
		Rows:   []Row{Attached},
		Visits: 6,
	},
	{
		Name:   "detach-at-signal",
		Says:   "luatrace attaches and leaves while signals are delivered: every one arrives, once.",
		Argv:   []string{"FIXTURE/sigcount", "1000"},
		Rows:   []Row{Attached},
		Visits: 12,
	},
	{
		Name:   "detach-in-vfork",
		Says:   "luatrace leaves while a parent sleeps in vfork: neither it nor the child hangs.",
		Argv:   []string{"FIXTURE/vforker", "300"},
		Rows:   []Row{Attached},
		Visits: 8,
	},
	{
		Name: "attach-to-busy-threads",
		Says: "luatrace comes to eight threads that make calls without end, and leaves them, again and again: no call fails, no thread stays stopped.",
		Rows: []Row{Attached}, Tests: []string{"cmd/luatrace.TestAttachToBusyThreads"},
	},
}
