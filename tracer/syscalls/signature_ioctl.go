package syscalls

import (
	_ "embed"
	"fmt"
	"strconv"
	"strings"
	"sync"
)

//go:embed table/ioctls.tab
var ioctlsText string

// ioctlTable is ioctls.tab.
type ioctlTable struct {
	index *tableIndex         // the row of a request by each of its names
	extra map[uint32][]string // names the generated tables lack
	errs  []error             // reported by a test
}

var ioctlTab = sync.OnceValue(func() *ioctlTable {
	t := &ioctlTable{extra: map[uint32][]string{}}
	t.index = newTableIndex(func(line string, file func(string)) {
		head, _, _ := strings.Cut(line, ":")
		head, only := strings.CutPrefix(head, "names ")
		for name := range strings.FieldsSeq(head) {
			name, number, given := strings.Cut(name, "=")
			if !only {
				file(name)
			}
			if !given {
				continue
			}
			req, err := strconv.ParseUint(number, 0, 32)
			if err != nil {
				t.errs = append(t.errs, fmt.Errorf("ioctls.tab: %s: %w", name, err))
			}
			t.extra[uint32(req)] = append(t.extra[uint32(req)], name)
		}
	}, tableFile{"ioctls.tab", ioctlsText})
	return t
})

// ioctlArgs makes the arguments of a call that takes a request number: the
// request decides what the argument after it is. Safe for concurrent use.
type ioctlArgs struct {
	abi  ABI
	base *Signature
	req  int                 // argument number of the request; the argument follows it
	made numberMap[*Variant] // by request, without a size the caller chooses; nil for none
}

// variant returns what the arguments are for a request, or nil when no
// table knows it. It allocates only when a request is first seen.
func (a *ioctlArgs) variant(req uint32) *Variant {
	key, bare := req, sizedIoctlBase(req)
	if bare != 0 {
		key = bare
	}
	if v, ok := a.made.load(key); ok {
		return v
	}
	names, argType, dir := IoctlFor(a.abi, req)
	if names == nil {
		return nil // not kept: there are 2^32 of them
	}
	if bare != 0 {
		argType, _, _ = strings.Cut(argType, "[")
		argType += "[]" // of any length
	}
	v, err := a.row(names)
	if err != nil {
		rowErrors.Lock()
		rowErrors.list = append(rowErrors.list, err)
		rowErrors.Unlock()
	}
	if v == nil {
		v = a.generic(argType, dir)
	}
	return a.made.store(key, v)
}

// row makes the arguments of the first name that has a row in ioctls.tab.
func (a *ioctlArgs) row(names []string) (*Variant, error) {
	for _, name := range names {
		l, ok := ioctlTab().index.line(name)
		if !ok {
			continue
		}
		_, kind, _ := strings.Cut(l.text, ":")
		v, err := parseIoctl(a, strings.TrimSpace(kind))
		if err != nil {
			return nil, fmt.Errorf("%s: %s: %w", l.where(), name, err)
		}
		return v, nil
	}
	return nil, nil
}

// parseIoctl parses "KIND [-> RESULT]".
func parseIoctl(a *ioctlArgs, text string) (*Variant, error) {
	kind, ret, hasRet := strings.Cut(text, "->")
	p, err := parseParam(a.abi, a.base.Params[a.req+1].Name+" "+strings.TrimSpace(kind))
	if err != nil {
		return nil, err
	}
	v := a.with(p)
	if hasRet {
		if v.Ret, err = parseType(strings.TrimSpace(ret)); err != nil {
			return nil, err
		}
	}
	return v, nil
}

// with returns the base arguments with p as the last one.
func (a *ioctlArgs) with(p Param) *Variant {
	old := a.base.Params[a.req+1]
	p.Name, p.Aliases = old.Name, old.Aliases
	params := append([]Param(nil), a.base.Params...)
	params[a.req+1] = p
	return &Variant{Params: params, Ret: a.base.Ret}
}

// generic makes the arguments of a request that has no row out of what the
// headers say: the C type in its macro and the direction. A nil result leaves
// the argument a number.
func (a *ioctlArgs) generic(argType string, dir IoctlDir) *Variant {
	t := ctypeKind(a.abi, argType, dir != IoctlNone)
	if t == nil {
		return nil
	}
	p := Param{Type: t}
	switch dir {
	case IoctlRead:
		p.Dir = Out
	case IoctlBoth:
		p.Dir = InOut
	}
	return a.with(p)
}

// ctypeKind returns the kind for a C type of the layout tables ("u32",
// "char[16]", "termios"), or for a pointer to one. It is nil if nothing can be
// said.
func ctypeKind(abi ABI, ctype string, pointed bool) *Type {
	name, count, isArray := strings.Cut(strings.TrimSuffix(ctype, "]"), "[")
	n, _ := strconv.ParseUint(count, 10, 16)
	length := Length{Kind: LenConst, N: n}
	if isArray && n == 0 {
		length = Length{Kind: LenIoctl}
	}
	var elem *Type
	switch name {
	case "":
		return nil
	case "char", "u8":
		switch {
		case isArray && name == "char":
			return &Type{Kind: KindString, Len: length}
		case isArray:
			return &Type{Kind: KindBytes, Len: length}
		}
		elem = &Type{Kind: KindU8}
	case "ptr":
		elem = &Type{Kind: KindAddr}
	case "long":
		elem = &Type{Kind: KindLong}
	case "ulong":
		elem = &Type{Kind: KindSize}
	case "s16", "u16":
		elem = &Type{Kind: KindU16}
	case "s32":
		elem = &Type{Kind: KindInt}
	case "u32":
		elem = &Type{Kind: KindUint}
	case "s64":
		elem = &Type{Kind: KindS64}
	case "u64":
		elem = &Type{Kind: KindU64}
	default:
		if name[0] == '*' || !pointed {
			elem = &Type{Kind: KindAddr}
		} else if l, err := layoutOf(abi, name); err != nil || l.Size == 0 {
			return nil
		} else {
			elem = &Type{Kind: KindStruct, Struct: name}
		}
	}
	switch {
	case isArray:
		return &Type{Kind: KindArray, Elem: elem, Len: length}
	case pointed && elem.Kind != KindStruct:
		return &Type{Kind: KindRef, Elem: elem}
	}
	return elem
}
