package syscalls

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
)

// StructField is one field of a struct as the kernel lays it out.
//
// Type is one of
//
//	u8 u16 u32 u64 u128, s8 s16 s32 s64 s128   integers of the machine's byte order
//	be16 be32 be64                             big-endian (network order) integers
//	f32 f64                                    floating point
//	char                                       plain char; an array of it is text
//	ptr                                        pointer to void, a function, an unnamed struct
//	*T                                         pointer to a T of this list
//	any other word                             the struct or union of that name
//
// An enum is its integer. Unnamed members (C11 anonymous unions and structs)
// are flattened: their fields stand among those of the struct and may overlap.
// A member with a name but of an unnamed type is of the struct
// "OUTER.member", which Layout knows too. A field without a name (padding) is
// called "_".
type StructField struct {
	Name   string
	Offset int // bytes from the start of the struct; of a bit field, of the byte its first bit is in
	Size   int // bytes of the whole field, with all elements of an array; 0 for an array without length

	BitOffset int // of a bit field: bits from Offset, 0..7, the least significant first
	BitSize   int // of a bit field: its width; else 0

	Type  string
	Count int // number of elements of an array; 0 for a scalar, -1 for an array that ends the struct without a length
}

// Signed reports whether the field is a signed integer.
func (f *StructField) Signed() bool {
	return len(f.Type) > 1 && f.Type[0] == 's' && f.Type[1] >= '0' && f.Type[1] <= '9'
}

// StructLayout is a struct or union of the kernel's user-space interface.
type StructLayout struct {
	Name   string
	Size   int    // bytes
	Union  bool   // fields overlap
	Header string // header it was found in, "linux/stat.h"
	Fields []StructField
}

// Field returns the field with that name, or nil.
func (l *StructLayout) Field(name string) *StructField {
	for i := range l.Fields {
		if l.Fields[i].Name == name {
			return &l.Fields[i]
		}
	}
	return nil
}

// A record of a struct table is "NAME struct SIZE HEADER" (or "union") and its
// fields, one a line that starts with a space:
//
//	NAME OFFSET TYPE [COUNT]
//	NAME BITOFFSET:BITS TYPE
//
// COUNT is -1 for an array without a length.

type layoutKey struct {
	abi  ABI
	name string
}

var layouts sync.Map // layoutKey: *StructLayout, nil if there is none

// Layout returns how a struct or union is laid out under an ABI: "stat",
// "sockaddr_in", "epoll_event", "bpf_attr". A name is given without "struct".
// Structs are parsed when first asked for and then kept; the result is shared
// and must not be changed. X32 is answered with amd64's layouts; StructByName knows
// which of them are others there. Safe for any goroutine.
func Layout(abi ABI, name string) (*StructLayout, bool) {
	if abi >= NumABI || name == "" {
		return nil, false
	}
	key := layoutKey{abi, name}
	if l, ok := layouts.Load(key); ok {
		return l.(*StructLayout), l.(*StructLayout) != nil
	}
	var l *StructLayout
	for _, t := range structTables[abi] {
		if text, ok := t.Find(name); ok {
			l = parseStruct(abi, name, text)
			break
		}
	}
	kept, _ := layouts.LoadOrStore(key, l)
	return kept.(*StructLayout), l != nil
}

// parseStruct reads the text of one record. The tables are generated, so
// anything unexpected panics.
func parseStruct(abi ABI, name, text string) *StructLayout {
	head, body, _ := strings.Cut(text, "\n")
	h := strings.Fields(head)
	if len(h) != 3 {
		panic("syscalls: damaged struct table: " + name + ": " + head)
	}
	l := &StructLayout{Name: name, Size: atoi(h[1]), Union: h[0] == "union", Header: h[2]}
	l.Fields = make([]StructField, 0, strings.Count(body, "\n")+1)
	for line := range strings.Lines(body) {
		f := strings.Fields(line)
		if len(f) < 3 {
			panic("syscalls: damaged struct table: " + l.Name + ": " + line)
		}
		field := StructField{Name: f[0], Type: f[2]}
		if bit, bits, ok := strings.Cut(f[1], ":"); ok {
			first := atoi(bit)
			field.Offset, field.BitOffset, field.BitSize = first/8, first%8, atoi(bits)
			field.Size = (field.BitOffset + field.BitSize + 7) / 8
		} else {
			field.Offset = atoi(f[1])
			field.Size = typeSize(abi, field.Type)
			if len(f) > 3 {
				field.Count = atoi(f[3])
				field.Size *= max(field.Count, 0)
			}
		}
		l.Fields = append(l.Fields, field)
	}
	return l
}

// typeSize returns the size in bytes of one element of a type of StructField.
func typeSize(abi ABI, t string) int {
	if t == "ptr" || t[0] == '*' {
		return abi.WordSize()
	}
	if t == "char" {
		return 1
	}
	if bits, err := strconv.Atoi(strings.TrimLeft(t, "usfbe")); err == nil && bits%8 == 0 {
		return bits / 8
	}
	if l, ok := Layout(abi, t); ok {
		return l.Size
	}
	return 0
}

func atoi(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		panic(fmt.Sprintf("syscalls: damaged table: %q is not a number", s))
	}
	return n
}

// LayoutNames returns the names of all structs and unions of an ABI, unsorted,
// for help and suggestions.
func LayoutNames(abi ABI) []string {
	if abi >= NumABI {
		return nil
	}
	var names []string
	seen := map[string]bool{}
	for _, t := range structTables[abi] {
		for name := range t.Records("") {
			if !seen[name] {
				seen[name] = true
				names = append(names, name)
			}
		}
	}
	return names
}
