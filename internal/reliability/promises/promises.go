// Package promises is what luatrace promises to whoever puts it on a program that matters, and
// the tests that hold it to that.
package promises

import (
	"fmt"
	"strings"

	"luatrace/internal/reliability/report"
)

// Promise is a promise.
type Promise struct {
	Says string
	// Tests are the package and name of Go tests that fail if it is broken.
	Tests []string
}

// Sheet is all of them.
var Sheet = []Promise{
	{"The traced program writes the same to stdout and stderr and ends with the same status or signal as untraced.", []string{
		"internal/reliability/cases.TestCases", "cmd/luatrace.TestOrdinaryCommands", "cmd/luatrace.TestOrdinaryCommandsAsNobody",
		"cmd/luatrace.TestFatalSignalIsMirrored", "tracer.TestFixturesRunAsUntraced"}},
	{"No event is lost, and none of a thread is reordered.", []string{
		"engine.TestRowsCountAlike", "bindings.TestCountsAreExact", "bindings.TestCountsTenTimes", "cmd/luatrace.TestAttachToBusyThreads", "internal/reliability/chaos.TestChaos"}},
	{"A script error, a hook that takes too long or the tracer's end leaves no process stopped, and no call failing.", []string{
		"bindings.TestHangingHook", "cmd/luatrace.TestFailingHooks", "cmd/luatrace.TestLuatraceIsKilled", "cmd/luatrace.TestSecondSignalEndsTheTrace", "engine.TestKeeper", "engine.TestPanic", "cmd/luatrace.TestEnds", "cmd/luatrace.TestOutputIsBlocked"}},
	{"After `-p`, a process is as it was found.", []string{
		"cmd/luatrace.TestAttachToStopped", "cmd/luatrace.TestAttachToSleeping", "cmd/luatrace.TestSignalWhileAttached", "cmd/luatrace.TestStopWhileAttached", "tracer.TestAttachToStoppedProcess"}},
	{"Calls without a hook don't stop, and those that the kernel can fail by itself don't either.", []string{
		"engine/plan.TestMake", "engine.TestKernelPlan", "engine.TestConstantFaultNeverStops", "tracer.TestFilterAgainstModel"}},
	{"No byte of a traced program steers the terminal or fakes a line.", []string{
		"bindings.TestOutputIsSafe", "bindings.TestNoControlBytes", "cmd/luatrace.TestJSONIsTheSame", "cmd/luatrace.TestHostileModes", "cmd/luatrace.TestHostileScripts",
		"cmd/luatrace.TestRawOutputOnTerminal", "scripts.TestHostileNames"}},
	{"No file of a traced program, and nothing that /proc shows of it, makes luatrace take memory without bounds.", []string{
		"cmd/luatrace.TestManySections", "cmd/luatrace.TestWideArguments", "cmd/luatrace.TestWideArgumentsOfScripts", "cmd/luatrace.TestManyMappings", "cmd/luatrace.TestFilesWithoutEnd", "tracer/elffile.TestLimits"}},
	{"What is refused is said in one line that says what to do.", []string{
		"cmd/luatrace.TestBadCommandLines", "cmd/luatrace.TestAttachToTraced", "cmd/luatrace.TestAttachToAnotherUsers", "cmd/luatrace.TestOutputFails", "cmd/luatrace.TestOutputIsLost", "cmd/luatrace.TestScriptsAreTrusted", "cmd/luatrace.TestOldKernel"}},
	{"Nothing of another process is shown as the traced one's, or read or written in its place, whatever /proc shows; what is not known is missing, and said once.", []string{
		"cmd/luatrace.TestOuterProc", "cmd/luatrace.TestWithoutProc", "cmd/luatrace.TestProcMountedOver", "cmd/luatrace.TestReusedNumber", "tracer/procfs.TestNone", "tracer/procfs.TestHold", "internal/lint.TestProc"}},
}

// Section is the promise sheet in docs/reliability.md.
func Section() report.Section {
	return report.Section{Name: "promises", Title: "What is promised", Run: func(*report.Options) (string, bool, error) {
		return text(), true, nil
	}}
}

func text() string {
	var b strings.Builder
	for i, p := range Sheet {
		fmt.Fprintf(&b, "%d. %s\n   Held by `%s`.\n", i+1, p.Says, strings.Join(p.Tests, "`, `"))
	}
	return b.String()
}
