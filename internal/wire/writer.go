package wire

import "encoding/binary"

// Writer makes a message for Reader. Its zero value is an empty message.
type Writer struct{ b []byte }

// Message is what was written. It is valid until the next write.
func (w *Writer) Message() []byte { return w.b }

// Reset makes the message empty and keeps its memory.
func (w *Writer) Reset() { w.b = w.b[:0] }

// Uint8 adds a byte.
func (w *Writer) Uint8(v uint8) { w.b = append(w.b, v) }

// Uint16 adds two bytes.
func (w *Writer) Uint16(v uint16) { w.b = binary.LittleEndian.AppendUint16(w.b, v) }

// Uint32 adds four bytes.
func (w *Writer) Uint32(v uint32) { w.b = binary.LittleEndian.AppendUint32(w.b, v) }

// Uint64 adds eight bytes.
func (w *Writer) Uint64(v uint64) { w.b = binary.LittleEndian.AppendUint64(w.b, v) }

// Uvarint adds a number in as few bytes as it needs.
func (w *Writer) Uvarint(v uint64) { w.b = binary.AppendUvarint(w.b, v) }

// Bytes adds a length and the bytes.
func (w *Writer) Bytes(b []byte) {
	w.Uvarint(uint64(len(b)))
	w.b = append(w.b, b...)
}

// String adds a length and the text.
func (w *Writer) String(s string) {
	w.Uvarint(uint64(len(s)))
	w.b = append(w.b, s...)
}
