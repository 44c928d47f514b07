package summary

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// Column is one column of the table.
type Column uint8

// The columns, by their names in strace's -U.
const (
	TimePercent Column = iota // time-percent: share of the time of all calls
	TotalTime                 // total-time, in seconds
	MinTime                   // min-time, in seconds
	MaxTime                   // max-time, in seconds
	AvgTime                   // avg-time, in microseconds
	Calls                     // calls
	Errors                    // errors
	Name                      // name of the call
)

// DefaultColumns are the columns of a Table that sets none.
var DefaultColumns = []Column{TimePercent, TotalTime, AvgTime, Calls, Errors, Name}

// columnNames are strace's spellings, the first of each column being its usual
// one. All times are of the wall clock, so strace's wall- columns are the same.
var columnNames = [...][]string{
	TimePercent: {"time-percent", "time"},
	TotalTime:   {"total-time", "time-total", "wall-total-time", "wall-time-total"},
	MinTime:     {"min-time", "shortest", "time-min", "wall-min-time", "wall-time-min"},
	MaxTime:     {"max-time", "longest", "time-max", "wall-max-time", "wall-time-max"},
	AvgTime:     {"avg-time", "time-avg", "wall-avg-time", "wall-time-avg"},
	Calls:       {"calls", "count"},
	Errors:      {"errors", "error"},
	Name:        {"name", "syscall", "syscall-name"},
}

func column(name string) (Column, bool) {
	for c, names := range columnNames {
		if slices.Contains(names, name) {
			return Column(c), true
		}
	}
	return 0, false
}

// ColumnNames are the usual names of all columns.
func ColumnNames() []string {
	var names []string
	for _, n := range columnNames {
		names = append(names, n[0])
	}
	return names
}

// ParseColumns parses the argument of -U: names with commas between them, none
// of them twice. Without a name column one is added at the end, as strace does.
func ParseColumns(s string) ([]Column, error) {
	var out []Column
	for name := range strings.SplitSeq(s, ",") {
		c, ok := column(strings.TrimSpace(name))
		if !ok {
			return nil, fmt.Errorf("unknown summary column %q: the columns are %s", name, strings.Join(ColumnNames(), ", "))
		}
		if slices.Contains(out, c) {
			return nil, fmt.Errorf("summary column %q is given twice", name)
		}
		out = append(out, c)
	}
	if !slices.Contains(out, Name) {
		out = append(out, Name)
	}
	return out, nil
}

// Key is what the rows are sorted by.
type Key struct {
	column Column
	none   bool
}

// ByTime is the order of a Table that sets none: the longest total time first.
var ByTime = Key{}

// ParseSort parses the argument of -S: the name of a column, or "nothing" (or
// "none") for the order of the call numbers. Names are sorted from a to z,
// numbers from the largest.
func ParseSort(s string) (Key, error) {
	if s == "nothing" || s == "none" {
		return Key{none: true}, nil
	}
	c, ok := column(s)
	if !ok {
		return Key{}, fmt.Errorf("unknown sort key %q: the keys are %s, nothing", s, strings.Join(ColumnNames(), ", "))
	}
	return Key{column: c}, nil
}

// sort sorts rows; equal ones by total time, then calls, then name.
func (k Key) sort(rows []Row) {
	if k.none {
		return
	}
	slices.SortStableFunc(rows, func(a, b Row) int {
		var c int
		switch k.column {
		case MinTime:
			c = cmp.Compare(b.Min, a.Min)
		case MaxTime:
			c = cmp.Compare(b.Max, a.Max)
		case AvgTime:
			c = cmp.Compare(b.Average(), a.Average())
		case Calls:
			c = cmp.Compare(b.Calls, a.Calls)
		case Errors:
			c = cmp.Compare(b.Errors, a.Errors)
		case Name:
			return strings.Compare(a.Name, b.Name)
		}
		return cmp.Or(c, cmp.Compare(b.Total, a.Total), cmp.Compare(b.Calls, a.Calls), strings.Compare(a.Name, b.Name))
	})
}
