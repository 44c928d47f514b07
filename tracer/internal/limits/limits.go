// Package limits remembers resource limits as the program inherited them.
//
// The syscall package raises the soft limit on open files when it is
// initialised, and undoes that only for children that it starts itself. The
// tracer forks by itself, so it needs the value from before. Packages are
// initialised in the order of their import paths where their imports allow it
// (Go 1.21 release notes), so this one, which imports nothing and makes its
// system call by itself, comes before syscall. A test of the command line
// compares the traced `ulimit -n` with the untraced one.
package limits

// Rlimit is struct rlimit64 of prlimit(2): soft and hard limit.
type Rlimit struct{ Cur, Max uint64 }

// rlimitNoFile is RLIMIT_NOFILE on amd64 and arm64.
const rlimitNoFile = 7

// NoFile is RLIMIT_NOFILE as inherited; Known says whether it could be read.
var (
	NoFile Rlimit
	Known  = getrlimit(rlimitNoFile, &NoFile) == 0
)

// getrlimit is prlimit64(0, resource, NULL, lim); the result is 0 or -errno.
//
//go:noescape
func getrlimit(resource int64, lim *Rlimit) (result int64)
