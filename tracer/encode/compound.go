package encode

import (
	"fmt"
	"sort"
	"strings"

	"luatrace/tracer/syscalls"
)

func list(v any) ([]any, error) {
	switch v := v.(type) {
	case []any:
		return v, nil
	case map[string]any:
		if len(v) == 0 {
			return nil, nil // an empty table of Lua is both
		}
	}
	return nil, fmt.Errorf("a list is wanted, not %s", describe(v))
}

// strings encodes argv: pointers up to a null one.
func (e *encoder) strings(v any) ([]byte, int, error) {
	items, err := list(v)
	if err != nil {
		return nil, 0, err
	}
	word := e.abi.WordSize()
	var b []byte
	for _, item := range items {
		s, ok := item.(string)
		if !ok {
			return nil, 0, fmt.Errorf("strings are wanted, not %s", describe(item))
		}
		b = append(b, little(e.mem.Place(append([]byte(s), 0)), word)...)
	}
	return append(b, make([]byte, word)...), len(items), nil
}

func (e *encoder) array(t *syscalls.Type, v any) ([]byte, int, error) {
	elem := t.Elem
	if t.Kind == syscalls.KindPollResult {
		elem = &syscalls.Type{Kind: syscalls.KindStruct, Struct: "pollfd"}
	}
	if s, ok := v.(string); ok {
		return []byte(s), len(s) / max(1, elem.MemSize(e.abi)), nil
	}
	items, err := list(v)
	if err != nil {
		return nil, 0, err
	}
	var b []byte
	for i, item := range items {
		one, err := e.inline(elem, item, elem.MemSize(e.abi))
		if err != nil {
			return nil, 0, fmt.Errorf("element %d: %w", i+1, err)
		}
		b = append(b, one...)
	}
	return b, len(items), nil
}

func (e *encoder) pointers(t *syscalls.Type, v any) ([]byte, int, error) {
	items, err := list(v)
	if err != nil {
		return nil, 0, err
	}
	var b []byte
	for i, item := range items {
		one, err := e.inline(t.Elem, item, t.Elem.MemSize(e.abi))
		if err != nil {
			return nil, 0, fmt.Errorf("element %d: %w", i+1, err)
		}
		b = append(b, little(e.mem.Place(one), e.abi.WordSize())...)
	}
	return b, len(items), nil
}

// iovec encodes a list of strings as buffers.
func (e *encoder) iovec(v any) ([]byte, int, error) {
	items, err := list(v)
	if err != nil {
		return nil, 0, err
	}
	word, bytes := e.abi.WordSize(), 0
	var b []byte
	for _, item := range items {
		if m, ok := item.(map[string]any); ok {
			item = m["iov_base"]
			if w, ok := address(&syscalls.Type{Kind: syscalls.KindBytes}, item); ok || item == nil {
				n, _ := number(m["iov_len"])
				b = append(append(b, little(w, word)...), little(n, word)...)
				continue
			}
		}
		s, ok := item.(string)
		if !ok {
			return nil, 0, fmt.Errorf("strings are wanted, not %s", describe(item))
		}
		bytes += len(s)
		b = append(b, little(e.mem.Place([]byte(s)), word)...)
		b = append(b, little(uint64(len(s)), word)...)
	}
	e.call.Counted = max(e.call.Counted, bytes)
	return b, len(items), nil
}

// sigset encodes a list of signal names.
func (e *encoder) sigset(v any) ([]byte, int, error) {
	if w, err := e.word(&syscalls.Type{Kind: syscalls.KindHex}, v); err == nil {
		return little(w, 8), 8, nil
	}
	items, err := list(v)
	if err != nil {
		return nil, 0, err
	}
	var mask uint64
	for _, item := range items {
		n, ok := syscalls.Signal(fmt.Sprint(item))
		if !ok {
			return nil, 0, fmt.Errorf("there is no signal %q", fmt.Sprint(item))
		}
		mask |= 1 << (n - 1)
	}
	return little(mask, 8), 8, nil
}

// bitmap encodes a list of numbers as an fd_set or a CPU mask.
func bitmap(v any) ([]byte, int, error) {
	items, err := list(v)
	if err != nil {
		return nil, 0, err
	}
	b := make([]byte, 128)
	for _, item := range items {
		n, ok := number(item)
		if !ok || n >= uint64(8*len(b)) {
			return nil, 0, fmt.Errorf("numbers below %d are wanted, not %s", 8*len(b), describe(item))
		}
		b[n/8] |= 1 << (n % 8)
	}
	return b, len(b), nil
}

// structure encodes a struct from its fields.
func (e *encoder) structure(lay *syscalls.Struct, v any) ([]byte, error) {
	m, ok := v.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("struct %s is a table of its fields, not %s", lay.Name, describe(v))
	}
	b := make([]byte, lay.Size)
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		i := lay.Field(name)
		if i < 0 {
			var have []string
			for i := range lay.Fields {
				if f := &lay.Fields[i]; !f.Hidden {
					have = append(have, f.Name)
				}
			}
			return nil, fmt.Errorf("struct %s has no field %q (it has %s)", lay.Name, name, strings.Join(have, ", "))
		}
		if f := &lay.Fields[i]; f.Type.Kind == syscalls.KindDyn && f.Size == 0 { // the struct's end
			data, err := e.rawBytes(m[name])
			if err != nil {
				return nil, fmt.Errorf("%s.%s: %w", lay.Name, name, err)
			}
			b = append(b[:f.Offset], data...)
			b = append(b, make([]byte, max(0, lay.Size-len(b)))...)
			continue
		}
		if err := e.field(b, lay, &lay.Fields[i], m); err != nil {
			return nil, fmt.Errorf("%s.%s: %w", lay.Name, name, err)
		}
	}
	return b, nil
}

// rawBytes takes bytes as a string, or as a list of numbers.
func (e *encoder) rawBytes(v any) ([]byte, error) {
	if v == nil {
		return nil, nil
	}
	b, _, err := e.array(&syscalls.Type{Kind: syscalls.KindArray, Elem: &syscalls.Type{Kind: syscalls.KindU8}}, v)
	return b, err
}

func (e *encoder) field(b []byte, lay *syscalls.Struct, f *syscalls.Field, m map[string]any) error {
	v := m[f.Name]
	if f.BitSize > 0 {
		w, err := e.word(f.Type, v)
		if err != nil {
			return err
		}
		for i := range f.BitSize {
			if w>>i&1 == 1 {
				bit := f.BitOffset + i
				b[bit/8] |= 1 << (bit % 8)
			}
		}
		return nil
	}
	if f.Pointer && f.Count == 0 && f.Type.Pointer() {
		w, isNumber := address(f.Type, v)
		if !isNumber && v != nil {
			mem, count, err := e.memory(f.Type, v)
			if err != nil {
				return err
			}
			w = e.mem.Place(mem)
			if l := &f.Type.Len; l.Kind == syscalls.LenName {
				if j := lay.Field(l.Name); j >= 0 && m[l.Name] == nil {
					n := &lay.Fields[j]
					copy(b[n.Offset:n.Offset+n.Size], little(uint64(count), n.Size))
				}
			}
		}
		copy(b[f.Offset:], little(w, f.Size))
		return nil
	}
	one, err := e.inline(f.Type, v, f.Size)
	if err != nil {
		return err
	}
	if len(one) > f.Size {
		return fmt.Errorf("%d bytes do not fit into %d", len(one), f.Size)
	}
	copy(b[f.Offset:f.Offset+f.Size], one)
	return nil
}
