package decode

// Members calls yield for every field of a struct that is shown in full, in
// order, with its name: no padding, and of a union only what the struct says it
// holds.
func (v *Value) Members(yield func(name string, f *Value) bool) {
	if v.Kind != KindStruct {
		return
	}
	for i := range v.lay.Fields {
		f := &v.lay.Fields[i]
		if f.Hidden || !v.fieldShown(f) {
			continue
		}
		if fv := v.FieldAt(i); fv.Kind != KindNone && !yield(f.Name, fv) {
			return
		}
	}
}

// Messages returns the netlink messages that the call sends or has received,
// wherever in its arguments they are, or nil.
func (c *Call) Messages() *Value {
	for i := range c.NumArgs() {
		if m := findMessages(c.Arg(i), 0); m != nil {
			return m
		}
	}
	return nil
}

func findMessages(v *Value, depth int) (found *Value) {
	if v == nil || depth > 4 {
		return nil
	}
	switch v.Kind {
	case KindBytes:
		return v.Messages()
	case KindArray:
		for i := range v.kids {
			if found = findMessages(&v.kids[i], depth+1); found != nil {
				return found
			}
		}
	case KindStruct:
		v.Members(func(_ string, f *Value) bool {
			found = findMessages(f, depth+1)
			return found == nil
		})
	}
	return found
}
