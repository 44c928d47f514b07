// Package seccomp knows seccomp filters (seccomp(2)) without asking the kernel for anything: it
// is data and arithmetic, and may be used from any goroutine.
//
//   - filter.go: what a filter is to do with each call, and which answer it gives ([Filter.Decide]).
//   - compile.go and assemble.go translate it to the BPF program that the kernel takes.
//   - evaluate.go runs the programs of others: what they answer to a call, or may answer.
package seccomp
