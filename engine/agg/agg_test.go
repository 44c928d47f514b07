package agg

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// golden compares got with testdata/name.
func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs (run the test with -update to rewrite it)\ngot:\n%s\nwant:\n%s", file, got, want)
	}
}

// key builds a key of strings, ints, uint64s, floats and bools.
func key(parts ...any) *Key {
	k := &Key{}
	for _, p := range parts {
		switch p := p.(type) {
		case string:
			k.String(p)
		case int:
			k.Int(int64(p))
		case uint64:
			k.Uint(p)
		case float64:
			k.Float(p)
		case bool:
			k.Bool(p)
		default:
			panic(fmt.Sprintf("key part %T", p))
		}
	}
	return k
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// check reports an error unless err's text contains want ("" wants no error).
func check(t *testing.T, err error, want string) {
	t.Helper()
	switch {
	case err == nil && want != "":
		t.Errorf("no error, want one with %q", want)
	case err != nil && want == "":
		t.Errorf("unexpected error %v", err)
	case err != nil && !strings.Contains(err.Error(), want):
		t.Errorf("error %q, want one with %q", err, want)
	}
}

func TestKeyParts(t *testing.T) {
	t.Parallel()
	k := key("a\x00b", -5, uint64(math.MaxUint64), 1.5, 2.0, true, false, "")
	want := []Part{
		{Str: "a\x00b"},
		{Kind: PartInt, Int: -5},
		{Kind: PartUint, Uint: math.MaxUint64},
		{Kind: PartFloat, Float: 1.5},
		{Kind: PartInt, Int: 2},
		{Kind: PartBool, Int: 1},
		{Kind: PartBool},
		{},
	}
	got := decodeKey(string(k.buf))
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// TestKeysDiffer: parts must not run into each other, nor types.
func TestKeysDiffer(t *testing.T) {
	t.Parallel()
	var s Set
	a := s.Get("x")
	keys := []*Key{
		nil, key(""), key("ab", "c"), key("a", "bc"), key("abc"), key(1), key("1"), key(true), key(1, 1),
		key(1.5), key("s\x01a"), key(uint64(1 << 63)), key(math.MinInt64),
	}
	for i, k := range keys {
		for range i + 1 {
			must(t, a.Count(k))
		}
	}
	if a.Len() != len(keys) {
		t.Fatalf("%d rows for %d keys", a.Len(), len(keys))
	}
	for i, k := range keys {
		if r, ok := a.Get(k); !ok || r.Count != int64(i+1) {
			t.Errorf("key %d: count %d, %v", i, r.Count, ok)
		}
	}
	must(t, a.Count(key(1.0)))
	if r, _ := a.Get(key(1)); r.Count != 7 {
		t.Errorf("the float 1 is another key than the integer 1")
	}
	if _, ok := a.Get(key("none")); ok {
		t.Errorf("got a row for a key without records")
	}
}

func TestKinds(t *testing.T) {
	t.Parallel()
	values := []Num{Int(4), Int(-2), Float(7), Float(0.5)}
	tests := []struct {
		kind Kind
		want string // Value of the row
		text string // the one-line report
	}{
		{KindSum, "9.5", "x: 9.5\n"},
		{KindAvg, "2.375", "x: 2.375\n"},
		{KindMin, "-2", "x: -2\n"},
		{KindMax, "7", "x: 7\n"},
		{KindStats, "9.5", "x\ncount    avg  total  min  max   stddev\n    4  2.375    9.5   -2    7  3.41641\n"},
	}
	for _, tt := range tests {
		t.Run(tt.kind.String(), func(t *testing.T) {
			t.Parallel()
			var s Set
			a := s.Get("x")
			for _, v := range values {
				must(t, a.Record(tt.kind, v, nil))
			}
			r, _ := a.Get(nil)
			if got := r.Value().String(); got != tt.want {
				t.Errorf("value %s, want %s", got, tt.want)
			}
			if got := string(a.AppendText(nil)); got != tt.text {
				t.Errorf("text %q, want %q", got, tt.text)
			}
			if r.Count != 4 {
				t.Errorf("count %d, want 4", r.Count)
			}
		})
	}
}

func TestStddev(t *testing.T) {
	t.Parallel()
	var s Set
	a, b := s.Get("a"), s.Get("b")
	for i, v := range []int64{2, 4, 4, 4, 5, 5, 7, 9} { // the textbook's: deviation 2
		into := a
		if i%3 == 0 {
			into = b
		}
		must(t, into.Record(KindStats, Int(v), nil))
	}
	must(t, a.Merge(b))
	if r := a.Total(); math.Abs(r.Stddev-2) > 1e-12 || r.Avg != 5 || r.Count != 8 {
		t.Errorf("stddev %v, avg %v, count %d; want 2, 5, 8", r.Stddev, r.Avg, r.Count)
	}
}

func TestSumOverflow(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name   string
		values []Num
		want   string
	}{
		{"exact beyond 2^53", []Num{Int(1 << 53), Int(1), Int(1), Int(1)}, "9007199254740995"},
		{"to the largest", []Num{Int(math.MaxInt64 - 1), Int(1)}, "9223372036854775807"},
		{"past the largest", []Num{Int(math.MaxInt64), Int(1)}, "9223372036854776000"},
		{"past the smallest", []Num{Int(math.MinInt64), Int(math.MinInt64)}, "-18446744073709552000"},
		{"unsigned", []Num{Uint(math.MaxUint64)}, "18446744073709552000"},
		{"past the largest float", []Num{Float(math.MaxFloat64), Float(math.MaxFloat64)}, "1.7976931348623157e+308"},
		{"mixed", []Num{Int(1), Float(0.25)}, "1.25"},
		{"negative zero", []Num{Float(math.Copysign(0, -1))}, "0"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			var s Set
			a := s.Get("x")
			for _, v := range tt.values {
				must(t, a.Record(KindSum, v, nil))
			}
			if r, _ := a.Get(nil); r.Sum.String() != tt.want {
				t.Errorf("sum %s, want %s", r.Sum, tt.want)
			}
		})
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	var s Set
	a := s.Get("sizes")
	check(t, a.Record(KindSum, Float(math.NaN()), nil), `agg "sizes": the value is NaN: sum takes finite numbers only`)
	check(t, a.Record(KindSum, Float(math.Inf(1)), nil), "the value is +Inf")
	check(t, a.Record(KindHist, Int(1), nil), `agg "sizes": it is a sum already and can't be a hist too: use another title`)
	check(t, a.Record(KindNone, Int(1), nil), "no such kind")
	check(t, s.Get("l").Record(KindLhist, Int(1), nil), "lhist needs min, max and step")
	check(t, s.Get("c").Record(KindCount, Float(1.5), nil), "whole numbers")
	check(t, s.Get("c").Record(KindCount, Int(-1), nil), "whole numbers")
	check(t, s.SetMaxKeys(-1), "0 (the default) or more")
	if a.Len() != 0 || s.Get("c").Len() != 0 {
		t.Errorf("a refused value made a row")
	}

	options := []struct {
		o    Options
		want string
	}{
		{Options{}, ""},
		{Options{Top: 10, Keys: []string{"a"}, Unit: UnitBytes}, ""},
		{Options{Top: -1}, "top = -1"},
		{Options{MaxKeys: -1}, "max_keys = -1"},
		{Options{Unit: "furlong"}, `unit "furlong": it must be one of bytes`},
		{Options{Min: 0, Max: 100, Step: 10}, ""},
		{Options{Min: 5, Max: 5, Step: 1}, "min must be less than max"},
		{Options{Min: 0, Max: 5}, "step = 0"},
		{Options{Min: 0, Max: 5, Step: -1}, "step = -1"},
		{Options{Min: 0, Max: math.NaN(), Step: 1}, "finite"},
		{Options{Min: 0, Max: 1e9, Step: 1}, "more than 10000 buckets"},
	}
	for _, tt := range options {
		check(t, s.Get("options").SetOptions(tt.o), tt.want)
	}

	l := s.Get("lin")
	must(t, l.SetOptions(Options{Max: 10, Step: 1}))
	must(t, l.Record(KindLhist, Int(3), nil))
	check(t, l.SetOptions(Options{Max: 20, Step: 1}), "can't change")
	must(t, l.SetOptions(Options{Max: 10, Step: 1, Top: 5}))
	must(t, l.Record(KindLhist, Int(3), nil))
	l.Clear()
	must(t, l.SetOptions(Options{Max: 20, Step: 1}))
	must(t, l.Record(KindLhist, Int(15), nil))
}

func TestMaxKeys(t *testing.T) {
	t.Parallel()
	var s Set
	must(t, s.SetMaxKeys(3))
	a := s.Get("opens")
	for i := range 10 {
		must(t, a.Count(key(i%5)))
	}
	must(t, a.Count(key(0)))
	if a.Len() != 3 || !a.Full() {
		t.Errorf("%d rows, full %v; want 3, true", a.Len(), a.Full())
	}
	if total := a.Total(); total.Count != 11 {
		t.Errorf("total %d, want 11", total.Count)
	}
	golden(t, "maxkeys.txt", a.AppendText(nil))
	golden(t, "maxkeys.json", append(a.AppendJSON(nil), '\n'))

	b := s.Get("own")
	must(t, b.SetOptions(Options{MaxKeys: 1}))
	must(t, b.Count(key("a")))
	must(t, b.Count(key("b")))
	if b.Len() != 1 {
		t.Errorf("%d rows, want the aggregation's own bound of 1", b.Len())
	}
	a.Clear()
	if a.Full() || a.Len() != 0 || a.Kind() != KindCount || a.Total().Count != 0 {
		t.Errorf("Clear left something behind")
	}
}

// TestLongKeys: the number of keys is not the only bound on memory.
func TestLongKeys(t *testing.T) {
	t.Parallel()
	var s Set
	a := s.Get("data")
	long := strings.Repeat("x", DefaultMaxSize/8)
	for i := range 20 {
		must(t, a.Count(key(long, i)))
	}
	if a.Len() != 7 || !a.Full() || a.Total().Count != 20 {
		t.Errorf("%d rows, full %v, total %d; want 7, true, 20", a.Len(), a.Full(), a.Total().Count)
	}
	a.Clear()
	must(t, a.Count(key(long)))
	if a.Len() != 1 {
		t.Errorf("%d rows after Clear, want 1", a.Len())
	}

	l := s.Get("linear")
	must(t, l.SetOptions(Options{Max: maxLinearBuckets, Step: 1}))
	for i := range 3000 {
		must(t, l.Record(KindLhist, Int(1), key(i)))
	}
	if !l.Full() || l.Total().Count != 3000 {
		t.Errorf("full %v, total %d; want true, 3000", l.Full(), l.Total().Count)
	}
}

func TestOrder(t *testing.T) {
	t.Parallel()
	var s Set
	a := s.Get("x")
	for _, k := range []*Key{key("b"), key("a"), key(10), key(9), key(true), key("c"), key("c"), key(9.5), key("a", 1), nil} {
		must(t, a.Count(k))
	}
	want := "c| |9|9.5|10|true|a|a 1|b|"
	var got strings.Builder
	for _, r := range a.Rows() {
		var parts []string
		for _, p := range r.Key {
			parts = append(parts, p.Text())
		}
		got.WriteString(strings.Join(parts, " ") + "|")
	}
	if g := strings.Replace(got.String(), "c||", "c| |", 1); g != want {
		t.Errorf("order %q, want %q", g, want)
	}

	smallest := s.Get("min")
	must(t, smallest.Record(KindMin, Int(5), key("a")))
	must(t, smallest.Record(KindMin, Int(1), key("b")))
	if r := smallest.Rows(); r[0].Key[0].Str != "b" {
		t.Errorf("the smallest of a min is not first")
	}
}

// TestSet: All is the order of first use, Get finds, Lookup doesn't make.
func TestSet(t *testing.T) {
	t.Parallel()
	var s Set
	if len(s.order) != 0 {
		t.Errorf("an empty set has aggregations")
	}
	b, a := s.Get("b"), s.Get("a")
	if s.Get("b") != b || s.Get("a") != a {
		t.Errorf("Get does not find what it made")
	}
	if all := s.order; len(all) != 2 || all[0] != b || all[1] != a {
		t.Errorf("not the order of making: %v", all)
	}
	if got := s.AppendText(nil); len(got) != 0 {
		t.Errorf("report of nothing: %q", got)
	}
	must(t, b.Count(nil))
	must(t, a.Record(KindSum, Int(2), key("k")))
	if got, want := string(s.AppendText(nil)), "b: 1\n\na\nsum\n  2  k\n"; got != want {
		t.Errorf("report %q, want %q", got, want)
	}
	a.Clear()
	b.Clear()
	if got := s.AppendJSON(nil); len(got) != 0 {
		t.Errorf("report after Clear: %q", got)
	}
	if got := string(b.AppendText(nil)); got != "b: no records\n" {
		t.Errorf("text of an empty aggregation: %q", got)
	}
	if got := string(b.AppendJSON(nil)); got != `{"type":"aggregation","agg":"b","kind":"count","rows":[]}` {
		t.Errorf("JSON of an empty aggregation: %s", got)
	}
}

func TestJSONIsValid(t *testing.T) {
	t.Parallel()
	var raw []byte
	for i := range 256 {
		raw = append(raw, byte(i))
	}
	hostile := string(raw) + "\u2028\u0085\U0001f600\xf0\x9f" + `"\`
	var s Set
	a := s.Get(hostile)
	must(t, a.SetOptions(Options{Keys: []string{hostile, "n"}, Top: 6}))
	for _, k := range []*Key{nil, key(hostile), key(math.NaN()), key(math.Inf(-1)), key(1e300), key(uint64(math.MaxUint64)), key(1e-300), key(true)} {
		for _, v := range []Num{Float(1e-9), Float(-1e300), Uint(math.MaxUint64), Int(0)} {
			must(t, a.Record(KindStats, v, k))
		}
	}
	if got := a.AppendJSON(nil); !json.Valid(got) {
		t.Errorf("not valid JSON: %s", got)
	}
	for _, b := range a.AppendText(nil) {
		if b != '\n' && b < ' ' || b == 0x7f {
			t.Errorf("control byte %#x in the text", b)
		}
	}
}

func TestEscape(t *testing.T) {
	t.Parallel()
	tests := []struct{ in, text, json string }{
		{"plain /path", "plain /path", `"plain /path"`},
		{"a\x1b[31mb", `a\x1b[31mb`, `"a\u001b[31mb"`},
		{"l1\nl2\t\r", `l1\nl2\t\r`, `"l1\u000al2\u0009\u000d"`},
		{`c:\x`, `c:\\x`, `"c:\\x"`},
		{"\xff\xfe", `\xff\xfe`, `"\\xff\\xfe"`},
		{"é😀", "é😀", `"é😀"`},
		{"\u0085\u202e\x7f", `\u0085\u202e\x7f`, `"\u0085\u202e\u007f"`},
		{"\U000e0001", `\U000e0001`, `"\udb40\udc01"`},
	}
	for _, tt := range tests {
		if got := string(appendEscaped(nil, tt.in)); got != tt.text {
			t.Errorf("text of %q: %s, want %s", tt.in, got, tt.text)
		}
		if got := string(appendString(nil, tt.in)); got != tt.json {
			t.Errorf("JSON of %q: %s, want %s", tt.in, got, tt.json)
		}
	}
}
