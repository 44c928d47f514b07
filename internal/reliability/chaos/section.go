package chaos

import (
	"fmt"
	"strings"
	"time"

	"luatrace/internal/reliability/report"
	"luatrace/internal/reliability/trial"
)

// Section is the tables of chaos in docs/reliability.md.
func Section() report.Section {
	return report.Section{Name: "chaos", Title: "Chaos", Run: section}
}

// section runs the chosen experiments in every row as every user.
func section(o *report.Options) (string, bool, error) {
	seed := uint64(time.Now().UnixNano())
	old := oldTexts(o.Old)
	var text string
	var failures []string
	for i := range Experiments {
		e := &Experiments[i]
		if !o.Chosen(e.Name) {
			text += old[e.Name]
			continue
		}
		size, how := e.Small, ""
		if o.Long {
			size, how = e.Large, " (`-long`)"
		}
		text += heading(e.Name) + e.Says + fmt.Sprintf(" Size: %d%s.\n\n| user | row | counted |\n|---|---|---|\n", size, how)
		for _, user := range o.Users {
			for _, row := range e.rows() {
				began := time.Now()
				counts, problems, err := e.Run(Where{Luatrace: o.Luatrace, User: user, Row: row, Seed: seed}, size)
				if err != nil {
					return "", false, err
				}
				var cells []string
				for _, c := range counts {
					cells = append(cells, fmt.Sprintf("%s: %d", c.What, c.N))
				}
				if len(problems) > 0 {
					cells = append(cells, "**FAIL**")
				}
				text += fmt.Sprintf("| %s | %s | %s |\n", user.Name, row.Name, strings.Join(cells, ", "))
				o.Logf("%s, %s, as %s, seed %d: %s in %v", e.Name, row.Name, user.Name, seed, strings.Join(cells, ", "), time.Since(began).Round(time.Second))
				for _, p := range problems {
					o.Logf("    %s", p)
					failures = append(failures, fmt.Sprintf("%s, %s, as %s, seed %d: %s", e.Name, row.Name, user.Name, seed, p))
				}
			}
		}
	}
	for _, f := range failures {
		text += "\nFAIL " + report.Code(f)
	}
	return strings.TrimPrefix(text, "\n"), len(failures) == 0, nil
}

// rows are those that an experiment is run in.
func (e *Experiment) rows() []trial.Row {
	if !e.Attaches {
		return trial.Rows
	}
	var list []trial.Row
	for _, r := range trial.Rows {
		if r.Unfiltered {
			list = append(list, r)
		}
	}
	return list
}

func heading(name string) string { return "\n### " + name + "\n\n" }

// oldTexts reads back what stands about each experiment.
func oldTexts(old string) map[string]string {
	m := map[string]string{}
	for _, part := range strings.Split("\n"+old, "\n### ")[1:] {
		name, rest, _ := strings.Cut(part, "\n\n")
		rest, _, _ = strings.Cut(rest, "\nFAIL ")
		m[name] = heading(name) + strings.TrimSuffix(rest, "\n") + "\n"
	}
	return m
}
