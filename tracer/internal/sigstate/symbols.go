package sigstate

import (
	"encoding/binary"
	"errors"

	"golang.org/x/sys/unix"
)

// symbol is an entry of a symbol table.
type symbol struct{ value, size uint64 }

// wantedSymbol is a variable to find. Its size, which the entry has too, spares
// a look at most names.
type wantedSymbol struct {
	name string
	size uint64
}

// errNoSymbols says that a file has no symbol table, or is no program for this
// architecture.
var errNoSymbols = errors.New("no symbol table")

// What elf(5) says of a 64-bit file: where the fields that are read stand, and
// how long the entries of its tables are at least.
const (
	headerSize     = 64
	headerSections = 0x28 // e_shoff
	headerEntry    = 0x3a // e_shentsize
	headerCount    = 0x3c // e_shnum

	sectionSize = 64
	sectionType = 4
	sectionFile = 24 // sh_offset, then sh_size
	sectionLink = 40
	typeSymbols = 2 // SHT_SYMTAB

	symbolSize   = 24
	symbolInfo   = 4
	symbolValue  = 8
	symbolLength = 16
	infoObject   = 1 // STT_OBJECT
)

// readSymbols finds variables in the symbol table of a 64-bit little-endian ELF
// file. It is asked at every start: the file is mapped, and only the entries are
// gone through, for debug/elf would read the megabytes of all names.
func readSymbols(file string, wanted ...wantedSymbol) (map[string]symbol, error) {
	fd, err := unix.Open(file, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	defer unix.Close(fd)
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return nil, err
	}
	if st.Mode&unix.S_IFMT != unix.S_IFREG || st.Size < headerSize {
		return nil, errNoSymbols
	}
	image, err := unix.Mmap(fd, 0, int(st.Size), unix.PROT_READ, unix.MAP_PRIVATE)
	if err != nil {
		return nil, err
	}
	defer unix.Munmap(image)
	return findSymbols(image, wanted)
}

func findSymbols(image []byte, wanted []wantedSymbol) (map[string]symbol, error) {
	le := binary.LittleEndian
	if len(image) < headerSize || string(image[:6]) != "\x7fELF\x02\x01" {
		return nil, errNoSymbols
	}
	entry, count := int(le.Uint16(image[headerEntry:])), int(le.Uint16(image[headerCount:]))
	sections := part(image, le.Uint64(image[headerSections:]), uint64(entry*count))
	if sections == nil || entry < sectionSize {
		return nil, errNoSymbols
	}
	content := func(i int) []byte {
		s := sections[i*entry:]
		return part(image, le.Uint64(s[sectionFile:]), le.Uint64(s[sectionFile+8:]))
	}
	for i := range count {
		s := sections[i*entry:]
		if link := int(le.Uint32(s[sectionLink:])); le.Uint32(s[sectionType:]) == typeSymbols && link < count {
			return lookUp(content(i), content(link), wanted), nil
		}
	}
	return nil, errNoSymbols
}

// lookUp goes through the entries of a symbol table with its names, from the end:
// Go's linker puts variables behind the functions, which are many more.
func lookUp(entries, names []byte, wanted []wantedSymbol) map[string]symbol {
	le := binary.LittleEndian
	found := map[string]symbol{}
	for n := len(entries) / symbolSize; n > 0 && len(found) < len(wanted); n-- {
		entry := entries[(n-1)*symbolSize : n*symbolSize]
		if entry[symbolInfo]&15 != infoObject {
			continue
		}
		size := le.Uint64(entry[symbolLength:])
		for _, w := range wanted {
			if size != w.size {
				continue
			}
			name := part(names, uint64(le.Uint32(entry)), uint64(len(w.name))+1)
			if name != nil && string(name[:len(w.name)]) == w.name && name[len(w.name)] == 0 {
				found[w.name] = symbol{le.Uint64(entry[symbolValue:]), size}
			}
		}
	}
	return found
}

// part is n bytes from an offset on, nil if there are not as many.
func part(b []byte, offset, n uint64) []byte {
	if offset > uint64(len(b)) || n > uint64(len(b))-offset {
		return nil
	}
	return b[offset : offset+n]
}
