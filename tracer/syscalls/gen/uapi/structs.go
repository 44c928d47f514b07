package main

import (
	"debug/dwarf"
	"fmt"
	"maps"
	"slices"
	"strings"
)

const (
	extraHeader   = "luatrace/extra.h"
	replacePrefix = "luatrace_"
)

// cstruct is one struct or union, ready to be written.
type cstruct struct {
	kind, name, header string
	size               int64
	fields             []string
}

// record is the struct as the table has it.
func (s *cstruct) record() string {
	return fmt.Sprintf("%s %s %d %s\n%s", s.name, s.kind, s.size, s.header, strings.Join(s.fields, ""))
}

// addStruct adds the struct t, called name, and the unnamed structs within it.
// A typedef counts if it is the only name of its struct.
func addStruct(structs map[string]*cstruct, name string, t dwarf.Type, header string) {
	if td, ok := t.(*dwarf.TypedefType); ok {
		st, ok := td.Type.(*dwarf.StructType)
		if !ok || st.StructName != "" {
			return
		}
		t = st
	}
	st, ok := t.(*dwarf.StructType)
	if !ok || st.Incomplete || structs[name] != nil {
		return
	}
	name = strings.TrimPrefix(name, replacePrefix)
	s := &cstruct{kind: st.Kind, name: name, header: header, size: st.ByteSize}
	structs[name] = s
	s.add(structs, st, 0)
}

// add appends the fields of st, which starts at byte base of s. Members
// without a name are flattened into s, as C lets programs name their fields.
func (s *cstruct) add(structs map[string]*cstruct, st *dwarf.StructType, base int64) {
	for _, f := range st.Field {
		offset := base + f.ByteOffset
		if inner, ok := f.Type.(*dwarf.StructType); ok && f.Name == "" {
			s.add(structs, inner, offset)
			continue
		}
		typ, count := s.typeName(structs, f.Name, f.Type)
		switch {
		case f.BitSize != 0:
			// Fields of DWARF 5 say where they start in bits from the start of the struct.
			s.fields = append(s.fields, fmt.Sprintf(" %s %d:%d %s\n", fieldName(f.Name), base*8+f.DataBitOffset, f.BitSize, typ))
		case count != 0:
			s.fields = append(s.fields, fmt.Sprintf(" %s %d %s %d\n", fieldName(f.Name), offset, typ, count))
		default:
			s.fields = append(s.fields, fmt.Sprintf(" %s %d %s\n", fieldName(f.Name), offset, typ))
		}
	}
}

func fieldName(s string) string {
	if s == "" {
		return "_"
	}
	return s
}

// typeName returns the table's name of a type, and for arrays the number of
// elements (-1 if the struct does not say).
func (s *cstruct) typeName(structs map[string]*cstruct, field string, t dwarf.Type) (string, int64) {
	switch t := t.(type) {
	case *dwarf.TypedefType:
		if strings.HasPrefix(t.Name, "__be") {
			return strings.TrimPrefix(t.Name, "__"), 0
		}
		if st, ok := t.Type.(*dwarf.StructType); ok && st.StructName == "" {
			return t.Name, 0
		}
		return s.typeName(structs, field, t.Type)
	case *dwarf.QualType:
		return s.typeName(structs, field, t.Type)
	case *dwarf.PtrType:
		return pointer(t.Type), 0
	case *dwarf.ArrayType:
		elem, inner := s.typeName(structs, field, t.Type)
		count := t.Count
		if count <= 0 {
			count = -1 // [] and the older [0] mean the same
		}
		if inner > 0 && count > 0 {
			count *= inner
		}
		return elem, count
	case *dwarf.StructType:
		if t.StructName != "" {
			return strings.TrimPrefix(t.StructName, replacePrefix), 0
		}
		name := s.name + "." + field
		if structs[name] == nil {
			inner := &cstruct{kind: t.Kind, name: name, header: s.header, size: t.ByteSize}
			structs[name] = inner
			inner.add(structs, t, 0)
		}
		return name, 0
	case *dwarf.CharType, *dwarf.UcharType:
		if t.Common().Name == "char" {
			return "char", 0
		}
		if _, signed := t.(*dwarf.CharType); signed {
			return "s8", 0
		}
		return "u8", 0
	case *dwarf.BoolType, *dwarf.UintType, *dwarf.EnumType:
		return fmt.Sprintf("u%d", t.Size()*8), 0
	case *dwarf.IntType:
		return fmt.Sprintf("s%d", t.Size()*8), 0
	case *dwarf.FloatType:
		return fmt.Sprintf("f%d", t.Size()*8), 0
	}
	return fmt.Sprintf("u%d", t.Size()*8), 0
}

// pointer names the type of a pointer to t: "ptr" if there is nothing to say
// about what it points to.
func pointer(t dwarf.Type) string {
	for {
		switch u := t.(type) {
		case *dwarf.TypedefType:
			if st, ok := u.Type.(*dwarf.StructType); ok && st.StructName == "" {
				return "*" + u.Name
			}
			t = u.Type
		case *dwarf.QualType:
			t = u.Type
		case *dwarf.StructType:
			if u.StructName == "" {
				return "ptr"
			}
			return "*" + strings.TrimPrefix(u.StructName, replacePrefix)
		case *dwarf.CharType, *dwarf.UcharType:
			if u.Common().Name == "char" { // unsigned on arm64
				return "*char"
			}
			return "*u8"
		case *dwarf.UintType:
			return fmt.Sprintf("*u%d", u.ByteSize*8)
		case *dwarf.IntType:
			return fmt.Sprintf("*s%d", u.ByteSize*8)
		default:
			return "ptr"
		}
	}
}

// standsFor returns the table's name of the type of a typedef; an array as
// "T[N]".
func standsFor(t dwarf.Type) string {
	var none cstruct
	name, count := none.typeName(map[string]*cstruct{}, "", t)
	if count > 0 {
		return fmt.Sprintf("%s[%d]", name, count)
	}
	return name
}

// structRecords returns the records of the structs that keep selects.
func structRecords(all map[string]*cstruct, keep func(*cstruct) bool) []string {
	var records []string
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if s := all[name]; keep(s) {
			records = append(records, s.record())
		}
	}
	return records
}

// structOverlay returns the structs that own lays out differently from common,
// or in addition.
func structOverlay(common, own map[string]*cstruct) map[string]*cstruct {
	d := map[string]*cstruct{}
	for name, s := range own {
		c := common[name]
		if c == nil || c.size != s.size || !slices.Equal(c.fields, s.fields) {
			d[name] = s
		}
	}
	return d
}
