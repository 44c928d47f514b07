package cases

import "fmt"

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
}
