package agg

import (
	"fmt"
	"math"
)

// row is what is kept for one key; only counts leave most of it unused.
type row struct {
	count    int64
	sum      Num
	min, max Num
	mean, m2 float64 // Welford's running variance, for KindStats
	hist     *histogram
	sketch   *sketch // for KindQuantile
}

// Agg is one aggregation: a table of rows by key. See the package comment.
type Agg struct {
	title  string
	set    *Set // for the bound on keys
	opts   Options
	kind   Kind
	rows   map[string]*row
	other  *row // shared by the keys beyond the bound, or nil
	size   int  // estimate of the memory the rows' keys and buckets need
	lin    linear
	shaped bool // lin is set
}

// Title returns the name the aggregation was made with.
func (a *Agg) Title() string { return a.title }

// Kind returns the kind set by the first record, KindNone before it.
func (a *Agg) Kind() Kind { return a.kind }

// Options returns the options in force.
func (a *Agg) Options() Options { return a.opts }

// SetOptions replaces the options. It fails if they make no sense, and if they
// would change the buckets of a linear histogram that has values.
func (a *Agg) SetOptions(o Options) error {
	if err := o.check(); err != nil {
		return a.errorf("%w", err)
	}
	if a.shaped && len(a.rows) > 0 && (o.Min != a.opts.Min || o.Max != a.opts.Max || o.Step != a.opts.Step) {
		return a.errorf("min, max and step can't change while the histogram holds values: clear it first")
	}
	a.opts, a.shaped = o, false
	return nil
}

// Len returns the number of rows, without "(other)".
func (a *Agg) Len() int { return len(a.rows) }

// Full reports whether the bound on the number of keys, or on the memory that
// long keys need, was met and "(other)" holds what came for further keys.
func (a *Agg) Full() bool { return a.other != nil }

// Clear drops all rows. Title, options and kind stay.
func (a *Agg) Clear() {
	clear(a.rows)
	a.other, a.size = nil, 0
}

func (a *Agg) errorf(format string, args ...any) error {
	return fmt.Errorf("agg %q: %w", a.title, fmt.Errorf(format, args...))
}

// Count adds 1 to the key's row. A nil key is the empty one.
func (a *Agg) Count(k *Key) error { return a.Record(KindCount, Int(1), k) }

// Record adds a value to the key's row (nil: the empty key) in the way kind
// says; for KindCount v is the number to count. It fails, and changes nothing,
// if the aggregation is of another kind already, if v is NaN or infinite, and
// for a linear histogram without bounds. For a key that has a row it does not
// allocate, except when a histogram gets a further bucket, or a sketch of
// percentiles grows.
func (a *Agg) Record(kind Kind, v Num, k *Key) error {
	if kind != a.kind {
		if err := a.become(kind); err != nil {
			return err
		}
	}
	if !v.finite() {
		return a.errorf("the value is %v: %s takes finite numbers only", v.f, kind)
	}
	if kind == KindLhist && !a.shaped {
		if err := a.shape(); err != nil {
			return err
		}
	}
	if kind == KindCount && (v.float || v.i < 0) {
		return a.errorf("count takes whole numbers from 0, not %v", v)
	}
	a.update(a.row(k), v)
	return nil
}

// become sets the kind of an aggregation that has none.
func (a *Agg) become(kind Kind) error {
	if kind == KindNone || kind > KindQuantile {
		return a.errorf("there is no such kind of aggregation (%d)", kind)
	}
	if a.kind != KindNone {
		return a.errorf("it is a %s already and can't be a %s too: use another title", a.kind, kind)
	}
	a.kind = kind
	return nil
}

// shape sets the buckets of a linear histogram from the options.
func (a *Agg) shape() error {
	o := &a.opts
	if o.Step == 0 {
		return a.errorf("lhist needs min, max and step, such as {min = 0, max = 100, step = 10}")
	}
	a.lin = newLinear(o.Min, o.Max, o.Step)
	a.shaped = true
	return nil
}

