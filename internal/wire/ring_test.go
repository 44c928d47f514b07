package wire_test

import (
	"bytes"
	"errors"
	"io"
	"testing"

	"luatrace/internal/wire"
)

// Rings of the tests have units of four bytes: 'r', the number of units, a sequence number.
var geometry = wire.Geometry{Size: 64, Unit: 4, Most: 3}

func unitsOf(unit []byte) int {
	if unit[0] != 'r' {
		return 0
	}
	return int(unit[1])
}

// writer publishes records in a ring.
type writer struct {
	memory []byte
	head   uint64
}

func newWriter() *writer { return &writer{memory: make([]byte, geometry.Size)} }

func (w *writer) publish(units, sequence byte) {
	for i := range units {
		unit := []byte{'r', units, sequence, 0}
		if i > 0 {
			unit = []byte{'d', i, sequence, 0}
		}
		copy(w.memory[w.head%uint64(len(w.memory)):], unit)
		w.head += uint64(len(unit))
	}
}

func newRing(t *testing.T) *wire.Ring {
	t.Helper()
	r, err := wire.NewRing(geometry)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// drain takes all records of a batch, and returns their sequence numbers and how many units were spoilt.
func drain(r *wire.Ring, b *wire.Batch) (sequence []byte, spoilt int) {
	for {
		record, n := b.Next(unitsOf)
		spoilt += n
		if record == nil {
			r.Take(b)
			return sequence, spoilt
		}
		sequence = append(sequence, record[2])
	}
}

func TestRing(t *testing.T) {
	t.Parallel()
	w, r := newWriter(), newRing(t)
	var want, got []byte
	for i := range byte(100) {
		w.publish(1+i%3, i)
		want = append(want, i)
		if i%4 != 3 {
			continue
		}
		for r.Tail() != w.head { // a budget that cuts records
			b, err := r.Copy(bytes.NewReader(w.memory), 0, w.head, 12)
			if err != nil {
				t.Fatal(err)
			}
			records, spoilt := drain(r, b)
			if spoilt > 0 || len(records) == 0 {
				t.Fatalf("%d records, %d units spoilt", len(records), spoilt)
			}
			got = append(got, records...)
		}
	}
	if !bytes.Equal(got, want) {
		t.Errorf("records %v, want %v", got, want)
	}
}

// What is changed after the copy changes no record.
func TestRingIsCopied(t *testing.T) {
	t.Parallel()
	w, r := newWriter(), newRing(t)
	w.publish(2, 1)
	w.publish(1, 2)
	b, err := r.Copy(bytes.NewReader(w.memory), 0, w.head, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	for i := range w.memory {
		w.memory[i] = 0xff
	}
	if got, spoilt := drain(r, b); !bytes.Equal(got, []byte{1, 2}) || spoilt != 0 {
		t.Errorf("records %v, %d units spoilt", got, spoilt)
	}
}

func TestFalseHead(t *testing.T) {
	t.Parallel()
	for _, head := range []uint64{3, 65, 68, 1 << 40, ^uint64(0)} {
		w, r := newWriter(), newRing(t)
		if _, err := r.Copy(bytes.NewReader(w.memory), 0, head, 64); !errors.Is(err, wire.ErrFalseHead) {
			t.Errorf("head %d: %v, want ErrFalseHead", head, err)
		}
		// The reader goes on from there.
		w.head = r.Tail()
		w.publish(1, 9)
		b, err := r.Copy(bytes.NewReader(w.memory), 0, w.head, 64)
		if err != nil {
			t.Fatalf("after head %d: %v", head, err)
		}
		if got, _ := drain(r, b); !bytes.Equal(got, []byte{9}) {
			t.Errorf("after head %d: records %v", head, got)
		}
	}
}

// A unit that is none costs itself and no record around it; a record that says
// that it is longer than what was published is none.
func TestSpoiltUnits(t *testing.T) {
	t.Parallel()
	for _, units := range []byte{0, 4, 255} {
		w, r := newWriter(), newRing(t)
		w.publish(1, 1)
		w.publish(1, 2)
		w.publish(1, 3)
		w.memory[5] = units
		b, err := r.Copy(bytes.NewReader(w.memory), 0, w.head, 64)
		if err != nil {
			t.Fatal(err)
		}
		if got, spoilt := drain(r, b); !bytes.Equal(got, []byte{1, 3}) || spoilt != 1 {
			t.Errorf("a record of %d units: records %v, %d units spoilt", units, got, spoilt)
		}
	}
	w, r := newWriter(), newRing(t)
	w.publish(1, 1)
	w.memory[1] = 3
	b, err := r.Copy(bytes.NewReader(w.memory), 0, w.head, 64)
	if err != nil {
		t.Fatal(err)
	}
	if got, spoilt := drain(r, b); len(got) != 0 || spoilt != 1 || r.Tail() != w.head {
		t.Errorf("a record beyond the head: records %v, %d units spoilt, tail %d of %d", got, spoilt, r.Tail(), w.head)
	}
}

// A source that ends early is an error, and nothing is taken.
func TestRingCutShort(t *testing.T) {
	t.Parallel()
	w, r := newWriter(), newRing(t)
	w.publish(3, 1)
	if _, err := r.Copy(bytes.NewReader(w.memory[:8]), 0, w.head, 64); !errors.Is(err, io.ErrUnexpectedEOF) || r.Tail() != 0 {
		t.Errorf("%v, tail %d", err, r.Tail())
	}
}

func TestGeometry(t *testing.T) {
	t.Parallel()
	for _, g := range []wire.Geometry{{}, {Size: 10, Unit: 4, Most: 1}, {Size: 8, Unit: 4, Most: 3}, {Size: -8, Unit: 4, Most: 1}, {Size: 8, Unit: 4}} {
		if _, err := wire.NewRing(g); err == nil {
			t.Errorf("%+v is taken for the geometry of a ring", g)
		}
	}
}

// FuzzRing: a ring of any content and any heads ends, within its budget, and never goes back.
func FuzzRing(f *testing.F) {
	w := newWriter()
	w.publish(3, 1)
	w.publish(1, 2)
	f.Add(w.memory, []byte{16, 8}, byte(12))
	f.Add(bytes.Repeat([]byte("r\x03xx"), 16), []byte{64, 0, 1, 63}, byte(0))
	f.Fuzz(func(t *testing.T, memory, steps []byte, budget byte) {
		memory = append(bytes.Clone(memory), make([]byte, geometry.Size)...)[:geometry.Size]
		r, err := wire.NewRing(geometry)
		if err != nil {
			t.Fatal(err)
		}
		var head uint64
		for _, step := range steps {
			head += uint64(step)
			tail := r.Tail()
			b, err := r.Copy(bytes.NewReader(memory), 0, head, int(budget))
			if err != nil {
				if !errors.Is(err, wire.ErrFalseHead) {
					t.Fatal(err)
				}
				head = r.Tail()
				continue
			}
			units := 0
			for {
				record, spoilt := b.Next(unitsOf)
				units += spoilt + len(record)/geometry.Unit
				if record == nil {
					break
				}
				if n := len(record) / geometry.Unit; n < 1 || n > geometry.Most || len(record)%geometry.Unit != 0 {
					t.Fatalf("a record of %d bytes", len(record))
				}
			}
			r.Take(b)
			if r.Tail()-tail != uint64(units*geometry.Unit) || units*geometry.Unit > max(int(budget), geometry.Most*geometry.Unit) {
				t.Fatalf("%d units, tail from %d to %d, budget %d", units, tail, r.Tail(), budget)
			}
			if head != tail && r.Tail() == tail {
				t.Fatalf("the tail stays at %d, head %d", tail, head)
			}
		}
	})
}
