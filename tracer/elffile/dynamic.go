package elffile

import (
	"bytes"
	"iter"
)

// dynamic are the entries of the dynamic section that are wanted: addresses, and
// offsets in the table of strings.
type dynamic struct {
	needed                   []uint64
	soname                   uint64
	named                    bool // there is a soname
	strings, size            uint64
	symbols, hash, hashOfGNU uint64
}

// Tags of the dynamic section (d_tag).
const (
	tagNull    = 0
	tagNeeded  = 1
	tagHash    = 4
	tagStrings = 5  // DT_STRTAB
	tagSymbols = 6  // DT_SYMTAB
	tagSize    = 10 // DT_STRSZ
	tagSoname  = 14
	tagGNUHash = 0x6ffffef5
)

// section reads the dynamic section; that of a file without one is empty.
func (f *File) section() (*dynamic, error) {
	if f.dynamic != nil {
		return f.dynamic, nil
	}
	d := &dynamic{}
	s := f.first(Dynamic)
	if s == nil {
		f.dynamic = d
		return d, nil
	}
	size := 2 * uint64(f.WordSize)
	if s.FileSize > MaxDynamic*size {
		return nil, wrong("a dynamic section of %d bytes", s.FileSize)
	}
	b, err := f.read(s.Offset, s.FileSize/size*size)
	if err != nil {
		return nil, err
	}
	for at := (fields{f, b}); len(at.b) > 0; {
		tag, value := at.word(), at.word()
		switch tag {
		case tagNull:
			at.b = nil
		case tagNeeded:
			d.needed = append(d.needed, value)
		case tagSoname:
			d.soname, d.named = value, true
		case tagStrings:
			d.strings = value
		case tagSize:
			d.size = value
		case tagSymbols:
			d.symbols = value
		case tagHash:
			d.hash = value
		case tagGNUHash:
			d.hashOfGNU = value
		}
	}
	f.dynamic = d
	return d, nil
}

// table returns the table of strings of the dynamic section.
func (f *File) table() ([]byte, error) {
	d, err := f.section()
	if err != nil || f.strings != nil || d.size == 0 {
		return f.strings, err
	}
	if d.size > MaxStrings {
		return nil, wrong("a table of strings of %d bytes", d.size)
	}
	f.strings, err = f.loaded(d.strings, d.size)
	return f.strings, err
}

// name returns the string at an offset of the table of strings.
func (f *File) name(at uint64) (string, error) {
	table, err := f.table()
	if err != nil {
		return "", err
	}
	if at >= uint64(len(table)) {
		return "", wrong("a name at offset %d of %d bytes of strings", at, len(table))
	}
	return terminated(table[at:])
}

// terminated returns the string that ends with the first zero byte.
func terminated(b []byte) (string, error) {
	end := bytes.IndexByte(b[:min(len(b), MaxName+1)], 0)
	if end < 0 {
		return "", wrong("a name of more than %d bytes", MaxName)
	}
	return string(b[:end]), nil
}

// Needed returns the names of the libraries that are loaded with the program
// (DT_NEEDED), in order.
func (f *File) Needed() ([]string, error) {
	d, err := f.section()
	if err != nil {
		return nil, err
	}
	var names []string
	for _, at := range d.needed {
		name, err := f.name(at)
		if err != nil {
			return nil, err
		}
		names = append(names, name)
	}
	return names, nil
}

// Soname returns the name that a library gives itself (DT_SONAME), "" if it has
// none.
func (f *File) Soname() (string, error) {
	d, err := f.section()
	if err != nil || !d.named {
		return "", err
	}
	return f.name(d.soname)
}

// A Symbol is a dynamic symbol: one that a file has for others, or wants from
// them.
type Symbol struct {
	Name        string
	Value, Size uint64
	Info, Other byte   // st_info and st_other
	Section     uint16 // st_shndx: 0 is one that it wants
}

// Symbols returns the dynamic symbols in the order of the file, without the first, which
// is always empty. An error ends them.
func (f *File) Symbols() iter.Seq2[Symbol, error] {
	return func(yield func(Symbol, error) bool) {
		err := f.eachSymbol(func(s Symbol, name uint64) (bool, error) {
			var err error
			if s.Name, err = f.name(name); err != nil {
				return false, err
			}
			return yield(s, nil), nil
		})
		if err != nil {
			yield(Symbol{}, err)
		}
	}
}

