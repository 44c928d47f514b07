package syscalls

import (
	"slices"
	"testing"
)

// What SubNames says without the table is what the table says.
func TestSubNames(t *testing.T) {
	t.Parallel()
	for nr := range Max(I386) {
		sig := Lookup(I386, nr)
		if sig == nil {
			continue
		}
		var want []string
		for _, sub := range sig.Subs() {
			if sub.Name != "" {
				want = append(want, sub.Name)
			}
		}
		if got := SubNames(I386, nr); !slices.Equal(got, want) {
			t.Errorf("%s stands for %q, and SubNames says %q", sig.Name, want, got)
		}
	}
	if SubNames(AMD64, 102) != nil {
		t.Error("getuid stands for others")
	}
}
