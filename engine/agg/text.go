package agg

import (
	"bytes"
	"fmt"
	"unicode/utf8"
)

const (
	barWidth    = 40 // a histogram's line stays within 80 columns
	maxKeyWidth = 40 // what a key column is padded to at most
	otherLabel  = "(other)"
)

// AppendText appends the aggregation as text, lines of ASCII and printable
// characters only:
//
//	title
//	count  comm  path
//	   12  cat   /etc/ld.so.cache
//	    3  ls    /etc
//
// Values come first and keys last, since keys may be of any length. Histograms
// are a drawing for each key. The rows are in the order of Rows, no more than
// Options.Top of them. An aggregation without a record appends its title and
// "no records".
func (a *Agg) AppendText(dst []byte) []byte {
	rows, omitted := a.topRows()
	dst = appendEscaped(dst, a.title)
	switch {
	case len(rows) == 0:
		return append(dst, ": no records\n"...)
	case a.kind == KindHist || a.kind == KindLhist:
		dst = a.appendHistograms(append(dst, '\n'), rows)
	case len(rows) == 1 && len(rows[0].Key) == 0 && !rows[0].Other && a.kind != KindStats && a.kind != KindQuantile:
		// A single number needs no table.
		dst = append(dst, ": "...)
		dst = a.opts.Unit.forKind(a.kind).format(dst, rows[0].Value())
		dst = append(dst, '\n')
	default:
		dst = a.appendTable(append(dst, '\n'), rows)
	}
	if omitted > 0 {
		dst = fmt.Appendf(dst, "... %d more\n", omitted)
	}
	if a.Full() {
		dst = fmt.Appendf(dst, "note: %d keys are kept; %s holds all that came later\n", a.Len(), otherLabel)
	}
	return dst
}

// forKind returns the unit of a kind's value: counts are never bytes.
func (u Unit) forKind(k Kind) Unit {
	if k == KindCount && u != UnitCount {
		return UnitNone
	}
	return u
}

// topRows returns the rows to print and how many are left out. "(other)" is
// always printed: it isn't one of the smallest, but several of unknown size.
func (a *Agg) topRows() (rows []Row, omitted int) {
	rows = a.Rows()
	n := len(rows)
	if a.other != nil {
		n--
	}
	if top := a.opts.Top; top > 0 && n > top {
		return append(rows[:top], rows[n:]...), n - top
	}
	return rows, 0
}

// columns returns the titles of the value columns.
func (k Kind) columns() []string {
	switch k {
	case KindStats:
		return []string{"count", "avg", "total", "min", "max", "stddev"}
	case KindQuantile:
		return append(append([]string{"count"}, quantileNames[:]...), "max")
	}
	return []string{k.String()}
}

// cells appends the row's values, one for each column.
func (a *Agg) cells(dst [][]byte, r *Row) [][]byte {
	u := a.opts.Unit.forKind(a.kind)
	switch a.kind {
	case KindStats:
	case KindQuantile:
		dst = append(dst, UnitNone.format(nil, Int(r.Count)))
		for _, p := range r.Percentiles {
			dst = append(dst, u.format(nil, Float(p)))
		}
		return append(dst, u.format(nil, r.Max))
	default:
		return append(dst, u.format(nil, r.Value()))
	}
	return append(dst, UnitNone.format(nil, Int(r.Count)),
		u.format(nil, Float(r.Avg)), u.format(nil, r.Sum), u.format(nil, r.Min),
		u.format(nil, r.Max), u.format(nil, Float(r.Stddev)))
}

// appendTable appends the header and a line for each row: values to the right
// of their column, keys to the left except where all are numbers.
func (a *Agg) appendTable(dst []byte, rows []Row) []byte {
	values := len(a.kind.columns())
	columns := values + len(a.opts.Keys)
	for i := range rows {
		columns = max(columns, values+len(rows[i].Key))
	}
	header := make([][]byte, columns)
	for i, title := range a.kind.columns() {
		header[i] = []byte(title)
	}
	for i, title := range a.opts.Keys {
		header[values+i] = appendEscaped(nil, title)
	}
	right := make([]bool, columns)
	for i := range right {
		right[i] = true
	}
	table := make([][][]byte, 0, len(rows)+1)
	table = append(table, header)
	for i := range rows {
		cells := a.cells(make([][]byte, 0, columns), &rows[i])
		if rows[i].Other {
			cells = append(cells, []byte(otherLabel))
		}
		for _, p := range rows[i].Key {
			if _, number := p.number(); !number {
				right[len(cells)] = false
			}
			cells = append(cells, appendPart(nil, p))
		}
		table = append(table, cells)
	}
	for i := range values {
		alignPoints(table[1:], i)
	}
	widths := make([]int, columns)
	for _, cells := range table {
		for i, c := range cells {
			if i < values {
				widths[i] = max(widths[i], utf8.RuneCount(c))
			} else {
				widths[i] = max(widths[i], min(utf8.RuneCount(c), maxKeyWidth))
			}
		}
	}
	for _, cells := range table {
		start := len(dst)
		for i, c := range cells {
			if i > 0 {
				dst = append(dst, "  "...)
			}
			dst = appendPadded(dst, c, widths[i], right[i])
		}
		dst = append(dst[:start], bytes.TrimRight(dst[start:], " ")...)
		dst = append(dst, '\n')
	}
	return dst
}

