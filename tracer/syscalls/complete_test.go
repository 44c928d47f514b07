package syscalls

import (
	"strings"
	"testing"
)

// TestEveryCallHasARow fails when x/sys knows a call that the table does not.
// X32's calls are amd64's.
func TestEveryCallHasARow(t *testing.T) {
	t.Parallel()
	for abi := range NumABI {
		for _, name := range Names(abi) {
			nr, ok := Number(abi, name)
			if !ok {
				t.Errorf("%s: %s has no number", abi, name)
			} else if Lookup(abi, nr) == nil {
				t.Errorf("%s: %s (%d) has no row", abi, name, nr)
			}
		}
	}
}

// addressesOnly are the pointers whose memory has nothing to show at the time
// of the call.
var addressesOnly = map[string]string{
	"futex uaddr": "a futex, read and written at any time", "futex uaddr2": "the same",
	"futex_wake uaddr": "the same", "futex_wait uaddr": "the same",
	"set_tid_address tidptr":   "written when the thread ends",
	"clone child_tid":          "written in the child",
	"set_robust_list head":     "read when the thread ends",
	"rseq rseq":                "written at any time after the call",
	"getcpu tcache":            "not used since Linux 2.6.24",
	"init_module module_image": "a file of a few megabytes",
	"shmat shmaddr":            "the wish where to map", "shmdt shmaddr": "a mapping",
	"seccomp args":    "of operations that have none",
	"semctl arg":      "a number, or one of the structs of the variants",
	"epoll_ctl event": "of EPOLL_CTL_DEL",
}

// TestPointersAreDecoded compares with the C types of the kernel's arguments:
// what it gets by a pointer is decoded, or marked as not decoded, or listed above.
func TestPointersAreDecoded(t *testing.T) {
	t.Parallel()
	for name, args := range tracefs(t) {
		nr, ok := Number(AMD64, name)
		if !ok {
			continue
		}
		s := Lookup(AMD64, nr)
		if s == nil || s.Unimplemented || len(s.Params) != len(args) {
			continue
		}
		for i := range s.Params {
			p := &s.Params[i]
			pointer := strings.Contains(args[i], "*")
			if !pointer || p.Kind != KindAddr && p.Kind != KindHex || p.Raw {
				continue
			}
			decoded := false
			for j := range s.Variants {
				decoded = decoded || s.Variants[j].Params[i].Type.Pointer()
			}
			if !decoded && addressesOnly[name+" "+p.Name] == "" {
				t.Errorf("%s: %s is %s and not decoded", name, p.Name, args[i])
			}
		}
	}
}
