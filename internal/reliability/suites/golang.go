package suites

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"

	"luatrace/internal/reliability/trial"
)

// goPackages are those of the standard library that lean most on the kernel. net's tests with
// -short ask no server of the Internet.
var goPackages = []string{"os/exec", "os/signal", "syscall", "os", "net"}

// Go makes the suite of a package of Go's standard library. The test program is compiled into
// dir, which every user must be able to read. More arguments are for it.
func Go(dir, pkg string, arguments ...string) (*Suite, error) {
	program := filepath.Join(dir, strings.ReplaceAll(pkg, "/", "-")+".test")
	if out, err := exec.Command("go", "test", "-c", "-o", program, pkg).CombinedOutput(); err != nil {
		return nil, fmt.Errorf("go test -c %s: %w\n%s", pkg, err, out)
	}
	source, err := exec.Command("go", "list", "-f", "{{.Dir}}", pkg).Output()
	if err != nil {
		return nil, fmt.Errorf("go list %s: %w", pkg, err)
	}
	return &Suite{
		Name:     "Go " + pkg,
		dir:      strings.TrimSpace(string(source)), // the tests read its files
		argv:     func(string) []string { return append([]string{program, "-test.v", "-test.short"}, arguments...) },
		verdicts: func(o trial.Outcome, _ string) Verdicts { return goVerdicts(o.Stdout) },
	}, nil
}

// goVerdict is a line of the verbose output; something may stand before it that a test printed.
var goVerdict = regexp.MustCompile(`(?m)--- (PASS|FAIL|SKIP): (\S+) \(\d+\.\d+s\)$`)

func goVerdicts(output string) Verdicts {
	v := Verdicts{}
	for _, m := range goVerdict.FindAllStringSubmatch(output, -1) {
		v[m[2]] = strings.ToLower(m[1])
	}
	return v
}
