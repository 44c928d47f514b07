package engine

import (
	"net"
	"testing"
)

func TestInterfaceName(t *testing.T) {
	t.Parallel()
	all, err := net.Interfaces()
	if err != nil || len(all) == 0 {
		t.Fatal(all, err)
	}
	for _, i := range all {
		if got := interfaceName(i.Index); got != i.Name {
			t.Errorf("%d: %q, want %q", i.Index, got, i.Name)
		}
	}
	for _, index := range []int{0, -1, 1 << 30} {
		if got := interfaceName(index); got != "" {
			t.Errorf("%d: %q", index, got)
		}
	}
}
