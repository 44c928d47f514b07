package main

import (
	"debug/dwarf"
	"debug/elf"
	"encoding/binary"
	"errors"
	"strings"
)

// readObject reads values, enumerators and structs out of a compiled object.
func (a *arch) readObject(obj, h string, values map[string]uint64, r *result) ([]macro, error) {
	f, err := elf.Open(obj)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if err := readValues(f, values); err != nil {
		return nil, err
	}
	d, err := f.DWARF()
	if err != nil {
		return nil, err
	}
	return a.readTypes(d, h, values, r)
}

// readValues takes the constants out of their sections by symbol. A constant
// that needs a relocation is an address (of a string, say) and no number.
func readValues(f *elf.File, values map[string]uint64) error {
	symbols, err := f.Symbols()
	if err != nil {
		if errors.Is(err, elf.ErrNoSymbols) {
			return nil
		}
		return err
	}
	moved := map[elf.SectionIndex]map[uint64]bool{}
	for _, s := range f.Sections {
		if s.Type != elf.SHT_RELA && s.Type != elf.SHT_REL {
			continue
		}
		b, err := s.Data()
		if err != nil {
			return err
		}
		at := map[uint64]bool{}
		for size := int(s.Entsize); len(b) >= size; b = b[size:] {
			if f.Class == elf.ELFCLASS64 {
				at[f.ByteOrder.Uint64(b)] = true
			} else {
				at[uint64(f.ByteOrder.Uint32(b))] = true
			}
		}
		moved[elf.SectionIndex(s.Info)] = at
	}
	data := map[elf.SectionIndex][]byte{}
	for _, sym := range symbols {
		name, ok := strings.CutPrefix(sym.Name, valuePrefix)
		if !ok || int(sym.Section) >= len(f.Sections) || moved[sym.Section][sym.Value] {
			continue
		}
		s := f.Sections[sym.Section]
		if _, seen := values[name]; seen {
			continue
		}
		if s.Type == elf.SHT_NOBITS {
			values[name] = 0
			continue
		}
		b, ok := data[sym.Section]
		if !ok {
			if b, err = s.Data(); err != nil {
				return err
			}
			data[sym.Section] = b
		}
		values[name] = binary.LittleEndian.Uint64(b[sym.Value:])
	}
	return nil
}

// readTypes walks the debugging information: enumerators and structs that are
// declared in header h.
func (a *arch) readTypes(d *dwarf.Data, h string, values map[string]uint64, r *result) ([]macro, error) {
	var enums []macro
	var files []*dwarf.LineFile
	declared := func(e *dwarf.Entry) (string, int) {
		i, _ := e.Val(dwarf.AttrDeclFile).(int64)
		line, _ := e.Val(dwarf.AttrDeclLine).(int64)
		if int(i) < len(files) && files[i] != nil {
			return a.relative(files[i].Name), int(line)
		}
		return "", 0
	}
	entries := d.Reader()
	here := false
	line, rank := 0, 0
	for {
		e, err := entries.Next()
		if err != nil {
			return nil, err
		}
		if e == nil {
			return enums, nil
		}
		name, _ := e.Val(dwarf.AttrName).(string)
		switch e.Tag {
		case dwarf.TagCompileUnit:
			lr, err := d.LineReader(e)
			if err != nil {
				return nil, err
			}
			files = lr.Files()
		case dwarf.TagEnumerationType:
			file, l := declared(e)
			here, line, rank = file == h, l, 0
		case dwarf.TagEnumerator:
			if !here {
				continue
			}
			// Enumerators have no line of their own; the macros between them
			// mostly repeat their names.
			rank++
			enums = append(enums, macro{name: name, line: line + rank})
			if _, seen := values[name]; !seen {
				switch v := e.Val(dwarf.AttrConstValue).(type) {
				case int64:
					values[name] = uint64(v)
				case uint64:
					values[name] = v
				}
			}
		case dwarf.TagStructType, dwarf.TagUnionType, dwarf.TagTypedef:
			if decl, _ := e.Val(dwarf.AttrDeclaration).(bool); decl || name == "" {
				continue
			}
			if e.Tag == dwarf.TagTypedef && r.types[name] == "" {
				t, err := d.Type(e.Offset)
				if err != nil {
					return nil, err
				}
				r.types[name] = standsFor(t)
			}
			if file, _ := declared(e); file != h && !(h == extraHeader && strings.HasSuffix(file, "/"+extraHeader)) {
				continue
			}
			t, err := d.Type(e.Offset)
			if err != nil {
				return nil, err
			}
			addStruct(r.structs, name, t, h)
		}
	}
}
