package encode

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"luatrace/tracer/syscalls"
)

// Memory takes bytes for which there is no place yet.
type Memory interface {
	// Place puts bytes into fresh memory and returns their address.
	Place(b []byte) uint64
}

// Later is memory that the kernel fills in: it is written before the exit.
type Later struct {
	Addr  uint64
	Bytes []byte
}

// Call is a system call in the words of the machine.
type Call struct {
	Args  [6]uint64
	After []Later
	// Counted is how many bytes or elements the result would count.
	Counted int
}

// arguments are being encoded.
type encoder struct {
	abi    syscalls.ABI
	mem    Memory
	call   *Call
	params []syscalls.Param
	before map[string]any
	counts bool // the result is a size: of what was written, say
}

// Args encodes the arguments of a call by their names (aliases do as well).
// Missing ones are zero; lengths of buffers that are given are filled in
// unless they are given too. before has the arguments that go in and come out
// as they are at the entry; one that it does not name is what it will be.
func Args(abi syscalls.ABI, sig *syscalls.Signature, values, before map[string]any, mem Memory) (*Call, error) {
	e := &encoder{abi: abi, mem: mem, call: &Call{}}
	if sig == nil {
		return e.raw(values)
	}
	e.before = before
	// The first round finds the values that choose a variant.
	for i := range sig.Params {
		p := &sig.Params[i]
		if v, ok := find(p, values); ok && !p.Pointer() {
			if w, err := e.word(p.Type, v); err == nil {
				e.call.Args[i] = w
			}
		}
	}
	var ret *syscalls.Type
	e.params, ret = sig.Select(&e.call.Args)
	e.counts = ret.Kind == syscalls.KindSize
	for _, given := range []map[string]any{values, before} {
		if err := e.known(sig.Name, given); err != nil {
			return nil, err
		}
	}
	for i := range e.params {
		p := &e.params[i]
		v, ok := find(p, values)
		if p.Kind == syscalls.KindDirFD && !ok && !p.Hidden {
			v, ok = "AT_FDCWD", true // what nearly every program gives
		}
		if !ok || p.Pointer() {
			continue
		}
		w, err := e.word(p.Type, v)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", p.Name, err)
		}
		e.place(i, p.Kind, w)
	}
	for i := range e.params {
		p := &e.params[i]
		v, ok := find(p, values)
		if !ok || !p.Pointer() {
			continue
		}
		if err := e.pointer(i, p, v, values); err != nil {
			return nil, fmt.Errorf("%s: %w", p.Name, err)
		}
	}
	if abi.WordSize() == 4 {
		for i, w := range e.call.Args {
			e.call.Args[i] = uint64(uint32(w))
		}
	}
	return e.call, nil
}

// place puts a number into its word, or into that and the next one.
func (e *encoder) place(i int, kind syscalls.TypeKind, w uint64) {
	e.call.Args[i] = w
	if i+1 >= len(e.call.Args) {
		return
	}
	switch {
	case kind == syscalls.KindHigh64:
		e.call.Args[i], e.call.Args[i+1] = w>>32, uint64(uint32(w))
	case kind == syscalls.KindLow64 && e.abi.WordSize() == 4:
		e.call.Args[i], e.call.Args[i+1] = uint64(uint32(w)), w>>32
	}
}

// raw takes arg1 to arg6, of a call without a signature.
func (e *encoder) raw(values map[string]any) (*Call, error) {
	for name, v := range values {
		var i int
		if _, err := fmt.Sscanf(name, "arg%d", &i); err != nil || i < 1 || i > 6 {
			return nil, fmt.Errorf("unknown argument %q; there are arg1 to arg6", name)
		}
		w, err := e.word(&syscalls.Type{Kind: syscalls.KindHex}, v)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		e.call.Args[i-1] = w
	}
	return e.call, nil
}

// find looks for the value of an argument.
func find(p *syscalls.Param, values map[string]any) (any, bool) {
	if p.Hidden {
		return nil, false
	}
	if v, ok := values[p.Name]; ok {
		return v, true
	}
	for _, a := range p.Aliases {
		if v, ok := values[a]; ok {
			return v, true
		}
	}
	return nil, false
}

