package main

import "regexp"

// explanation tells why lines of a kind differ and always will: because of the
// program or of time, not of the tracers.
type explanation struct {
	call    string         // pattern of the whole name of the call
	pattern *regexp.Regexp // of the pair, "strace's\nluatrace's"
	why     string
	used    int
}

var explanations = []*explanation{
	{call: `getrandom`, pattern: regexp.MustCompile(`^getrandom\("[^\n]*\ngetrandom\("`), why: "random bytes"},
}

// explain returns why a pair differs, "" if nobody knows.
func (d *difference) explain() string {
	for _, e := range explanations {
		if regexp.MustCompile("^(?:"+e.call+")$").MatchString(d.call) && e.pattern.MatchString(d.left+"\n"+d.right) {
			e.used++
			return e.why
		}
	}
	return ""
}
