package wire

import (
	"errors"
	"fmt"
	"io"
)

// ErrFalseHead is the error of a ring whose writer says that it published what
// it can't have: less than before, part of a unit, or more than the ring holds.
var ErrFalseHead = errors.New("the writer's position in the ring is false")

// Ring is the reader's side of a ring of records in memory that its writer
// can change at any time. A record has one or more units of the same size; its
// writer publishes it by raising the head, the number of bytes that it ever
// published. The tail, how far was read, is kept here: what the writer sees of
// it is a copy. A Ring belongs to one goroutine.
type Ring struct {
	geometry Geometry
	tail     uint64
	copied   []byte
}

// Geometry says how a ring is laid out.
type Geometry struct {
	Size int // bytes, a multiple of Unit
	Unit int // bytes
	Most int // units of the longest record
}

// check returns what is wrong with a geometry. It is the reader's own, so that a fault in it is one of the program.
func (g Geometry) check() error {
	if g.Unit <= 0 || g.Size <= 0 || g.Size%g.Unit != 0 || g.Most <= 0 || g.Most > g.Size/g.Unit {
		return fmt.Errorf("wire: no ring has the geometry %+v", g)
	}
	return nil
}

// NewRing returns a reader at the beginning of an empty ring.
func NewRing(g Geometry) (*Ring, error) {
	if err := g.check(); err != nil {
		return nil, err
	}
	return &Ring{geometry: g}, nil
}

// Tail is the number of bytes that were ever taken, for the writer.
func (r *Ring) Tail() uint64 { return r.tail }

// Copy copies what was published up to head and not taken yet, at most budget
// bytes of it (the longest record at least), so that a writer who never stops can't keep
// the reader. The ring's first byte is at base of src. The result is valid
// until the next Copy; what Batch.Taken of it says is taken off the ring by
// Take.
//
// After ErrFalseHead the ring is empty: the reader goes on where the writer
// says it is, rounded down to a unit, and how many records were lost nobody knows.
func (r *Ring) Copy(src io.ReaderAt, base int64, head uint64, budget int) (*Batch, error) {
	g := r.geometry
	published := head - r.tail
	if published > uint64(g.Size) || published%uint64(g.Unit) != 0 {
		r.tail = head - head%uint64(g.Unit)
		return nil, ErrFalseHead
	}
	whole := published <= uint64(max(budget, g.Unit*g.Most))
	n := int(min(published, uint64(max(budget, g.Unit*g.Most))))
	n -= n % g.Unit
	if cap(r.copied) < n {
		r.copied = make([]byte, n)
	}
	r.copied = r.copied[:n]
	at := int(r.tail % uint64(g.Size))
	first := min(n, g.Size-at)
	if err := readFull(src, r.copied[:first], base+int64(at)); err != nil {
		return nil, err
	}
	if err := readFull(src, r.copied[first:], base); err != nil {
		return nil, err
	}
	return &Batch{rest: r.copied, geometry: g, whole: whole}, nil
}

// Take frees what a batch has taken.
func (r *Ring) Take(b *Batch) { r.tail += uint64(b.taken) }

func readFull(src io.ReaderAt, p []byte, off int64) error {
	if len(p) == 0 {
		return nil
	}
	n, err := src.ReadAt(p, off)
	if n == len(p) {
		return nil
	}
	if err == nil || err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return err
}

// Batch is a private copy of records.
type Batch struct {
	geometry Geometry
	rest     []byte
	taken    int
	whole    bool // all that was published is here
}

// Taken is how many bytes were gone through.
func (b *Batch) Taken() int { return b.taken }

// Next returns the next record, nil at the end. units says of how many units a
// record is that begins with unit, 0 if it is none. A unit that is no record,
// or one of a record that the writer did not publish whole, is skipped: spoilt
// is how many units were skipped before the one returned.
//
// At the end of a batch that the budget cut, a record that is not here whole
// stays for the next batch.
func (b *Batch) Next(units func(unit []byte) int) (record []byte, spoilt int) {
	g := b.geometry
	for len(b.rest) > 0 {
		n := units(b.rest[:g.Unit:g.Unit])
		size := n * g.Unit
		switch {
		case n <= 0 || n > g.Most || size > len(b.rest) && b.whole:
			b.advance(g.Unit)
			spoilt++
		case size > len(b.rest):
			b.rest = nil
			return nil, spoilt
		default:
			record = b.rest[:size:size]
			b.advance(size)
			return record, spoilt
		}
	}
	return nil, spoilt
}

func (b *Batch) advance(n int) {
	b.rest = b.rest[n:]
	b.taken += n
}
