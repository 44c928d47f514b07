package syscalls

import (
	"cmp"
	"slices"
)

// TypesNamed returns the types of all arguments of system calls called name, or
// of all fields of structs; of pointers and arrays that of what is there. It
// looks at every row of the tables, so it is for messages and checks.
func TypesNamed(name string, field bool) []*Type {
	var list []*Type
	if field {
		for _, s := range structTab().structs() {
			if i := s.Field(name); i >= 0 {
				list = append(list, s.Fields[i].Type.Base())
			}
		}
		return list
	}
	params := func(ps []Param) {
		for i := range ps {
			if p := &ps[i]; !p.Hidden && (p.Name == name || slices.Contains(p.Aliases, name)) {
				list = append(list, p.Type.Base())
			}
		}
	}
	for nr := range Max(Native()) {
		if sig := Lookup(Native(), nr); sig != nil {
			params(sig.Params)
			for i := range sig.Variants {
				params(sig.Variants[i].Params)
			}
		}
	}
	return list
}

// structs returns every struct that the table has a line about.
func (t *structTable) structs() []*Struct {
	var list []*Struct
	for name := range t.index.at {
		if s := StructByName(Native(), name); s != nil {
			list = append(list, s)
		}
	}
	return list
}

// MemberNames returns the names of constants that values of the type can have,
// nil if they have none or any.
// Those of which a value holds one come in the order of their values.
func (t *Type) MemberNames() []string {
	switch {
	case t.Set != nil:
		view := t.Set.On(Native())
		names := view.MemberNames()
		if t.Kind != KindFlags {
			slices.SortStableFunc(names, func(a, b string) int {
				x, _ := view.Value(a)
				y, _ := view.Value(b)
				return cmp.Compare(x, y)
			})
		}
		return names
	case t.Kind == KindSignal || t.Kind == KindSigset || t.Kind == KindSigmask:
		var names []string
		for n := 1; n <= SIGRTMAX; n++ {
			names = append(names, SignalName(n))
		}
		return names
	}
	return nil
}
