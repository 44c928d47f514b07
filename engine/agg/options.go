package agg

import (
	"errors"
	"fmt"
	"math"
)

// Kind is what an aggregation does with its values.
type Kind uint8

// The kinds. KindNone is that of an aggregation without a record.
const (
	KindNone     Kind = iota
	KindCount         // number of records
	KindSum           // sum of values
	KindAvg           // arithmetic mean
	KindMin           // smallest value
	KindMax           // largest value
	KindStats         // count, mean, sum, smallest, largest, standard deviation
	KindHist          // histogram in powers of two
	KindLhist         // histogram in equal steps
	KindQuantile      // percentiles
)

var kindNames = [...]string{"none", "count", "sum", "avg", "min", "max", "stats", "hist", "lhist", "quantile"}

// String returns the name scripts and JSON use: "count", "sum", "avg", "min",
// "max", "stats", "hist", "lhist", "quantile", and "none".
func (k Kind) String() string {
	if int(k) < len(kindNames) {
		return kindNames[k]
	}
	return "unknown"
}

// DefaultMaxKeys is the number of rows an aggregation may have unless its
// options say otherwise: some tens of megabytes.
const DefaultMaxKeys = 100_000

// DefaultMaxSize bounds the bytes of all keys of an aggregation together, if
// [Set.SetMaxSize] does not: keys may be data of any length. The buckets of linear
// histograms count as well.
const DefaultMaxSize = 128 << 20

// maxLinearBuckets bounds what a typing mistake in a step can cost.
const maxLinearBuckets = 10_000

// Unit says how values are printed as text. JSON always has plain numbers.
type Unit string

// The units.
const (
	UnitNone    Unit = ""        // plain numbers
	UnitBytes   Unit = "bytes"   // powers of 1024: 4K, 1.5M
	UnitSeconds Unit = "s"       // seconds: 1.5ms, 2s
	UnitMicros  Unit = "us"      // microseconds, printed likewise
	UnitNanos   Unit = "ns"      // nanoseconds, printed likewise
	UnitCount   Unit = "decimal" // powers of 1000: 4k, 1.5M
)

// Options of an aggregation. The zero value is the default of everything.
type Options struct {
	Keys    []string // column titles of the key's parts
	Top     int      // print only that many rows, 0 for all
	MaxKeys int      // bound of the number of rows, 0 for the Set's
	Unit    Unit     // of values, in text
	// Bounds of a linear histogram: buckets of Step from Min to Max.
	Min, Max, Step float64
}

// check returns an error that says what would be right.
func (o *Options) check() error {
	switch {
	case o.Top < 0:
		return fmt.Errorf("top = %d: it must be 0 (all rows) or more", o.Top)
	case o.MaxKeys < 0:
		return fmt.Errorf("max_keys = %d: it must be 0 (the default) or more", o.MaxKeys)
	}
	switch o.Unit {
	case UnitNone, UnitBytes, UnitSeconds, UnitMicros, UnitNanos, UnitCount:
	default:
		return fmt.Errorf("unit %q: it must be one of bytes, decimal, s, us, ns", string(o.Unit))
	}
	if o.Min == 0 && o.Max == 0 && o.Step == 0 {
		return nil
	}
	for _, v := range [...]float64{o.Min, o.Max, o.Step} {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return errors.New("min, max and step must be finite numbers")
		}
	}
	switch {
	case o.Min >= o.Max:
		return fmt.Errorf("min = %v, max = %v: min must be less than max", o.Min, o.Max)
	case o.Step <= 0:
		return fmt.Errorf("step = %v: it must be greater than 0", o.Step)
	case math.Ceil((o.Max-o.Min)/o.Step) > maxLinearBuckets:
		return fmt.Errorf("min = %v, max = %v, step = %v makes more than %d buckets: use a larger step",
			o.Min, o.Max, o.Step, maxLinearBuckets)
	}
	return nil
}
