package decode

// Patch replaces the bytes of field i of a struct in the decoded copy: what a
// tracer does after it has written the field to the tracee's memory. Bytes
// beyond the copy are dropped.
func (v *Value) Patch(i int, b []byte) {
	if v.Kind != KindStruct || i < 0 || i >= len(v.lay.Fields) {
		return
	}
	if off := v.lay.Fields[i].Offset; off < len(v.data) {
		copy(v.data[off:], b)
	}
	if v.kids != nil {
		v.kids[i] = Value{}
	}
}
