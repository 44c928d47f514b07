package main

import (
	"errors"
	"strconv"
)

// colouring is when colours are wanted.
type colouring uint8

const (
	colourAuto   colouring = iota // on a terminal that can, if nothing speaks against it
	colourAlways                  // in files too
	colourNever
)

var colourings = []named[colouring]{{"auto", colourAuto}, {"always", colourAlways}, {"never", colourNever}}

// parseWidth reads the value of --width.
func parseWidth(s string) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 || n > 0 && n < 40 {
		return n, errors.New("columns are wanted, 40 or more, or 0 for lines as long as they are")
	}
	return n, nil
}

// colours says whether what goes to the output has colours.
func (o *options) colours(terminal bool, env []string) bool {
	switch o.colouring {
	case colourAlways:
		return true
	case colourNever:
		return false
	}
	return terminal && lookup(env, "NO_COLOR") == "" && lookup(env, "TERM") != "dumb"
}

// lineWidth says how wide lines of calls may be, nil if that does not matter:
// files are not made for anybody's screen, and who asks for whole strings gets
// them.
func (o *options) lineWidth(out *output) func() int {
	switch {
	case o.json || o.separate || o.width == 0:
		return nil
	case o.width > 0:
		return func() int { return o.width }
	case !out.terminal || o.flagged("string-limit") || o.noAbbrev:
		return nil
	}
	return func() int {
		columns, _ := out.size() // it may be another one now
		return columns
	}
}
