package agg

import (
	"strings"
	"testing"
)

// Decimal points stand below each other.
func TestPointsAlign(t *testing.T) {
	t.Parallel()
	a := (&Set{}).Get("sizes")
	for name, v := range map[string]float64{"a": 68.6454, "b": 2251.41, "c": 7, "d": -0.5} {
		must(t, a.Record(KindAvg, Float(v), key(name)))
	}
	want := "sizes\n      avg\n2251.41    b\n  68.6454  a\n   7       c\n  -0.5     d\n"
	if got := string(a.AppendText(nil)); got != want {
		t.Errorf("%s\nwant\n%s", strings.ReplaceAll(got, " ", "."), strings.ReplaceAll(want, " ", "."))
	}
}

// Three and more empty buckets are one line, fewer are shown.
func TestGapsOfHistograms(t *testing.T) {
	t.Parallel()
	a := (&Set{}).Get("sizes")
	for _, v := range []int64{0, 0, 4, 5, 4096} {
		must(t, a.Record(KindHist, Int(v), nil))
	}
	var got []string
	for l := range strings.Lines(string(a.AppendText(nil))) {
		label, _, _ := strings.Cut(strings.TrimSpace(l), "  ")
		got = append(got, label)
	}
	if want := "sizes [0] [1] [2, 4) [4, 8) ... [4K, 8K)"; strings.Join(got, " ") != want {
		t.Errorf("%q, want %q", got, want)
	}
}
