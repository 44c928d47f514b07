package main

import (
	"encoding/json"
	"io"

	"luatrace/engine/summary"
)

// summaryRow is a row of -c as JSON; times are in seconds.
type summaryRow struct {
	Type   string  `json:"type"`
	Name   string  `json:"name"`
	ABI    string  `json:"abi"`
	Calls  uint64  `json:"calls"`
	Errors uint64  `json:"errors"`
	Total  float64 `json:"total"`
	Min    float64 `json:"min"`
	Max    float64 `json:"max"`
}

// writeSummaryJSON writes the table of -c as one object a line.
func writeSummaryJSON(w io.Writer, t *summary.Table) {
	enc := json.NewEncoder(w)
	for _, r := range t.Rows() {
		// Errors of writing are the output's, which keeps them.
		_ = enc.Encode(summaryRow{"count", r.Name, r.ABI.String(), r.Calls, r.Errors, r.Total.Seconds(), r.Min.Seconds(), r.Max.Seconds()})
	}
}
