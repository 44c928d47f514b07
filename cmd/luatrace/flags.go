package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/pflag"

	"luatrace/bindings/luart"
	"luatrace/engine/inject"
	"luatrace/engine/printer"
	"luatrace/engine/summary"
	"luatrace/tracer/decode"
)

// options are what the command line says.
type options struct {
	flags *pflag.FlagSet

	traces  []string // -t
	codes   []string // -e
	scripts []string // -s
	args    map[string]string
	bare    map[string]bool // arguments of the scripts that were given without a value
	targets []wanted        // -p
	json    bool
	follow  bool
	user    string
	argv0   string
	env     []string // -E

	output   string
	appended bool // -A
	separate bool // -ff

	text    decode.Text
	print   printer.Options // all but its Text
	notices []string        // for the user, before the trace begins

	noAbbrev                bool
	pidDetails              uint8
	abbrev, verbose, raw    string
	hexLevel, fdLevel       int // -x, -y
	pidLevel                int // -Y
	quietLevel, followLevel int // -q, -f
	paths                   []string
	successful, failed      bool
	summaryOnly, summaryToo bool // -c, -C
	summary, wallClock      bool
	table                   summary.Table
	noFollow, followed      bool
	scriptArgs, pidLists    []string

	rules []*inject.Rule // --inject, --fault
	lines bool           // calls are printed beside scripts too

	skipStartup bool // --skip-startup

	colouring colouring // --color
	width     int       // --width, -1 if it is not given

	limits
	readOnly    bool
	sandbox     bool
	cpu         string
	noNotify    bool // no user notifications: the command needs a listener of its own
	attachable  bool // no filter: luatrace can detach at any time
	endsWith    bool // the trace ends with the command, whatever it leaves running
	keepTracing bool // tracees can't trace others
	plan        bool
	help        bool
	version     bool

	command []string
}

// newOptions returns the options before the command line is read: their defaults.
func newOptions() *options {
	o := &options{args: map[string]string{}, bare: map[string]bool{}, cpu: "auto", width: -1, limits: defaultLimits()}
	o.text = decode.Text{StringLimit: 32, Columns: 40}
	o.print = printer.Options{Signals: printer.AllSignals, Stamps: &printer.Stamps{}}
	return o
}

// flagged says whether an option was given.
func (o *options) flagged(name string) bool { return o.flags.Changed(name) }

// parseFlags reads the command line. Options end at the first word that is
// none: what follows is the command's.
func parseFlags(args []string) (*options, error) {
	o := flagSet()
	fs := o.flags
	if err := fs.Parse(straceTimes(fs, args)); err != nil {
		return nil, flagError(err)
	}
	o.command = fs.Args()
	for _, check := range []func() error{o.checkStrace, o.checkTracees, o.checkArgs, o.checkOutput, o.checkFilter, o.checkFiles, o.checkSummary, o.checkInject, o.checkLimits} {
		if err := check(); err != nil {
			return nil, err
		}
	}
	if o.cpu != "auto" && o.cpu != "off" {
		return nil, fmt.Errorf("--cpu=%s: auto or off is wanted", quote(o.cpu))
	}
	return o, nil
}

// flagError is what was wrong with an option, in our words where we know them.
func flagError(err error) error {
	var bad *pflag.InvalidValueError
	if !errors.As(err, &bad) {
		return fmt.Errorf("%s (see luatrace --help)", luart.Escape(err.Error()))
	}
	f := bad.GetFlag()
	if _, ours := f.Value.(setting); !ours {
		return fmt.Errorf("%s (see luatrace --help)", luart.Escape(err.Error()))
	}
	name := "--" + f.Name
	if f.Shorthand != "" {
		name = "-" + f.Shorthand
	}
	return fmt.Errorf("%s: %w", name, bad.Unwrap())
}

// checkTracees decides which processes to trace.
func (o *options) checkTracees() error {
	o.follow = !o.noFollow
	o.followed = o.followed || o.followLevel > 0
	o.separate = o.separate || o.followLevel > 1
	if o.noFollow && o.followed {
		return fmt.Errorf("--no-follow and -f contradict each other")
	}
	if o.endsWith && len(o.command) == 0 {
		return fmt.Errorf("--exit-with-command ends with the command: there is none")
	}
	for _, list := range o.pidLists {
		if strings.Trim(list, ", \t\n") == "" { // from an unset variable, or a pidof that found nothing
			return fmt.Errorf("-p %s: no process is named: a process id or name is wanted, or several with commas between them", quote(list))
		}
		if err := o.attachTo(list); err != nil {
			return err
		}
	}
	return nil
}

