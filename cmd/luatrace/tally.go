package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"luatrace/bindings/luart"
	"luatrace/engine"
	"luatrace/engine/printer"
)

// tallied says whether the user wants to know how often faults hit.
func (o *options) tallied() bool { return o.print.Quiet&printer.QuietFaults == 0 }

// faultRow is how often a fault hit, as JSON.
type faultRow struct {
	Type  string `json:"type"`
	Fault string `json:"fault"`
	Calls uint64 `json:"calls"`
	Hits  uint64 `json:"hits"`
}

// noticeRow is a message of a script for the user, as JSON.
type noticeRow struct {
	Type string `json:"type"`
	Text string `json:"text"`
}

// tally says how often faults hit: one that never did proves nothing. With -j it
// is part of the trace, otherwise a line each on standard error, behind it.
func (s *session) tally(o *options) {
	for _, t := range s.eng.Tallies() {
		if o.json {
			// Errors of writing are the output's, which keeps them.
			_ = json.NewEncoder(s.w).Encode(faultRow{"fault", t.Title, t.Calls, t.Hits})
		} else {
			s.say("%s", tallyText(t))
		}
	}
}

func tallyText(t *engine.Tally) string {
	if t.Calls == 0 {
		return t.Title + ": there was no such call"
	}
	calls := "calls"
	if t.Calls == 1 {
		calls = "call"
	}
	return fmt.Sprintf("%s: %d of %d %s %s", t.Title, t.Hits, t.Calls, calls, t.Done)
}

// scriptNotice is where notices of scripts go, nil if nobody wants them.
func (s *session) scriptNotice(o *options) func(string) {
	switch {
	case !o.tallied():
		return nil
	case o.json:
		return func(text string) { _ = json.NewEncoder(s.w).Encode(noticeRow{"notice", text}) }
	}
	return func(text string) { s.notice(luart.Escape(strings.TrimSuffix(text, "\n"))) } // a line, whatever is in it
}
