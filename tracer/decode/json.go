package decode

import (
	"encoding/base64"
	"strconv"

	"luatrace/internal/escape"
	"luatrace/tracer/syscalls"
)

// JSON is the JSON view of values. The shape of a member depends on the type
// of the value, never on its size or on options (docs/json.md describes it):
//
//   - every number is an integer, exact, also beyond 2^53; so are addresses and
//     descriptors
//   - flags are {"value": n, "names": [...]}, enumerations the constant's name,
//     or the number when it has none
//   - strings and buffers are strings
//   - structs are objects without padding, arrays are arrays
//   - a null pointer is null, a pointer that was not followed {"address": n},
//     with "unreadable": true if it could not be
//
// What a string or an array cannot say is noted apart, by the place it has in
// the object, and appended by AppendNotes: the bytes of strings that are not
// UTF-8, the length of what was cut, and with FDs what descriptors stand for.
//
// A JSON may be used for value after value, by one goroutine at a time.
type JSON struct {
	FDs     bool // note what descriptors stand for
	Bounded bool // cut what would make an object longer than MaxLine, and note that it is cut

	used    int    // of the room for values since Reset, about
	scratch []byte // of fitting
	path    []byte // of the value being written: "args.msg.msg_iov[0]"
	bytes   []byteNote
	nl      []messageNote
	cuts    []cutNote
	fds     []int
	name    func(fd int) string
}

// byteNote is a string that is not UTF-8.
type byteNote struct {
	path string
	data []byte
}

// messageNote is a buffer with netlink messages in it.
type messageNote struct {
	path string
	list *Value
}

// cutNote is a value that is not there as a whole.
type cutNote struct {
	path  string
	total uint64
	known bool
}

const (
	maxJSONDepth = 32  // of nested values; the tables nest far less
	maxJSONFDs   = 256 // descriptors named for one event
)

// AppendJSON appends a value as JSON without any notes.
func AppendJSON(dst []byte, v *Value) []byte {
	var j JSON
	return j.AppendMember(dst, "", v)
}

// AppendJSONArgs appends an object of all arguments by their names, without
// any notes.
func (c *Call) AppendJSONArgs(dst []byte) []byte {
	var j JSON
	return j.AppendArgs(dst, c)
}

// Reset forgets the notes.
func (j *JSON) Reset() {
	if j.used = 0; cap(j.scratch) > MaxLine {
		j.scratch = nil
	}
	j.path, j.bytes, j.nl, j.cuts, j.fds = j.path[:0], j.bytes[:0], j.nl[:0], j.cuts[:0], j.fds[:0]
}

// AppendMember appends a value that will stand at path in the object.
func (j *JSON) AppendMember(dst []byte, path string, v *Value) []byte {
	j.path = append(j.path[:0], path...)
	return j.value(dst, v, 0)
}

// AppendArgs appends an object of all arguments the call has, by their names,
// to stand as "args".
func (j *JSON) AppendArgs(dst []byte, c *Call) []byte {
	dst = append(dst, '{')
	first := true
	for i := range c.NumArgs() {
		if !c.Shown(i) {
			continue
		}
		dst = appendKey(dst, &first, c.params[i].Name)
		dst = j.AppendMember(dst, "args."+c.params[i].Name, c.Arg(i))
	}
	return append(dst, '}')
}

// AppendBefore appends an object of the arguments that the kernel both reads
// and writes, as they were before the call, to stand as "before". It appends
// nothing and returns false if there are none.
func (j *JSON) AppendBefore(dst []byte, c *Call) (_ []byte, any bool) {
	first := true
	for i := range c.NumArgs() {
		p := &c.params[i]
		if p.Dir != syscalls.InOut || !c.Shown(i) || !c.written(p) || c.entry[i] == nil {
			continue
		}
		if first {
			dst = append(dst, '{')
		}
		dst = appendKey(dst, &first, p.Name)
		dst = j.AppendMember(dst, "before."+p.Name, c.entry[i])
	}
	if first {
		return dst, false
	}
	return append(dst, '}'), true
}

