package main

import (
	"fmt"
	"regexp"
	"time"

	"github.com/spf13/pflag"

	"luatrace/bindings"
	"luatrace/bindings/luart"
	"luatrace/engine"
	"luatrace/engine/printer"
	"luatrace/tracer/decode"
)

const testUsage = `usage: luatrace test [-v] [--tap] [--run REGEXP] SCRIPT...
Runs the test("...") blocks of scripts (files, or names of the collection) on
made-up events. No process is traced. Exit status: 0 all passed, 1 some failed,
2 wrong usage or a script that can't be loaded.
`

// testOptions are those of luatrace test.
type testOptions struct {
	verbose, tap bool
	only         *regexp.Regexp
}

// testScripts is luatrace test.
func testScripts(args, env []string, std stdio) status {
	o, names, err := testFlags(args)
	if err != nil {
		fmt.Fprintf(std.err, "luatrace: test: %s (see luatrace test --help)\n", luart.Escape(err.Error()))
		return status{code: exitUsage}
	}
	if names == nil {
		fmt.Fprint(std.out, testUsage)
		return status{}
	}
	r := &testReport{std: std, testOptions: o}
	lib := newLibrary(env)
	for _, name := range names {
		r.script(lib, name)
	}
	if o.tap {
		fmt.Fprintf(std.out, "1..%d\n", r.count)
	}
	switch {
	case r.broken:
		return status{code: exitUsage}
	case r.failed > 0:
		return status{code: exitFailure}
	}
	return status{}
}

func testFlags(args []string) (o testOptions, names []string, err error) {
	fs := pflag.NewFlagSet("test", pflag.ContinueOnError)
	fs.Usage = func() {}
	fs.BoolVarP(&o.verbose, "verbose", "v", false, "")
	fs.BoolVar(&o.tap, "tap", false, "")
	run := fs.String("run", "", "")
	help := fs.BoolP("help", "h", false, "")
	if err := fs.Parse(args); err != nil {
		return o, nil, err
	}
	if *help {
		return o, nil, nil
	}
	if *run != "" {
		if o.only, err = regexp.Compile(*run); err != nil {
			return o, nil, fmt.Errorf("--run: %w", err)
		}
	}
	if fs.NArg() == 0 {
		return o, nil, fmt.Errorf("no script is given")
	}
	return o, fs.Args(), nil
}

// testReport writes results as they come: like go test, or as TAP (the Test
// Anything Protocol).
type testReport struct {
	testOptions
	std    stdio
	count  int
	failed int
	broken bool
}

func (r *testReport) script(lib *library, name string) {
	begun, shown := time.Now(), luart.Escape(name)
	text := decode.Text{StringLimit: 32, Abbrev: true, Columns: 40}
	results, err := bindings.RunTests(bindings.TestOptions{
		Load: func(rt *bindings.Runtime) (bindings.Function, error) { return lib.compileScript(rt, name) },
		Runtime: luart.Options{
			Timeout: 5 * time.Second, MaxMemory: defaultMemory(), Libraries: []luart.Library{collection()},
		},
		Wanted: func(test string) bool { return r.only == nil || r.only.MatchString(test) },
		Line:   func(dst []byte, ev *engine.Event) []byte { return printer.AppendLine(dst, &text, ev) },
	})
	if err != nil {
		r.broken = true
		if r.tap {
			r.count++
			fmt.Fprintf(r.std.out, "not ok %d - %s\n# %s\n", r.count, shown, luart.Escape(err.Error()))
			return
		}
		fmt.Fprintf(r.std.err, "luatrace: %s\n", luart.EscapeLines(scriptFailure(err).Error()))
		return
	}
	failed := 0
	for _, t := range results {
		r.count++
		if len(t.Failures) > 0 {
			failed++
		}
		r.result(shown, t)
	}
	r.failed += failed
	if r.tap {
		return
	}
	verdict, took := "ok  ", time.Since(begun).Seconds()
	if failed > 0 {
		verdict = "FAIL"
	}
	switch {
	case len(results) == 0 && r.only != nil:
		fmt.Fprintf(r.std.out, "?    %s  no tests that match --run\n", shown)
	case len(results) == 0:
		fmt.Fprintf(r.std.out, "?    %s  no tests\n", shown)
	case failed > 0:
		fmt.Fprintf(r.std.out, "%s %s  %d of %d tests failed, %.2fs\n", verdict, shown, failed, len(results), took)
	default:
		fmt.Fprintf(r.std.out, "%s %s  %s, %.2fs\n", verdict, shown, plural(len(results), "test"), took)
	}
}

func (r *testReport) result(script string, t bindings.TestResult) {
	ok := len(t.Failures) == 0
	t.Name = luart.Escape(t.Name)
	switch {
	case r.tap:
		word := "ok"
		if !ok {
			word = "not ok"
		}
		fmt.Fprintf(r.std.out, "%s %d - %s: %s\n", word, r.count, script, t.Name)
		for _, f := range t.Failures {
			fmt.Fprintf(r.std.out, "# %s\n", f)
		}
	case !ok:
		fmt.Fprintf(r.std.out, "--- FAIL: %s\n", t.Name)
		for _, f := range t.Failures {
			fmt.Fprintf(r.std.out, "    %s\n", f)
		}
	case r.verbose:
		fmt.Fprintf(r.std.out, "--- PASS: %s\n", t.Name)
	}
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}
