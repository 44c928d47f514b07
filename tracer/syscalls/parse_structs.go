package syscalls

import (
	_ "embed"
	"fmt"
	"path"
	"strings"
	"sync"
)

//go:embed table/structs.tab
var structsText string

//go:embed table/net_structs.tab
var netStructsText string

//go:embed table/dev_structs.tab
var devStructsText string

//go:embed table/proc_structs.tab
var procStructsText string

//go:embed table/kern_structs.tab
var kernStructsText string

// overlay is a line "struct NAME[,NAME...][!]: [-field] [field [!]kind [if COND]]...".
type overlay struct {
	exact  bool // "!": only the fields named, in that order
	fields []overlayField
	hidden []string // globs
}

type overlayField struct {
	marks string // any of "!" brief, "^" brief if set, "?" optional, "*" the number is an address, "+" a distance, "~" far
	text  string // parsed for each ABI, as constants differ
	name  string
}

// structTable finds what the tables say about structs.
type structTable struct{ index *tableIndex }

var structTab = sync.OnceValue(func() *structTable {
	return newStructTable(tableFile{"structs.tab", structsText}, tableFile{"net_structs.tab", netStructsText},
		tableFile{"dev_structs.tab", devStructsText}, tableFile{"kern_structs.tab", kernStructsText},
		tableFile{"proc_structs.tab", procStructsText})
})

// newStructTable files "layout NAME" under "layout NAME" and the rest under the
// names: a struct may have a layout and an overlay.
func newStructTable(files ...tableFile) *structTable {
	return &structTable{newTableIndex(func(line string, file func(string)) {
		head, _, _ := strings.Cut(line, ":")
		word, names, _ := strings.Cut(strings.TrimSpace(head), " ")
		names, _, _ = strings.Cut(strings.TrimSpace(names), " ")
		if word == "layout" {
			file(strings.TrimSpace(head)) // with one space, like all of them
			return
		}
		names = strings.TrimSuffix(names, "!")
		for more := true; more; {
			var name string
			name, names, more = strings.Cut(names, ",")
			file(name)
		}
	}, files...)}
}

// layout returns the fields of a "layout" line: what no header has.
func (t *structTable) layout(name string) (fields string, ok bool) {
	l, ok := t.index.line("layout " + name)
	_, fields, _ = strings.Cut(l.text, ":")
	return fields, ok
}

// overlay returns what the line about a struct says, nil if there is none. For
// a view, of is the struct whose memory it shows.
func (t *structTable) overlay(name string) (o *overlay, of string, err error) {
	l, ok := t.index.line(name)
	if !ok {
		return nil, "", nil
	}
	fail := func(format string, args ...any) (*overlay, string, error) {
		return nil, "", fmt.Errorf("%s: %s", l.where(), fmt.Sprintf(format, args...))
	}
	head, body, ok := strings.Cut(l.text, ":")
	words := strings.Fields(head)
	o = &overlay{}
	switch {
	case !ok || len(words) != 2 && len(words) != 4:
		return fail("want: struct NAME: fields, view NAME of STRUCT: fields, or layout NAME: fields")
	case words[0] == "view" && len(words) == 4 && words[2] == "of":
		o.exact, of = true, words[3]
	case words[0] == "struct":
		o.exact = strings.HasSuffix(words[1], "!")
	default:
		return fail("want struct, view or layout, not %q", words[0])
	}
	for _, f := range splitTop(body) {
		if strings.HasPrefix(f, "-") {
			for _, g := range strings.Fields(f) {
				o.hidden = append(o.hidden, strings.TrimPrefix(g, "-"))
			}
			continue
		}
		name, kind, ok := strings.Cut(f, " ")
		if !ok {
			return fail("field %q: want a name and a kind", f)
		}
		kind = strings.TrimSpace(kind)
		marks := kind[:len(kind)-len(strings.TrimLeft(kind, "!?*~^+"))]
		o.fields = append(o.fields, overlayField{marks: marks, name: name, text: name + " " + kind[len(marks):]})
	}
	return o, of, nil
}