// known checks that every value has an argument.
func (e *encoder) known(call string, values map[string]any) error {
	names := make([]string, 0, len(values))
	for name := range values {
		names = append(names, name)
	}
	sort.Strings(names)
	for _, name := range names {
		if syscalls.FindParam(e.params, name) >= 0 {
			continue
		}
		var have []string
		for i := range e.params {
			if !e.params[i].Hidden {
				have = append(have, e.params[i].Name)
			}
		}
		return fmt.Errorf("%s has no argument %q (it has %s)", call, name, strings.Join(have, ", "))
	}
	return nil
}

// pointer encodes an argument that is an address: of memory with the value, or
// the value itself if it is one.
func (e *encoder) pointer(i int, p *syscalls.Param, v any, values map[string]any) error {
	if v == nil {
		return nil
	}
	if w, ok := address(p.Type, v); ok {
		e.call.Args[i] = w
		return nil
	}
	b, count, err := e.memory(p.Type, v)
	if err != nil {
		return err
	}
	// What the program must have said about the size.
	e.fillLength(i, &p.Len, count, values)
	if p.Len.Kind == syscalls.LenRet || p.Dir == syscalls.In && e.counts && isData(p, v) {
		e.call.Counted = max(e.call.Counted, count)
	}
	room := e.room(&p.Len, b, count)
	if p.Dir == syscalls.In {
		e.call.Args[i] = e.mem.Place(room)
		return nil
	}
	later := b
	switch was, ok := find(p, e.before); {
	case p.Dir != syscalls.InOut:
		clear(room)
	case ok && was != nil:
		first, _, err := e.memory(p.Type, was)
		if err != nil {
			return fmt.Errorf("before: %w", err)
		}
		room = append(first, make([]byte, max(0, len(room)-len(first)))...)
	}
	e.call.Args[i] = e.mem.Place(room)
	e.call.After = append(e.call.After, Later{e.call.Args[i], later})
	return nil
}

// maxRoom is the most memory that is made for a length without contents.
const maxRoom = 64 << 10

// room is b and, up to the length that the call says, zeros.
func (e *encoder) room(l *syscalls.Length, b []byte, count int) []byte {
	want := uint64(max(len(b), 1))
	if j := syscalls.FindParam(e.params, l.Name); l.Kind == syscalls.LenName && j >= 0 && count > 0 {
		want = max(want, min(e.call.Args[j], maxRoom)*uint64(len(b)/count))
	}
	return append(slices.Clone(b), make([]byte, min(want, maxRoom+uint64(len(b)))-uint64(len(b)))...)
}

// address takes what is an address already: of an argument that was not
// followed, or a number where memory has none.
func address(t *syscalls.Type, v any) (uint64, bool) {
	if m, ok := v.(map[string]any); ok {
		for key := range m {
			if key != "address" && key != "unreadable" {
				return 0, false
			}
		}
		return number(m["address"])
	}
	switch t.Kind {
	case syscalls.KindRef, syscalls.KindWait, syscalls.KindSigset, syscalls.KindOpt:
		return 0, false
	}
	return number(v)
}

// fillLength sets the argument that says how long argument i is, unless the
// caller has.
func (e *encoder) fillLength(i int, l *syscalls.Length, n int, values map[string]any) {
	if l.Kind == syscalls.LenRet { // read's count, at least what was read
		if i+1 < len(e.params) && e.params[i+1].Kind == syscalls.KindSize && e.call.Args[i+1] == 0 {
			e.call.Args[i+1] = uint64(n)
		}
		return
	}
	if l.Kind != syscalls.LenName && l.Kind != syscalls.LenDeref {
		return
	}
	j := syscalls.FindParam(e.params, l.Name)
	if j < 0 {
		return
	}
	if _, given := find(&e.params[j], values); given {
		return
	}
	if l.Kind == syscalls.LenName {
		e.call.Args[j] = uint64(n)
		return
	}
	e.call.Args[j] = e.mem.Place(little(uint64(n), 4))
}

// isData says whether a value is what a call writes: bytes with a length.
func isData(p *syscalls.Param, v any) bool {
	_, isText := v.(string)
	return isText && p.Len.Kind == syscalls.LenName && p.Kind != syscalls.KindPath && p.Kind != syscalls.KindString && p.Kind != syscalls.KindSockaddr
}
