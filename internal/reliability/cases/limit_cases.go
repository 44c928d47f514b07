package cases

import "errors"

// endedByKill is about programs that a signal ends in a call which can't be stopped.
var endedByKill = []Limit{{
	Rows: []Row{Attached}, Users: []string{"root"}, Heading: "What changes for the program",
	Says: "luatrace has to end the program by SIGKILL, which its parent sees",
	Differs: func(r *Run) error {
		if r.Untraced.Signal == 0 || r.Traced.Signal == 0 || r.Traced.Signal == r.Untraced.Signal {
			return errors.New("both should end by a signal, and by different ones")
		}
		return nil
	},
}}

// limitCases are about what takes too much: time, memory, room, and about scripts that fail.
var limitCases = []Case{
	{
		Name: "long-argument",
		Says: "An execve with one argument of 100,000 bytes: what is shown of it is cut, the program gets all.",
		Argv: []string{"FIXTURE/longargs", "1", "100000"},
	},
	{
		Name: "many-arguments",
		Says: "An execve with 20,000 arguments.",
		Argv: []string{"FIXTURE/longargs", "20000", "50"},
	},
	{
		Name: "page-never-arrives",
		Says: "A path lies in a page that userfaultfd holds back: reading it can't hang luatrace, and SIGALRM ends the program.",
		Argv: []string{"FIXTURE/uffd"}, Status: -1, // SIGALRM
		Look: `if ev.name == "access" then print(ev.path) end`, Limits: endedByKill,
	},
	{
		Name: "page-of-device-never-arrives",
		Says: "The same with a descriptor from /dev/userfaultfd.",
		Argv: []string{"FIXTURE/uffd", "device"}, Status: -1,
		Look: `if ev.name == "access" then print(ev.path) end`, Limits: endedByKill,
	},
	{
		Name: "hook-fails",
		Says: "An error in a hook is one line with script, line and event; the program goes on, and after ten errors on its events the hook is switched off for it.",
		Tests: []string{
			"bindings.TestHookIsSwitchedOff", "bindings.TestHookIsSwitchedOffForOneProgram", "bindings.TestScriptErrors", "cmd/luatrace.TestFailingHooks",
		},
	},
	{
		Name:  "hook-hangs",
		Says:  "A hook that does not return is ended after --hook-timeout, in Lua code as in built-in functions; the program goes on.",
		Tests: []string{"bindings.TestHangingHook", "bindings.TestLimits", "bindings/luart.TestBuiltinsAreInterrupted"},
	},
	{
		Name:  "script-takes-memory",
		Says:  "A hook that takes more than --max-memory fails with a line that says so; luatrace does not run out of memory, the program goes on.",
		Tests: []string{"bindings.TestLimits", "bindings.TestMemoryIsGivenBack"},
	},
	{
		Name:  "no-room-for-processes",
		Says:  "The program has taken all the processes and threads that its user may have: luatrace has what it needs, and goes on.",
		Tests: []string{"cmd/luatrace.TestNoRoomForProcesses", "cmd/luatrace.TestThreadsAreReserved"},
	},
	{
		Name:  "trace-too-long",
		Says:  "A trace ends at --max-output with a whole line, which is said once; the program goes on.",
		Tests: []string{"cmd/luatrace.TestMaxOutput"},
	},
}
