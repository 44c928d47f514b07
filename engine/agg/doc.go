// Package agg counts, sums and draws histograms of what happens in a trace. It
// is the part of a script's report that a user would otherwise write by hand:
// a table of numbers under keys of one or more parts, kept small and printed in
// a fixed order when the trace ends.
//
// A [Set] holds the aggregations of one trace by title. An [Agg] holds one row
// for each key; its [Kind] is fixed by the first record, since "the same
// numbers, but summed" is a mistake in a script and not a wish. A [Key] is
// built in a buffer that is used again for every event:
//
//	a := set.Get("reads")
//	key.Reset()
//	key.String(comm)
//	key.Int(fd)
//	err := a.Record(agg.KindSum, agg.Int(n), &key)
//
// Adding to a row that exists does not allocate. The number of rows is bounded
// (see Options.MaxKeys), and so are 128 MiB of long keys: from there on new keys
// share one row, "(other)", and the report says so. Totals stay right then, only their split is lost.
//
// Sums are exact 64-bit integers as long as all values are integers and the sum
// fits, and float64 from then on.
//
// Nothing in this package locks: a Set and what it holds belong to one
// goroutine at a time.
package agg