// compileStruct joins layout and overlay.
func compileStruct(abi ABI, name string) (*Struct, error) {
	if abi == X32 {
		abi = x32Layout(name)
	}
	lay, err := layoutOf(abi, name)
	if err != nil {
		return nil, err
	}
	s := &Struct{Name: name, Size: lay.Size, Known: lay.Size, index: map[string]int{}}
	byName := map[string]Field{}
	end := 0
	for _, f := range lay.Fields {
		df := defaultField(f)
		// Of what overlaps only the first is shown, unless an overlay lists it.
		df.Hidden = df.Hidden || isPadding(f.Name) || f.BitSize == 0 && f.Offset < end
		end = max(end, f.Offset+f.Size)
		if _, dup := byName[f.Name]; dup {
			continue // the first member of a union counts
		}
		byName[f.Name] = df
		s.Fields = append(s.Fields, df)
	}
	o, of, err := structTab().overlay(name)
	if err == nil && o != nil {
		err = o.apply(abi, s, byName)
	}
	if err != nil {
		return nil, fmt.Errorf("struct %s: %w", name, err)
	}
	if s.View = of != ""; s.View {
		s.Known = 0
		for i := range s.Fields {
			if f := &s.Fields[i]; !f.Hidden {
				s.Known = max(s.Known, f.Offset+f.Size)
			}
		}
	}
	for i := range s.Fields {
		f := &s.Fields[i]
		f.Wide = isWide(f.Type, f.Size)
		s.Short = s.Short || f.Brief
		if _, dup := s.index[f.Name]; dup {
			s.unions = true
			continue
		}
		s.index[f.Name] = i
	}
	return s, nil
}

// isPadding reports whether a field is by its name one that means nothing.
func isPadding(name string) bool {
	name = strings.TrimLeft(name, "_")
	for _, p := range [...]string{"pad", "reserved", "resv", "rsv", "unused", "spare"} {
		if rest, ok := strings.CutPrefix(name, p); ok && strings.Trim(rest, "0123456789ding_") == "" {
			return true
		}
	}
	return name == ""
}

func (o *overlay) apply(abi ABI, s *Struct, byName map[string]Field) error {
	var listed []Field
	for _, of := range o.fields {
		if of.name == "*" {
			if err := setAll(abi, s, byName, of.text); err != nil {
				return err
			}
			continue
		}
		name, label, renamed := strings.Cut(of.name, "/")
		f, ok := byName[name]
		if !ok {
			if o.exact {
				continue // a field only some ABIs have: sa_restorer
			}
			return fmt.Errorf("no field %q", of.name)
		}
		p, err := parseParam(abi, of.text)
		if err != nil {
			return err
		}
		f.Type, f.Cond, f.Hidden, f.Out = p.Type, p.Cond, p.Hidden, p.Dir == Out
		if renamed {
			f.Name = label
		}
		f.Brief = strings.Contains(of.marks, "!")
		f.BriefSet = strings.Contains(of.marks, "^")
		f.Relative = strings.Contains(of.marks, "+")
		f.Optional = strings.Contains(of.marks, "?")
		f.Far = strings.Contains(of.marks, "~")
		if strings.Contains(of.marks, "*") {
			f.Pointer, f.Signed = true, false
		}
		listed = append(listed, f)
	}
	for i := range s.Fields {
		f := &s.Fields[i]
		for _, l := range listed {
			if l.Name == f.Name {
				*f = l
			}
		}
		for _, g := range o.hidden {
			if ok, _ := path.Match(g, f.Name); ok {
				f.Hidden = true
			}
		}
	}
	if o.exact && len(listed) > 0 {
		rest := s.Fields
		s.Fields = listed
	next:
		for _, f := range rest {
			for _, l := range listed {
				if l.Name == f.Name {
					continue next
				}
			}
			f.Hidden = true // still there for Field
			s.Fields = append(s.Fields, f)
		}
	}
	return nil
}

// setAll gives all integers of a struct, and the elements of arrays of them, the
// kind of the overlay's field "*".
func setAll(abi ABI, s *Struct, byName map[string]Field, text string) error {
	p, err := parseParam(abi, text)
	if err != nil {
		return err
	}
	for i := range s.Fields {
		f := &s.Fields[i]
		switch {
		case f.Pointer || f.Type.Kind == KindStruct:
			continue
		case f.Type.Kind == KindArray:
			f.Type = &Type{Kind: KindArray, Elem: p.Type, Len: f.Type.Len}
		default:
			f.Type = p.Type
		}
		byName[f.Name] = *f
	}
	return nil
}

// layoutOf finds a layout in structs.tab's own lines or the generated tables.
func layoutOf(abi ABI, name string) (*StructLayout, error) {
	for _, key := range [...]string{name + "@" + abi.String(), name} {
		if body, ok := structTab().layout(key); ok {
			return layOut(abi, name, body)
		}
	}
	if _, of, err := structTab().overlay(name); err == nil && of != "" {
		return layoutOf(abi, of)
	}
	if l, ok := Layout(abi, name); ok {
		return l, nil
	}
	return nil, fmt.Errorf("no struct %q", name)
}

