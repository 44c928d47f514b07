// Package privsep parses files that somebody hostile may have made in a process
// without rights: what a fault in a parser gives away there is the file, the
// answer, and bounded time and memory.
//
// A Helper starts the program again (/proc/self/exe) under a name that Main
// knows, in a session of its own and with no environment and no descriptor but
// a socket. Before the first job the helper takes its rights away, as
// Confinement lists: resource limits; no_new_privs; another user, if it is
// root; capabilities; Landlock without any rule; a seccomp filter that knows
// only what the Go runtime needs to compute, to read the descriptors it is sent and to
// answer. What a kernel does not have is missing in Helper.Confinement.
//
// A job is a function that both sides know by name (Register). Do opens nothing
// and names no path: it hands over a descriptor, which must be of a regular file
// and for reading only, with a request, and returns the answer. An answer is
// hostile like the file: package wire takes it apart.
//
// A helper that a file has taken over stays that until it ends: it sees the files
// of later jobs and can answer for them. Who reads files of several owners has a
// Helper for each. It can make threads as memory allows; their number counts for
// the user's.
//
// The protocol: a frame is three 32-bit words (magic, kind, length) and the
// payload; a descriptor comes with the first byte of a job's frame. The helper
// begins with kindHello. Then each job (kindJob: its name, its request) has one
// kindAnswer or kindError.
//
// Landlock needs Linux 5.13, clearing of all threads' rights a program without
// cgo (or Linux 7.0, for Landlock).
package privsep
