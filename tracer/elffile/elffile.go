// Package elffile reads the part of an ELF file (elf(5)) by which programs are
// loaded: the program headers, the interpreter, the dynamic section with the
// libraries and the dynamic symbols. Section headers, which a program runs
// without, are not looked at.
//
// The files are those of traced programs: whatever their owner has written, perhaps
// in order to harm who looks. So a file is opened once, only a regular one, and
// all that is known of it comes from that descriptor. No number in it decides how
// much memory is taken or how long it is read: each table has a limit, and all
// reads of a file together have one too ([MaxRead]). What goes beyond is an
// error. A file is not copied: one that is written to meanwhile may give an error
// or a wrong answer, and nothing worse.
//
// A [File] belongs to one goroutine at a time.
package elffile

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"golang.org/x/sys/unix"
)

// The limits of what is read.
const (
	// MaxRead is how many bytes of a file are read in all.
	MaxRead = 64 << 20
	// MaxStrings is the size of the largest table of strings.
	MaxStrings = 16 << 20
	// MaxSymbols is the largest number of dynamic symbols.
	MaxSymbols = 1 << 20
	// MaxDynamic is the largest number of entries in the dynamic section.
	MaxDynamic = 1 << 12
	// MaxName is the length of the longest name: a path is not longer (PATH_MAX).
	MaxName = 4096
)

// ErrNotRegular says that a name leads to something other than a regular file.
var ErrNotRegular = errors.New("it is no regular file")

// A FormatError says what is wrong with a file, or which limit it goes beyond.
type FormatError struct{ What string }

// Error is a line.
func (e *FormatError) Error() string { return "the ELF file is of no use: " + e.What }

func wrong(format string, args ...any) error { return &FormatError{fmt.Sprintf(format, args...)} }

// A SegmentType is p_type of a program header.
type SegmentType uint32

// The types of segments that this package looks at.
const (
	Load    SegmentType = 1 // PT_LOAD
	Dynamic SegmentType = 2 // PT_DYNAMIC
	Interp  SegmentType = 3 // PT_INTERP
)

// A Segment is a program header.
type Segment struct {
	Type     SegmentType
	Flags    uint32 // PF_X is 1, PF_W 2, PF_R 4
	Offset   uint64 // in the file
	Addr     uint64 // in memory, before the program is moved to where it is loaded
	FileSize uint64
	MemSize  uint64
}

// A File is an open ELF file.
type File struct {
	// WordSize is 4 or 8 bytes, for ELFCLASS32 and ELFCLASS64.
	WordSize int
	// Order is the byte order of the file.
	Order binary.ByteOrder
	// Type and Machine are e_type and e_machine: ET_DYN is 3, EM_X86_64 is 62.
	Type, Machine uint16
	// Entry is the address where the program begins.
	Entry uint64
	// Segments are the program headers, as they stand in the file.
	Segments []Segment
	// SectionsEnd is where the table of section headers ends, 0 if there is none.
	SectionsEnd uint64
	// Stat is what fstat(2) says of a file that Open has opened, zero for others.
	Stat unix.Stat_t

	r      io.ReaderAt
	size   uint64
	left   uint64 // bytes that may still be read
	closer io.Closer

	dynamic *dynamic
	strings []byte
}

// Sizes of the structs of elf(5), for words of 4 and 8 bytes.
var (
	headerSize  = map[int]uint64{4: 52, 8: 64}
	segmentSize = map[int]uint64{4: 32, 8: 56}
)

// New reads the header and the program headers of a file of size bytes. Close
// does nothing then.
func New(r io.ReaderAt, size int64) (*File, error) {
	f := &File{r: r, size: uint64(max(size, 0)), left: MaxRead}
	ident, err := f.read(0, 16)
	if err != nil {
		return nil, err
	}
	if string(ident[:4]) != "\x7fELF" {
		return nil, wrong("it does not begin as one")
	}
	switch ident[4] {
	case 1:
		f.WordSize = 4
	case 2:
		f.WordSize = 8
	default:
		return nil, wrong("class %d", ident[4])
	}
	switch ident[5] {
	case 1:
		f.Order = binary.LittleEndian
	case 2:
		f.Order = binary.BigEndian
	default:
		return nil, wrong("byte order %d", ident[5])
	}
	if err := f.readHeaders(); err != nil {
		return nil, err
	}
	return f, nil
}

