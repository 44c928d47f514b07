package fuzz

import (
	"fmt"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"time"

	"luatrace/internal/reliability/report"
)

// Section is the table of fuzz targets in docs/reliability.md.
func Section() report.Section {
	return report.Section{Name: "fuzz", Title: "Fuzzing", Run: func(o *report.Options) (string, bool, error) {
		d := 3 * time.Second
		if o.Long {
			d = time.Minute
		}
		return run(o, d)
	}}
}

// result is a row of the table as far as it was measured.
type result struct {
	time   time.Duration
	inputs int
	failed bool
}

// run fuzzes the chosen targets for a time each, some at once.
func run(o *report.Options, d time.Duration) (string, bool, error) {
	targets, err := Targets()
	if err != nil {
		return "", false, err
	}
	binaries, err := NewBinaries()
	if err != nil {
		return "", false, err
	}
	defer binaries.Close()
	results := parse(o.Old)
	var mu sync.Mutex
	var wg sync.WaitGroup
	var failures []string
	slots := make(chan struct{}, 2*runtime.NumCPU())
	for _, t := range targets {
		if !o.Chosen(t.Name) {
			continue
		}
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			out, e := binaries.Run(t.Name, d)
			mu.Lock()
			defer mu.Unlock()
			if e != nil {
				err = e
				return
			}
			o.Logf("%s: %d inputs in %s", t.Name, out.Inputs, d)
			results[t.Name] = result{d, out.Inputs, out.Failure != ""}
			if out.Failure != "" {
				failures = append(failures, t.Name+":\n"+out.Failure)
			}
		})
	}
	wg.Wait()
	if err != nil {
		return "", false, err
	}
	text := render(targets, results)
	for _, f := range failures {
		text += "\nFAIL " + report.Code(f)
	}
	return text, len(failures) == 0, nil
}

func render(targets []Target, results map[string]result) string {
	var b strings.Builder
	b.WriteString("| target | what is tried | time | inputs | failed |\n|---|---|---|---|---|\n")
	var total result
	for _, t := range targets {
		r, ok := results[t.Name]
		row := "not run | 0 | –"
		if ok {
			row = fmt.Sprintf("%s | %d | %s", r.time, r.inputs, map[bool]string{false: "none", true: "**FAIL**"}[r.failed])
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", t.Name, t.Says, row)
		total.time += r.time
		total.inputs += r.inputs
	}
	fmt.Fprintf(&b, "\nTogether: %d targets, %s, %d inputs.\n\nWhat they have found so far, all of it mended:\n\n", len(targets), total.time, total.inputs)
	for _, t := range targets {
		for _, f := range Findings[t.Name] {
			fmt.Fprintf(&b, "- `%s`: %s.\n", t.Name, f)
		}
	}
	return b.String()
}

var rowOfReport = regexp.MustCompile("(?m)^\\| `([^`]+)` \\|.*\\| (\\S+) \\| (\\d+) \\| (\\S+) \\|$")

// parse reads the results back from the section's text.
func parse(text string) map[string]result {
	results := map[string]result{}
	for _, m := range rowOfReport.FindAllStringSubmatch(text, -1) {
		d, err := time.ParseDuration(m[2])
		n, _ := strconv.Atoi(m[3])
		if err == nil {
			results[m[1]] = result{d, n, m[4] != "none"}
		}
	}
	return results
}
