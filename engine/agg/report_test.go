package agg

import (
	"strings"
	"testing"
)

// sample fills a set with one aggregation of each form.
func sample(t *testing.T) *Set {
	t.Helper()
	var s Set
	opens := s.Get("opens by process")
	must(t, opens.SetOptions(Options{Keys: []string{"comm", "pid", "path"}, Top: 3}))
	for i, path := range []string{"/etc/ld.so.cache", "/lib/libc.so.6", "/etc/passwd", "/etc/bad\x1b[2Jname", ""} {
		for range i + 1 {
			must(t, opens.Count(key([]string{"cat", "systemd-journald"}[i%2], 90+i*10, path)))
		}
	}
	bytes := s.Get("bytes read")
	must(t, bytes.SetOptions(Options{Unit: UnitBytes}))
	must(t, bytes.Record(KindSum, Int(123), key("small")))
	must(t, bytes.Record(KindSum, Int(5<<20), key(strings.Repeat("long/", 20), "second")))
	must(t, bytes.Record(KindSum, Int(4096), key("four", "pages")))

	lat := s.Get("latency")
	must(t, lat.SetOptions(Options{Keys: []string{"call"}, Unit: UnitSeconds}))
	for _, us := range []float64{3, 4, 5, 900, 1100} {
		must(t, lat.Record(KindStats, Float(us*1e-6), key("read")))
		must(t, lat.Record(KindStats, Float(us*1e-3), key("fsync")))
	}
	sizes := s.Get("read sizes")
	must(t, sizes.SetOptions(Options{Keys: []string{"comm", "fd"}}))
	for i := range 300 {
		must(t, sizes.Record(KindHist, Int(int64(i*i*7%70000)), key("dd", 0)))
	}
	for _, v := range []int64{-11, 0, 1, 1} {
		must(t, sizes.Record(KindHist, Int(v), key("cat", 3)))
	}
	lin := s.Get("percent")
	must(t, lin.SetOptions(Options{Max: 100, Step: 20}))
	for i := range 50 {
		must(t, lin.Record(KindLhist, Int(int64(i*i%130)), nil))
	}
	usual := s.Get("usual")
	must(t, usual.SetOptions(Options{Keys: []string{"call"}, Unit: UnitSeconds}))
	for i := range 1000 {
		must(t, usual.Record(KindQuantile, Float(float64(i)*1e-6), key("read")))
		must(t, usual.Record(KindQuantile, Float(float64(i*i)*1e-6), key("fsync")))
	}
	must(t, s.Get("one").Record(KindQuantile, Int(7), nil))
	must(t, s.Get("total").Count(nil))
	must(t, s.Get("longest").Record(KindMax, Float(0.125), nil))
	return &s
}

func TestReport(t *testing.T) {
	t.Parallel()
	s := sample(t)
	golden(t, "report.txt", s.AppendText(nil))
	golden(t, "report.json", s.AppendJSON(nil))
	for line := range strings.Lines(string(s.AppendText(nil))) {
		if len(line) > 81 && !strings.Contains(line, "long/") {
			t.Errorf("line of %d characters: %s", len(line)-1, line)
		}
		if strings.TrimRight(line, " \n") != strings.TrimRight(line, "\n") {
			t.Errorf("spaces at the end of %q", line)
		}
	}
}

func TestReportIsDeterministic(t *testing.T) {
	t.Parallel()
	want := string(sample(t).AppendJSON(nil))
	for range 10 {
		if got := string(sample(t).AppendJSON(nil)); got != want {
			t.Fatalf("two runs differ:\n%s\n%s", got, want)
		}
	}
}

// TestNoAllocation: events on keys that exist cost no memory.
func TestNoAllocation(t *testing.T) {
	var s Set
	for _, kind := range []Kind{KindCount, KindSum, KindAvg, KindMin, KindMax, KindStats, KindHist, KindLhist} {
		a := s.Get(kind.String())
		must(t, a.SetOptions(Options{Max: 100, Step: 1}))
		var k Key
		record := func() {
			k.Reset()
			k.String("process")
			k.Int(42)
			if err := a.Record(kind, Int(7), &k); err != nil {
				t.Fatal(err)
			}
		}
		record()
		if n := testing.AllocsPerRun(100, record); n != 0 {
			t.Errorf("%s: %v allocations", kind, n)
		}
	}
}

func benchmark(b *testing.B, kind Kind) {
	var s Set
	a := s.Get("x")
	if err := a.SetOptions(Options{Max: 100000, Step: 1000}); err != nil {
		b.Fatal(err)
	}
	names := []string{"openat", "read", "write", "close", "newfstatat", "mmap", "futex", "poll"}
	var k Key
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		k.Reset()
		k.String(names[i&7])
		k.Int(int64(i & 63))
		if err := a.Record(kind, Int(int64(i)&0xffff), &k); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCount(b *testing.B) { benchmark(b, KindCount) }
func BenchmarkSum(b *testing.B)   { benchmark(b, KindSum) }
func BenchmarkStats(b *testing.B) { benchmark(b, KindStats) }
func BenchmarkHist(b *testing.B)  { benchmark(b, KindHist) }
func BenchmarkLhist(b *testing.B) { benchmark(b, KindLhist) }

// BenchmarkNewKeys is the other end: every record is a key of its own, until
// the bound.
func BenchmarkNewKeys(b *testing.B) {
	var s Set
	a := s.Get("x")
	var k Key
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		k.Reset()
		k.Int(int64(i))
		if err := a.Count(&k); err != nil {
			b.Fatal(err)
		}
	}
}
