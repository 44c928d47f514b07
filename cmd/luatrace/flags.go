package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"luatrace/engine/printer"
)

// options are what the command line says.
type options struct {
	traces  []string // -t
	codes   []string // -e
	scripts []string // -s
	args    map[string]string
	pids    []int
	output  string
	json    bool
	follow  bool
	user    string
	env     []string // -E

	summary     bool
	sortBy      string
	durations   bool
	timeFormat  printer.TimeFormat
	fdPaths     bool
	verbose     bool
	hexStrings  int
	stringLimit int

	stringLimitGiven bool // --string-limit is on the command line

	columns    int
	argNames   bool
	pidsAlways bool
	successful bool
	failed     bool
	quiet      int

	hookTimeout time.Duration
	cpu         string
	noNotify    bool // no user notifications: the command needs a listener of its own
	attachable  bool // no filter: processes can be let go at any time
	plan        bool
	help        bool
	version     bool

	command []string
}

// parseFlags reads the command line. Options end at the first word that is
// none: what follows is the command's.
func parseFlags(args []string) (*options, error) {
	o := &options{args: map[string]string{}}
	fs := pflag.NewFlagSet("luatrace", pflag.ContinueOnError)
	fs.SetInterspersed(false)
	fs.SetOutput(io.Discard)
	fs.SortFlags = false
	var (
		scriptArgs, pidLists []string
		noFollow, followed   bool
		absolute             string
		relative             bool
	)
	fs.StringArrayVarP(&o.traces, "trace", "t", nil, "")
	fs.StringArrayVarP(&o.codes, "exec", "e", nil, "")
	fs.StringArrayVarP(&o.scripts, "script", "s", nil, "")
	fs.StringArrayVarP(&scriptArgs, "arg", "a", nil, "")
	fs.StringArrayVarP(&pidLists, "attach", "p", nil, "")
	fs.StringVarP(&o.output, "output", "o", "", "")
	fs.BoolVarP(&o.json, "json", "j", false, "")
	fs.BoolVar(&noFollow, "no-follow", false, "")
	fs.BoolVarP(&followed, "follow-forks", "f", false, "")
	fs.BoolVarP(&o.summary, "summary-only", "c", false, "")
	fs.StringVarP(&o.sortBy, "summary-sort-by", "S", "time", "")
	fs.BoolVarP(&o.durations, "syscall-times", "T", false, "")
	fs.StringVar(&absolute, "absolute-timestamps", "", "")
	fs.Lookup("absolute-timestamps").NoOptDefVal = "s"
	fs.BoolVarP(&relative, "relative-timestamps", "r", false, "")
	fs.BoolVarP(&o.fdPaths, "decode-fds", "y", false, "")
	fs.BoolVarP(&o.verbose, "no-abbrev", "v", false, "")
	fs.CountVarP(&o.hexStrings, "strings-in-hex", "x", "")
	fs.IntVar(&o.stringLimit, "string-limit", 32, "")
	fs.IntVar(&o.columns, "columns", 40, "")
	fs.BoolVarP(&o.argNames, "arg-names", "N", false, "")
	fs.BoolVar(&o.pidsAlways, "always-show-pid", false, "")
	fs.BoolVarP(&o.successful, "successful-only", "z", false, "")
	fs.BoolVarP(&o.failed, "failed-only", "Z", false, "")
	fs.CountVarP(&o.quiet, "quiet", "q", "")
	fs.StringArrayVarP(&o.env, "env", "E", nil, "")
	fs.StringVarP(&o.user, "user", "u", "", "")
	fs.DurationVar(&o.hookTimeout, "hook-timeout", 5*time.Second, "")
	fs.BoolVar(&o.noNotify, "no-notify", false, "")
	fs.BoolVar(&o.attachable, "attachable", false, "")
	fs.StringVar(&o.cpu, "cpu", "auto", "")
	fs.BoolVar(&o.plan, "plan", false, "")
	fs.BoolVarP(&o.help, "help", "h", false, "")
	fs.BoolVarP(&o.version, "version", "V", false, "")

	if err := fs.Parse(straceTimes(args)); err != nil {
		return nil, fmt.Errorf("%w (see luatrace --help)", err)
	}
	o.command = fs.Args()
	o.stringLimitGiven = fs.Changed("string-limit")
	o.follow = !noFollow
	// as strace -f -o FILE does
	o.pidsAlways = o.pidsAlways || followed && o.output != ""
	if noFollow && followed {
		return nil, fmt.Errorf("--no-follow and -f contradict each other")
	}
	for _, a := range scriptArgs {
		k, v, ok := strings.Cut(a, "=")
		if k == "" {
			return nil, fmt.Errorf("-a %s: NAME=VALUE is wanted", quote(a))
		}
		if !ok {
			v = "true"
		}
		o.args[k] = v
	}
	for _, list := range pidLists {
		for _, word := range strings.FieldsFunc(list, func(r rune) bool { return r == ',' || r == ' ' || r == '\n' || r == '\t' }) {
			pid, err := strconv.Atoi(word)
			if err != nil || pid <= 0 {
				return nil, fmt.Errorf("-p %s: a process id is wanted, not %s", quote(list), quote(word))
			}
			o.pids = append(o.pids, pid)
		}
	}
	switch absolute {
	case "":
	case "s", "time", "time:s":
		o.timeFormat = printer.TimeClock
	case "us", "time:us":
		o.timeFormat = printer.TimeMicro
	case "unix", "unix:us":
		o.timeFormat = printer.TimeUnix
	default:
		return nil, fmt.Errorf("--absolute-timestamps=%s: s, us or unix is wanted", quote(absolute))
	}
	if relative {
		o.timeFormat = printer.TimeRelative
	}
	if o.successful && o.failed {
		return nil, fmt.Errorf("-z and -Z contradict each other")
	}
	if o.stringLimit < 0 || o.columns < 0 {
		return nil, fmt.Errorf("--string-limit and --columns take numbers from 0 on")
	}
	if o.cpu != "auto" && o.cpu != "off" {
		return nil, fmt.Errorf("--cpu=%s: auto or off is wanted", quote(o.cpu))
	}
	if o.hookTimeout < 0 {
		return nil, fmt.Errorf("--hook-timeout: a time from 0 (no limit) on is wanted")
	}
	return o, nil
}

// straceTimes spells strace's -tt and -ttt out: -t itself is another option
// here, and "t" and "tt" name no system call. Only words before the command
// are looked at.
func straceTimes(args []string) []string {
	out := make([]string, 0, len(args))
	for i, a := range args {
		switch a {
		case "-tt":
			a = "--absolute-timestamps=us"
		case "-ttt":
			a = "--absolute-timestamps=unix"
		case "--":
			return append(out, args[i:]...)
		default:
			if !strings.HasPrefix(a, "-") && (i == 0 || !takesValue(args[i-1])) {
				return append(out, args[i:]...)
			}
		}
		out = append(out, a)
	}
	return out
}

// takesValue says whether the next word belongs to this option.
func takesValue(option string) bool {
	switch option {
	case "-t", "-e", "-s", "-a", "-p", "-o", "-S", "-E", "-u", "--trace", "--exec", "--script", "--arg", "--attach", "--output",
		"--summary-sort-by", "--env", "--user", "--string-limit", "--columns", "--hook-timeout":
		return true
	}
	return false
}

// quote makes a word from the command line safe to print.
func quote(s string) string { return strconv.QuoteToASCII(s) }
