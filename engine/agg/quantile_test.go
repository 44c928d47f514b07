package agg

import (
	"math"
	"math/rand/v2"
	"slices"
	"sort"
	"testing"
)

// values draws values as latencies are: most near each other, a few far away.
func values(n int, seed uint64) []float64 {
	r := rand.New(rand.NewPCG(seed, 1))
	v := make([]float64, n)
	for i := range v {
		switch v[i] = math.Exp(r.NormFloat64()) * 1e-5; {
		case i%100 == 7:
			v[i] += 0.01
		case i%1000 == 3:
			v[i] += 1 + r.Float64()
		}
	}
	return v
}

// rank is the share of the sorted values that lie below one.
func rank(sorted []float64, v float64) (from, to float64) {
	n := float64(len(sorted) - 1)
	lo, hi := sort.SearchFloat64s(sorted, v), sort.Search(len(sorted), func(i int) bool { return sorted[i] > v })
	return float64(lo-1) / n, float64(hi) / n
}

// checkRanks says where percentiles are beyond the error that is promised.
func checkRanks(t *testing.T, what string, sorted []float64, quantile func(float64) float64) {
	t.Helper()
	for _, q := range []float64{0.001, 0.01, 0.1, 0.5, 0.9, 0.99, 0.999} {
		allowed := 0.005
		if q <= 0.01 || q >= 0.99 {
			allowed = 0.0005
		}
		v := quantile(q)
		if from, to := rank(sorted, v); q < from-allowed || q > to+allowed {
			t.Errorf("%s: %v of %d values is %v, whose rank is %v to %v", what, q, len(sorted), v, from, to)
		}
	}
}

func TestQuantileRanks(t *testing.T) {
	t.Parallel()
	for what, v := range map[string][]float64{
		"latencies":  values(200_000, 1),
		"rising":     make([]float64, 100_000),
		"falling":    make([]float64, 100_000),
		"two values": make([]float64, 50_000),
	} {
		for i := range v {
			switch what {
			case "rising":
				v[i] = float64(i)
			case "falling":
				v[i] = float64(-i)
			case "two values":
				v[i] = float64(i % 2)
			}
		}
		var s Set
		a := s.Get("x")
		for _, f := range v {
			must(t, a.Record(KindQuantile, Float(f), key("k")))
		}
		sorted := slices.Sorted(slices.Values(v))
		checkRanks(t, what, sorted, func(q float64) float64 {
			p, ok := a.Quantile(q, key("k"))
			if !ok {
				t.Fatal("no values")
			}
			return p
		})
		for _, end := range []struct{ q, want float64 }{{0, sorted[0]}, {1, sorted[len(sorted)-1]}} {
			if p, _ := a.Quantile(end.q, key("k")); p < sorted[0] || p > sorted[len(sorted)-1] {
				t.Errorf("%s: %v is %v, beyond the bounds %v", what, end.q, p, end.want)
			}
		}
	}
}

// Percentiles of few values are exact.
func TestFewQuantiles(t *testing.T) {
	t.Parallel()
	var s Set
	a := s.Get("x")
	if _, ok := a.Quantile(0.5, nil); ok {
		t.Error("a percentile of nothing")
	}
	for i := range fewValues {
		must(t, a.Record(KindQuantile, Int(int64((i*37)%fewValues+1)), nil)) // 1 to 64
	}
	for q, want := range map[float64]float64{0: 1, 0.5: 32.5, 1: 64, 0.25: 16.75} {
		if got, _ := a.Quantile(q, nil); got != want {
			t.Errorf("%v is %v, not %v", q, got, want)
		}
	}
	row, _ := a.Get(nil)
	if row.Count != fewValues || row.Value() != Float(32.5) || len(row.Percentiles) != 4 || row.Max != Int(64) {
		t.Errorf("%+v", row)
	}
	b := s.Get("count")
	must(t, b.Count(nil))
	if _, ok := b.Quantile(0.5, nil); ok {
		t.Error("a count has percentiles")
	}
	if b.Record(KindQuantile, Int(1), nil) == nil || a.Record(KindQuantile, Float(math.NaN()), nil) == nil {
		t.Error("no error")
	}
}

// What is merged, and totals, have the percentiles of all values; to ask changes
// nothing, and the same values give the same answers.
func TestMergedQuantiles(t *testing.T) {
	t.Parallel()
	build := func() (*Agg, *Agg, []float64) {
		var s Set
		a, b := s.Get("a"), s.Get("b")
		var all []float64
		for i, n := range []int{5, 20_000, 60, 70, 1000} {
			v := values(n, uint64(i))
			all = append(all, v...)
			for k, f := range v {
				to := a
				if k%3 == 0 {
					to = b
				}
				must(t, to.Record(KindQuantile, Float(f), key(i)))
			}
		}
		return a, b, all
	}
	a, b, all := build()
	must(t, a.Merge(b))
	slices.Sort(all)
	total := a.Total()
	if total.Count != int64(len(all)) {
		t.Errorf("%d values, want %d", total.Count, len(all))
	}
	checkRanks(t, "total", all, func(q float64) float64 {
		if i := slices.Index(Quantiles[:], q); i >= 0 {
			return total.Percentiles[i]
		}
		return all[int(q*float64(len(all)-1))]
	})
	a2, b2, _ := build()
	must(t, a2.Merge(b2))
	for range 2 {
		if string(a.AppendJSON(nil)) != string(a2.AppendJSON(nil)) || !slices.Equal(a2.Total().Percentiles, total.Percentiles) {
			t.Error("the same values have other percentiles")
		}
	}
}

// The memory is bounded for each key and for all.
func TestQuantileMemory(t *testing.T) {
	t.Parallel()
	var s Set
	a := s.Get("x")
	must(t, a.SetOptions(Options{MaxKeys: 1 << 20}))
	for k := range 2 * DefaultMaxSize / digestSize {
		for i := range fewValues + 1 {
			must(t, a.Record(KindQuantile, Int(int64(i)), key(k)))
		}
	}
	if !a.Full() || a.Len() > DefaultMaxSize/digestSize+1 {
		t.Errorf("%d keys, full: %v", a.Len(), a.Full())
	}
}