// defaultField gives a field the kind its C type suggests.
func defaultField(f StructField) Field {
	df := Field{
		Name: f.Name, Offset: f.Offset, Size: f.Size, Count: f.Count,
		BitOffset: 8*f.Offset + f.BitOffset, BitSize: f.BitSize,
		Signed:  f.Signed(),
		Pointer: f.Type == "ptr" || strings.HasPrefix(f.Type, "*"),
	}
	elem := &Type{}
	switch {
	case df.Pointer:
		elem.Kind = KindAddr
	case f.Type == "dyn":
		elem.Kind = KindDyn
	case f.Type == "char":
		if f.Count != 0 {
			df.Type = &Type{Kind: KindString}
			return df
		}
		elem.Kind = KindInt
	case f.Type == "u8" && f.Count != 0:
		df.Type = &Type{Kind: KindBytes, Len: Length{Kind: LenConst, N: uint64(max(f.Count, 0))}}
		return df
	case f.Type == "be16":
		elem.Kind = KindNetPort
	case f.Type == "be32":
		elem.Kind = KindNetLong
	case f.Type == "s8", f.Type == "s16", f.Type == "s32", f.Type == "s64":
		elem.Kind = KindS64
	case f.Type == "u8", f.Type == "u16", f.Type == "u32", f.Type == "u64", f.Type == "be64":
		elem.Kind = KindU64
	case f.Type == "u128", f.Type == "s128", f.Type == "f32", f.Type == "f64":
		elem.Kind = KindNone
		df.Hidden = true
	default:
		elem.Kind, elem.Struct = KindStruct, f.Type
	}
	df.Type = elem
	if f.Count > 0 {
		df.Type = &Type{Kind: KindArray, Elem: elem, Len: Length{Kind: LenConst, N: uint64(f.Count)}}
	} else if f.Count < 0 {
		df.Hidden = true
	}
	return df
}

// layOut computes a layout by C's rules from "field type, ..." with the types
// of the generated tables and long, ulong and ptr, which have the ABI's word
// size. NAME[N] is an array.
func layOut(abi ABI, name, body string) (*StructLayout, error) {
	l := &StructLayout{Name: name}
	align := 1
	for _, decl := range splitTop(body) {
		fname, ctype, ok := strings.Cut(decl, " ")
		if !ok {
			return nil, fmt.Errorf("layout %s: field %q: want a name and a type", name, decl)
		}
		f, empty := StructField{Name: fname, Type: strings.TrimSpace(ctype)}, false
		if i := strings.IndexByte(f.Type, '['); i > 0 {
			if _, err := fmt.Sscanf(f.Type[i:], "[%d]", &f.Count); err != nil {
				return nil, fmt.Errorf("layout %s: field %q: %w", name, decl, err)
			}
			f.Type = f.Type[:i]
			empty = f.Count == 0 // TYPE[0] only aligns
		}
		size, a, err := sizeOf(abi, &f)
		if err != nil {
			return nil, fmt.Errorf("layout %s: field %s: %w", name, fname, err)
		}
		align = max(align, a)
		l.Size = (l.Size + a - 1) / a * a
		if empty {
			continue
		}
		f.Offset, f.Size = l.Size, size*max(f.Count, 1)
		if f.Count < 0 {
			f.Size = 0
		}
		l.Size += f.Size
		l.Fields = append(l.Fields, f)
	}
	l.Size = (l.Size + align - 1) / align * align
	return l, nil
}

// sizeOf returns size and alignment of one element of a field, and replaces
// word-sized types by those of the tables.
func sizeOf(abi ABI, f *StructField) (size, align int, err error) {
	word := abi.WordSize()
	switch f.Type {
	case "dyn": // takes what memory is left
		return 0, 1, nil
	case "char", "u8", "s8":
		return 1, 1, nil
	case "u16", "s16", "be16":
		return 2, 2, nil
	case "u32", "s32", "be32":
		return 4, 4, nil
	case "u64", "s64":
		return 8, min(8, word), nil // i386 aligns long long to 4
	case "ptr":
		return word, word, nil
	case "long", "ulong":
		sign := "s"
		if f.Type == "ulong" {
			sign = "u"
		}
		f.Type = fmt.Sprintf("%s%d", sign, word*8)
		return word, word, nil
	}
	inner, err := layoutOf(abi, f.Type)
	if err != nil {
		return 0, 0, err
	}
	return inner.Size, word, nil
}
