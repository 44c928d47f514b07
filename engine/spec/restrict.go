package spec

import "luatrace/tracer/syscalls"

// Restrict returns the specification without the calls of which keep says no.
// keep gets a call's signature, nil for a number without one. Only for
// specifications of system calls.
func (s *Spec) Restrict(keep func(*syscalls.Signature) bool) *Spec {
	out := *s
	for abi := range out.calls {
		set := &out.calls[abi]
		for nr := range specLimit {
			call := nr
			if syscalls.ABI(abi) == syscalls.X32 {
				call |= syscalls.X32Bit
			}
			if set.has(nr) && !keep(syscalls.Lookup(syscalls.ABI(abi), call)) {
				set.bits[nr/64] &^= 1 << (nr % 64)
			}
		}
		set.rest = set.rest && keep(nil)
	}
	return &out
}
