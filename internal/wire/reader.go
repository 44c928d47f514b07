package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// ErrShort is the error of a field that goes beyond the end of its message.
var ErrShort = errors.New("the message ends within a field")

// ErrTrailing is the error of a message with more bytes than its fields.
var ErrTrailing = errors.New("bytes behind the last field of the message")

// Reader takes the fields of one message. After the first error, which Err
// returns, each field is zero, so that a caller may check once at the end. A
// Reader belongs to one goroutine.
type Reader struct {
	rest []byte
	err  error
}

// NewReader reads from message, which must be a private copy: the reader's
// results lie in it.
func NewReader(message []byte) *Reader { return &Reader{rest: message} }

// Err is the first error.
func (r *Reader) Err() error { return r.err }

// Left is how many bytes are left.
func (r *Reader) Left() int { return len(r.rest) }

// Close returns the first error, or ErrTrailing if bytes are left.
func (r *Reader) Close() error {
	if r.err == nil && len(r.rest) > 0 {
		r.fail(ErrTrailing)
	}
	return r.err
}

func (r *Reader) fail(err error) {
	if r.err == nil {
		r.err = err
	}
	r.rest = nil
}

// take returns the next n bytes, or nil after an error.
func (r *Reader) take(n uint64) []byte {
	if r.err != nil {
		return nil
	}
	if n > uint64(len(r.rest)) {
		r.fail(ErrShort)
		return nil
	}
	b := r.rest[:n:n]
	r.rest = r.rest[n:]
	return b
}

// Uint8 takes a byte.
func (r *Reader) Uint8() uint8 {
	if b := r.take(1); b != nil {
		return b[0]
	}
	return 0
}

// Uint16 takes two bytes.
func (r *Reader) Uint16() uint16 {
	if b := r.take(2); b != nil {
		return binary.LittleEndian.Uint16(b)
	}
	return 0
}

// Uint32 takes four bytes.
func (r *Reader) Uint32() uint32 {
	if b := r.take(4); b != nil {
		return binary.LittleEndian.Uint32(b)
	}
	return 0
}

// Uint64 takes eight bytes.
func (r *Reader) Uint64() uint64 {
	if b := r.take(8); b != nil {
		return binary.LittleEndian.Uint64(b)
	}
	return 0
}

// Uvarint takes a number in groups of seven bits, the lowest first, as
// encoding/binary writes it. Longer forms than needed are errors: there is one
// way to write a message.
func (r *Reader) Uvarint() uint64 {
	if r.err != nil {
		return 0
	}
	v, n := binary.Uvarint(r.rest)
	switch {
	case n == 0:
		r.fail(ErrShort)
		return 0
	case n < 0 || n > 1 && r.rest[n-1] == 0:
		r.fail(errors.New("a number of the message is not in its shortest form, or has more than 64 bits"))
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

// Bytes takes a length (Uvarint) and as many bytes. More than most are an
// error. The result lies in the message.
func (r *Reader) Bytes(most int) []byte {
	n := r.Uvarint()
	if r.err == nil && n > uint64(most) {
		r.fail(fmt.Errorf("a field of the message has %d bytes, at most %d are right", n, most))
	}
	return r.take(n)
}

// String is Bytes as a string of its own.
func (r *Reader) String(most int) string { return string(r.Bytes(most)) }

// Count takes the number (Uvarint) of the elements that follow, of which each
// has at least size bytes, and is therefore a number that may be allocated: a
// count that the rest of the message has no room for is an error.
func (r *Reader) Count(size int) int {
	n := r.Uvarint()
	if r.err == nil && n > uint64(len(r.rest)/max(size, 1)) {
		r.fail(ErrShort)
		return 0
	}
	return int(n)
}
