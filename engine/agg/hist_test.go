package agg

import (
	"fmt"
	"math"
	"strings"
	"testing"
)

// lines returns the labels and counts of a histogram: "[4, 8)=2 ...".
func lines(a *Agg, r Row) string {
	var out []string
	for _, b := range r.Buckets {
		out = append(out, fmt.Sprintf("%s=%d", a.appendLabel(nil, b), b.Count))
	}
	return strings.Join(out, " ")
}

func TestHistBuckets(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		unit   Unit
		values []Num
		want   string
	}{
		{"one", "", []Num{Int(1)}, "[1]=1"},
		{"zero", "", []Num{Int(0), Int(0)}, "[0]=2"},
		{"bounds", "", []Num{Int(3), Int(4), Int(7), Int(8)}, "[2, 4)=1 [4, 8)=2 [8, 16)=1"},
		{"gap", "", []Num{Int(2), Int(16)}, "[2, 4)=1 [4, 8)=0 [8, 16)=0 [16, 32)=1"},
		{"from zero", "", []Num{Int(0), Int(5)}, "[0]=1 [1]=0 [2, 4)=0 [4, 8)=1"},
		{"suffixes", "", []Num{Int(1000), Int(4096), Int(3 << 20), Int(1 << 30)},
			"[512, 1K)=1 [1K, 2K)=0 [2K, 4K)=0 [4K, 8K)=1"},
		{"negative", "", []Num{Int(-1), Int(-5)}, "(-8, -4]=1 (-4, -2]=0 [-1]=1"},
		{"both sides", "", []Num{Int(-2), Int(2)}, "(-4, -2]=1 [-1]=0 [0]=0 [1]=0 [2, 4)=1"},
		{"ends", "", []Num{Int(math.MinInt64)}, "(-16E, -8E]=1"},
		{"largest", "", []Num{Int(math.MaxInt64), Uint(math.MaxUint64)}, "[4E, 8E)=1 [8E, 16E)=0 [16E, 32E)=1"},
		{"fractions", "", []Num{Float(0.3), Float(1.5)}, "[0.25, 0.5)=1 [0.5, 1)=0 [1, 2)=1"},
		{"fractions and zero", "", []Num{Int(0), Float(0.3), Int(-4)}, "(-8, -4]=1 [0]=1 [0.25, 0.5)=1"},
		{"tiny", "", []Num{Float(1e-300), Float(-1e-300)}, "(-1.86265e-09, 0]=1 [0]=0 [0, 1.86265e-09)=1"},
		{"enormous", "", []Num{Float(1e300), Float(1e39)}, "[1.70141e+38, ...)=2"},
		{"enormous negative", "", []Num{Float(-1e300)}, "(..., -1.70141e+38]=1"},
		{"seconds", UnitSeconds, []Num{Float(0.0015), Int(2)}, "[977us, 1.95ms)=1"},
		{"nanoseconds", UnitNanos, []Num{Int(1500)}, "[1.02us, 2.05us)=1"},
		{"decimal", UnitCount, []Num{Int(1500)}, "[1.02k, 2.05k)=1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var s Set
			a := s.Get("x")
			must(t, a.SetOptions(Options{Unit: tt.unit}))
			for _, v := range tt.values {
				must(t, a.Record(KindHist, v, nil))
			}
			r, _ := a.Get(nil)
			if got := lines(a, r); !strings.HasPrefix(got, tt.want) {
				t.Errorf("buckets %s, want %s", got, tt.want)
			}
			var n int64
			for i, b := range r.Buckets {
				n += b.Count
				if b.Lo >= b.Hi && !b.Single && !b.Below && !b.Above {
					t.Errorf("bucket %d: %v to %v", i, b.Lo, b.Hi)
				}
				if i > 0 && !b.Below && r.Buckets[i-1].Hi > b.Lo {
					t.Errorf("bucket %d starts at %v, before the end of the one before it, %v", i, b.Lo, r.Buckets[i-1].Hi)
				}
			}
			if n != int64(len(tt.values)) {
				t.Errorf("%d values in the buckets, want %d", n, len(tt.values))
			}
		})
	}
}

func TestLinearBuckets(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name           string
		min, max, step float64
		values         []float64
		want           string
	}{
		{"inside", 0, 100, 10, []float64{0, 9, 10, 99}, "[0, 10)=2 [10, 20)=1"},
		{"outside", 0, 20, 10, []float64{-1, 20, 1000}, "(..., 0)=1 [0, 10)=0 [10, 20)=0 [20, ...)=2"},
		{"short last", 0, 25, 10, []float64{24, 25}, "[20, 25)=1 [25, ...)=1"},
		{"tenths", 0, 1, 0.1, []float64{0.1, 0.2, 0.3, 0.7}, "[0.1, 0.2)=1 [0.2, 0.3)=1 [0.3, 0.4)=1 [0.4, 0.5)=0 [0.5, 0.6)=0 [0.6, 0.7)=0 [0.7, 0.8)=1"},
		{"negative", -20, 0, 10, []float64{-20, -10.5, -10}, "[-20, -10)=2 [-10, 0)=1"},
		{"one bucket", 1, 2, 5, []float64{1.5}, "[1, 2)=1"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var s Set
			a := s.Get("x")
			must(t, a.SetOptions(Options{Min: tt.min, Max: tt.max, Step: tt.step}))
			for _, v := range tt.values {
				must(t, a.Record(KindLhist, Float(v), nil))
			}
			r, _ := a.Get(nil)
			if got := lines(a, r); !strings.HasPrefix(got, tt.want) {
				t.Errorf("buckets %s, want %s", got, tt.want)
			}
		})
	}
}