// checkArgs parses the arguments of the scripts.
func (o *options) checkArgs() error {
	for _, a := range o.scriptArgs {
		k, v, ok := strings.Cut(a, "=")
		if k == "" {
			return fmt.Errorf("-a %s: NAME=VALUE is wanted", quote(a))
		}
		if !ok {
			v = "true"
			o.bare[k] = true
		}
		o.args[k] = v
	}
	return nil
}

// checkFiles decides where the output goes.
func (o *options) checkFiles() error {
	o.print.File, o.print.NoPIDs, o.print.JSON = o.output != "", o.separate, o.json
	// as strace -f -o FILE does
	o.print.PIDs = o.print.PIDs || o.followed && o.output != ""
	switch {
	case o.flagged("output") && o.output == "": // from an unset variable
		return errors.New("-o: the name of a file is wanted")
	case o.separate && o.output == "":
		return fmt.Errorf("-ff makes a file for each thread: -o FILE is wanted")
	case o.separate && (len(o.scripts) > 0 || len(o.codes) > 0):
		return fmt.Errorf("-ff is for the plain output, not for the output of scripts")
	case strings.HasPrefix(o.output, "|") || strings.HasPrefix(o.output, "!"):
		return fmt.Errorf("-o %s is strace's: here no shell is started; use 2> >(COMMAND) in bash, or a FIFO", quote(o.output))
	case o.appended && o.output == "":
		return fmt.Errorf("-A appends to a file: -o FILE is wanted")
	}
	return nil
}

// straceTimes spells strace's -tt and -ttt out, also among other letters: -t
// itself is another option here, and "t" and "tt" name no system call. Only
// words before the command are looked at.
func straceTimes(fs *pflag.FlagSet, args []string) []string {
	out := make([]string, 0, len(args))
	for i := 0; i < len(args); i++ {
		a := args[i]
		if a == "--" || !strings.HasPrefix(a, "-") || a == "-" {
			return append(out, args[i:]...)
		}
		before, times, after := cutTimes(fs, a)
		if times != "" {
			out = append(out, "--absolute-timestamps="+times)
			a = "-" + before + after
			if a == "-" {
				continue
			}
		}
		out = append(out, a)
		if takesNext(fs, a) && i+1 < len(args) {
			i++
			out = append(out, args[i])
		}
	}
	return out
}

// cutTimes takes "tt" or "ttt" out of a word of single letters.
func cutTimes(fs *pflag.FlagSet, word string) (before, times, after string) {
	if strings.HasPrefix(word, "--") {
		return "", "", ""
	}
	letters := word[1:]
	for i := range letters {
		if rest := letters[i:]; strings.HasPrefix(rest, "tt") {
			if strings.HasPrefix(rest, "ttt") {
				return letters[:i], "unix,us", rest[3:]
			}
			return letters[:i], "time,us", rest[2:]
		}
		if f := shorthand(fs, letters[i]); f == nil || f.NoOptDefVal == "" {
			return "", "", ""
		}
	}
	return "", "", ""
}

func shorthand(fs *pflag.FlagSet, letter byte) *pflag.Flag {
	if letter >= 0x80 {
		return nil
	}
	return fs.ShorthandLookup(string(letter))
}

// takesNext says whether the word after this option is its value.
func takesNext(fs *pflag.FlagSet, option string) bool {
	if name, long := strings.CutPrefix(option, "--"); long {
		f := fs.Lookup(name)
		return f != nil && f.NoOptDefVal == ""
	}
	for i := 1; i < len(option); i++ {
		f := shorthand(fs, option[i])
		if f == nil {
			return false
		}
		if f.NoOptDefVal == "" {
			return i == len(option)-1
		}
	}
	return false
}

// quote makes a word from the command line safe to print.
func quote(s string) string { return strconv.QuoteToASCII(s) }
