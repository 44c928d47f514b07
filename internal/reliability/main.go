// Command reliability tries luatrace on what is hard for a tracer, and writes what came out to
// docs/reliability.md. Run it in the source tree, as root if both users' columns are to be made.
//
//	go run ./internal/reliability [-only SECTION,...] [-run REGEXP] [-long] [-o FILE]
//
// The document has a section for each thing tried, between markers, so that each can be made
// again alone. With -run, only what matches by its name is run, and replaces its own lines.
// The exit status is 1 if anything did not do as promised.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"

	"luatrace/internal/fixture"
	"luatrace/internal/reliability/cases"
	"luatrace/internal/reliability/chaos"
	"luatrace/internal/reliability/fuzz"
	"luatrace/internal/reliability/promises"
	"luatrace/internal/reliability/report"
	"luatrace/internal/reliability/suites"
	"luatrace/internal/reliability/trial"
)

// sections are the parts of the document, in its order.
var sections = []report.Section{
	promises.Section(),
	cases.Section(),
	suites.Section(),
	chaos.Section(),
	fuzz.Section(),
}

func main() {
	cases.Tracee()
	var names []string
	for _, s := range sections {
		names = append(names, s.Name)
	}
	only := flag.String("only", "", "sections to make, of "+strings.Join(names, ",")+"; all if not given")
	pattern := flag.String("run", "", "only cases, suites and so on whose name matches this regular expression")
	long := flag.Bool("long", false, "large sizes: minutes, not seconds")
	out := flag.String("o", filepath.Join("docs", "reliability.md"), "the document")
	flag.Parse()
	// What is run has sessions of its own, so a terminal's Ctrl-C does not reach it. A shell's
	// background command ignores SIGINT and SIGQUIT: what is run here must get them nevertheless.
	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, syscall.SIGINT, syscall.SIGQUIT, syscall.SIGTERM, syscall.SIGHUP)
	go func() {
		sig := <-interrupts
		fmt.Fprintf(os.Stderr, "reliability: %v: what was started is killed\n", sig)
		trial.CleanUp()
		os.Exit(128 + int(sig.(syscall.Signal)))
	}()
	o := &report.Options{Users: trial.Users(), Long: *long, Progress: os.Stderr}
	command := "go run ./internal/reliability"
	if *long {
		command += " -long"
	}
	ok, err := true, error(nil)
	if *pattern != "" {
		o.Run, err = regexp.Compile(*pattern)
	}
	chosen := names
	if *only != "" {
		chosen = strings.Split(*only, ",")
	}
	for _, name := range chosen {
		if !slices.Contains(names, name) && err == nil {
			err = fmt.Errorf("-only: no section %q: there are %s", name, strings.Join(names, ", "))
		}
	}
	if err == nil {
		o.Luatrace, err = fixture.LuatraceBinary()
	}
	for _, s := range sections {
		if err == nil && slices.Contains(chosen, s.Name) {
			var good bool
			good, err = update(*out, s, o, command+" -only "+s.Name)
			ok = ok && good
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "reliability:", err)
		os.Exit(2)
	}
	if !ok {
		os.Exit(1)
	}
}

// update makes a section and puts it into the document.
func update(path string, s report.Section, o *report.Options, command string) (bool, error) {
	read := func() (string, error) {
		b, err := os.ReadFile(path)
		if errors.Is(err, os.ErrNotExist) {
			return "# Reliability\n", nil
		}
		return string(b), err
	}
	document, err := read()
	if err != nil {
		return false, err
	}
	old, _ := report.Find(document, s.Name)
	head := fmt.Sprintf("## %s\n\n%s\n", s.Title, report.Where(command))
	if o.Run != nil && old != "" {
		// the part that is made again does not change when the whole was made
		if parts := strings.SplitN(old, "\n\n", 3); len(parts) == 3 {
			head = parts[0] + "\n\n" + parts[1] + "\n\n"
		}
	}
	part := *o
	part.Old = old
	text, ok, err := s.Run(&part)
	if err != nil {
		return false, fmt.Errorf("%s: %w", s.Name, err)
	}
	// somebody else may have written another section meanwhile
	if document, err = read(); err != nil {
		return false, err
	}
	return ok, report.Write(path, report.Put(document, s.Name, head+text))
}
