package summary

import (
	"bytes"
	"fmt"
	"strconv"

	"luatrace/tracer/syscalls"
)

// layout is the title of a column and the width strace gives it at least.
var layout = [...]struct {
	title string
	width int
}{
	TimePercent: {"% time", 6},
	TotalTime:   {"seconds", 11},
	MinTime:     {"shortest", 8},
	MaxTime:     {"longest", 8},
	AvgTime:     {"usecs/call", 11},
	Calls:       {"calls", 9},
	Errors:      {"errors", 9},
	Name:        {"syscall", 16},
}

// AppendText appends the table, in strace's layout. Calls of other ABIs than
// the native one have a table of their own, with a line above that says which.
// Without calls nothing is appended.
func (t *Table) AppendText(dst []byte) []byte {
	start := len(dst)
	dst = t.appendTable(dst, t.rows(syscalls.Native()))
	for abi := range syscalls.NumABI {
		if abi == syscalls.Native() {
			continue
		}
		if rows := t.rows(abi); len(rows) > 0 {
			if len(dst) > start {
				dst = append(dst, '\n')
			}
			dst = fmt.Appendf(dst, "System calls under %s:\n", abi)
			dst = t.appendTable(dst, rows)
		}
	}
	return dst
}

func (t *Table) appendTable(dst []byte, rows []Row) []byte {
	if len(rows) == 0 {
		return dst
	}
	columns := t.Columns
	if columns == nil {
		columns = DefaultColumns
	}
	sum := total(rows)
	widths := make([]int, len(columns))
	for i, c := range columns {
		// The total is the widest number of its column.
		widths[i] = max(layout[c].width, len(c.cell(&sum, &sum)))
	}
	ruler := func() {
		for i, w := range widths {
			if i > 0 {
				dst = append(dst, ' ')
			}
			dst = append(dst, bytes.Repeat([]byte{'-'}, w)...)
		}
		dst = append(dst, '\n')
	}
	dst = appendLine(dst, columns, widths, func(c Column) string { return layout[c].title })
	ruler()
	for i := range rows {
		dst = appendLine(dst, columns, widths, func(c Column) string { return c.cell(&rows[i], &sum) })
	}
	ruler()
	return appendLine(dst, columns, widths, func(c Column) string { return c.cell(&sum, &sum) })
}

// cell returns a row's text in a column.
func (c Column) cell(r, sum *Row) string {
	switch c {
	case TimePercent:
		percent := 0.0
		switch {
		case sum.Total > 0:
			percent = 100 * float64(r.Total) / float64(sum.Total)
		case r == sum:
			percent = 100
		}
		return strconv.FormatFloat(percent, 'f', 2, 64)
	case TotalTime:
		return strconv.FormatFloat(r.Total.Seconds(), 'f', 6, 64)
	case MinTime:
		return strconv.FormatFloat(r.Min.Seconds(), 'f', 6, 64)
	case MaxTime:
		return strconv.FormatFloat(r.Max.Seconds(), 'f', 6, 64)
	case AvgTime:
		return strconv.FormatInt(r.Average().Microseconds(), 10)
	case Calls:
		return strconv.FormatUint(r.Calls, 10)
	case Errors:
		if r.Errors == 0 {
			return ""
		}
		return strconv.FormatUint(r.Errors, 10)
	}
	return r.Name
}

// appendLine appends cells, numbers to the right of their column and names to
// the left, without spaces at the end.
func appendLine(dst []byte, columns []Column, widths []int, cell func(Column) string) []byte {
	start := len(dst)
	for i, c := range columns {
		if i > 0 {
			dst = append(dst, ' ')
		}
		if c == Name {
			dst = fmt.Appendf(dst, "%-*s", widths[i], cell(c))
		} else {
			dst = fmt.Appendf(dst, "%*s", widths[i], cell(c))
		}
	}
	dst = append(dst[:start], bytes.TrimRight(dst[start:], " ")...)
	return append(dst, '\n')
}
