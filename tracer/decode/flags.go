package decode

import (
	"strings"

	"luatrace/tracer/syscalls"
)

// Flags is a flags value taken out of its Call: a copy that stays valid. The
// methods are those of the Value.
type Flags struct {
	Bits uint64
	typ  *syscalls.Type
	abi  syscalls.ABI
	size uint8
}

// Flags returns the copy of a KindFlags value.
func (v *Value) Flags() Flags {
	abi := syscalls.Native()
	if v.call != nil {
		abi = v.call.ABI
	}
	return Flags{v.num, v.typ, abi, v.size}
}

// value makes a Value again, for what is not asked often.
func (f Flags) value() *Value {
	return &Value{Kind: KindFlags, num: f.Bits, typ: f.typ, size: f.size, call: &Call{ABI: f.abi}}
}

// String returns the text that strace shows: "O_RDWR|O_CREAT".
func (f Flags) String() string { return f.value().String() }

// Names returns the names of the flags that are set, in print order.
func (f Flags) Names() []string { return f.value().Names() }

// Has is [Value.Has]: whether all of the names, joined by "|", are set. It does
// not allocate but for an error.
func (f Flags) Has(names string) (bool, error) {
	all := true
	err := f.each(names, func(has bool) { all = all && has })
	return all, err
}

// Any reports whether at least one of the names, joined by "|", is set.
func (f Flags) Any(names string) (bool, error) {
	some := false
	err := f.each(names, func(has bool) { some = some || has })
	return some, err
}

// each tells of every name in turn whether it is set. Also a name behind the
// one that decides must be right.
func (f Flags) each(names string, tell func(has bool)) error {
	var set *syscalls.SetView
	if f.typ != nil && f.typ.Set != nil && f.typ.Kind == syscalls.KindFlags {
		set = f.typ.Set.On(f.abi)
	}
	for name := range strings.SplitSeq(names, "|") {
		name = strings.TrimSpace(name)
		if set != nil {
			if has, known := set.Has(f.Bits, name); known {
				tell(has)
				continue
			}
		}
		has, err := f.value().Has(name)
		if err != nil {
			if bits, ok := syscalls.ConstantFor(f.abi, name); ok && bits != 0 && set != nil {
				tell(f.Bits&bits == bits)
				continue
			}
			return err
		}
		tell(has)
	}
	return nil
}

// Is reports whether the names, joined by "|", are all that is set.
func (f Flags) Is(names string) (bool, error) {
	if _, err := f.Has(names); err != nil {
		return false, err
	}
	var want uint64
	for name := range strings.SplitSeq(names, "|") {
		name = strings.TrimSpace(name)
		var bits uint64
		var ok bool
		if f.typ != nil && f.typ.Set != nil {
			bits, ok = f.typ.Set.On(f.abi).Value(name)
		}
		if !ok {
			if sig, isSignal := syscalls.Signal(name); isSignal && f.value().isMask() {
				bits, ok = 1<<(sig-1), true
			} else if isSignal {
				bits, ok = uint64(sig), true
			}
		}
		if !ok {
			bits, _ = syscalls.ConstantFor(f.abi, name)
		}
		want |= bits
	}
	return want == f.Bits, nil
}

// Members returns the names that can be in it, for suggestions; nil if it has
// no set of names.
func (f Flags) Members() []string {
	if f.typ == nil || f.typ.Set == nil {
		return nil
	}
	return f.typ.Set.On(f.abi).MemberNames()
}

// Rest returns the bits that have no name.
func (f Flags) Rest() uint64 {
	if f.typ == nil || f.typ.Set == nil {
		return 0
	}
	rest := f.Bits
	if f.typ.Low != nil {
		rest &^= 0xff
	}
	return f.typ.Set.On(f.abi).Split(rest, func(string) {})
}

// AppendJSON appends the flags as the JSON view does.
func (f Flags) AppendJSON(dst []byte) []byte { return jsonFlags(dst, f.value()) }
