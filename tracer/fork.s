// This file is empty. Its presence lets the compiler accept the functions
// without a body that fork_unsafe.go links to the runtime's fork protocol.
