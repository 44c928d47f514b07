package main

import (
	"errors"
	"fmt"
	"strings"

	"luatrace/engine/printer"
	"luatrace/tracer/decode"
)

var hexStyles = []named[decode.HexStyle]{
	{"all", decode.HexAll}, {"non-ascii", decode.HexNonASCII}, {"non-ascii-chars", decode.HexNonASCIIChars}, {"none", decode.HexNone},
}

var constStyles = []named[decode.ConstStyle]{{"raw", decode.ConstRaw}, {"abbrev", decode.ConstAbbrev}, {"verbose", decode.ConstVerbose}}

var fdDetails = []named[decode.FDDetail]{
	{"path", decode.FDPath}, {"socket", decode.FDSocket}, {"dev", decode.FDDevice},
	{"eventfd", decode.FDEventFD}, {"pidfd", decode.FDPidFD}, {"signalfd", decode.FDSignalFD},
}

var pidDetails = []named[uint8]{{"comm", 1}}

// setRelativeTime takes the value of -r.
func (o *options) setRelativeTime(s string) error {
	o.print.Stamps.Relative = true
	return parsePrecision(&o.print.Stamps.RelativeDigits)(s)
}

// setDurations takes the value of -T.
func (o *options) setDurations(s string) error {
	o.print.Durations = true
	return parsePrecision(&o.print.DurationDigits)(s)
}

var timeFormats = []named[printer.TimeFormat]{{"none", printer.TimeNone}, {"time", printer.TimeClock}, {"unix", printer.TimeUnix}}

// setAbsoluteTime parses [[format:]FORMAT[,[precision:]PRECISION]], in any order.
func (o *options) setAbsoluteTime(s string) error {
	stamps := o.print.Stamps
	stamps.Time, stamps.TimeDigits = printer.TimeClock, 0
	for word := range strings.SplitSeq(s, ",") {
		name, isFormat := strings.CutPrefix(word, "format:")
		name, isPrecision := strings.CutPrefix(name, "precision:")
		format, err := choose(name, timeFormats)
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

// checkOutput reports options that contradict each other, and combines those that belong together.
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
	o.text.PIDNames = o.pidDetails != 0 || o.pidLevel > 0
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
