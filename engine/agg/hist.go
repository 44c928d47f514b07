package agg

import (
	"math"
	"math/bits"
	"strconv"
)

// The first and last bucket of a power-of-two histogram, as exponents. Below
// 2^minExp (a nanosecond, for values in seconds) everything is in the bucket
// next to zero, from 2^maxExp on in the last one, which has no end.
const (
	minExp = -30
	maxExp = 127
)

// counters is a run of bucket counts that grows at both ends as values come.
// A histogram of sizes or times touches a dozen neighbouring buckets of the
// possible thousand, and there is one histogram for each key.
type counters struct {
	first  int // index of counts[0]
	counts []int64
}

func (c *counters) add(index int, n int64) {
	if len(c.counts) == 0 {
		c.first = index
		c.counts = append(make([]int64, 0, 8), n)
		return
	}
	if index < c.first {
		grown := make([]int64, c.first-index+len(c.counts))
		copy(grown[c.first-index:], c.counts)
		c.first, c.counts = index, grown
	}
	for index >= c.end() {
		c.counts = append(c.counts, 0)
	}
	c.counts[index-c.first] += n
}

// end returns the index after the last one.
func (c *counters) end() int { return c.first + len(c.counts) }

// at returns the count of an index, 0 outside the run.
func (c *counters) at(index int) int64 {
	if index < c.first || index >= c.end() {
		return 0
	}
	return c.counts[index-c.first]
}

func (c *counters) merge(o *counters) {
	for i, n := range o.counts {
		if n != 0 {
			c.add(o.first+i, n)
		}
	}
}

// histogram is the buckets of one row, for both kinds of histogram. A
// power-of-two histogram uses all fields, a linear one only pos, indexed by
// bucket number with -1 for "below" and the number of buckets for "above".
type histogram struct {
	neg, pos counters // by exponent of the bound nearer to zero
	zero     int64
	fraction bool // some value was not whole: [1, 2) is not just 1 then
}

// addLog2 counts v in the bucket [2^k, 2^(k+1)), its mirror image, or zero.
func (h *histogram) addLog2(v Num, n int64) {
	if !v.float {
		switch {
		case v.i > 0:
			h.pos.add(bits.Len64(uint64(v.i))-1, n)
		case v.i < 0:
			h.neg.add(bits.Len64(-uint64(v.i))-1, n)
		default:
			h.zero += n
		}
		return
	}
	h.fraction = h.fraction || v.f != math.Trunc(v.f)
	_, exp := math.Frexp(math.Abs(v.f)) // 0.5 <= fraction < 1
	exp = min(max(exp-1, minExp), maxExp)
	if v.f > 0 {
		h.pos.add(exp, n)
	} else {
		h.neg.add(exp, n)
	}
}

func (h *histogram) merge(o *histogram) {
	h.neg.merge(&o.neg)
	h.pos.merge(&o.pos)
	h.zero += o.zero
	h.fraction = h.fraction || o.fraction
}

// Bucket is one line of a histogram: Count values v with Lo <= v < Hi. There is
// no Lo if Below is set, and no Hi if Above is. Negative buckets of a
// power-of-two histogram are the mirror image of the positive ones,
// Lo < v <= Hi, so that a value and its opposite are treated alike. Single is
// set for a bucket that holds just the number Lo.
type Bucket struct {
	Lo, Hi       float64
	Below, Above bool
	Single       bool
	Count        int64
}

// log2Buckets returns the buckets from the first to the last that is not empty,
// with the empty ones between them. Fractions have some thousand possible
// buckets around zero, so the gaps next to it are filled for whole numbers only.
func (h *histogram) log2Buckets() []Bucket {
	hasNeg, hasPos := len(h.neg.counts) > 0, len(h.pos.counts) > 0
	negFirst, posFirst := h.neg.first, h.pos.first
	if !h.fraction {
		if hasNeg && (h.zero > 0 || hasPos) {
			negFirst = 0
		}
		if hasPos && (h.zero > 0 || hasNeg) {
			posFirst = 0
		}
	}
	var out []Bucket
	for k := h.neg.end() - 1; hasNeg && k >= negFirst; k-- {
		b := h.bucket(k, h.neg.at(k))
		b.Lo, b.Hi = -b.Hi, -b.Lo
		b.Below, b.Above = b.Above, false
		if b.Single {
			b.Lo, b.Hi = -1, 0
		}
		out = append(out, b)
	}
	if h.zero > 0 || hasNeg && hasPos {
		b := Bucket{Single: true, Count: h.zero}
		if !h.fraction {
			b.Hi = 1
		}
		out = append(out, b)
	}
	for k := posFirst; hasPos && k < h.pos.end(); k++ {
		out = append(out, h.bucket(k, h.pos.at(k)))
	}
	return out
}

// bucket returns the positive bucket of exponent k.
func (h *histogram) bucket(k int, n int64) Bucket {
	b := Bucket{Lo: bound(k), Hi: bound(k + 1), Single: k == 0 && !h.fraction, Count: n}
	if k == maxExp {
		b.Hi, b.Above = 0, true
	}
	return b
}

// bound returns 2^k, with the tiny values' bucket reaching down to 0.
func bound(k int) float64 {
	if k <= minExp {
		return 0
	}
	return math.Ldexp(1, k)
}

// linear is the shape of a linear histogram: bounds[i] is the lower bound of
// bucket i, and the last one the end of the last bucket.
type linear struct {
	min, max, step float64
	bounds         []float64
}

// newLinear returns the shape for bounds that Options.check accepts. The bounds
// are rounded to 12 digits: 3 times 0.1 is 0.3 here, for the values as well as
// in print.
func newLinear(lo, hi, step float64) linear {
	n := int(math.Ceil(round12((hi - lo) / step)))
	l := linear{min: lo, max: hi, step: step, bounds: make([]float64, n+1)}
	for i := range n {
		l.bounds[i] = round12(lo + float64(i)*step)
	}
	l.bounds[n] = hi
	return l
}

func round12(f float64) float64 {
	v, err := strconv.ParseFloat(strconv.FormatFloat(f, 'g', 12, 64), 64)
	if err != nil {
		return f
	}
	return v
}

func (l *linear) buckets() int { return len(l.bounds) - 1 }

// same reports whether the buckets of both are the same.
func (l *linear) same(o *linear) bool {
	return l.min == o.min && l.max == o.max && l.step == o.step
}

// index returns the bucket of v: -1 below min, the number of buckets from max
// on.
func (l *linear) index(v float64) int {
	switch {
	case v < l.min:
		return -1
	case v >= l.max:
		return l.buckets()
	}
	i := min(int((v-l.min)/l.step), l.buckets()-1)
	// The division rounds: the bounds decide.
	for i > 0 && v < l.bounds[i] {
		i--
	}
	for i < l.buckets()-1 && v >= l.bounds[i+1] {
		i++
	}
	return i
}

// list returns the buckets from the first to the last that is not empty.
func (l *linear) list(h *histogram) []Bucket {
	out := make([]Bucket, 0, len(h.pos.counts))
	for i, n := range h.pos.counts {
		k := h.pos.first + i
		switch {
		case k < 0:
			out = append(out, Bucket{Below: true, Hi: l.min, Count: n})
		case k >= l.buckets():
			out = append(out, Bucket{Lo: l.max, Above: true, Count: n})
		default:
			out = append(out, Bucket{Lo: l.bounds[k], Hi: l.bounds[k+1], Count: n})
		}
	}
	return out
}
