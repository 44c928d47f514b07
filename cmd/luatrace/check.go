package main

import (
	"errors"
	"fmt"

	"luatrace/bindings"
	"luatrace/bindings/lint"
)

const checkUsage = `usage: luatrace check SCRIPT...
Looks for mistakes in scripts (files, or names of the collection) without
running them: syntax, undeclared globals, unknown calls, fields, options and
errnos, arguments that are not read, changes that meta does not declare.
Exit status: 0 nothing found, 1 something, 2 wrong usage.
`

// check is luatrace check.
func check(args, env []string, std stdio) status {
	if len(args) > 0 && (args[0] == "-h" || args[0] == "--help") {
		fmt.Fprint(std.out, checkUsage)
		return status{}
	}
	if len(args) == 0 {
		fmt.Fprintln(std.err, "luatrace: check: no script is given (see luatrace check --help)")
		return status{code: exitUsage}
	}
	lib, found := newLibrary(env), 0
	for _, name := range args {
		for _, problem := range checkScript(lib, name) {
			found++
			fmt.Fprintln(std.out, problem)
		}
	}
	if found > 0 {
		return status{code: exitFailure}
	}
	return status{}
}

// checkScript returns what is wrong, a line each.
func checkScript(lib *library, name string) []string {
	options := lookOptions(metaTimeout)
	options.Checking = true
	r := bindings.New(options)
	defer r.Close()
	var fn bindings.Function
	err := r.Limited(func() (err error) {
		fn, err = lib.compileScript(r, name)
		return err
	})
	if err != nil {
		var several interface{ Unwrap() []error }
		if errors.As(err, &several) {
			var lines []string
			for _, e := range several.Unwrap() {
				lines = append(lines, e.Error())
			}
			return lines
		}
		return []string{err.Error()}
	}
	var lines []string
	for _, e := range lint.Check(r, fn) {
		lines = append(lines, e.Error())
	}
	return lines
}
