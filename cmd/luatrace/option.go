package main

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"
)

// option is all that is known of an option: the parser, the help screens, the manual
// page, completion and docs/options.md take it from here.
type option struct {
	long   string   // its name behind "--"
	also   []string // other long names
	letter string   // its name behind "-", if it has one
	arg    string   // what follows the long name in help: "=FILE"; "" for an option without a value
	help   string   // what it does; a line feed begins a line there too
	forms  []form   // what help shows instead of the names, arg and help
	brief  string   // what --help says of it; "" for an option that is not on that screen

	// to returns where the value goes: a pointer to a field, or a pflag.Value. What a field
	// holds already is its default.
	to func(*options) any
	// counts is where the letter goes if it is no short name of long: -x, -xx.
	counts func(*options) repeated
	bare   string // the value when none is given; "" for an option that needs one, or has none

	// complete returns what a value that is being typed may become; nil for files.
	complete func(typed) []string
}

// form is a way to write an option, for one whose values have letters of their own.
type form struct{ tag, help string }

// group is a chapter of the options.
type group struct {
	title   string
	options []option
	note    string // about all of them
}

// groups are all options, in the order in which help shows them.
var groups = [...]*group{&scriptOptions, &targetOptions, &filterOptions, &lineOptions, &timeOptions, &fileOptions, &tableOptions, &limitOptions, &traceOptions}

// allOptions calls f with each option.
func allOptions(f func(*option)) {
	for _, g := range groups {
		for i := range g.options {
			f(&g.options[i])
		}
	}
}

// names are the option's long names.
func (opt *option) names() []string { return append([]string{opt.long}, opt.also...) }

// shown are the ways in which help shows the option.
func (opt *option) shown() []form {
	if opt.forms != nil {
		return opt.forms
	}
	tag := "--" + opt.long + opt.arg
	if opt.letter != "" {
		tag = "-" + opt.letter + ", " + tag
	}
	return []form{{tag, opt.help}}
}

// optionNamed finds an option by a long name; nil if there is none.
func optionNamed(long string) (found *option) {
	allOptions(func(opt *option) {
		if opt.long == long || slices.Contains(opt.also, long) {
			found = opt
		}
	})
	return found
}

// flagSet makes the options known to pflag, and returns where their values go.
func flagSet() *options {
	o := newOptions()
	fs := pflag.NewFlagSet("luatrace", pflag.ContinueOnError)
	o.flags = fs
	fs.SetInterspersed(false)
	fs.SetOutput(io.Discard)
	fs.SortFlags = false
	allOptions(func(opt *option) { opt.register(fs, o) })
	return o
}

// register makes the option known to pflag. pflag wants a long name for each letter: one that
// counts gets its own, which is not shown.
func (opt *option) register(fs *pflag.FlagSet, o *options) {
	letter := opt.letter
	if opt.counts != nil {
		fs.VarP(opt.counts(o), letter, letter, "")
		f := fs.Lookup(letter)
		f.NoOptDefVal, f.Hidden = "+1", true
		letter = ""
	}
	for _, name := range opt.names() {
		switch to := opt.to(o).(type) {
		case *bool:
			fs.BoolVarP(to, name, letter, *to, "")
		case *string:
			fs.StringVarP(to, name, letter, *to, "")
		case *int:
			fs.IntVarP(to, name, letter, *to, "")
		case *uint64:
			fs.Uint64VarP(to, name, letter, *to, "")
		case *time.Duration:
			fs.DurationVarP(to, name, letter, *to, "")
		case *[]string:
			fs.VarP(several{to}, name, letter, "")
		case pflag.Value:
			fs.VarP(to, name, letter, "")
		default:
			panic(fmt.Sprintf("--%s has a value of type %T", name, to))
		}
		if opt.bare != "" {
			fs.Lookup(name).NoOptDefVal = opt.bare
		}
	}
}

// summary are a few words about the option.
func (opt *option) summary() string {
	text := opt.brief
	if text == "" {
		text = opt.shown()[0].help
	}
	for _, end := range []string{"\n", "; ", ": ", ". "} {
		text, _, _ = strings.Cut(text, end)
	}
	const most = 60
	if len(text) > most {
		text = text[:strings.LastIndexByte(text[:most-3], ' ')] + " ..."
	}
	return text
}