// row finds or makes the row of a key, or "(other)".
func (a *Agg) row(k *Key) *row {
	var key []byte
	if k != nil {
		key = k.buf
	}
	if r := a.rows[string(key)]; r != nil { // no copy: the compiler knows this form
		return r
	}
	size := len(key)
	if a.kind == KindLhist {
		size += 8 * len(a.lin.bounds)
	}
	if len(a.rows) >= a.limit() || a.size+size > a.set.sizeLimit() {
		return a.otherRow()
	}
	a.size += size
	r := &row{}
	a.rows[string(key)] = r
	return r
}

// limit returns the bound on the number of rows.
func (a *Agg) limit() int {
	switch {
	case a.opts.MaxKeys > 0:
		return a.opts.MaxKeys
	case a.set.maxKeys > 0:
		return a.set.maxKeys
	}
	return DefaultMaxKeys
}

func (a *Agg) otherRow() *row {
	if a.other == nil {
		a.other = &row{}
	}
	return a.other
}

func (a *Agg) update(r *row, v Num) {
	first := r.count == 0
	if a.kind == KindCount {
		r.count = Int(r.count).add(v).saturated()
		return
	}
	r.count++
	r.sum = r.sum.add(v)
	if first || v.compare(r.min) < 0 {
		r.min = v
	}
	if first || v.compare(r.max) > 0 {
		r.max = v
	}
	switch a.kind {
	case KindStats:
		f := v.Float64()
		d := f - r.mean
		r.mean += d / float64(r.count)
		r.m2 += d * (f - r.mean)
	case KindHist:
		r.histogram().addLog2(v, 1)
	case KindLhist:
		r.histogram().pos.add(a.lin.index(v.Float64()), 1)
	case KindQuantile:
		if r.sketch == nil {
			r.sketch = &sketch{}
		}
		exact := r.sketch.digest == nil
		r.sketch.add(v.Float64(), 1)
		if exact && r.sketch.digest != nil {
			a.size += digestSize
		}
	}
}

// saturated returns an integer, at worst the nearest one there is.
func (n Num) saturated() int64 {
	switch {
	case !n.float:
		return n.i
	case n.f > 0:
		return math.MaxInt64
	}
	return math.MinInt64
}

func (r *row) histogram() *histogram {
	if r.hist == nil {
		r.hist = &histogram{}
	}
	return r.hist
}

// merge adds o's records to r.
func (r *row) merge(o *row) {
	if o.count == 0 {
		return
	}
	if r.count == 0 {
		r.min, r.max = o.min, o.max
	}
	if o.min.compare(r.min) < 0 {
		r.min = o.min
	}
	if o.max.compare(r.max) > 0 {
		r.max = o.max
	}
	// Chan's formula: the variance of two sets together.
	n, m := float64(r.count), float64(o.count)
	d := o.mean - r.mean
	r.m2 += o.m2 + d*d*n*m/(n+m)
	r.mean += d * m / (n + m)
	r.count = Int(r.count).add(Int(o.count)).saturated()
	r.sum = r.sum.add(o.sum)
	if o.hist != nil {
		r.histogram().merge(o.hist)
	}
	if o.sketch != nil {
		if r.sketch == nil {
			r.sketch = &sketch{}
		}
		r.sketch.merge(o.sketch)
	}
}

// Merge adds all records of b, which stays as it is. Both must be of one kind
// (or empty), and linear histograms must have the same bounds. Keys beyond the
// bound of a go to its "(other)".
func (a *Agg) Merge(b *Agg) error {
	if b.kind == KindNone {
		return nil
	}
	if b.kind == KindLhist && b.shaped {
		if a.opts.Step == 0 {
			a.opts.Min, a.opts.Max, a.opts.Step = b.opts.Min, b.opts.Max, b.opts.Step
		}
		if !a.shaped {
			if err := a.shape(); err != nil {
				return err
			}
		}
		if !a.lin.same(&b.lin) {
			return a.errorf("its buckets differ from those of %q and can't be merged", b.title)
		}
	}
	if a.kind != b.kind {
		if err := a.become(b.kind); err != nil {
			return err
		}
	}
	var k Key
	for _, key := range b.sortedKeys() {
		k.buf = append(k.buf[:0], key...)
		a.row(&k).merge(b.rows[key])
	}
	if b.other != nil {
		a.otherRow().merge(b.other)
	}
	return nil
}
