package syscalls

import "testing"

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
