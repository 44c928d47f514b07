package main

import (
	"fmt"
	"strings"
)

// The columns of help.
const (
	briefColumn  = 26 // where the texts of luatrace --help begin
	optionColumn = 31 // and those of luatrace help options
	helpWidth    = 80
)

// optionsText describes every option, in the order of their use. docs/options.md shows it too.
func optionsText() string {
	var b strings.Builder
	for _, g := range groups {
		fmt.Fprintln(&b, g.title)
		for _, opt := range g.options {
			for _, f := range opt.shown() {
				writeForm(&b, f)
			}
		}
		if g.note != "" {
			fmt.Fprintln(&b, g.note)
		}
	}
	return b.String()
}

// writeForm writes a way to write an option with its text beside it, or below if it is long.
func writeForm(b *strings.Builder, f form) {
	const margin = "\n                               "
	tag := indented(f.tag)
	if len(tag)+2 > optionColumn {
		tag += margin
	} else {
		tag = fmt.Sprintf("%-*s", optionColumn, tag)
	}
	var lines []string
	for text := range strings.SplitSeq(f.help, "\n") {
		lines = append(lines, strings.TrimSuffix(wrap(text, helpWidth-optionColumn), "\n"))
	}
	text := strings.Join(lines, "\n")
	fmt.Fprintln(b, tag+strings.ReplaceAll(text, "\n", margin))
}

// indented puts names without a letter below the others.
func indented(tag string) string {
	if strings.HasPrefix(tag, "--") {
		return "      " + tag
	}
	return "  " + tag
}

// briefOptions are the options of luatrace --help, a line each.
func briefOptions() string {
	var b strings.Builder
	allOptions(func(opt *option) {
		if opt.brief == "" {
			return
		}
		arg := "" // without what may follow
		if strings.HasPrefix(opt.arg, "=") {
			arg, _, _ = strings.Cut(" "+strings.TrimSuffix(opt.arg[1:], "..."), "[")
		}
		tag := "--" + opt.long + arg
		if opt.letter != "" {
			tag = "-" + opt.letter + ", " + tag
		}
		fmt.Fprintf(&b, "%-*s%s\n", briefColumn, indented(tag), opt.brief)
	})
	return b.String()
}