// alignPoints puts the decimal points of a column below each other: numbers get
// blanks behind them. Values with units are left alone.
func alignPoints(rows [][][]byte, column int) {
	most := 0
	for _, cells := range rows {
		digits := fractionLen(cells[column])
		if digits < 0 {
			return
		}
		most = max(most, digits)
	}
	for _, cells := range rows {
		cells[column] = appendSpaces(cells[column], most-fractionLen(cells[column]))
	}
}

// fractionLen is how much of a number stands behind its whole part, the point
// included; -1 if it is not just a number.
func fractionLen(cell []byte) int {
	point := len(cell)
	for i, c := range cell {
		switch {
		case c == '.' && point == len(cell):
			point = i
		case c == '-' && i == 0, c >= '0' && c <= '9':
		default:
			return -1
		}
	}
	return len(cell) - point
}

// appendPart appends a part of a key for text. An empty string would leave a
// hole in the table.
func appendPart(dst []byte, p Part) []byte {
	if p.Kind == PartString && p.Str == "" {
		return append(dst, `""`...)
	}
	return appendEscaped(dst, p.Text())
}

func appendPadded(dst, cell []byte, width int, right bool) []byte {
	pad := width - utf8.RuneCount(cell)
	if right {
		dst = appendSpaces(dst, pad)
	}
	dst = append(dst, cell...)
	if !right {
		dst = appendSpaces(dst, pad)
	}
	return dst
}

func appendSpaces(dst []byte, n int) []byte {
	for ; n > 0; n-- {
		dst = append(dst, ' ')
	}
	return dst
}

// appendHistograms draws one histogram for each row. Labels and counts of all
// of them have one width, so that the drawings stand below each other.
func (a *Agg) appendHistograms(dst []byte, rows []Row) []byte {
	labelWidth, countWidth := 0, 0
	for i := range rows {
		for _, b := range rows[i].Buckets {
			labelWidth = max(labelWidth, len(a.appendLabel(nil, b)))
			countWidth = max(countWidth, len(Int(b.Count).append(nil)))
		}
	}
	for i := range rows {
		r := &rows[i]
		if i > 0 {
			dst = append(dst, '\n')
		}
		dst = a.appendHead(dst, r)
		var most int64
		for _, b := range r.Buckets {
			most = max(most, b.Count)
		}
		for j := 0; j < len(r.Buckets); j++ {
			if n := emptyRun(r.Buckets[j:]); n >= longRun {
				dst = append(dst, "...\n"...)
				j += n - 1
				continue
			}
			b := r.Buckets[j]
			dst = appendPadded(dst, a.appendLabel(nil, b), labelWidth, false)
			dst = append(dst, "  "...)
			dst = appendPadded(dst, Int(b.Count).append(nil), countWidth, true)
			dst = append(dst, " |"...)
			bar := int(float64(b.Count)/float64(most)*barWidth + 0.5)
			for n := range barWidth {
				if n < bar {
					dst = append(dst, '@')
				} else {
					dst = append(dst, ' ')
				}
			}
			dst = append(dst, "|\n"...)
		}
	}
	return dst
}

// longRun is how many empty buckets are shown as one line: a gap of orders of
// magnitude is a fact, its lines are not.
const longRun = 3

// emptyRun is how many buckets from the first on are empty.
func emptyRun(buckets []Bucket) int {
	n := 0
	for n < len(buckets) && buckets[n].Count == 0 {
		n++
	}
	return n
}

// appendHead appends the line above a drawing, if it has a key: the parts, with
// their names if the options give them.
func (a *Agg) appendHead(dst []byte, r *Row) []byte {
	if r.Other {
		return append(dst, otherLabel+"\n"...)
	}
	for i, p := range r.Key {
		if i > 0 {
			dst = append(dst, ", "...)
		}
		if i < len(a.opts.Keys) {
			dst = append(appendEscaped(dst, a.opts.Keys[i]), '=')
		}
		dst = appendPart(dst, p)
	}
	if len(r.Key) > 0 {
		dst = append(dst, '\n')
	}
	return dst
}

// appendLabel appends the range of a bucket: [4K, 8K), (-8, -4], [1] or, at the
// ends of a linear histogram, (..., 0) and [100, ...).
func (a *Agg) appendLabel(dst []byte, b Bucket) []byte {
	bound := func(dst []byte, f float64) []byte { return a.opts.Unit.formatPower(dst, f) }
	if a.kind == KindLhist {
		bound = func(dst []byte, f float64) []byte { return a.opts.Unit.format(dst, Float(f)) }
	}
	switch {
	case b.Single:
		return append(bound(append(dst, '['), b.Lo), ']')
	case b.Below && a.kind == KindHist:
		return append(bound(append(dst, "(..., "...), b.Hi), ']')
	case b.Below:
		return append(bound(append(dst, "(..., "...), b.Hi), ')')
	case b.Above:
		return append(bound(append(dst, '['), b.Lo), ", ...)"...)
	case a.kind == KindHist && b.Hi <= 0:
		dst = append(bound(append(dst, '('), b.Lo), ", "...)
		return append(bound(dst, b.Hi), ']')
	}
	dst = append(bound(append(dst, '['), b.Lo), ", "...)
	return append(bound(dst, b.Hi), ')')
}
