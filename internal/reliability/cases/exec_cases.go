package cases

import "fmt"

// execCases are about processes that begin: fork, clone, execve.
var execCases = []Case{
	{
		Name: "exec-by-thread",
		Says: "A thread that is not the leader calls execve: the others vanish, it takes the leader's id, and hooks see one execve that succeeds.",
		Argv: []string{"FIXTURE/texec"},
		Check: func(r *Run) error {
			// the command's own, and that of the thread; behind the gate of an attached run too
			if n := r.Count("execve"); r.Row != Filtered && n < 2 {
				return fmt.Errorf("the hooks saw %d execve, want 2", n)
			}
			return nil
		},
	},
	{
		Name: "vfork",
		Says: "A parent that called vfork sleeps until the child's execve or end; both go on as untraced.",
		Argv: []string{"FIXTURE/vforker", "20"},
	},
}
