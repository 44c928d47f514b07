package decode

import "luatrace/tracer/syscalls"

var structPollfd = &syscalls.Type{Kind: syscalls.KindStruct, Struct: "pollfd"}

// pollfds decodes poll's array. It is the same memory at entry and exit; only
// revents is new then.
func (s scope) pollfds(v *Value, t *syscalls.Type, addr uint64) {
	n, ok := s.length(&t.Len)
	if !ok {
		return
	}
	s.arrayOf(v, t, structPollfd, addr, n)
}

// pollfd prints what was asked for; what happened stands in the result. An
// entry with a negative descriptor asks for nothing.
func (o *Text) pollfd(dst []byte, v *Value) []byte {
	fd := v.Field("fd")
	dst = o.AppendValue(append(dst, "{fd="...), fd)
	if fd.Int() >= 0 {
		dst = o.AppendValue(append(dst, ", events="...), v.Field("events"))
	}
	return append(dst, '}')
}
