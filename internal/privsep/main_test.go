package privsep

import (
	"os"
	"testing"

	"luatrace/internal/leak"
)

func TestMain(m *testing.M) {
	Main()
	if len(os.Args) == 2 && os.Args[1] == abandonArg {
		abandon()
	}
	leak.Main(m)
}
