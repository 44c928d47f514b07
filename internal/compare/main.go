// Command compare runs programs of many kinds twice, under the installed
// strace and under luatrace, and tells how many lines of the two traces are the
// same, and how the others differ. What no two runs have in common is masked
// first: ids of processes, addresses, times. Run it in the source tree.
//
//	go run ./internal/compare [-only REGEXP] [-v] [-min SHARE] [-options OPTIONS] [-noise] [-keep DIR] [COMMAND [ARG...]]
//
// A command on the line is compared instead of the programs of the table.
//
// A line of strace that luatrace shows otherwise, or a line that only one of
// them has, counts as one that differs. Lines are compared task by task,
// whatever their order; a call whose line was interrupted is put together
// again first.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

func main() {
	var o options
	only := flag.String("only", "", "only programs whose name matches")
	flag.BoolVar(&o.verbose, "v", false, "print every pair of lines that differ")
	flag.Float64Var(&o.min, "min", 0, "exit with status 1 if fewer than this many percent of all lines are the same")
	extra := flag.String("options", "", "options for both tracers, such as '-v -y'")
	flag.BoolVar(&o.noise, "noise", false, "compare strace with strace: what differs from run to run whoever traces")
	flag.StringVar(&o.keep, "keep", "", "keep the traces in this directory, as PROGRAM.strace and PROGRAM.luatrace")
	flag.Parse()
	var err error
	if o.only, err = regexp.Compile(*only); err != nil {
		fmt.Fprintln(os.Stderr, "compare: -only:", err)
		os.Exit(2)
	}
	if o.command = flag.Args(); len(o.command) > 0 && strings.Contains(o.command[0], "/") {
		if o.command[0], err = filepath.Abs(o.command[0]); err != nil { // it runs in another directory
			fmt.Fprintln(os.Stderr, "compare:", err)
			os.Exit(1)
		}
	}
	o.tracer = strings.Fields(*extra)
	ok, err := run(os.Stdout, &o)
	if err != nil {
		fmt.Fprintln(os.Stderr, "compare:", err)
		os.Exit(1)
	}
	if !ok {
		os.Exit(1)
	}
}

// options are those of the command line.
type options struct {
	only    *regexp.Regexp
	verbose bool
	min     float64
	tracer  []string
	noise   bool
	keep    string
	command []string
	// luatrace is a command built before, for tests
	luatrace string
}

// programs are those to be compared.
func (o *options) programs() (chosen []program) {
	if len(o.command) > 0 {
		return []program{{name: filepath.Base(o.command[0]), argv: o.command, status: anyStatus}}
	}
	for _, p := range programs {
		if o.only == nil || o.only.MatchString(p.name) {
			chosen = append(chosen, p)
		}
	}
	return chosen
}

// run compares the programs that are wanted and prints what it finds. It
// returns whether the share is high enough.
func run(w io.Writer, o *options) (bool, error) {
	chosen := o.programs()
	if len(chosen) == 0 {
		return false, fmt.Errorf("no program's name matches %q", o.only)
	}
	if err := missing(chosen); err != nil {
		return false, err
	}
	b, err := newBench(o)
	if err != nil {
		return false, err
	}
	defer b.close()
	if o.noise {
		b.luatrace = find("strace")
	} else if b.luatrace == "" {
		if err := b.build(); err != nil {
			return false, err
		}
	}
	fmt.Fprintf(w, "%-14s %8s %10s %8s\n", "program", "lines", "identical", "share")
	var total counts
	var all []difference
	for _, p := range chosen {
		left, right, err := b.both(p)
		if err != nil {
			return false, fmt.Errorf("%s: %w", p.name, err)
		}
		c, diffs := compare(p.name, left, right)
		fmt.Fprintf(w, "%-14s %8d %10d %7.2f%%\n", p.name, c.lines, c.same, c.share())
		total.add(c)
		all = append(all, diffs...)
	}
	kinds := group(all)
	explained, used := 0, map[*explanation]bool{}
	for _, k := range kinds {
		if k.why != nil {
			explained += len(k.list)
			used[k.why] = true
		}
	}
	fmt.Fprintf(w, "%-14s %8d %10d %7.2f%%   %d differ: %d in explained ways, %d in others\n",
		fmt.Sprintf("all %d", len(chosen)), total.lines, total.same, total.share(), len(all), explained, len(all)-explained)
	for _, k := range kinds {
		k.print(w, o.verbose)
	}
	if o.only.String() == "" && !o.noise && len(o.command) == 0 {
		for _, e := range explanations {
			if !used[e] {
				fmt.Fprintf(w, "\nnot needed in this run: the explanation %q %q\n", e.call, e.why)
			}
		}
	}
	if total.share() < o.min {
		fmt.Fprintf(w, "\n%.2f%% is less than the %g%% wanted\n", total.share(), o.min)
		return false, nil
	}
	return true, nil
}

// counts are the lines of a comparison: a pair counts once, and so does a line
// that has no partner.
type counts struct{ lines, same int }

func (c *counts) add(d counts) { c.lines += d.lines; c.same += d.same }

// share is how many percent are the same.
func (c counts) share() float64 {
	if c.lines == 0 {
		return 100
	}
	return 100 * float64(c.same) / float64(c.lines)
}
