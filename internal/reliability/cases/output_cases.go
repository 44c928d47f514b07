package cases

import (
	"errors"
	"strings"

	"luatrace/internal/fixture"
)

// outputCases are about what luatrace writes, and what scripts may do.
var outputCases = []Case{
	{
		Name: "hostile-names",
		Says: "Escape sequences, newlines, bidirectional controls and bytes that are not UTF-8 in paths, names, sockets, arguments and data: the trace is plain text, and no line is forged.",
		Argv: []string{"FIXTURE/escape_all", "."},
		Look: `print(ev, ev.comm, ev.cwd, ev.exe, ev:table()) agg.hostile:count(ev.comm, ev.cwd)`,
		Check: func(r *Run) error {
			if bad := fixture.Unsafe(r.Trace, false); len(bad) > 0 {
				return errors.New(strings.Join(bad, "\n"))
			}
			if r.Row != Filtered && !strings.Contains(r.Trace, `+++ forged`) {
				return errors.New("the trace lacks the program's names")
			}
			return nil
		},
	},
	{
		Name: "hostile-names-everywhere",
		Says: "The same in every output mode, in every script of the collection, as text and as JSON, and in every message: nothing steers the terminal, JSON stays valid.",
		Rows: Started, Tests: []string{"cmd/luatrace.TestHostileModes", "scripts.TestHostileNames"},
	},
	{
		Name: "hostile-scripts",
		Says: "A script that is only listed, described, checked or tested neither steers the terminal nor reaches a file.",
		Rows: Started, Tests: []string{"cmd/luatrace.TestHostileScripts", "bindings.TestMetaOnly"},
	},
	{
		Name: "output-full",
		Says: "The trace can't be written (disk full, file limit, no such directory): said once, exit status 1 unless the command's own is not 0, the command unharmed.",
		Rows: []Row{Notified, Traced, Unfiltered}, Tests: []string{"cmd/luatrace.TestOutputIsLost", "cmd/luatrace.TestOutputFullStdout"},
	},
	{
		Name: "output-closed",
		Says: "Who reads the trace goes away (`2>&1 | head`): the command runs on to its own end; the exit status tells.",
		Rows: []Row{Notified, Traced, Unfiltered}, Tests: []string{"cmd/luatrace.TestOutputCloses", "cmd/luatrace.TestOutputFails"},
	},
	{
		Name: "output-non-blocking",
		Says: "A program makes the pipe non-blocking that it shares with luatrace: nothing of the trace is lost.",
		Rows: []Row{Notified}, Tests: []string{"cmd/luatrace.TestOutputNonBlocking"},
	},
	{
		Name:    "read-only",
		Says:    "With --read-only the program runs as untraced, though a hook tries to change every call and every signal.",
		Argv:    []string{"FIXTURE/counts"},
		Options: []string{"--read-only"},
		Look:    `pcall(function() ev:fail "EIO" end) pcall(function() ev.ret = -5 end) pcall(function() ev.args[1] = 99 end)`,
	},
	{
		Name: "read-only-complete",
		Says: "With --read-only every function and assignment of the interface that acts raises an error, each of them.",
		Rows: []Row{Notified, Traced, Unfiltered}, Tests: []string{"bindings.TestReadOnly", "bindings.TestActsAreMarked"},
	},
	{
		Name: "sandbox",
		Says: "With --sandbox a script gets at no file, no process, no environment and no code but its own and the collection's.",
		Rows: Started, Tests: []string{"bindings.TestSandbox", "bindings.TestSandboxGlobals", "bindings.TestSandboxFile"},
	},
	{
		Name: "untrusted-scripts",
		Says: "Root runs no script that others could have changed, however it is found; nothing is loaded that nobody asked for.",
		Rows: Started, Users: []string{"root"}, Tests: []string{"bindings.TestTrusted", "bindings.TestTrustedEverywhere", "cmd/luatrace.TestScriptsAreTrusted", "cmd/luatrace.TestNothingIsLoadedUnasked", "cmd/luatrace.TestFilesAreOwn"},
	},
}
