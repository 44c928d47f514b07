// Package decode turns the argument words of a system call and the memory they
// point to into a tree of values, and prints such trees as strace does or as
// JSON.
//
// A Call is one system call as a tracer sees it at a stop: words, memory, and
// at exit the result. Nothing is read or allocated until an argument is asked
// for; then that argument is decoded once and kept until Reset. Arguments the
// kernel reads are decoded as they are at that moment, so a tracer that will
// want one at exit calls Latch at entry. Arguments the kernel writes are
// decoded only after a successful call; before that they are plain addresses.
//
// What a tracee passes is hostile: every length is capped, strings are read
// page by page, a pointer that cannot be read becomes a KindUnreadable value,
// and one Call never holds more than MaxData bytes of copied memory.
//
// What an argument is comes from its syscalls.Type, what a struct looks like
// from syscalls.Struct; the files here are by the form of the value: scalar.go
// numbers and names, strings.go bytes and text, structs.go, arrays.go, iovec.go,
// sockaddr.go, control.go and netlink.go what is made of others, signals.go,
// dirents.go and poll.go formats of their own. Three views look at the tree: Text
// and its text_*.go files write strace's lines, AppendJSONArgs writes JSON, and
// scripts walk Value by Field, Elem and Members. None of them reads memory by
// another way than the values do.
//
// Decoding and printing a call that was seen before allocates nothing as long as
// it is small: values and bytes come from an arena that Reset empties.
//
// A Call and its values belong to one goroutine at a time.
package decode
