// The package must have no imports, not even through its tests: hence the
// other name.
package limits_test

import (
	"os"
	"os/exec"
	"testing"

	"luatrace/internal/leak"
	"luatrace/tracer/internal/limits"
)

// askVariable makes the test binary print the soft limit, see TestInherited.
const askVariable = "LUATRACE_LIMITS_ASK"

func TestMain(m *testing.M) {
	if os.Getenv(askVariable) != "" {
		println(limits.Known, limits.NoFile.Cur)
		os.Exit(0)
	}
	leak.Main(m)
}

func TestInherited(t *testing.T) {
	t.Parallel()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("sh", "-c", `ulimit -S -n 77; exec "$0"`, exe)
	cmd.Env = append(os.Environ(), askVariable+"=1")
	if out, err := cmd.CombinedOutput(); err != nil || string(out) != "true 77\n" {
		t.Errorf("%q, %v; want the soft limit 77", out, err)
	}
}
