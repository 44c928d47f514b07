//go:build cgo

package privsep

// cgo: a program with cgo can't restrict all its threads (syscall.AllThreadsSyscall).
const cgo = true
