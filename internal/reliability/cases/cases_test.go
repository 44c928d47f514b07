package cases

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"luatrace/internal/fixture"
	"luatrace/internal/leak"
	"luatrace/internal/reliability/trial"
)

func TestMain(m *testing.M) {
	Tracee()
	leak.Main(m)
}

var long = flag.Bool("long", false, "cases in their large sizes, for minutes, and as root as nobody too")

// userNames are those that the table may name.
var userNames = []string{"root", "nobody"}

// TestCases runs every cell of the table.
func TestCases(t *testing.T) {
	t.Parallel()
	luatrace := fixture.Luatrace(t)
	users := []trial.User{trial.Current()}
	if *long {
		users = trial.Users()
	}
	slots := make(chan struct{}, 2*runtime.NumCPU())
	for i := range Table {
		c := &Table[i]
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			for _, user := range users {
				for _, cell := range c.Cells(user, luatrace) {
					cell.Large = *long
					t.Run(string(cell.Row)+"/"+user.Name, func(t *testing.T) {
						t.Parallel()
						slots <- struct{}{}
						defer func() { <-slots }()
						if err := cell.Test(); err != nil {
							t.Errorf("%v\nWhat is right: %s", err, c.Says)
						}
					})
				}
			}
		})
	}
}

// TestTable checks what the table says of itself.
func TestTable(t *testing.T) {
	t.Parallel()
	root, err := fixture.Root()
	if err != nil {
		t.Fatal(err)
	}
	limits, err := os.ReadFile(filepath.Join(root, "docs", "limits.md"))
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]bool{}
	for i := range Table {
		c := &Table[i]
		if !regexp.MustCompile(`^[a-z0-9-]+$`).MatchString(c.Name) || seen[c.Name] {
			t.Errorf("%q is no name, or there are two of it", c.Name)
		}
		seen[c.Name] = true
		if !strings.HasSuffix(c.Says, ".") || strings.Contains(c.Says, "\n") {
			t.Errorf("%s: Says must be a sentence on one line", c.Name)
		}
		if ways := len(c.Argv) + len(c.Tests); (c.Do == nil) == (ways == 0) || len(c.Argv) > 0 && len(c.Tests) > 0 {
			t.Errorf("%s: it must have one of Argv, Do and Tests", c.Name)
		}
		if len(c.Tests) > 0 && (c.Check != nil || c.Differs != nil || c.Script != "" || c.Look != "" || c.Options != nil || c.Limits != nil) {
			t.Errorf("%s: a case of Tests runs no command", c.Name)
		}
		if c.Mask != "" {
			regexp.MustCompile(c.Mask)
		}
		for _, row := range c.Rows {
			if !slices.Contains(Rows, row) {
				t.Errorf("%s: there is no row %s", c.Name, row)
			}
		}
		for _, user := range c.Users {
			if !slices.Contains(userNames, user) {
				t.Errorf("%s: there is no user %s", c.Name, user)
			}
		}
		for _, name := range c.Tests {
			if err := fixture.TestExists(name); err != nil {
				t.Errorf("%s: %v", c.Name, err)
			}
		}
		for _, l := range c.Limits {
			if l.Differs == nil || l.Says == "" || strings.HasSuffix(l.Says, ".") {
				t.Errorf("%s: a limit says what happens, without a full stop, and checks it", c.Name)
			}
			if !strings.Contains(string(limits), "\n## "+l.Heading+"\n") {
				t.Errorf("%s: docs/limits.md has no heading %q", c.Name, l.Heading)
			}
		}
	}
}

// TestRowsAreChecked makes sure that a cell does not pass in a row that is not the one it claims.
func TestRowsAreChecked(t *testing.T) {
	t.Parallel()
	luatrace := fixture.Luatrace(t)
	for _, row := range Started {
		for _, other := range Rows {
			var c Case
			err := checkPlan(luatrace, trial.Current(), row, c.arguments(other))
			if ok := row == other; ok != (err == nil) {
				t.Errorf("the arguments of %s as %s: %v", other, row, err)
			}
		}
	}
	if checkPlan(luatrace, trial.Current(), Traced, (&Case{}).arguments(Unfiltered)) == nil {
		t.Error("--attachable passes for traced")
	}
}

// TestCellsFail makes sure that what is wrong is found.
func TestCellsFail(t *testing.T) {
	t.Parallel()
	luatrace := fixture.Luatrace(t)
	for name, c := range map[string]Case{
		"output": {Argv: []string{"sh", "-c", `grep ^TracerPid: /proc/self/status`}},
		"status": {Argv: []string{"sh", "-c", `! grep -q '^TracerPid:.[1-9]' /proc/self/status`}},
		"check":  {Argv: []string{"true"}, Check: func(*Run) error { return os.ErrInvalid }},
		"limit":  {Argv: []string{"true"}, Limits: []Limit{{Differs: func(*Run) error { return os.ErrInvalid }}}},
		"do":     {Do: func(*Cell) error { return os.ErrInvalid }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, cell := range c.Cells(trial.Current(), luatrace) {
				if err := cell.Test(); err == nil {
					t.Errorf("%s passes", cell.Row)
				}
			}
		})
	}
}

// TestCount checks what Count reads from the tables of a trace.
func TestCount(t *testing.T) {
	t.Parallel()
	luatrace := fixture.Luatrace(t)
	c := Case{Argv: []string{"sh", "-c", "cd /; cd /tmp; cd /"}, Check: func(r *Run) error {
		if n := r.Count("chdir"); (n != 3) != (r.Row == Filtered) {
			t.Errorf("%s: %d chdir", r.Row, n)
		}
		return nil
	}}
	for _, cell := range c.Cells(trial.Current(), luatrace) {
		if err := cell.Test(); err != nil {
			t.Error(err)
		}
	}
}
