package suites

import (
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"

	"luatrace/internal/reliability/report"
	"luatrace/internal/reliability/trial"
)

// Section is the table of suites in docs/reliability.md.
func Section() report.Section {
	return report.Section{Name: "suites", Title: "Suites of other programs", Run: section}
}

// all makes every suite; programs are compiled into dir.
func all(dir string) ([]*Suite, error) {
	var list []*Suite
	for _, pkg := range goPackages {
		s, err := Go(dir, pkg)
		if err != nil {
			return nil, err
		}
		list = append(list, s)
	}
	return append(list, pythonSuites()...), nil
}

// section runs the chosen suites in every row as every user.
func section(o *report.Options) (string, bool, error) {
	dir, err := trial.Scratch("luatrace-suites-")
	if err != nil {
		return "", false, err
	}
	defer trial.RemoveScratch(dir)
	if err := os.Chmod(dir, 0o755); err != nil {
		return "", false, err
	}
	suites, err := all(dir)
	if err != nil {
		return "", false, err
	}
	lines := oldLines(o.Old)
	good := true
	for _, s := range suites {
		if !o.Chosen(s.Name) {
			continue
		}
		lines[s.Name] = nil
		for _, user := range o.Users {
			comparisons, err := s.everywhere(user, o)
			if err != nil {
				return "", false, err
			}
			lines[s.Name] = append(lines[s.Name], line(s, user, comparisons))
			for _, c := range comparisons {
				good = good && c.Good()
			}
			lines[s.Name] = append(lines[s.Name], notes(s, user, comparisons)...)
		}
	}
	return render(suites, lines), good, nil
}

// everywhere compares a suite in every row, as many rows at a time as there are CPUs: the tests
// sleep more than they work.
func (s *Suite) everywhere(user trial.User, o *report.Options) ([]*Comparison, error) {
	n, err := s.Native(user)
	if err != nil {
		return nil, err
	}
	list := make([]*Comparison, len(trial.Rows))
	errs := make([]error, len(trial.Rows))
	slots := make(chan struct{}, runtime.NumCPU())
	if s.alone {
		slots = make(chan struct{}, 1)
	}
	var wg sync.WaitGroup
	for i, row := range trial.Rows {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			list[i], errs[i] = n.Compare(row.Front(o.Luatrace))
			if errs[i] == nil {
				o.Logf("%s, %s, as %s: %s", s.Name, row.Name, user.Name, list[i])
			}
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return list, nil
}

// line is a line of the table.
func line(s *Suite, user trial.User, list []*Comparison) string {
	noise := map[string]bool{}
	tests := 0
	for _, c := range list {
		tests = max(tests, c.Tests)
		for _, name := range c.Noise {
			noise[name] = true
		}
	}
	text := fmt.Sprintf("| %s | %s | %d | %d |", s.Name, user.Name, tests, len(noise))
	for _, c := range list {
		text += fmt.Sprintf(" %d |", c.Equal)
	}
	return text
}

// notes are lines about the tests that differ.
func notes(s *Suite, user trial.User, list []*Comparison) []string {
	var lines []string
	for i, c := range list {
		for _, part := range []struct {
			names []string
			what  string
		}{{c.Noise, "differs untraced too, from run to run"}, {c.Unsteady, "differs sometimes"}, {c.Different, "**differs**"}} {
			for _, name := range part.names {
				lines = append(lines, fmt.Sprintf("- %s, %s, as %s: %s: %s", s.Name, trial.Rows[i].Name, user.Name, part.what, name))
			}
		}
	}
	return lines
}

// oldLines reads back the lines of each suite, and those about its tests.
func oldLines(old string) map[string][]string {
	m := map[string][]string{}
	for l := range strings.Lines(old) {
		l = strings.TrimSuffix(l, "\n")
		name, ok := strings.CutPrefix(l, "| ")
		end := " |"
		if !ok {
			name, ok = strings.CutPrefix(l, "- ")
			end = ", "
		}
		if name, _, found := strings.Cut(name, end); ok && found {
			m[name] = append(m[name], l)
		}
	}
	return m
}

// render makes the section's text.
func render(suites []*Suite, lines map[string][]string) string {
	var table, list []string
	for _, s := range suites {
		for _, l := range lines[s.Name] {
			if strings.HasPrefix(l, "|") {
				table = append(table, l)
			} else {
				list = append(list, l)
			}
		}
	}
	head := "| tests of | user | tests | noise |"
	for _, row := range trial.Rows {
		head += " " + row.Name + " |"
	}
	text := "Each suite runs untraced and under luatrace, with a hook that sees every call (in the row `filtered` none). The columns of the rows count the tests whose\n" +
		"verdict is that of the untraced run. Noise is what differs from one untraced run to the next.\n" +
		"Go's are run with `-short`, test_socket without its VSOCK tests, which need a host that answers.\n\n" +
		head + "\n|---|---|" + strings.Repeat("---|", 2+len(trial.Rows)) + "\n" + strings.Join(table, "\n") + "\n"
	if len(list) > 0 {
		slices.Sort(list)
		text += "\n" + strings.Join(slices.Compact(list), "\n") + "\n"
	}
	return text
}
