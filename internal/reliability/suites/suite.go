// Package suites runs the tests of large programs untraced and under luatrace, and compares the
// verdict of each test: what the authors of a program check must come out the same.
package suites

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"luatrace/internal/reliability/trial"
)

// Suite is a program's own tests.
type Suite struct {
	Name string
	// dir is where it runs; "" is the scratch directory of the run.
	dir string
	// argv is the command; scratch is a directory of the user's own, for this run only.
	argv func(scratch string) []string
	// verdicts reads what each test came to.
	verdicts func(o trial.Outcome, scratch string) Verdicts
	// alone says that two runs at once disturb each other: they look for free ports.
	alone bool
}

// Verdicts says by name of the test what it came to: "pass", "fail" or "skip". The name ""
// stands for the whole run, with how it ended.
type Verdicts map[string]string

// timeout is for one run of a suite.
const timeout = 15 * time.Minute

// run runs the suite once, under the command in front if there is one.
func (s *Suite) run(user trial.User, front []string) (Verdicts, error) {
	scratch, err := os.MkdirTemp("", "luatrace-suite-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(scratch)
	if err := user.Own(scratch); err != nil {
		return nil, err
	}
	dir := s.dir
	if dir == "" {
		dir = scratch
	}
	o, err := trial.Run(trial.Command{
		Argv: append(slices.Clone(front), s.argv(scratch)...), Dir: dir, User: user, Timeout: timeout,
		Env: []string{"HOME=" + scratch, "TMPDIR=" + scratch, "LC_ALL=C.UTF-8"},
	})
	if err != nil {
		return nil, err
	}
	v := s.verdicts(o, scratch)
	if len(v) == 0 {
		return nil, fmt.Errorf("%s: no test was run, it ended with %s:\n%s%s", s.Name, o.Ended(), trial.Short(o.Stdout), trial.Short(o.Stderr))
	}
	v[""] = o.Ended()
	for _, l := range o.Left {
		v[""] += ", left " + l
	}
	return v, nil
}

// Comparison is what came of a suite in one row as one user.
type Comparison struct {
	// Tests is how many tests have a verdict.
	Tests int
	// Equal is how many of them came out as untraced.
	Equal int
	// Noise names the tests that differ from one untraced run to the next.
	Noise []string
	// Unsteady names those that differed, but not in every traced run.
	Unsteady []string
	// Different says of each other test that did not come out as untraced what it came to.
	Different []string
}

// Good tells whether nothing differed but noise.
func (c *Comparison) Good() bool { return len(c.Different) == 0 && len(c.Unsteady) == 0 }

// String is the comparison in a few words.
func (c *Comparison) String() string {
	s := fmt.Sprintf("%d of %d equal", c.Equal, c.Tests)
	for _, part := range []struct {
		names []string
		what  string
	}{{c.Noise, "differ untraced too"}, {c.Unsteady, "differ sometimes"}, {c.Different, "differ"}} {
		if len(part.names) > 0 {
			s += fmt.Sprintf(", %d %s (%s)", len(part.names), part.what, strings.Join(part.names, "; "))
		}
	}
	return s
}

// again is how often a suite is run once more, untraced and traced, where a verdict differs.
const again = 2

// native are the verdicts of the untraced runs of a suite by one user.
type native struct {
	suite *Suite
	user  trial.User
	mu    sync.Mutex
	runs  []Verdicts
}

// Native runs a suite once untraced, to compare traced runs with.
func (s *Suite) Native(user trial.User) (*native, error) {
	n := &native{suite: s, user: user}
	return n, n.more(1)
}

// untraced stands in front of a suite where else luatrace does: a parent, so that the suite is not
// the leader of its session in one run and not in the other.
var untraced = []string{"sh", "-c", `"$@"; exit $?`, "sh"}

// more makes sure that there are so many runs.
func (n *native) more(runs int) error {
	n.mu.Lock()
	defer n.mu.Unlock()
	for len(n.runs) < runs {
		v, err := n.suite.run(n.user, untraced)
		if err != nil {
			return err
		}
		n.runs = append(n.runs, v)
	}
	return nil
}

// Compare runs the suite under a command, and compares. Where a verdict differs, the suite is
// run again, under the command and without.
func (n *native) Compare(front []string) (*Comparison, error) {
	var traced []Verdicts
	for {
		v, err := n.suite.run(n.user, front)
		if err != nil {
			return nil, err
		}
		traced = append(traced, v)
		n.mu.Lock()
		c := compare(n.runs, traced)
		n.mu.Unlock()
		if len(c.Different) == 0 && len(c.Unsteady) == 0 || len(traced) > again {
			return c, nil
		}
		if err := n.more(len(traced) + 1); err != nil {
			return nil, err
		}
	}
}

// compare compares the verdicts of untraced and traced runs.
func compare(untraced, traced []Verdicts) *Comparison {
	all := Verdicts{}
	for _, v := range slices.Concat(untraced, traced) {
		maps.Copy(all, v)
	}
	c := &Comparison{}
	for _, name := range slices.Sorted(maps.Keys(all)) {
		is, was := of(untraced, name), of(traced, name)
		shown := name
		if name == "" {
			shown = "the whole"
		} else {
			c.Tests++
		}
		same := 0
		for _, v := range was {
			if slices.Contains(is, v) {
				same++
			}
		}
		switch {
		case same == len(was) && len(slices.Compact(slices.Clone(is))) > 1:
			c.Noise = append(c.Noise, shown)
		case same == len(was):
			if name != "" {
				c.Equal++
			}
		case same > 0:
			c.Unsteady = append(c.Unsteady, fmt.Sprintf("%s: %s", shown, strings.Join(was, ", ")))
		default:
			c.Different = append(c.Different, fmt.Sprintf("%s: %s, untraced %s", shown, was[len(was)-1], is[len(is)-1]))
		}
	}
	return c
}

// of lists the verdicts of one test; "missing" is that of a run that did not come to it.
func of(runs []Verdicts, name string) []string {
	var list []string
	for _, v := range runs {
		verdict := v[name]
		if verdict == "" {
			verdict = "missing"
		}
		list = append(list, verdict)
	}
	return list
}
