package cases

import (
	"fmt"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"time"

	"luatrace/internal/reliability/report"
)

// Section is the table of hard cases in docs/reliability.md.
func Section() report.Section {
	return report.Section{Name: "cases", Title: "Hard cases", Run: run}
}

// The text of a cell. A cell whose users differ has one for each.
const (
	pass   = "pass"
	fail   = "**FAIL**"
	cannot = "–"
)

// run runs the chosen cases.
func run(o *report.Options) (string, bool, error) {
	results := parse(o.Old)
	var failures []string
	tester := tester{luatrace: o.Luatrace}
	defer tester.close()
	slots := make(chan struct{}, 2*runtime.NumCPU())
	var wg sync.WaitGroup
	var mu sync.Mutex
	for i := range Table {
		c := &Table[i]
		if !o.Chosen(c.Name) {
			continue
		}
		delete(results, c.Name)
		for _, user := range o.Users {
			var tests error
			if len(c.Tests) > 0 {
				tests = tester.run(c.Tests, user)
			}
			for _, cell := range c.Cells(user, o.Luatrace) {
				cell.Large = o.Long
				slots <- struct{}{}
				wg.Go(func() {
					defer func() { <-slots }()
					began := time.Now()
					err := cell.Test()
					if err == nil {
						err = tests
					}
					mu.Lock()
					defer mu.Unlock()
					if err != nil {
						failures = append(failures, fmt.Sprintf("%s, %s, as %s: %v", c.Name, cell.Row, user.Name, err))
						o.Logf("FAIL %s", failures[len(failures)-1])
					} else {
						o.Logf("ok   %s, %s, as %s: %.1f s", c.Name, cell.Row, user.Name, time.Since(began).Seconds())
					}
					results.set(c, cell.Row, user.Name, err)
				})
			}
		}
		wg.Wait()
	}
	text := render(results)
	for _, f := range failures {
		text += "\nFAIL " + report.Code(f)
	}
	return text, len(failures) == 0, nil
}

// results holds the text of each cell by case, row and user.
type results map[string]map[Row]map[string]string

func (r results) set(c *Case, row Row, user string, err error) {
	if r[c.Name] == nil {
		r[c.Name] = map[Row]map[string]string{}
	}
	if r[c.Name][row] == nil {
		r[c.Name][row] = map[string]string{}
	}
	text := pass
	if err != nil {
		text = fail
	} else if l := c.limit(row, user); l != nil {
		text = link(l)
	}
	r[c.Name][row][user] = text
}

func link(l *Limit) string { return "[limit](limits.md#" + report.Anchor(l.Heading) + ")" }

// users are those of the report, in its order.
var users = []string{"root", "nobody"}

// cell is the text of a cell for all users.
func (r results) cell(c *Case, row Row) string {
	var texts []string
	same := true
	for _, u := range users {
		text := r[c.Name][row][u]
		if text == "" {
			if text = cannot; c.Has(row, u) {
				text = "not run"
			}
		}
		same = same && (len(texts) == 0 || text == texts[0])
		texts = append(texts, text)
	}
	if same {
		return texts[0]
	}
	for i, u := range users {
		texts[i] = u + " " + texts[i]
	}
	return strings.Join(texts, ", ")
}

// render makes the section's text of the table and the results.
func render(r results) string {
	var b strings.Builder
	b.WriteString("| case |")
	for _, row := range Rows {
		fmt.Fprintf(&b, " %s |", row)
	}
	b.WriteString(" what is right |\n|---|" + strings.Repeat("---|", len(Rows)+1) + "\n")
	limits := ""
	for i := range Table {
		c := &Table[i]
		fmt.Fprintf(&b, "| `%s` |", c.Name)
		for _, row := range Rows {
			fmt.Fprintf(&b, " %s |", r.cell(c, row))
		}
		fmt.Fprintf(&b, " %s |\n", strings.ReplaceAll(c.Says, "|", "\\|"))
		for _, l := range c.Limits {
			limits += fmt.Sprintf("- `%s`: %s %s.\n", c.Name, l.Says, link(&l))
		}
	}
	if limits != "" {
		b.WriteString("\nWhat happens at the limits, which the cells above check:\n\n" + limits)
	}
	return b.String()
}

var rowOfReport = regexp.MustCompile("(?m)^\\| `([^`]+)` \\|(.*)\\|$")

// parse reads the results back from the section's text.
func parse(text string) results {
	r := results{}
	for _, m := range rowOfReport.FindAllStringSubmatch(text, -1) {
		cells := strings.Split(m[2], " | ")
		if len(cells) <= len(Rows) {
			continue
		}
		r[m[1]] = map[Row]map[string]string{}
		for i, row := range Rows {
			text := strings.TrimSpace(cells[i])
			byUser := map[string]string{}
			for _, u := range users {
				byUser[u] = text
			}
			for _, part := range strings.Split(text, ", ") {
				for _, u := range users {
					if rest, ok := strings.CutPrefix(part, u+" "); ok {
						byUser[u] = rest
					}
				}
			}
			r[m[1]][row] = byUser
		}
	}
	return r
}
