// Package pack is the form of the generated tables: records sorted by key, in
// blocks of two kilobytes that are compressed each on its own. A look-up
// searches the keys the blocks begin with and inflates the one block that can
// have the record, so its cost does not grow with the table.
//
// A record is a line "KEY TEXT" and the lines after it that begin with a space.
// Several records may have one key.
//
// The file is
//
//	# a comment that says what the table was made from
//	KEY SIZE PACKED     a line for each block: the key of its first record,
//	                    its size in bytes, and that of its compressed form
//	                    an empty line
//	the compressed blocks (RFC 1951)
package pack

import (
	"compress/flate"
	"io"
	"iter"
	"sort"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
)

// Table is one table. The zero value with File set is ready for use. A table is
// part of the program, so damage in it is a mistake in its making and panics.
// Safe for any goroutine.
type Table struct {
	File string // as Write made it

	once   sync.Once
	blocks []block
}

// block is one block of a table.
type block struct {
	key    string // of its first record
	size   int    // of text
	packed string
	text   atomic.Pointer[string] // nil until something in it is asked for
}

// Records calls yield for all records from the first one whose key is not less
// than the given one, in order, until it returns false. The text is what stands
// between the key and the next record.
func (t *Table) Records(key string) iter.Seq2[string, string] {
	return func(yield func(key, text string) bool) {
		t.once.Do(t.index)
		// Records of this key may end the block before the first that begins with it.
		first := sort.Search(len(t.blocks), func(i int) bool { return t.blocks[i].key >= key })
		for i := max(first-1, 0); i < len(t.blocks); i++ {
			text := t.blocks[i].inflated()
			if i < first {
				text = text[seek(text, key):]
			}
			for text != "" {
				end := recordEnd(text, 0)
				k, rest, _ := strings.Cut(text[:end-1], " ")
				if !yield(k, rest) {
					return
				}
				text = text[end:]
			}
		}
	}
}

// Find returns the text of the first record with a key.
func (t *Table) Find(key string) (text string, ok bool) {
	for k, text := range t.Records(key) {
		return text, k == key
	}
	return "", false
}

// Comment returns what the table says it was made from.
func (t *Table) Comment() string {
	first, _, _ := strings.Cut(t.File, "\n")
	return strings.TrimPrefix(first, "# ")
}

// index reads the list of blocks.
func (t *Table) index() {
	_, rest, _ := strings.Cut(t.File, "\n")
	list, data, ok := strings.Cut(rest, "\n\n")
	if !ok {
		panic("pack: a table without blocks")
	}
	t.blocks = make([]block, strings.Count(list, "\n")+1)
	for i := range t.blocks {
		var line string
		line, list, _ = strings.Cut(list, "\n")
		key, sizes, _ := strings.Cut(line, " ")
		size, packed, _ := strings.Cut(sizes, " ")
		n, err := strconv.Atoi(packed)
		b := &t.blocks[i]
		b.key = key
		if b.size, _ = strconv.Atoi(size); err != nil || b.size == 0 || n > len(data) {
			panic("pack: damaged table at " + line)
		}
		b.packed, data = data[:n], data[n:]
	}
}

// inflaters keeps decompressors for reuse: each has a window of 32 KiB.
var inflaters = sync.Pool{New: func() any { return flate.NewReader(nil) }}

// inflated returns the text of a block. Two goroutines may inflate one block
// at a time; either result will do.
func (b *block) inflated() string {
	if text := b.text.Load(); text != nil {
		return *text
	}
	z := inflaters.Get().(io.Reader)
	if err := z.(flate.Resetter).Reset(strings.NewReader(b.packed), nil); err != nil {
		panic("pack: " + err.Error())
	}
	var sb strings.Builder
	sb.Grow(b.size)
	n, err := io.CopyN(&sb, z, int64(b.size))
	if err != nil {
		panic("pack: damaged block " + b.key + ": " + err.Error() + " after " + strconv.FormatInt(n, 10) + " bytes")
	}
	inflaters.Put(z)
	text := sb.String()
	b.text.Store(&text)
	return text
}

// seek returns the offset of the first record of a block whose key is not less
// than the given one.
func seek(text, key string) int {
	lo, hi := 0, len(text)
	for lo < hi {
		start := recordStart(text, (lo+hi)/2)
		k, _, _ := strings.Cut(text[start:], " ")
		if k < key {
			lo = recordEnd(text, start)
		} else {
			hi = start
		}
	}
	return lo
}

// recordStart returns where the record begins that byte i is in.
func recordStart(text string, i int) int {
	for {
		i = strings.LastIndexByte(text[:i], '\n') + 1
		if i == 0 || text[i] != ' ' {
			return i
		}
		i--
	}
}

// recordEnd returns where the record ends that begins at byte i.
func recordEnd(text string, i int) int {
	for i < len(text) {
		nl := strings.IndexByte(text[i:], '\n')
		if nl < 0 {
			return len(text)
		}
		if i += nl + 1; i == len(text) || text[i] != ' ' {
			break
		}
	}
	return i
}
