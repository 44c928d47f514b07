package agg

import (
	"math"
	"sort"
)

// Row is the state of one key, as a copy. Which fields mean something depends
// on the kind: Count always; Sum, Min and Max for all but counts; Stddev for
// KindStats; Buckets for the histograms; Percentiles for KindQuantile.
type Row struct {
	Key      []Part // nil for "(other)", for a total, and for the empty key
	Other    bool   // the row of the keys beyond the bound
	Count    int64  // number of records; for counts what was counted
	Sum      Num
	Min, Max Num
	Avg      float64 // mean
	Stddev   float64 // standard deviation of the values (of all, not of a sample)
	Buckets  []Bucket
	// Percentiles are those of Quantiles, in that order; nil without values.
	Percentiles []float64
	kind        Kind
}

// Value returns the number the row is about and is sorted by: the count for
// counts and histograms, the sum for sums and stats, the median for percentiles,
// else the mean, the smallest or the largest value.
func (r *Row) Value() Num {
	switch r.kind {
	case KindSum, KindStats:
		return r.Sum
	case KindAvg:
		return Float(r.Avg)
	case KindMin:
		return r.Min
	case KindMax:
		return r.Max
	case KindQuantile:
		if len(r.Percentiles) > 0 {
			return Float(r.Percentiles[0])
		}
		return Float(0)
	}
	return Int(r.Count)
}

// export makes the public copy of a row.
func (a *Agg) export(r *row) Row {
	out := Row{Count: r.count, Sum: r.sum, Min: r.min, Max: r.max, kind: a.kind}
	if a.kind != KindCount && r.count > 0 {
		out.Avg = r.sum.Float64() / float64(r.count)
	}
	if a.kind == KindStats && r.count > 0 {
		out.Stddev = math.Sqrt(r.m2 / float64(r.count))
		if math.IsNaN(out.Stddev) || math.IsInf(out.Stddev, 0) {
			out.Stddev = math.MaxFloat64 // squares of values near the end of the range
		}
	}
	if r.sketch != nil && r.count > 0 {
		out.Percentiles = make([]float64, len(Quantiles))
		for i, q := range Quantiles {
			out.Percentiles[i] = r.quantile(q)
		}
	}
	if r.hist != nil {
		if a.kind == KindLhist {
			out.Buckets = a.lin.list(r.hist)
		} else {
			out.Buckets = r.hist.log2Buckets()
		}
	}
	return out
}

// sortedKeys returns the encoded keys in the order of their parts.
func (a *Agg) sortedKeys() []string {
	keys := make([]string, 0, len(a.rows))
	parts := make(map[string][]Part, len(a.rows))
	for k := range a.rows {
		keys = append(keys, k)
		parts[k] = decodeKey(k)
	}
	sort.Slice(keys, func(i, j int) bool { return compareParts(parts[keys[i]], parts[keys[j]]) < 0 })
	return keys
}

// Rows returns a copy of all rows: the largest value first (the smallest for
// KindMin), rows of equal value in the order of their keys, and "(other)" last.
// Options.Top is not applied.
func (a *Agg) Rows() []Row {
	out := make([]Row, 0, len(a.rows)+1)
	for k, r := range a.rows {
		row := a.export(r)
		row.Key = decodeKey(k)
		out = append(out, row)
	}
	sort.Slice(out, func(i, j int) bool {
		c := out[i].Value().compare(out[j].Value())
		if a.kind == KindMin {
			c = -c
		}
		if c != 0 {
			return c > 0
		}
		return compareParts(out[i].Key, out[j].Key) < 0
	})
	if a.other != nil {
		row := a.export(a.other)
		row.Other = true
		out = append(out, row)
	}
	return out
}

// Get returns the row of a key (nil: the empty one) and whether there is one.
func (a *Agg) Get(k *Key) (Row, bool) {
	var key []byte
	if k != nil {
		key = k.buf
	}
	r := a.rows[string(key)]
	if r == nil {
		return Row{kind: a.kind}, false
	}
	out := a.export(r)
	out.Key = decodeKey(string(key))
	return out, true
}

// Total returns all rows as one, "(other)" included: the sum of counts and
// sums, the mean of all values, one histogram. The floating-point parts do not
// depend on the order of Go's maps.
func (a *Agg) Total() Row {
	var t row
	for _, k := range a.sortedKeys() {
		t.merge(a.rows[k])
	}
	if a.other != nil {
		t.merge(a.other)
	}
	return a.export(&t)
}
