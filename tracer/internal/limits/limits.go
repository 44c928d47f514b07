// Package limits remembers resource limits as the program inherited them.
//
// The os package raises the soft limit on open files when it is initialised,
// and only os/exec knows how to undo that for a child. The tracer forks by
// itself, so it needs the value from before. Packages are initialised in the
// order of their import paths where their imports allow it (Go 1.21 release
// notes), so this one, which imports only syscall, comes before os. A test of
// the command line compares the traced `ulimit -n` with the untraced one.
package limits

import "syscall"

// NoFile is RLIMIT_NOFILE as inherited; Known says whether it could be read.
var (
	NoFile syscall.Rlimit
	Known  = syscall.Getrlimit(syscall.RLIMIT_NOFILE, &NoFile) == nil
)
