// Package inject makes hooks of strace's --inject and --fault: which calls to
// tamper with, how, and at which of their invocations.
//
// parse.go knows the grammar, when.go the counting, hooks.go what is done at a
// call. The grammar and its meaning are those of strace(1), "Tampering", of
// version 6.1, but for two things. Several rules for one call all apply, where
// strace keeps the last; if two of them give a result, the last does. And a call
// need not be shown to be tampered with.
package inject
