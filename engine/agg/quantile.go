package agg

import (
	"slices"

	tdigest "github.com/caio/go-tdigest/v4"
)

// Quantiles are the percentiles that a table of KindQuantile shows, in this order.
var Quantiles = [...]float64{0.5, 0.9, 0.99, 0.999}

// quantileNames are the titles of their columns.
var quantileNames = [...]string{"p50", "p90", "p99", "p99.9"}

// quantileFields are their names in JSON and in Lua, which have to do without a point.
var quantileFields = [...]string{"p50", "p90", "p99", "p999"}

// QuantileField is the name of a percentile of [Quantiles] in JSON and for scripts.
func QuantileField(i int) string { return quantileFields[i] }

// sketch keeps the distribution of values: exactly while there are few, and then as a
// t-digest, whose error is smallest at the ends. It knows percentiles to within
// half a percent of the values' ranks, p99 and p99.9 to a tenth of that.
type sketch struct {
	few    []float64
	digest *tdigest.TDigest
}

const (
	fewValues = 64
	// compression is how many clusters the digest keeps, within a factor of 20.
	compression = 100
	// digestSize is about what a digest takes.
	digestSize = 32 << 10
)

// add adds a value, which must be finite, count times.
func (s *sketch) add(v float64, count uint64) {
	if s.digest == nil && count == 1 && len(s.few) < fewValues {
		s.few = append(s.few, v)
		return
	}
	s.become()
	s.digest.AddWeighted(v, count) // fails for a value that is no number, or none
}

// become makes a digest of exact values.
func (s *sketch) become() {
	if s.digest != nil {
		return
	}
	// Each digest has its own random numbers: the same values in the same order
	// always give the same percentiles.
	s.digest, _ = tdigest.New(tdigest.Compression(compression), tdigest.RandomNumberGenerator(&dice{}))
	for _, v := range s.few {
		s.digest.Add(v)
	}
	s.few = nil
}

// merge adds the values of o.
func (s *sketch) merge(o *sketch) {
	for _, v := range o.few {
		s.add(v, 1)
	}
	if o.digest != nil {
		s.become()
		s.digest.Merge(o.digest)
	}
}

// quantile returns the value below which the share q of the values lies, from
// 0 to 1. There must be a value.
func (s *sketch) quantile(q float64) float64 {
	if s.digest != nil {
		return s.digest.Quantile(q)
	}
	v := slices.Clone(s.few)
	slices.Sort(v)
	at := q * float64(len(v)-1)
	i := int(at)
	if i+1 == len(v) {
		return v[i]
	}
	part := at - float64(i)
	return v[i]*(1-part) + v[i+1]*part
}

// quantile returns a percentile of the row's values. A digest goes on in a
// straight line beyond its last cluster; no value is beyond the bounds.
func (r *row) quantile(q float64) float64 {
	return min(max(r.sketch.quantile(q), r.min.Float64()), r.max.Float64())
}

// dice is a generator of random numbers of eight bytes (xorshift64*).
type dice struct{ state uint64 }

func (d *dice) next() uint64 {
	if d.state == 0 {
		d.state = 0x9e3779b97f4a7c15
	}
	d.state ^= d.state >> 12
	d.state ^= d.state << 25
	d.state ^= d.state >> 27
	return d.state * 0x2545f4914f6cdd1d
}

// Float32 returns a number from 0 to less than 1.
func (d *dice) Float32() float32 { return float32(d.next()>>40) / (1 << 24) }

// Intn returns a number from 0 to less than n.
func (d *dice) Intn(n int) int { return int(d.next() >> 1 % uint64(n)) }

// Quantile returns a percentile of the values of a key (nil: the empty one), q
// from 0 to 1; false if there are none, or if the aggregation is no KindQuantile.
func (a *Agg) Quantile(q float64, k *Key) (float64, bool) {
	var key []byte
	if k != nil {
		key = k.buf
	}
	r := a.rows[string(key)]
	if r == nil || r.sketch == nil {
		return 0, false
	}
	return r.quantile(q), true
}
