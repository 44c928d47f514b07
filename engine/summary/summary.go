// Package summary is the table of strace's -c: calls, errors and time for each
// system call.
//
// Times are what the tracer saw between a call's entry and its exit, the wall
// clock of strace's -w: a sleep counts in full.
//
// Nothing in this package locks: a Table belongs to one goroutine at a time.
package summary

import (
	"time"

	"luatrace/tracer/syscalls"
)

const (
	// dense is the length of the tables indexed by call number; the kernel's
	// own tables are about half as long.
	dense = 1024
	// maxNames bounds the rows of calls outside those tables. A program can
	// try any of 2^32 numbers.
	maxNames  = 4096
	otherName = "(other)"
)

// entry is the statistics of one row.
type entry struct {
	calls, errors uint64
	total         time.Duration
	min, max      time.Duration
}

// Table collects calls and prints them. The zero Table is ready for use and
// prints what strace -c does by default.
type Table struct {
	// Overhead is subtracted from the duration of every call as it is added,
	// down to 0 (strace's -O).
	Overhead time.Duration
	// Sort is the order of the rows (-S).
	Sort Key
	// Columns are the columns and their order (-U); nil is the usual ones.
	Columns []Column

	byNumber [syscalls.NumABI]*[dense]entry
	byName   map[named]*entry
	names    []named // of byName, in the order they came
}

// named is a row by name.
type named struct {
	abi  syscalls.ABI
	name string
}

// AddCall counts one call by ABI and number, with bit 30 or without for X32. It
// does not allocate after the first call of an ABI, for any number an ABI's
// table has.
func (t *Table) AddCall(abi syscalls.ABI, nr int, d time.Duration, failed bool) {
	i := nr
	if abi == syscalls.X32 {
		i &^= syscalls.X32Bit
	}
	if abi >= syscalls.NumABI || i < 0 || i >= dense {
		t.Add(syscalls.Native(), syscalls.Name(abi, nr), d, failed)
		return
	}
	rows := t.byNumber[abi]
	if rows == nil {
		rows = new([dense]entry)
		t.byNumber[abi] = rows
	}
	t.add(&rows[i], d, failed)
}

// Add counts one call of an ABI under any name, which may be that of a call AddCall
// counts too: both make one row. It does not allocate for a name that has been
// added before. After 4096 names further ones share the row "(other)".
func (t *Table) Add(abi syscalls.ABI, name string, d time.Duration, failed bool) {
	key := named{abi, name}
	e := t.byName[key]
	if e == nil {
		if len(t.names) >= maxNames && name != otherName {
			t.Add(abi, otherName, d, failed)
			return
		}
		if t.byName == nil {
			t.byName = map[named]*entry{}
		}
		e = &entry{}
		t.byName[key] = e
		t.names = append(t.names, key)
	}
	t.add(e, d, failed)
}

func (t *Table) add(e *entry, d time.Duration, failed bool) {
	d = max(d-t.Overhead, 0)
	if e.calls == 0 || d < e.min {
		e.min = d
	}
	e.max = max(e.max, d)
	e.calls++
	if failed {
		e.errors++
	}
	e.total += d
}

// merge adds o's calls to e.
func (e *entry) merge(o *entry) {
	if o.calls == 0 {
		return
	}
	if e.calls == 0 || o.min < e.min {
		e.min = o.min
	}
	e.max = max(e.max, o.max)
	e.calls += o.calls
	e.errors += o.errors
	e.total += o.total
}

// Row is one line of the table: a system call under one ABI.
type Row struct {
	Name          string
	ABI           syscalls.ABI
	Calls, Errors uint64
	Total         time.Duration
	Min, Max      time.Duration
}

// Average returns the mean duration of a call, 0 without one.
func (r *Row) Average() time.Duration {
	if r.Calls == 0 {
		return 0
	}
	return r.Total / time.Duration(r.Calls)
}

func (e *entry) row(abi syscalls.ABI, name string) Row {
	return Row{Name: name, ABI: abi, Calls: e.calls, Errors: e.errors, Total: e.total, Min: e.min, Max: e.max}
}

// rows returns the rows of one ABI in the table's order.
func (t *Table) rows(abi syscalls.ABI) []Row {
	var out []Row
	index := map[string]int{}
	if numbers := t.byNumber[abi]; numbers != nil {
		for nr := range numbers {
			if e := &numbers[nr]; e.calls > 0 {
				name := syscalls.Name(abi, nr)
				index[name] = len(out)
				out = append(out, e.row(abi, name))
			}
		}
	}
	for _, key := range t.names {
		if key.abi != abi {
			continue
		}
		e := *t.byName[key]
		if i, ok := index[key.name]; ok {
			r := &out[i]
			e.merge(&entry{calls: r.Calls, errors: r.Errors, total: r.Total, min: r.Min, max: r.Max})
			*r = e.row(abi, key.name)
			continue
		}
		out = append(out, e.row(abi, key.name))
	}
	t.Sort.sort(out)
	return out
}

// total returns the sum of rows.
func total(rows []Row) Row {
	var sum entry
	for i := range rows {
		r := &rows[i]
		sum.merge(&entry{calls: r.Calls, errors: r.Errors, total: r.Total, min: r.Min, max: r.Max})
	}
	return sum.row(0, "total")
}

// Rows returns a copy of all rows: the native ABI's first, then those of other
// ABIs, each in the order Sort says.
func (t *Table) Rows() []Row {
	out := t.rows(syscalls.Native())
	for abi := range syscalls.NumABI {
		if abi != syscalls.Native() {
			out = append(out, t.rows(abi)...)
		}
	}
	return out
}

// Clear drops all calls; the settings stay.
func (t *Table) Clear() {
	t.byNumber = [syscalls.NumABI]*[dense]entry{}
	t.byName, t.names = nil, nil
}
