package cases

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"

	"luatrace/internal/fixture"
	"luatrace/internal/reliability/report"
	"luatrace/internal/reliability/trial"
)

// tester runs Go tests as any user: their binaries are made once, and run in a copy of the tree,
// which an ordinary user may be forbidden to see.
type tester struct {
	luatrace string
	dir      string // scratch, "" before the first
}

func (t *tester) close() {
	if t.dir != "" {
		trial.RemoveScratch(t.dir)
	}
}

// prepare makes the scratch directory and the copy of the tree, without what is not in it.
func (t *tester) prepare() (err error) {
	if t.dir != "" {
		return nil
	}
	if t.dir, err = trial.Scratch("luatrace-tests-"); err != nil {
		return err
	}
	if err := os.Chmod(t.dir, 0o755); err != nil {
		return err
	}
	root, err := fixture.Root()
	if err != nil {
		return err
	}
	copying := exec.Command("sh", "-e", "-c", `mkdir "$1/tree"; tar -c --exclude=./.git . | tar -x -C "$1/tree" --no-same-owner; chmod -R a+rX "$1/tree"`, "sh", t.dir)
	copying.Dir = root
	if out, err := copying.CombinedOutput(); err != nil {
		return fmt.Errorf("copying the tree: %w: %s", err, out)
	}
	return nil
}

// run runs tests as a user. Each must pass.
func (t *tester) run(names []string, user trial.User) error {
	if err := t.prepare(); err != nil {
		return err
	}
	home := filepath.Join(t.dir, user.Name)
	// the tests of root start commands of other users, who must be able to pass through it
	if err := os.Mkdir(home, 0o755); err != nil && !os.IsExist(err) {
		return err
	}
	if err := user.Own(home); err != nil {
		return err
	}
	for _, name := range names {
		pkg, function := report.SplitTest(name)
		binary := filepath.Join(t.dir, strings.ReplaceAll(pkg, "/", "-")+".test")
		if _, err := os.Stat(binary); errors.Is(err, os.ErrNotExist) {
			if out, err := exec.Command("go", "test", "-c", "-o", binary, "luatrace/"+pkg).CombinedOutput(); err != nil {
				return fmt.Errorf("building the tests of %s: %w: %s", pkg, err, out)
			}
		}
		o, err := trial.Run(trial.Command{
			Argv: []string{binary, "-test.v", "-test.run=^" + regexp.QuoteMeta(function) + "$"},
			Dir:  filepath.Join(t.dir, "tree", pkg), User: user, Timeout: 5 * trial.Timeout,
			Env: []string{"HOME=" + home, "TMPDIR=" + home, fixture.BinaryVariable + "=" + t.luatrace},
		})
		if err != nil {
			return err
		}
		if o.Code != 0 || !strings.Contains(o.Stdout, "--- PASS: "+function+" ") {
			return fmt.Errorf("%s: %s\n%s", name, o.Ended(), o.Stdout+o.Stderr)
		}
	}
	return nil
}
