// Package lint holds the rules of this source tree that no other tool checks, as tests: which
// package may import what, who may use ptrace and unsafe, how long a file may be, what must
// have a comment, and what no file may contain. It has no code of its own.
package lint
