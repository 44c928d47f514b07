package agg

import "strconv"

// AppendJSON appends the aggregation as one JSON object without a newline. Its
// fields, in this order, are a contract:
//
//	type     string   "aggregation"
//	agg      string   the title
//	kind     string   "count", "sum", ... ("none" without a record)
//	keys     [string] Options.Keys, if any
//	rows     [object] in the order of Rows, no more than Options.Top
//	omitted  number   rows left out because of Options.Top, if any
//	full     true     if the bound on the number of keys was met
//
// Fields of a row:
//
//	key      array    parts: strings, numbers and booleans; [] is the empty key
//	other    true     instead of key: the row of all keys beyond the bound
//	count    number   records (for count: what was counted)
//	sum      number   sum, avg, stats, hist, lhist, quantile
//	avg      number   avg, stats, hist, lhist, quantile
//	min, max number   min, max, stats, hist, lhist, quantile (for min and max the one)
//	stddev   number   stats
//	p50, p90, p99, p999  number  quantile: the percentiles
//	buckets  [object] hist, lhist: lo, hi (absent at an open end), count
//
// Integers are written in full, also beyond 2^53. Bytes of strings that are not
// UTF-8 are written as the characters \xNN.
func (a *Agg) AppendJSON(dst []byte) []byte {
	rows, omitted := a.topRows()
	dst = a.appendJSONHead(dst)
	dst = append(dst, `,"rows":[`...)
	for i := range rows {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(dst, '{')
		dst = append(a.appendJSONRow(dst, &rows[i]), '}')
	}
	dst = append(dst, ']')
	if omitted > 0 {
		dst = appendField(dst, "omitted", Int(int64(omitted)))
	}
	if a.Full() {
		dst = append(dst, `,"full":true`...)
	}
	return append(dst, '}')
}

// appendJSONHead appends the common start of an object, which is left open.
func (a *Agg) appendJSONHead(dst []byte) []byte {
	dst = appendString(append(dst, `{"type":"aggregation","agg":`...), a.title)
	dst = appendString(append(dst, `,"kind":`...), a.kind.String())
	if len(a.opts.Keys) == 0 {
		return dst
	}
	dst = append(dst, `,"keys":[`...)
	for i, k := range a.opts.Keys {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendString(dst, k)
	}
	return append(dst, ']')
}

// appendJSONRow appends the fields of a row, without braces.
func (a *Agg) appendJSONRow(dst []byte, r *Row) []byte {
	if r.Other {
		dst = append(dst, `"other":true`...)
	} else {
		dst = append(dst, `"key":[`...)
		for i, p := range r.Key {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = p.appendJSON(dst)
		}
		dst = append(dst, ']')
	}
	dst = appendField(dst, "count", Int(r.Count))
	all := a.kind == KindStats || a.kind == KindHist || a.kind == KindLhist || a.kind == KindQuantile
	if all || a.kind == KindSum || a.kind == KindAvg {
		dst = appendField(dst, "sum", r.Sum)
	}
	if all || a.kind == KindAvg {
		dst = appendField(dst, "avg", Float(r.Avg))
	}
	if all || a.kind == KindMin {
		dst = appendField(dst, "min", r.Min)
	}
	if all || a.kind == KindMax {
		dst = appendField(dst, "max", r.Max)
	}
	if a.kind == KindStats {
		dst = appendField(dst, "stddev", Float(r.Stddev))
	}
	for i, p := range r.Percentiles {
		dst = appendField(dst, quantileFields[i], Float(p))
	}
	if a.kind == KindHist || a.kind == KindLhist {
		dst = append(dst, `,"buckets":[`...)
		for i, b := range r.Buckets {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = b.appendJSON(dst)
		}
		dst = append(dst, ']')
	}
	return dst
}

func (b *Bucket) appendJSON(dst []byte) []byte {
	dst = append(dst, '{')
	if !b.Below {
		dst = Float(b.Lo).append(append(dst, `"lo":`...))
		dst = append(dst, ',')
	}
	if !b.Above {
		dst = Float(b.Hi).append(append(dst, `"hi":`...))
		dst = append(dst, ',')
	}
	dst = strconv.AppendInt(append(dst, `"count":`...), b.Count, 10)
	return append(dst, '}')
}

func (p Part) appendJSON(dst []byte) []byte {
	switch p.Kind {
	case PartInt:
		return strconv.AppendInt(dst, p.Int, 10)
	case PartUint:
		return strconv.AppendUint(dst, p.Uint, 10)
	case PartBool:
		return strconv.AppendBool(dst, p.Int != 0)
	case PartFloat:
		if n := Float(p.Float); n.finite() {
			return n.append(dst)
		}
		return appendString(dst, p.Text()) // NaN and infinities are no JSON numbers
	}
	return appendString(dst, p.Str)
}

func appendField(dst []byte, name string, n Num) []byte {
	dst = append(dst, ',', '"')
	dst = append(dst, name...)
	return n.append(append(dst, `":`...))
}