func TestMerge(t *testing.T) {
	t.Parallel()
	kinds := []Kind{KindCount, KindSum, KindAvg, KindMin, KindMax, KindStats, KindHist, KindLhist}
	for _, kind := range kinds {
		t.Run(kind.String(), func(t *testing.T) {
			t.Parallel()
			var s Set
			whole, a, b := s.Get("x"), (&Set{}).Get("x"), (&Set{}).Get("x")
			for _, g := range []*Agg{whole, a, b} {
				must(t, g.SetOptions(Options{Max: 100, Step: 7}))
			}
			for i := range 200 {
				v, k := Int(int64(i*i%151-20)), key(i%3)
				if kind == KindCount {
					v = Int(int64(i))
				}
				part := a
				if i%7 < 3 {
					part = b
				}
				must(t, whole.Record(kind, v, k))
				must(t, part.Record(kind, v, k))
			}
			must(t, a.Merge(b))
			if got, want := string(a.AppendText(nil)), string(whole.AppendText(nil)); got != want {
				t.Errorf("merged:\n%s\nwhole:\n%s", got, want)
			}
			must(t, a.Merge((&Set{}).Get("empty")))
		})
	}

	var s Set
	c, d := s.Get("c"), s.Get("d")
	must(t, c.Count(nil))
	must(t, d.Record(KindSum, Int(1), nil))
	check(t, c.Merge(d), `agg "c": it is a count already`)
	e, f := s.Get("e"), s.Get("f")
	must(t, e.SetOptions(Options{Max: 10, Step: 1}))
	must(t, f.SetOptions(Options{Max: 10, Step: 2}))
	must(t, e.Record(KindLhist, Int(1), nil))
	must(t, f.Record(KindLhist, Int(1), nil))
	check(t, e.Merge(f), `its buckets differ from those of "f"`)
	g := s.Get("g")
	must(t, g.Merge(e)) // takes over the bounds
	must(t, g.Record(KindLhist, Int(2), nil))
	if r := g.Total(); r.Count != 2 {
		t.Errorf("count %d after a merge and a record, want 2", r.Count)
	}
}

func TestMergeFull(t *testing.T) {
	t.Parallel()
	a, b := (&Set{}).Get("a"), (&Set{}).Get("b")
	must(t, a.SetOptions(Options{MaxKeys: 2}))
	must(t, b.SetOptions(Options{MaxKeys: 3}))
	for i := range 6 {
		must(t, a.Record(KindSum, Int(1), key(i)))
		must(t, b.Record(KindSum, Int(10), key(i)))
	}
	must(t, a.Merge(b))
	if got := a.Total().Sum.String(); got != "66" || a.Len() != 2 {
		t.Errorf("sum %s in %d rows, want 66 in 2", got, a.Len())
	}
}

func TestUnits(t *testing.T) {
	t.Parallel()
	tests := []struct {
		unit Unit
		v    Num
		want string
	}{
		{UnitNone, Int(1234567), "1234567"},
		{UnitNone, Float(1.0 / 3), "0.333333"},
		{UnitNone, Float(1234567.25), "1234567"},
		{UnitNone, Float(1e300), "1e+300"},
		{UnitBytes, Int(0), "0"},
		{UnitBytes, Int(1023), "1023"},
		{UnitBytes, Int(1024), "1K"},
		{UnitBytes, Int(1536), "1.5K"},
		{UnitBytes, Int(1<<20 - 1), "1M"},
		{UnitBytes, Int(-4096), "-4K"},
		{UnitBytes, Int(math.MaxInt64), "8E"},
		{UnitCount, Int(999), "999"},
		{UnitCount, Int(12345), "12.3k"},
		{UnitSeconds, Float(1.5), "1.5s"},
		{UnitSeconds, Int(7200), "7200s"},
		{UnitSeconds, Float(0.9999), "1s"},
		{UnitSeconds, Float(0.00025), "250us"},
		{UnitSeconds, Float(-0.00025), "-250us"},
		{UnitSeconds, Int(0), "0s"},
		{UnitMicros, Int(1500), "1.5ms"},
		{UnitNanos, Int(42), "42ns"},
		{UnitNanos, Float(0.5), "0.5ns"},
	}
	for _, tt := range tests {
		if got := string(tt.unit.format(nil, tt.v)); got != tt.want {
			t.Errorf("unit %q of %s: %s, want %s", tt.unit, tt.v, got, tt.want)
		}
	}
}