// AppendNotes appends what was noted since Reset as members of the object,
// each with a comma before it: "messages", "fds", "base64" and "truncated".
func (j *JSON) AppendNotes(dst []byte) []byte {
	first := true
	for _, n := range j.nl { // before the rest: there can be descriptors and cuts in it
		if first {
			dst = append(dst, `,"messages":{`...)
		}
		dst = appendKey(dst, &first, n.path)
		dst = j.AppendMember(dst, "messages."+n.path, n.list)
	}
	if !first {
		dst = append(dst, '}')
	}
	first = true
	for _, fd := range j.fds {
		name := j.name(fd)
		if name == "" {
			continue
		}
		if first {
			dst = append(dst, `,"fds":{`...)
		}
		dst = appendKey(dst, &first, strconv.Itoa(fd))
		dst = escape.AppendJSON(dst, name)
	}
	if !first {
		dst = append(dst, '}')
	}
	for i, n := range j.bytes {
		first = i == 0
		if first {
			dst = append(dst, `,"base64":{`...)
		}
		dst = append(appendKey(dst, &first, n.path), '"')
		dst = append(base64.StdEncoding.AppendEncode(dst, n.data), '"')
	}
	if len(j.bytes) > 0 {
		dst = append(dst, '}')
	}
	for i, n := range j.cuts {
		first = i == 0
		if first {
			dst = append(dst, `,"truncated":{`...)
		}
		dst = appendKey(dst, &first, n.path)
		if n.known {
			dst = strconv.AppendUint(dst, n.total, 10)
		} else {
			dst = append(dst, "null"...)
		}
	}
	if len(j.cuts) > 0 {
		dst = append(dst, '}')
	}
	return dst
}

// appendKey appends a member's name and the comma before it.
func appendKey(dst []byte, first *bool, name string) []byte {
	if !*first {
		dst = append(dst, ',')
	}
	*first = false
	return append(escape.AppendJSON(dst, name), ':')
}

// value appends a value; its place is j.path.
func (j *JSON) value(dst []byte, v *Value, depth int) []byte {
	if v != nil && (v.Kind == KindString || v.Kind == KindBytes || v.Kind == KindStruct || v.Kind == KindArray) {
		return j.composed(dst, v, depth)
	}
	before := len(dst)
	dst = j.scalar(dst, v, depth)
	j.used += len(dst) - before
	return dst
}

// composed appends a string, struct or array, which counts what it takes itself.
func (j *JSON) composed(dst []byte, v *Value, depth int) []byte {
	switch {
	case depth > maxJSONDepth:
		return append(dst, "null"...)
	case v.Kind == KindStruct:
		return j.structure(dst, v, depth)
	case v.Kind == KindArray:
		return j.array(dst, v, depth)
	}
	return j.text(dst, v)
}

func (j *JSON) scalar(dst []byte, v *Value, depth int) []byte {
	if v == nil || depth > maxJSONDepth {
		return append(dst, "null"...)
	}
	switch v.Kind {
	case KindNone:
		return append(dst, "null"...)
	case KindNull, KindAddr, KindUnreadable:
		return j.address(dst, v)
	case KindFlags:
		return jsonFlags(dst, v)
	case KindEnum:
		if name := v.Name(); name != "" {
			return escape.AppendJSON(dst, name)
		}
		if v.typ != nil && v.typ.Kind == syscalls.KindSignal {
			return strconv.AppendInt(dst, v.Int(), 10)
		}
	case KindFD:
		j.noteFD(v)
		return strconv.AppendInt(dst, v.Int(), 10)
	case KindInt:
		return strconv.AppendInt(dst, v.Int(), 10)
	}
	return strconv.AppendUint(dst, v.num, 10)
}