// eachSymbol calls do with each dynamic symbol, whose name is not looked up, until
// that returns false or an error.
func (f *File) eachSymbol(do func(s Symbol, name uint64) (bool, error)) error {
	count, err := f.countSymbols()
	if err != nil || count == 0 {
		return err
	}
	d, _ := f.section()
	size := symbolSize[f.WordSize]
	const piece = 1024
	for i := uint64(0); i < count; i += piece {
		b, err := f.loaded(d.symbols+i*size, min(piece, count-i)*size)
		if err != nil {
			return err
		}
		for j := uint64(0); uint64(len(b)) >= size; j++ {
			s, name := f.symbol(b)
			b = b[size:]
			if i+j == 0 {
				continue
			}
			if more, err := do(s, name); !more || err != nil {
				return err
			}
		}
	}
	return nil
}

func (f *File) symbol(b []byte) (s Symbol, name uint64) {
	at := fields{f, b}
	name = uint64(at.word32())
	if f.WordSize == 4 {
		s.Value, s.Size = at.word(), at.word()
	}
	s.Info, s.Other, s.Section = at.byte(), at.byte(), at.half()
	if f.WordSize == 8 {
		s.Value, s.Size = at.word(), at.word()
	}
	return s, name
}

// symbolSize is that of Elf32_Sym and Elf64_Sym.
var symbolSize = map[int]uint64{4: 16, 8: 24}

// countSymbols finds out how many there are, which no entry says: a table for
// looking them up has one entry each.
func (f *File) countSymbols() (uint64, error) {
	d, err := f.section()
	if err != nil {
		return 0, err
	}
	count := uint64(0)
	switch {
	case d.symbols == 0:
		return 0, nil
	case d.hash != 0:
		b, err := f.loaded(d.hash, 8)
		if err != nil {
			return 0, err
		}
		count = uint64(f.Order.Uint32(b[4:])) // nchain
	case d.hashOfGNU != 0:
		if count, err = f.countHashed(d.hashOfGNU); err != nil {
			return 0, err
		}
	default:
		return 0, wrong("it has dynamic symbols, and no table that says how many")
	}
	if count > MaxSymbols {
		return 0, wrong("%d dynamic symbols", count)
	}
	return count, nil
}

// countHashed counts by the table of DT_GNU_HASH: the symbols that are wanted from
// others come first and are not in it. A bucket has the number of the first symbol of a
// chain, whose last one has the lowest bit set.
func (f *File) countHashed(table uint64) (uint64, error) {
	b, err := f.loaded(table, 16)
	if err != nil {
		return 0, err
	}
	at := fields{f, b}
	buckets, first, filter := uint64(at.word32()), uint64(at.word32()), uint64(at.word32())
	if buckets > MaxSymbols || first > MaxSymbols || filter > MaxSymbols {
		return 0, wrong("a table of %d buckets from symbol %d on", buckets, first)
	}
	start := table + 16 + filter*uint64(f.WordSize)
	if buckets == 0 {
		return first, nil
	}
	if b, err = f.loaded(start, 4*buckets); err != nil {
		return 0, err
	}
	last := uint64(0)
	for at := (fields{f, b}); len(at.b) > 0; {
		last = max(last, uint64(at.word32()))
	}
	if last < first { // no chain
		return max(first, f.countBefore()), nil
	}
	const piece = 1024
	for chains := start + 4*buckets; last < MaxSymbols; {
		offset, room, err := f.offset(chains + 4*(last-first))
		if err != nil {
			return 0, err
		}
		if room < 4 {
			return 0, wrong("a chain of symbols goes beyond its segment")
		}
		if b, err = f.read(offset, min(4*piece, room)); err != nil {
			return 0, err
		}
		for ; len(b) >= 4; b = b[4:] {
			if last++; f.Order.Uint32(b)&1 != 0 {
				return last, nil
			}
		}
	}
	return 0, wrong("a chain of symbols without an end")
}

// countBefore counts the symbols of a file that has none for others, whose table GNU ld
// writes as if there were only one: it puts the strings right behind the symbols.
func (f *File) countBefore() uint64 {
	if d := f.dynamic; d.strings > d.symbols {
		return (d.strings - d.symbols) / symbolSize[f.WordSize]
	}
	return 0
}

// Imports says whether the file wants a symbol of this name from the libraries that
// are loaded with it. Of a file whose symbols can't be counted the names are looked
// at: the symbol may be its own then.
func (f *File) Imports(name string) (bool, error) {
	table, err := f.table()
	if err != nil {
		return false, err
	}
	wanted := []byte(name + "\x00")
	if !bytes.Contains(table, wanted) {
		return false, nil // most files: the symbols need not be read
	}
	found := false
	err = f.eachSymbol(func(s Symbol, at uint64) (bool, error) {
		found = s.Section == 0 && at < uint64(len(table)) && bytes.HasPrefix(table[at:], wanted)
		return !found, nil
	})
	if err != nil {
		return bytes.Contains(table, append([]byte{0}, wanted...)), nil
	}
	return found, nil
}
