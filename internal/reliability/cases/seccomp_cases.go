package cases

import (
	"fmt"
	"strings"
)

// seccompCases are about programs that use seccomp themselves, and about children that ask not to
// be traced: a filter of luatrace's would be in their way.
var seccompCases = []Case{
	{
		Name: "clone-untraced",
		Says: "Children made with CLONE_UNTRACED, by clone, clone3 and int 0x80, processes, threads and grandchildren, run as untraced; hooks see their calls; " +
			"registers and memory of the caller are as it left them.",
		Argv: []string{"FIXTURE/clonekinds"},
		Check: func(r *Run) error {
			const children = 10
			if n := r.Count("getsid"); r.Row != Filtered && n != children {
				return fmt.Errorf("the hooks saw %d getsid, want %d", n, children)
			}
			return nil
		},
	},
	{
		Name: "own-filter",
		Says: "A program installs a seccomp filter that answers a call with a failure, a signal, death, a wish for a tracer or for a listener: " +
			"it gets what it would get untraced. Without a filter of luatrace's the hooks see all of its calls.",
		Argv:    eachOf("ownfilter", "errno", "zero", "trace", "notify", "trap", "kill", "allow", "range", "uid"),
		Options: []string{"-q"},
		Check: func(r *Run) error {
			// two for each program, of which five filters keep one from a filter that asks later
			want := 18
			if r.Row == Notified || r.Row == Traced {
				want -= 5
			}
			if n := r.Count("getppid"); r.Row != Filtered && n < want {
				return fmt.Errorf("the hooks saw %d getppid, want %d", n, want)
			}
			return nil
		},
	},
	{
		Name:    "filter-attributes",
		Says:    "What seccomp says of a program without a filter of its own, the errors of wrong filters, filters for all threads, and their inheritance are as untraced.",
		Argv:    []string{"FIXTURE/seccompmode"},
		Options: []string{"-q"},
	},
	{
		Name: "strict-mode",
		Says: "Strict mode leaves a thread read, write, exit and sigreturn, and kills it for any other call: only it where there are others. " +
			"The kernel refuses it to a program with a filter; luatrace does its work then.",
		Argv:    eachOf("strict", "prctl", "seccomp", "pipe", "handler", "kill", "thread", "tsc", "second", "flags"),
		Options: []string{"-q"},
	},
	{
		Name:    "seccomp-of-32-bit-program",
		Says:    "Filters and strict mode of a 32-bit program.",
		Argv:    []string{"sh", "-c", `for a in errno trace kill uid; do FIXTURE32/ownfilter $a; echo $?; done; for a in prctl handler kill; do FIXTURE32/strict $a; echo $?; done`},
		Options: []string{"-q"},
	},
	{
		Name:    "own-listener",
		Says:    "A program answers notifications of its child's own filter.",
		Argv:    []string{"FIXTURE/listener"},
		Options: []string{"-q"},
		Limits: []Limit{{
			Rows:    []Row{Filtered, Notified, Traced},
			Heading: "What changes for the program",
			Says:    "one listener is all that the kernel allows: EBUSY, and luatrace names --no-notify",
			Differs: func(r *Run) error {
				if r.Traced.Stdout != "listener EBUSY\n" || r.Traced.Code != 3 {
					return fmt.Errorf("want EBUSY")
				}
				return nil
			},
		}},
	},
	{
		Name:    "own-listener-no-notify",
		Says:    "With --no-notify, a program answers notifications of its child's own filter.",
		Argv:    []string{"FIXTURE/listener"},
		Rows:    []Row{Filtered, Traced, Unfiltered, Attached},
		Options: []string{"-q", "--no-notify"},
	},
	{
		Name:  "skip-under-own-filter",
		Says:  "A hook that prevents a call does not make a program break its own filter, or strict mode, which know the calls it makes only.",
		Rows:  []Row{Notified, Traced, Unfiltered},
		Tests: []string{"engine.TestSkipUnderOwnFilter", "engine.TestSkipInStrictMode"},
	},
	{
		Name:  "filters-run-again",
		Says:  "A hook that turns a call into another one does not get it past the program's own filter: the kernel asks all filters again.",
		Rows:  []Row{Notified, Traced, Unfiltered},
		Tests: []string{"engine.TestChangedNumberMeetsFilters"},
	},
	{
		Name:  "stop-order",
		Says:  "A call that stops for PTRACE_SYSCALL, for luatrace's filter and for the program's own is one event.",
		Rows:  []Row{Notified, Traced, Unfiltered},
		Tests: []string{"engine.TestOneEventForEachStop"},
	},
	{
		Name:  "clone-untraced-after-the-trace",
		Says:  "When the trace has ended and luatrace only keeps the filter's calls working, children made with CLONE_UNTRACED work too.",
		Rows:  []Row{Notified, Traced, Unfiltered},
		Tests: []string{"engine.TestEndOfTraceKeepsChildren"},
	},
}

// eachOf runs a fixture once for each argument, and prints how that ended.
func eachOf(fixture string, arguments ...string) []string {
	return []string{"sh", "-c", "for a in " + strings.Join(arguments, " ") + "; do FIXTURE/" + fixture + ` $a; echo "$a: $?"; done`}
}
