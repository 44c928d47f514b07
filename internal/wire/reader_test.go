package wire_test

import (
	"bytes"
	"errors"
	"math"
	"testing"

	"luatrace/internal/wire"
)

// fields writes a message with each kind of field.
func fields() []byte {
	var w wire.Writer
	w.Uint8(7)
	w.Uint16(0x1234)
	w.Uint32(0x89abcdef)
	w.Uint64(math.MaxUint64)
	w.Uvarint(300)
	w.Bytes([]byte{1, 2, 3})
	w.String("path")
	w.Uvarint(2)
	w.Uint16(1)
	w.Uint16(2)
	return w.Message()
}

// readFields reads it, and says whether all of it was as written.
func readFields(message []byte) (same bool, err error) {
	r := wire.NewReader(message)
	same = r.Uint8() == 7 && r.Uint16() == 0x1234
	same = r.Uint32() == 0x89abcdef && same
	same = r.Uint64() == math.MaxUint64 && same
	same = r.Uvarint() == 300 && same
	same = bytes.Equal(r.Bytes(3), []byte{1, 2, 3}) && same
	same = r.String(16) == "path" && same
	n := r.Count(2)
	for i := range n {
		same = r.Uint16() == uint16(i+1) && same
	}
	return same && n == 2, r.Close()
}

func TestFields(t *testing.T) {
	t.Parallel()
	message := fields()
	if same, err := readFields(message); !same || err != nil {
		t.Fatalf("a message is not read as written: same %v, %v", same, err)
	}
	for n := range message {
		if _, err := readFields(message[:n:n]); !errors.Is(err, wire.ErrShort) {
			t.Errorf("the first %d bytes: %v, want ErrShort", n, err)
		}
	}
	if _, err := readFields(append(bytes.Clone(message), 0)); !errors.Is(err, wire.ErrTrailing) {
		t.Errorf("a byte more: %v, want ErrTrailing", err)
	}
}

// What a writer claims is compared with what is there, and never allocated.
func TestClaims(t *testing.T) {
	t.Parallel()
	claim := func(n uint64, rest ...byte) *wire.Reader {
		var w wire.Writer
		w.Uvarint(n)
		return wire.NewReader(append(bytes.Clone(w.Message()), rest...))
	}
	for _, n := range []uint64{5, 1 << 31, 1 << 32, math.MaxInt64, math.MaxUint64} {
		if r := claim(n, 1, 2, 3, 4); r.Bytes(math.MaxInt) != nil || n <= math.MaxInt && !errors.Is(r.Err(), wire.ErrShort) || r.Err() == nil {
			t.Errorf("a field that says it has %d bytes: %v", n, r.Err())
		}
		if r := claim(n, 1, 2, 3, 4); r.Count(1) != 0 || !errors.Is(r.Err(), wire.ErrShort) {
			t.Errorf("a list that says it has %d elements: %v", n, r.Err())
		}
	}
	if r := claim(3, 1, 2, 3, 4); r.Count(2) != 0 || r.Err() == nil {
		t.Error("a list of three elements of two bytes fits into four")
	}
	if r := claim(4, 1, 2, 3, 4); r.Bytes(3) != nil || r.Err() == nil {
		t.Error("a field is longer than its limit, and there is no error")
	}
	for _, long := range [][]byte{{0x80, 0}, {0xff, 0x80, 0}, bytes.Repeat([]byte{0xff}, 11)} {
		if r := wire.NewReader(long); r.Uvarint() != 0 || r.Err() == nil {
			t.Errorf("% x is taken for a number", long)
		}
	}
}

// FuzzReader: a message of any bytes is read within its bounds, an error stays, and what was read writes the same bytes.
func FuzzReader(f *testing.F) {
	f.Add(fields(), []byte{0, 1, 2, 3, 4, 5, 5, 6})
	f.Add([]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1}, []byte{5})
	f.Fuzz(func(t *testing.T, message, kinds []byte) {
		r := wire.NewReader(bytes.Clone(message))
		var w wire.Writer
		for _, k := range kinds {
			left, was := r.Left(), r.Err()
			switch k % 6 {
			case 0:
				w.Uint8(r.Uint8())
			case 1:
				w.Uint16(r.Uint16())
			case 2:
				w.Uint32(r.Uint32())
			case 3:
				w.Uint64(r.Uint64())
			case 4:
				w.Uvarint(r.Uvarint())
			case 5:
				w.Bytes(r.Bytes(64))
			}
			if was != nil && !errors.Is(r.Err(), was) {
				t.Fatalf("the error %v became %v", was, r.Err())
			}
			if r.Left() > left {
				t.Fatalf("%d bytes were left, now %d", left, r.Left())
			}
			if r.Err() != nil {
				return
			}
		}
		if read := message[:len(message)-r.Left()]; !bytes.Equal(w.Message(), read) {
			t.Fatalf("% x was read, % x is written", read, w.Message())
		}
	})
}
