package agg

import (
	"cmp"
	"encoding/binary"
	"math"
	"strconv"
	"strings"
)

// Key collects the parts of a row's key. Its buffer is kept by Reset, so that
// one Key serves every event of a trace. The zero Key is the empty key, which
// is a key too: that of a report of a single row.
//
// Parts of different types differ: the integer 1 is not the string "1". Whole
// floats are integers.
type Key struct {
	buf []byte
}

// Part type tags of the encoding. Strings are a tag, a length as a uvarint, and
// the bytes; numbers a tag and 8 bytes. The encoding is only ever compared for
// equality and decoded.
const (
	tagString = 's'
	tagInt    = 'i'
	tagUint   = 'u' // above the largest int64
	tagFloat  = 'f'
	tagBool   = 'b'
)

// Reset makes the key empty.
func (k *Key) Reset() { k.buf = k.buf[:0] }

// String adds a part of any bytes.
func (k *Key) String(s string) {
	k.buf = append(k.buf, tagString)
	k.buf = binary.AppendUvarint(k.buf, uint64(len(s)))
	k.buf = append(k.buf, s...)
}

// Int adds an integer part.
func (k *Key) Int(v int64) { k.word(tagInt, uint64(v)) }

// Uint adds an integer part that may be above the largest int64. Smaller ones
// are the same part as Int makes.
func (k *Key) Uint(v uint64) {
	if v > math.MaxInt64 {
		k.word(tagUint, v)
		return
	}
	k.word(tagInt, v)
}

// Float adds a number. All NaNs are one part.
func (k *Key) Float(v float64) {
	if n := Float(v); !n.float {
		k.Int(n.i)
		return
	}
	if v != v {
		v = math.NaN()
	}
	k.word(tagFloat, math.Float64bits(v))
}

// Bool adds a truth value.
func (k *Key) Bool(v bool) {
	var w uint64
	if v {
		w = 1
	}
	k.word(tagBool, w)
}

func (k *Key) word(tag byte, v uint64) {
	k.buf = append(k.buf, tag)
	k.buf = binary.BigEndian.AppendUint64(k.buf, v)
}

// PartKind is the type of a part of a key.
type PartKind uint8

// The types of parts.
const (
	PartString PartKind = iota // Str
	PartInt                    // Int
	PartUint                   // Uint, above the largest int64
	PartFloat                  // Float
	PartBool                   // Int is 0 or 1
)

// Part is one decoded part of a row's key. Kind says which field holds it.
type Part struct {
	Kind  PartKind
	Str   string
	Int   int64
	Uint  uint64
	Float float64
}

// Text returns the part as plain text: strings as they are, with whatever bytes
// they hold, numbers in decimal.
func (p Part) Text() string {
	switch p.Kind {
	case PartInt:
		return strconv.FormatInt(p.Int, 10)
	case PartUint:
		return strconv.FormatUint(p.Uint, 10)
	case PartFloat:
		return strconv.FormatFloat(p.Float, 'g', -1, 64)
	case PartBool:
		return strconv.FormatBool(p.Int != 0)
	}
	return p.Str
}

// number returns the part as a float64 for ordering, and whether it is a number.
func (p Part) number() (float64, bool) {
	switch p.Kind {
	case PartInt:
		return float64(p.Int), true
	case PartUint:
		return float64(p.Uint), true
	case PartFloat:
		return p.Float, true
	}
	return 0, false
}

// compare orders parts: numbers by size before truth values before strings by
// bytes.
func (p Part) compare(q Part) int {
	if p.Kind == q.Kind {
		switch p.Kind {
		case PartInt, PartBool:
			return cmp.Compare(p.Int, q.Int)
		case PartUint:
			return cmp.Compare(p.Uint, q.Uint)
		case PartFloat:
			return cmp.Compare(p.Float, q.Float)
		}
		return strings.Compare(p.Str, q.Str)
	}
	x, xn := p.number()
	y, yn := q.number()
	if xn && yn {
		if c := cmp.Compare(x, y); c != 0 {
			return c
		}
		return cmp.Compare(p.Kind, q.Kind)
	}
	rank := func(k PartKind, number bool) int {
		switch {
		case number:
			return 0
		case k == PartBool:
			return 1
		}
		return 2
	}
	return rank(p.Kind, xn) - rank(q.Kind, yn)
}

func compareParts(a, b []Part) int {
	for i := 0; i < len(a) && i < len(b); i++ {
		if c := a[i].compare(b[i]); c != 0 {
			return c
		}
	}
	return len(a) - len(b)
}

// decodeKey is the inverse of Key's methods. The encoding never leaves this
// package, so it is well formed.
func decodeKey(s string) []Part {
	var parts []Part
	b := []byte(s)
	for len(b) > 0 {
		tag := b[0]
		b = b[1:]
		if tag == tagString {
			n, w := binary.Uvarint(b)
			b = b[w:]
			parts = append(parts, Part{Str: string(b[:n])})
			b = b[n:]
			continue
		}
		v := binary.BigEndian.Uint64(b)
		b = b[8:]
		p := Part{Kind: PartInt, Int: int64(v)}
		switch tag {
		case tagUint:
			p = Part{Kind: PartUint, Uint: v}
		case tagFloat:
			p = Part{Kind: PartFloat, Float: math.Float64frombits(v)}
		case tagBool:
			p.Kind = PartBool
		}
		parts = append(parts, p)
	}
	return parts
}
