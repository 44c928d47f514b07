package scripts

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"luatrace/internal/fixture"
)

// hostileArgs are arguments for scripts that need some, and for others so that
// they have something to show.
var hostileArgs = map[string][]string{
	"deny":     {"-a", "glob=/nowhere/**"},
	"faketime": {"-a", "offset=+1h"},
	"faults":   {"-a", "calls=access", "-a", "probability=0.5"},
	"lsof":     {"-a", "memory"},
	"policy":   {"-a", "learn"},
	"redirect": {"-a", "from=/nowhere", "-a", "to=/elsewhere"},
	"slower":   {"-a", "min=0"},
	"slowio":   {"-a", "delay=1us"},
	"spyfile":  {"-a", "file=/etc/passwd"},
	"tee":      {"-a", "prefix", "-a", "stdin"},
}

// TestHostileNames: no script of the collection lets a program that has hostile
// bytes in all its names and data steer the terminal or forge a line, and its
// JSON stays valid.
func TestHostileNames(t *testing.T) {
	t.Parallel()
	program := fixture.Build(t, "escape_all")
	for _, name := range Names() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, options := range [][]string{nil, {"-j"}} {
				dir := t.TempDir()
				if err := os.Mkdir(filepath.Join(dir, "x"), 0o700); err != nil {
					t.Fatal(err)
				}
				args := append(append(append([]string{}, options...), "-s", name), hostileArgs[name]...)
				cmd := exec.Command(fixture.Luatrace(t), append(args, program, "x")...)
				cmd.Dir = dir
				r := fixture.RunCmd(t, cmd)
				if r.Code != 0 || r.Stdout != "all done\n" {
					t.Errorf("%q: status %d, %.300q, %.300q", args, r.Code, r.Stdout, r.Stderr)
				}
				for _, bad := range fixture.Unsafe(r.Stderr, options != nil) {
					t.Errorf("%q: %s", args, bad)
				}
			}
		})
	}
}
