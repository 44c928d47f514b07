package decode

import (
	"fmt"

	"luatrace/tracer/syscalls"
)

// Struct reads and decodes any struct of the layout tables ("stat",
// "io_uring_params") at addr, as the ABI lays it out. The value has a memory of
// its own and stays valid. It fails when the ABI has no such struct or when
// not all of it can be read.
func Struct(abi syscalls.ABI, name string, mem Memory, addr uint64) (*Value, error) {
	t := &syscalls.Type{Kind: syscalls.KindStruct, Struct: name}
	lay := t.Layout(abi)
	if lay == nil {
		return nil, fmt.Errorf("%s has no struct %q", abi, name)
	}
	c := &Call{ABI: abi, Mem: mem, selected: true}
	b := c.copyIn(addr, uint64(lay.Size))
	if len(b) < lay.Size {
		return nil, fmt.Errorf("struct %s at %#x: %d of %d bytes are readable", name, addr, len(b), lay.Size)
	}
	v := &Value{}
	scope{c: c}.bytes(v, t, b, addr)
	v.inline = false
	return v, nil
}

// structAt decodes the struct at addr. A struct with a length argument may be
// shorter or longer than the layout: what both know is shown.
func (s scope) structAt(v *Value, t *syscalls.Type, addr uint64) {
	c := s.c
	lay := t.Layout(c.ABI)
	if lay == nil {
		return // stays an address
	}
	given, sized := s.structSize(t, lay, addr)
	if total, ok := s.length(&t.Total); ok && sized { // no more of it was written
		given = min(given, total)
	}
	if !sized {
		given = uint64(lay.Size)
	}
	if given < t.Min || lay.View && given > maxStruct {
		return // the kernel does not look at it
	}
	size := min(given, max(maxStruct, uint64(lay.Size)))
	b := c.copyIn(addr, size)
	if len(b) == 0 || uint64(len(b)) < size {
		v.setUnreadable(c, t, addr)
		return
	}
	if known := lay.Known; len(b) > known && sized {
		if tail := b[known:]; !isZero(tail) {
			v.tail = tail
		}
		b = b[:min(len(b), lay.Size)]
	}
	if lay.View && len(b) < lay.Size {
		full := c.arena.bytes(lay.Size)
		clear(full[copy(full, b):])
		b = full
	}
	v.Kind, v.Addr, v.lay, v.data, v.given = KindStruct, addr, lay, b, given
	if sized {
		v.total = given
	}
	v.out = s.out
}

// structSize returns the size the tracee gives the struct at addr.
func (s scope) structSize(t *syscalls.Type, lay *syscalls.Struct, addr uint64) (size uint64, ok bool) {
	if t.Len.Kind != syscalls.LenOwn {
		return s.length(&t.Len)
	}
	i := lay.Field(t.Len.Name)
	if i < 0 {
		return 0, false
	}
	f := &lay.Fields[i]
	size = load(s.c.copyIn(addr+uint64(f.Offset), uint64(f.Size)))
	if size == 0 {
		size = t.Min // the first version did not tell
	}
	return size, true
}

// maxStruct is what the kernel reads at most of a struct whose length the
// caller gives: a page (copy_struct_from_user).
const maxStruct = pageSize

func isZero(b []byte) bool {
	for _, x := range b {
		if x != 0 {
			return false
		}
	}
	return true
}

// field decodes field i of the struct value v into f.
func (c *Call) field(v *Value, i int, f *Value) {
	fl := &v.lay.Fields[i]
	f.call, f.typ, f.parent = c, fl.Type, v
	f.Addr = v.Addr + uint64(fl.Offset)
	if fl.BitSize > 0 {
		c.bitField(v, fl, f)
		return
	}
	if fl.Offset > len(v.data) || fl.Size > 0 && fl.Offset == len(v.data) || fl.Offset+fl.Size > len(v.data) && isScalar(fl.Type.Kind) {
		f.Kind = KindNone // the tracee's struct is an older, shorter one
		return
	}
	if fl.Type.Kind == syscalls.KindDyn {
		scope{c: c, parent: v, out: v.out}.dynamic(v, fl, f)
		return
	}
	b := v.data[fl.Offset:min(fl.Offset+fl.Size, len(v.data))]
	sc := scope{c: c, parent: v, out: v.out}
	if fl.Count < 0 { // an array that ends the struct: what memory there is
		b = v.data[fl.Offset:]
		if fl.Type.Len.Kind != syscalls.LenNone && fl.Type.Pointer() {
			f.setAddr(c, fl.Type, f.Addr)
			sc.follow(f, fl.Type, f.Addr)
			f.inline = true
			return
		}
	}
	switch {
	case fl.Relative:
		at := v.Addr + uint64(v.lay.Size) + load(b)
		f.setAddr(c, fl.Type, at)
		sc.follow(f, fl.Type, at)
	case fl.Out && !v.out && v.isRegset():
		f.setAddr(c, fl.Type, load(b))
		f.inline = true
	case fl.Pointer && fl.Count == 0:
		if fl.Type.Kind == syscalls.KindBytes && v.lay.Name == "iovec" {
			sc.iovBase(v, fl.Type, f, load(b))
			return
		}
		sc.word(f, fl.Type, load(b), len(b))
		f.inline = true
	case fl.Type.Kind == syscalls.KindString && v.lay.Name == "sockaddr_un":
		sc.sunPath(f, b)
	default:
		sc.bytes(f, fl.Type, b, f.Addr)
		if fl.Type.Kind == syscalls.KindStruct {
			f.out, f.given = v.out, v.given-min(v.given, uint64(fl.Offset))
		}
		if f.Kind == KindString && fl.Count > 0 && len(f.data) == len(b) {
			f.cut = true
		}
		f.Wide = f.Wide || fl.Wide
		if fl.Signed && f.Kind == KindUint && len(b) < 8 && fl.Type.Kind == syscalls.KindU64 {
			f.num = uint64(int64(f.num<<(64-8*len(b))) >> (64 - 8*len(b)))
			f.Kind = KindInt
		}
	}
}

// bitField decodes a C bit field.
func (c *Call) bitField(v *Value, fl *syscalls.Field, f *Value) {
	first, last := fl.BitOffset/8, (fl.BitOffset+fl.BitSize+7)/8
	if last > len(v.data) || last-first > 8 {
		f.Kind = KindNone
		return
	}
	w := load(v.data[first:last]) >> (fl.BitOffset % 8) & (1<<fl.BitSize - 1)
	c.number(f, fl.Type, w, 8)
	f.Wide = false
	f.inline = true
}
