package scripts

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"luatrace/internal/fixture"
)

// session is a command of a document and what it says comes of it.
type session struct {
	line            int
	command, output string
}

// sessions finds the commands in the blocks of a document that show a terminal.
func sessions(text string) []session {
	var list []session
	inside := false
	for i, line := range strings.Split(text, "\n") {
		switch {
		case strings.HasPrefix(line, "```"):
			inside = line == "```console"
		case !inside:
		case strings.HasPrefix(line, "$ "):
			list = append(list, session{line: i + 1, command: line[2:]})
		default:
			list[len(list)-1].output += line + "\n"
		}
	}
	return list
}

// sameLines compares without their order.
func sameLines(a, b string) bool {
	x, y := strings.Split(strings.TrimSpace(a), "\n"), strings.Split(strings.TrimSpace(b), "\n")
	slices.Sort(x)
	slices.Sort(y)
	return slices.Equal(x, y)
}

// TestTutorial runs the commands of the tutorial one after the other.
func TestTutorial(t *testing.T) {
	t.Parallel()
	root, err := fixture.Root()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(root, "docs", "tutorial-faults.md"))
	if err != nil {
		t.Fatal(err)
	}
	u := user{dir: t.TempDir()}
	for name, target := range map[string]string{"luatrace": fixture.Luatrace(t), "testdata": filepath.Join(root, "testdata")} {
		if err := os.Symlink(target, filepath.Join(u.dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	mask := func(text string) string {
		text = regexp.MustCompile(`(?m)^(.*: \d+ |)Killed.*\n`).ReplaceAllString(text, "")
		return regexp.MustCompile(`\d+ replace killed`).ReplaceAllString(text, "# replace killed")
	}
	list := sessions(string(text))
	if len(list) < 15 {
		t.Fatalf("only %d commands", len(list))
	}
	for _, s := range list {
		r := u.shell(t, "exec 2>&1; "+s.command)
		// What the program writes and what luatrace writes can come in another order.
		if strings.Contains(s.command, "luatrace") && sameLines(mask(r.Stdout), mask(s.output)) {
			continue
		}
		if got, want := mask(strings.TrimSuffix(r.Stdout, "\n")+"\n"), mask(s.output); got != want && (s.output != "" || r.Stdout != "") {
			t.Errorf("docs/tutorial-faults.md:%d: %s\ngot:\n%s\nwant:\n%s", s.line, s.command, got, want)
		}
	}
}

// TestPlantedBugs is the tutorial's result: faults finds the one bug and
// crashpoints the other, and the repaired programs stand everything.
func TestPlantedBugs(t *testing.T) {
	t.Parallel()
	eachUser(t, func(t *testing.T, u user) {
		shortwrite, replace := fixture.Build(t, "shortwrite"), fixture.Build(t, "replace")
		size := func() int {
			text, err := os.ReadFile(filepath.Join(u.dir, "notes"))
			if err != nil {
				t.Fatal(err)
			}
			return len(text)
		}
		for nth := 1; nth <= 4; nth++ {
			options := fmt.Sprintf("-s faults -a calls=write -a under=. -a short=300 -a nth=%d", nth)
			r := u.trace(t, options, shortwrite, "notes")
			if got := size(); r.Code != 0 || got != 1800 {
				t.Errorf("write %d short: code %d, %d bytes; want 0, 1800", nth, r.Code, got)
			}
			r = u.trace(t, options, shortwrite, "fixed", "notes")
			if got := size(); r.Code != 0 || got != 2000 {
				t.Errorf("write %d short, repaired: code %d, %d bytes; want 0, 2000", nth, r.Code, got)
			}
		}
		for seed := range 5 {
			options := fmt.Sprintf("-s faults -a calls=write -a under=. -a short=13 -a probability=0.5 -a seed=%d", seed)
			u.trace(t, options, shortwrite, "fixed", "notes")
			wantCount(t, options, size(), 2000)
		}

		const old, fresh = "first old\nsecond old\n", "first new\nsecond new\n"
		// broken counts the points after which the file is neither old nor new.
		broken := func(points int, options string, command ...string) (n int) {
			for point := 1; point <= points; point++ {
				u.write(t, "settings", old)
				r := u.trace(t, fmt.Sprintf("-s crashpoints -a under=. -a n=%d %s", point, options), command...)
				text, err := os.ReadFile(filepath.Join(u.dir, "settings"))
				if err != nil {
					t.Fatal(err)
				}
				if r.Signal != 9 {
					t.Errorf("point %d of %v: code %d, signal %d: %s", point, command, r.Code, r.Signal, r.Stderr)
				}
				if s := string(text); s != old && s != fresh {
					n++
				}
			}
			r := u.trace(t, "-s crashpoints -a under=.", command...)
			if want := fmt.Sprintf("%d points: run it again with -a n=1 to n=%d\n", points, points); r.Stderr != want {
				t.Errorf("%q, want %q", r.Stderr, want)
			}
			return n
		}
		for _, options := range []string{"", "-a torn"} {
			wantCount(t, "broken by a crash", broken(2, options, replace, "settings", "new"), 2)
			wantCount(t, "broken by a crash, repaired", broken(4, options, replace, "fixed", "settings", "new"), 0)
		}
		r := u.trace(t, "-s crashpoints -a under=. -a n=5", replace, "settings", "new")
		if r.Code != 0 || r.Stderr != "there are only 2 points\n" {
			t.Errorf("code %d, %q", r.Code, r.Stderr)
		}
	})
}