func (f *File) readHeaders() error {
	b, err := f.read(0, headerSize[f.WordSize])
	if err != nil {
		return err
	}
	at := fields{f, b[16:]}
	f.Type, f.Machine = at.half(), at.half()
	at.word32() // e_version
	f.Entry = at.word()
	segments, sections := at.word(), at.word()
	at.word32() // e_flags
	at.half()   // e_ehsize
	size, count := uint64(at.half()), uint64(at.half())
	sectionSize, sectionCount := uint64(at.half()), uint64(at.half())
	if end := sections + sectionSize*sectionCount; sections != 0 && end >= sections {
		f.SectionsEnd = end
	}
	switch {
	case count == 0:
		return nil
	case count == 0xffff: // PN_XNUM
		return wrong("more than 65534 program headers")
	case size != segmentSize[f.WordSize]:
		return wrong("program headers of %d bytes", size)
	}
	table, err := f.read(segments, size*count)
	if err != nil {
		return err
	}
	f.Segments = make([]Segment, count)
	for i := range f.Segments {
		f.Segments[i] = f.segment(table[uint64(i)*size:])
	}
	return nil
}

func (f *File) segment(b []byte) (s Segment) {
	at := fields{f, b}
	s.Type = SegmentType(at.word32())
	if f.WordSize == 8 {
		s.Flags = at.word32()
	}
	s.Offset, s.Addr = at.word(), at.word()
	at.word() // p_paddr
	s.FileSize, s.MemSize = at.word(), at.word()
	if f.WordSize == 4 {
		s.Flags = at.word32()
	}
	return s
}

// Close closes the file that Open has opened.
func (f *File) Close() error {
	if f.closer == nil {
		return nil
	}
	return f.closer.Close()
}

// Interpreter returns the path of the program that loads this one, "" for one
// that is loaded by the kernel alone.
func (f *File) Interpreter() (string, error) {
	s := f.first(Interp)
	if s == nil {
		return "", nil
	}
	if s.FileSize < 2 || s.FileSize > MaxName {
		return "", wrong("the path of the interpreter has %d bytes", s.FileSize)
	}
	b, err := f.read(s.Offset, s.FileSize)
	if err != nil {
		return "", err
	}
	return terminated(b)
}

// first returns the first segment of a type, nil if there is none.
func (f *File) first(kind SegmentType) *Segment {
	for i := range f.Segments {
		if f.Segments[i].Type == kind {
			return &f.Segments[i]
		}
	}
	return nil
}

// offset returns where in the file stands what is loaded at an address, and how
// many bytes of that segment follow.
func (f *File) offset(addr uint64) (offset, room uint64, err error) {
	for i := range f.Segments {
		s := &f.Segments[i]
		if s.Type == Load && addr >= s.Addr && addr-s.Addr < s.FileSize {
			into := addr - s.Addr
			if offset = s.Offset + into; offset < into {
				break
			}
			return offset, s.FileSize - into, nil
		}
	}
	return 0, 0, wrong("nothing is loaded at address %#x", addr)
}

// loaded reads n bytes that are loaded at an address.
func (f *File) loaded(addr, n uint64) ([]byte, error) {
	offset, room, err := f.offset(addr)
	if err != nil {
		return nil, err
	}
	if n > room {
		return nil, wrong("%d bytes at address %#x go beyond their segment", n, addr)
	}
	return f.read(offset, n)
}

// read reads n bytes of the file.
func (f *File) read(offset, n uint64) ([]byte, error) {
	switch {
	case offset > f.size || n > f.size-offset:
		return nil, wrong("%d bytes at offset %d of %d", n, offset, f.size)
	case n > f.left:
		return nil, wrong("more than %d bytes of it would have to be read", MaxRead)
	}
	f.left -= n
	b := make([]byte, n)
	if got, err := f.r.ReadAt(b, int64(offset)); uint64(got) < n {
		return nil, fmt.Errorf("%d bytes at offset %d: %w", n, offset, err)
	}
	return b, nil
}

// fields takes the fields of a struct one after the other. The bytes must be
// there.
type fields struct {
	f *File
	b []byte
}

func (at *fields) take(n int) []byte {
	b := at.b[:n]
	at.b = at.b[n:]
	return b
}

func (at *fields) byte() byte     { return at.take(1)[0] }
func (at *fields) half() uint16   { return at.f.Order.Uint16(at.take(2)) }
func (at *fields) word32() uint32 { return at.f.Order.Uint32(at.take(4)) }

// word takes an address, an offset or a size.
func (at *fields) word() uint64 {
	if at.f.WordSize == 4 {
		return uint64(at.word32())
	}
	return at.f.Order.Uint64(at.take(8))
}
