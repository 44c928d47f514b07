package cases

import (
	"errors"
	"fmt"
	"strings"
)

// callCases are about what is a system call and what is not.
var callCases = []Case{
	{
		Name: "calls-counted",
		Says: "Known numbers of calls from eight threads and twenty children: all are seen, once.",
		Argv: []string{"FIXTURE/counts"},
		Check: func(r *Run) error {
			if r.Row == Filtered {
				return nil
			}
			// the loader and the shells around ask for their own ids as well
			for call, want := range map[string]int{"getppid": 800, "getuid": 600} {
				if n := r.Count(call); n < want || n > want+10 {
					return fmt.Errorf("%d %s, want %d", n, call, want)
				}
			}
			return r.Paired("getppid")
		},
	},
	{
		Name:   "int80",
		Status: 52,
		Says:   "64-bit code makes i386 calls by int 0x80: they are seen as what they are, and answer.",
		Argv:   []string{"FIXTURE/int80"},
		Check: func(r *Run) error {
			// exit(2) of i386 ends it; on amd64 its number is write
			if r.Row == Filtered {
				return nil
			}
			if n := r.Count("exit"); n < 1 {
				return fmt.Errorf("no exit was seen")
			}
			return nil
		},
	},
	{
		Name:   "i386-program",
		Status: 32,
		Says:   "A 32-bit program runs as untraced.",
		Argv:   []string{"FIXTURE/hello32"},
	},
	{
		Name: "bad-numbers",
		Says: "Numbers that are no call (-1, 1000, x32's, with high bits) fail with ENOSYS, and are not taken for calls that were prevented.",
		Argv: []string{"FIXTURE/badnr"},
	},
	{
		Name: "vsyscall",
		Says: "A call through the vsyscall page answers, or faults, as untraced.",
		Argv: []string{"FIXTURE/vsyscall"},
	},
	{
		Name: "registers",
		Says: "Registers and arguments are what they were after every call.",
		Argv: []string{"FIXTURE/regs"},
	},
	{
		Name: "sigreturn",
		Says: "The return from a signal handler restores all registers, and the one for results too: hooks on rt_sigreturn see its end, and nothing is changed.",
		Argv: []string{"FIXTURE/sigreturn"},
		Check: func(r *Run) error {
			if r.Row == Filtered {
				return nil
			}
			if r.Count("rt_sigreturn") == 0 {
				return errors.New("no rt_sigreturn was seen")
			}
			return r.Paired("rt_sigreturn")
		},
	},
	{
		Name: "vdso",
		Says: "A thousand readings of the clock are a thousand calls.",
		Argv: []string{"FIXTURE/vdso"},
		Limits: []Limit{{Heading: unseen, Says: "the vDSO makes no system call: of the thousand and one readings hooks see one", Differs: func(r *Run) error {
			if n := r.Count("clock_gettime"); r.Row != Filtered && n != 1 {
				return fmt.Errorf("the hooks saw %d clock_gettime, want 1", n)
			}
			return r.Compare()
		}}},
	},
	{
		Name:   "io-uring",
		Status: -1,
		Says:   "A file that is opened by an io_uring request is seen to be opened.",
		Argv:   []string{"FIXTURE/uring"},
		Look:   `if ev.name == "openat" then print("path", ev.path) end`,
		Limits: []Limit{{Heading: unseen, Says: "requests in a ring are no system calls; their io_uring_enter is seen", Differs: func(r *Run) error {
			if strings.Contains(r.Trace, "path\t/dev/null") {
				return errors.New("the request was seen: is this still a limit?")
			}
			if refused := r.Untraced.Code == 3; r.Row != Filtered && !refused && r.Count("io_uring_enter") == 0 {
				return errors.New("no io_uring_enter was seen")
			}
			return r.Compare()
		}}},
	},
	{
		Name:   "io-uring-refused",
		Status: -1,
		Says:   "`fault(\"io_uring_setup\", \"ENOSYS\")` closes this way around the hooks: there is no ring.",
		Argv:   []string{"FIXTURE/uring"},
		Script: `fault("io_uring_setup", "ENOSYS")`,
		// luatrace -p is to say nothing; without -q it says how often the fault hit.
		Options: []string{"-q"},
		Differs: func(r *Run) error {
			if r.Traced.Code != 3 || !strings.HasPrefix(r.Traced.Stdout, "io_uring_setup E") {
				return errors.New("there was a ring")
			}
			return nil
		},
	},
}

// unseen is the heading of the limits of what system calls can show.
const unseen = "What is not seen"