// address appends a pointer that was not followed, or a number that is an
// address by type.
func (j *JSON) address(dst []byte, v *Value) []byte {
	switch {
	case v.typ != nil && v.typ.Kind == syscalls.KindHandler && v.num <= 1:
		return append(dst, [...]string{`"SIG_DFL"`, `"SIG_IGN"`}[v.num]...)
	case v.typ == nil || !v.typ.Pointer():
		return strconv.AppendUint(dst, v.num, 10)
	case v.num == 0:
		return append(dst, "null"...)
	}
	dst = strconv.AppendUint(append(dst, `{"address":`...), v.num, 10)
	if v.Kind == KindUnreadable {
		dst = append(dst, `,"unreadable":true`...)
	}
	return append(dst, '}')
}

func jsonFlags(dst []byte, v *Value) []byte {
	dst = strconv.AppendUint(append(dst, `{"value":`...), v.num, 10)
	dst = append(dst, `,"names":[`...)
	for i, name := range v.Names() {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = escape.AppendJSON(dst, name)
	}
	return append(dst, "]}"...)
}

func (j *JSON) text(dst []byte, v *Value) []byte {
	if a := v.IP(); a.IsValid() {
		return escape.AppendJSON(dst, a.String())
	}
	if mac := v.MAC(); mac != "" {
		return escape.AppendJSON(dst, mac)
	}
	if m := v.Messages(); m != nil {
		j.nl = append(j.nl, messageNote{string(j.path), m})
	}
	data, before := j.fitting(v.data), len(dst)
	dst, exact := escape.AppendJSONExact(dst, data)
	j.used += len(dst) - before
	if !exact {
		j.bytes = append(j.bytes, byteNote{string(j.path), data})
		j.used += base64.StdEncoding.EncodedLen(len(data)) + len(j.path)
	}
	switch {
	case v.Truncated:
		j.cut(v.total, v.Kind == KindBytes)
	case len(data) < len(v.data):
		j.cut(uint64(len(v.data)), true)
	}
	return dst
}

// cut notes that the value being written is not there as a whole.
func (j *JSON) cut(total uint64, known bool) {
	j.cuts = append(j.cuts, cutNote{string(j.path), total, known})
	j.used += len(j.path) + len(`"":18446744073709551615,`)
}

func (j *JSON) array(dst []byte, v *Value, depth int) []byte {
	if v.Truncated {
		j.cut(v.total, true)
	}
	n := len(j.path)
	dst = append(dst, '[')
	for i := range v.kids {
		if j.full() {
			if j.path = j.path[:n]; !v.Truncated {
				j.cut(uint64(len(v.kids)), true)
			}
			break
		}
		j.used++
		if i > 0 {
			dst = append(dst, ',')
		}
		j.path = append(strconv.AppendInt(append(j.path[:n], '['), int64(i), 10), ']')
		dst = j.value(dst, &v.kids[i], depth+1)
	}
	j.path = j.path[:n]
	return append(dst, ']')
}

func (j *JSON) structure(dst []byte, v *Value, depth int) []byte {
	n := len(j.path)
	dst = append(dst, '{')
	first := true
	v.Members(func(name string, f *Value) bool {
		dst = appendKey(dst, &first, name)
		j.used += len(name) + len(`"":,`)
		j.path = append(append(j.path[:n], '.'), name...)
		dst = j.value(dst, f, depth+1)
		return true
	})
	j.path = j.path[:n]
	return append(dst, '}')
}

// noteFD remembers a descriptor whose name is to be told.
func (j *JSON) noteFD(v *Value) {
	if !j.FDs || v.call == nil || v.call.FDName == nil || len(j.fds) >= maxJSONFDs {
		return
	}
	fd := int(v.Int())
	for _, known := range j.fds {
		if known == fd {
			return
		}
	}
	j.fds, j.name = append(j.fds, fd), v.call.FDName
}
