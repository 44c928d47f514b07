package cases

import (
	"fmt"
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
		Name: "int80",
		Says: "64-bit code makes i386 calls by int 0x80: they are seen as what they are, and answer.",
		Argv: []string{"FIXTURE/int80"},
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
		Name: "i386-program",
		Says: "A 32-bit program runs as untraced.",
		Argv: []string{"FIXTURE/hello32"},
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
}
