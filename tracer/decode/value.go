package decode

import (
	"fmt"
	"strings"

	"luatrace/tracer/syscalls"
)

// Kind is the shape of a Value, which decides what its accessors give.
type Kind uint8

// The kinds of values.
const (
	KindNone       Kind = iota // nothing: a hidden argument
	KindInt                    // signed number: Int
	KindUint                   // unsigned number: Uint
	KindHex                    // unsigned number that is shown in hexadecimal
	KindAddr                   // an address that is not followed: Uint
	KindNull                   // a null pointer
	KindFD                     // file descriptor: Int
	KindFlags                  // or'ed constants: Uint, Names, Has
	KindEnum                   // one constant: Uint, Name
	KindString                 // NUL-terminated string: Str
	KindBytes                  // bytes of known length: Str
	KindStruct                 // Field, Len, FieldAt
	KindArray                  // Elem, Len
	KindUnreadable             // a pointer whose memory could not be read: Uint
)

var kindText = [...]string{"none", "int", "uint", "hex", "addr", "null", "fd",
	"flags", "enum", "string", "bytes", "struct", "array", "unreadable"}

// String returns the name of the kind: "flags".
func (k Kind) String() string {
	if int(k) < len(kindText) {
		return kindText[k]
	}
	return fmt.Sprintf("Kind(%d)", uint8(k))
}

// Value is one node of a decoded argument. Values belong to their Call and are
// valid until its Reset.
type Value struct {
	Kind      Kind
	Wide      bool   // an unsigned 64-bit quantity by type, which may exceed 2^53
	Truncated bool   // Str or the elements are cut at a limit
	Ref       bool   // a scalar read through a pointer; strace prints it in brackets
	inline    bool   // part of the memory of an enclosing value
	cut       bool   // elements after the last could not be read, at moreAt
	out       bool   // struct: its memory is as the kernel left it
	limited   bool   // iovec: only limit bytes of the data count
	size      uint8  // bytes of the number
	Addr      uint64 // where in the tracee the value stands; 0 for a register
	num       uint64
	total     uint64 // bytes or elements there are when fewer are held
	moreAt    uint64
	limit     uint64
	given     uint64 // struct: bytes the tracee says it has
	data      []byte
	tail      []byte // struct: bytes behind those that are described, if not all zero
	typ       *syscalls.Type
	lay       *syscalls.Struct
	parent    *Value
	ctx       *nlContext // netlink: what the bytes are part of
	before    *Value     // struct that the kernel has changed: as it was at entry
	call      *Call
	kids      []Value
}

// Uint returns the number of a scalar, zero-extended, or the address of a
// pointer.
func (v *Value) Uint() uint64 { return v.num }

// Int returns the number of a scalar, sign-extended if its type is signed.
func (v *Value) Int() int64 { return int64(v.num) }

// Str returns the bytes of a string or buffer, as many as were read. They are
// valid until the Call's Reset and must not be changed.
func (v *Value) Str() []byte { return v.data }

// Type returns the table's description of the value; nil for a value that is
// not from a table.
func (v *Value) Type() *syscalls.Type { return v.typ }

// Size returns the bytes the value takes in the tracee's memory: of a scalar
// its width, of a struct and a buffer what was given.
func (v *Value) Size() int {
	if v.Kind == KindStruct || v.Kind == KindBytes || v.Kind == KindString {
		return max(len(v.data), int(min(v.total, MaxData)))
	}
	return int(v.size)
}

// StructName returns the name of the struct a KindStruct value is, else "".
func (v *Value) StructName() string {
	if v == nil || v.lay == nil || v.Kind != KindStruct {
		return ""
	}
	return v.lay.Name
}

// Len returns the number of fields (hidden ones included) or elements.
func (v *Value) Len() int {
	switch v.Kind {
	case KindStruct:
		return len(v.lay.Fields)
	case KindArray:
		return len(v.kids)
	case KindString, KindBytes:
		return len(v.data)
	}
	return 0
}

// Elem returns element i of an array, counted from 0, or nil.
func (v *Value) Elem(i int) *Value {
	if v.Kind != KindArray || i < 0 || i >= len(v.kids) {
		return nil
	}
	return &v.kids[i]
}

// Field returns the named field of a struct, or nil when the struct has no
// such field. Only that field is decoded. The family of any socket address
// can be called sa_family.
func (v *Value) Field(name string) *Value { return v.FieldAt(v.FieldIndex(name)) }

// FieldIndex returns the index of the field that Field returns, -1 if there is
// none.
func (v *Value) FieldIndex(name string) int {
	if v.Kind != KindStruct {
		return -1
	}
	i := v.lay.Field(name)
	if i < 0 && name == "sa_family" && strings.HasPrefix(v.lay.Name, "sockaddr_") {
		i = 0
	}
	if i >= 0 && v.lay.Unions() {
		for k := range v.lay.Fields {
			if f := &v.lay.Fields[k]; f.Name == name && f.Cond != nil && v.fieldShown(f) {
				return k
			}
		}
	}
	return i
}

// FieldAt returns field i of a struct, in the order they print, or nil.
func (v *Value) FieldAt(i int) *Value {
	if v.Kind != KindStruct || i < 0 || i >= len(v.lay.Fields) {
		return nil
	}
	if v.kids == nil {
		if v.kids = v.call.arena.values(len(v.lay.Fields)); len(v.kids) < len(v.lay.Fields) {
			v.kids = nil
			return &Value{call: v.call, Kind: KindNone}
		}
	}
	f := &v.kids[i]
	if f.call == nil {
		v.call.field(v, i, f)
	}
	return f
}

// FieldInfo describes field i of a struct: name, place, whether it is padding.
func (v *Value) FieldInfo(i int) *syscalls.Field {
	if v.Kind != KindStruct || i < 0 || i >= len(v.lay.Fields) {
		return nil
	}
	return &v.lay.Fields[i]
}

// Total returns how many bytes or elements there are in the tracee when the
// value holds fewer (Truncated).
func (v *Value) Total() uint64 { return v.total }

// set returns the constants of a flags or enum value, or nil.
func (v *Value) set() *syscalls.SetView {
	if v.typ == nil || v.typ.Set == nil {
		return nil
	}
	return v.typ.Set.On(v.call.ABI)
}

// force decodes everything the value reaches that the kernel reads.
func (v *Value) force(depth int) {
	if depth > 8 {
		return
	}
	switch v.Kind {
	case KindStruct:
		for i := range v.lay.Fields {
			if f := &v.lay.Fields[i]; f.Pointer && f.Type.Kind != syscalls.KindAddr || f.Type.Kind == syscalls.KindStruct || f.Count < 0 || f.Relative {
				v.FieldAt(i).force(depth + 1)
			}
		}
	case KindArray:
		for i := range v.kids {
			v.kids[i].force(depth + 1)
		}
	}
}

func (v *Value) setAddr(c *Call, t *syscalls.Type, addr uint64) {
	v.call, v.typ, v.num, v.Kind = c, t, addr, KindAddr
	v.size = uint8(c.ABI.WordSize())
	if addr == 0 {
		v.Kind = KindNull
	}
}

func (v *Value) setUnreadable(c *Call, t *syscalls.Type, addr uint64) {
	v.setAddr(c, t, addr)
	if addr != 0 {
		v.Kind = KindUnreadable
	}
}
