// Package syscalls is what luatrace knows about system calls, as pure data:
// their numbers and names under each ABI, their arguments, the flags and
// enumerations those take, the layouts of the structs they point to, ioctl
// requests, error numbers, signals, and strace's classes.
//
// It reads nothing and calls nothing: every fact is in a table that is
// compiled in. Of the tables only the few kilobytes around a fact are inflated
// and parsed, when it is first asked for, so importing the package costs nothing
// at start-up and a program pays for what it uses. All functions are safe for
// use by any number of goroutines.
//
// Numbers come from golang.org/x/sys/unix, constants, struct layouts and
// ioctl requests from the kernel's user-space headers; gen/README.md says
// how to make those tables again.
package syscalls

//go:generate go run ./gen/numbers
