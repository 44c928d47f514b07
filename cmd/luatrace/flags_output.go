package main

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/pflag"

	"luatrace/engine/printer"
	"luatrace/tracer/decode"
)

// outputFlags are the options that say how a call is printed.
func (o *options) outputFlags(fs *pflag.FlagSet) {
	fs.IntVar(&o.text.StringLimit, "string-limit", 32, "")
	fs.IntVar(&o.text.Columns, "columns", 40, "")
	fs.BoolVarP(&o.text.ArgNames, "arg-names", "N", false, "")
	fs.BoolVarP(&o.noAbbrev, "no-abbrev", "v", false, "")
	optional(fs, "strings-in-hex", "", "all", func(s string) (err error) {
		o.text.HexStrings, err = choose(s, hexStyles)
		return err
	})
	level(fs, "x", &o.hexLevel, 2)
	fs.VarP(setting{func(s string) (err error) {
		o.text.Consts, err = choose(s, constStyles)
		return err
	}}, "const-print-style", "X", "")
	optional(fs, "decode-fds", "", "path", func(s string) error {
		d, err := parseSet(s, fdDetails)
		o.text.FDs = d
		return err
	})
	level(fs, "y", &o.fdLevel, 2)
	o.pidFlags(fs)
	for _, f := range []struct {
		name string
		to   *string
	}{{"abbrev", &o.abbrev}, {"verbose", &o.verbose}, {"raw", &o.raw}} {
		fs.StringVar(f.to, f.name, "", "")
	}
	fs.BoolVarP(&o.print.Pointers, "instruction-pointer", "i", false, "")
	fs.BoolVarP(&o.print.Numbers, "syscall-number", "n", false, "")
	fs.BoolVar(&o.print.PIDs, "always-show-pid", false, "")
	fs.Var(setting{func(s string) (err error) { o.print.Read, err = printer.ParseNumberSet(s); return err }}, "read", "")
	fs.Var(setting{func(s string) (err error) { o.print.Write, err = printer.ParseNumberSet(s); return err }}, "write", "")
	o.timeFlags(fs)
	o.screenFlags(fs)
}

var hexStyles = []named[decode.HexStyle]{
	{"all", decode.HexAll}, {"non-ascii", decode.HexNonASCII}, {"non-ascii-chars", decode.HexNonASCIIChars}, {"none", decode.HexNone},
}

var constStyles = []named[decode.ConstStyle]{{"raw", decode.ConstRaw}, {"abbrev", decode.ConstAbbrev}, {"verbose", decode.ConstVerbose}}

var fdDetails = []named[decode.FDDetail]{
	{"path", decode.FDPath}, {"socket", decode.FDSocket}, {"dev", decode.FDDevice},
	{"eventfd", decode.FDEventFD}, {"pidfd", decode.FDPidFD}, {"signalfd", decode.FDSignalFD},
}

func (o *options) pidFlags(fs *pflag.FlagSet) {
	fs.Var(setting{func(s string) error {
		d, err := parseSet(s, []named[uint8]{{"comm", 1}})
		o.text.PIDNames = d != 0
		return err
	}}, "decode-pids", "")
	fs.BoolVarP(&o.pidNames, "Y", "Y", false, "")
	fs.Lookup("Y").Hidden = true
}

func (o *options) timeFlags(fs *pflag.FlagSet) {
	o.print.Stamps = &printer.Stamps{}
	optional(fs, "absolute-timestamps", "", "time", o.absoluteTime)
	optional(fs, "relative-timestamps", "r", "us", func(s string) error {
		o.print.Stamps.Relative = true
		return parsePrecision(&o.print.Stamps.RelativeDigits)(s)
	})
	optional(fs, "syscall-times", "T", "us", func(s string) error {
		o.print.Durations = true
		return parsePrecision(&o.print.DurationDigits)(s)
	})
}

// absoluteTime parses [[format:]FORMAT[,[precision:]PRECISION]], in any order.
func (o *options) absoluteTime(s string) error {
	stamps := o.print.Stamps
	stamps.Time, stamps.TimeDigits = printer.TimeClock, 0
	for word := range strings.SplitSeq(s, ",") {
		name, isFormat := strings.CutPrefix(word, "format:")
		name, isPrecision := strings.CutPrefix(name, "precision:")
		format, err := choose(name, []named[printer.TimeFormat]{
			{"none", printer.TimeNone}, {"time", printer.TimeClock}, {"unix", printer.TimeUnix},
		})
		if err == nil && !isPrecision {
			stamps.Time = format
			continue
		}
		if digits, err := choose(name, precisions); err == nil && !isFormat {
			stamps.TimeDigits = digits
			continue
		}
		return errors.New("a format (none, time, unix) and a precision (s, ms, us, ns) are wanted, with a comma between them")
	}
	return nil
}

// checkOutput settles what several options say together.
func (o *options) checkOutput() error {
	if o.text.StringLimit < 0 || o.text.Columns < 0 {
		return fmt.Errorf("--string-limit and --columns take numbers from 0 on")
	}
	switch o.hexLevel {
	case 1:
		o.text.HexStrings = decode.HexNonASCII
	case 2:
		o.text.HexStrings = decode.HexAll
	}
	switch o.fdLevel {
	case 1:
		o.text.FDs |= decode.FDPath
	case 2:
		o.text.FDs |= decode.FDAll
	}
	o.text.PIDNames = o.text.PIDNames || o.pidNames
	o.text.Abbrev = !o.noAbbrev
	if o.abbrev != "" {
		o.text.Abbrev = true
	}
	for _, f := range []struct {
		name, text string
		not        bool
		to         *func(*decode.Call) bool
	}{
		{"raw", o.raw, false, &o.print.Raw},
		{"abbrev", o.abbrev, true, &o.print.Full},
		{"verbose", o.verbose, true, &o.print.Addresses},
	} {
		if f.text == "" {
			continue
		}
		spec, err := parseCalls(f.text)
		if err != nil {
			return fmt.Errorf("--%s: %w", f.name, err)
		}
		*f.to = func(c *decode.Call) bool { return spec.Match(c.ABI, c.NR) != f.not }
	}
	return nil
}
