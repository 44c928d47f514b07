package bindings

import (
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"

	lua "github.com/yuin/gopher-lua"
	"luatrace/bindings/luart"
	"luatrace/engine"
	"luatrace/tracer/decode"
	"luatrace/tracer/syscalls"
)

// textFormat is how values look as strings.
var textFormat = &decode.Text{StringLimit: 32, Abbrev: true}

// smallNumbers are boxed once, when the first of them is asked for: most results,
// descriptors and sizes are small.
var smallNumbers atomic.Pointer[[leastSmall + mostSmall]lua.LValue]

// They go from -leastSmall to mostSmall-1.
const leastSmall, mostSmall = 256, 1024

// number boxes an integer that a double holds exactly.
func number(v int64) lua.LValue {
	if v < -leastSmall || v >= mostSmall {
		return lua.LNumber(v)
	}
	small := smallNumbers.Load()
	if small == nil {
		small = boxSmallNumbers()
	}
	return small[v+leastSmall]
}

func boxSmallNumbers() *[leastSmall + mostSmall]lua.LValue {
	var small [leastSmall + mostSmall]lua.LValue
	for i := range small {
		small[i] = lua.LNumber(i - leastSmall)
	}
	smallNumbers.Store(&small)
	return &small
}

// rawWord is a register word as a script sees it: a number if a double holds
// it exactly as a signed integer (all addresses, sizes, descriptors, -1), else
// a 64-bit word.
func rawWord(w uint64) lua.LValue {
	if v := int64(w); v >= -1<<53 && v <= 1<<53 {
		return number(v)
	}
	return luart.Word(w)
}

// str boxes a string that comes from a fixed set: names of calls, signals.
func (t *Trace) str(s string) lua.LValue {
	v, ok := t.names[s]
	if !ok {
		v = lua.LString(s)
		if len(t.names) < 4096 {
			t.names[strings.Clone(s)] = v
		}
	}
	return v
}

// arg converts an argument.
func (t *Trace) arg(L *lua.LState, ev *engine.Event, i int) lua.LValue {
	c := ev.Call()
	p := c.Param(i)
	if ev.Kind == engine.KindEnter && p.Dir == syscalls.Out && p.Pointer() {
		L.RaiseError("ev.%s exists only after the call: the kernel fills it in; this hook runs before it (\":enter\")", p.Name)
	}
	return t.value(L, ev, c.Arg(i))
}

// maxTransfer is what a call moves at most (MAX_RW_COUNT): a longer buffer is none.
const maxTransfer = 1<<31 - 4096

// whole reads all of a buffer of which the decoder has only the beginning: lines
// need no more, scripts get all bytes. A program may say that it has more than
// there is: what can be read counts.
func (t *Trace) whole(L *lua.LState, ev *engine.Event, v *decode.Value) lua.LValue {
	limit := t.format.MaxRead
	var b []byte
	for part := uint64(64 << 10); uint64(len(b)) < min(v.Total(), limit); part *= 2 {
		had := len(b)
		n := int(min(part, v.Total()-uint64(had), limit-uint64(had)))
		t.r.RoomFor(L, b, n)
		b = append(b, make([]byte, n)...)
		got, err := ev.Task.Proc.ReadMemory(v.Addr+uint64(had), b[had:])
		if err != nil || got < len(b)-had {
			return lua.LString(luart.TextOf(b[:max(had+got, len(v.Str()))]))
		}
	}
	if uint64(len(b)) < v.Total() && (v.StructParent() == "" || v.StructParent() == "iovec") {
		L.RaiseError("a buffer of %d bytes is more than may be read at once (--max-read is %d): use ev.mem:read for a part", v.Total(), limit)
	}
	return lua.LString(luart.TextOf(b))
}

// value converts a decoded value. Numbers whose type may exceed what a double
// holds are 64-bit words, always; the value never decides.
func (t *Trace) value(L *lua.LState, ev *engine.Event, v *decode.Value) lua.LValue {
	if v == nil {
		return lua.LNil
	}
	switch v.Kind {
	case decode.KindNone, decode.KindUnreadable:
		return lua.LNil
	case decode.KindNull:
		if typ := v.Type(); typ != nil && typ.Pointer() {
			return lua.LNil
		}
		return number(0)
	case decode.KindInt, decode.KindFD:
		if v.Wide {
			return luart.SignedWord(v.Int())
		}
		return number(v.Int())
	case decode.KindUint, decode.KindHex, decode.KindAddr:
		if v.Wide {
			return luart.Word(v.Uint())
		}
		return rawWord(v.Uint())
	case decode.KindEnum:
		if typ := v.Type(); typ != nil && typ.Kind == syscalls.KindSignal {
			if name := syscalls.SignalName(int(v.Uint())); name != "" {
				return t.str(name)
			}
			return number(v.Int()) // 0, or a number that is no signal's
		}
		if name := v.Name(); name != "" {
			return t.str(name)
		}
		return rawWord(v.Uint())
	case decode.KindFlags:
		return t.flags(v)
	case decode.KindString, decode.KindBytes:
		if a := v.IP(); a.IsValid() {
			return lua.LString(a.String())
		}
		if mac := v.MAC(); mac != "" {
			return lua.LString(mac)
		}
		if v.Truncated && v.Kind == decode.KindBytes && ev != nil && v.Total() <= maxTransfer {
			return t.whole(L, ev, v)
		}
		return lua.LString(v.Str())
	case decode.KindArray:
		tb := L.CreateTable(v.Len(), 0)
		for i := range v.Len() {
			tb.RawSetInt(i+1, element(t.value(L, ev, v.Elem(i))))
		}
		return tb
	case decode.KindStruct:
		return t.structure(ev, v)
	}
	return lua.LNil
}

// element is a value as an element of a list: false for one that is nil, such as
// a null pointer among pointers, so that # counts all.
func element(v lua.LValue) lua.LValue {
	if v == lua.LNil {
		return lua.LFalse
	}
	return v
}

// isAddress says whether a value is an internet address: text in scripts, as in
// JSON, since nobody compares four bytes.
func isAddress(k syscalls.TypeKind) bool { return k == syscalls.KindIPv4 || k == syscalls.KindIPv6 }

// argWord converts a Lua value to a register word.
func argWord(L *lua.LState, v lua.LValue, what string) uint64 {
	switch v := v.(type) {
	case lua.LBool:
		if v {
			return 1
		}
		return 0
	case *lua.LNilType:
		return 0
	}
	return uint64(wholeNumber(L, v, what))
}

// wholeNumber takes a whole number: a number, a 64-bit word or flags.
func wholeNumber(L *lua.LState, v lua.LValue, what string) int64 {
	switch v := v.(type) {
	case lua.LNumber:
		if f := float64(v); f == float64(int64(f)) && f >= -1<<63 && f < 1<<63 {
			return int64(f)
		}
	case luart.Word:
		return int64(v)
	case luart.SignedWord:
		return int64(v)
	case *lua.LUserData:
		if f, ok := v.Value.(*flags); ok {
			return int64(f.Bits)
		}
	}
	L.RaiseError("%s: a whole number is wanted, not %s", what, luart.EscapeName(v.String()))
	return 0
}

// parseFlags takes "O_RDWR|O_CREAT", also with numbers among the names.
func parseFlags(abi syscalls.ABI, typ *syscalls.Type, s string) (uint64, error) {
	var v uint64
	for _, name := range strings.Split(s, "|") {
		name = strings.TrimSpace(name)
		if typ.Set != nil {
			if x, ok := typ.Set.On(abi).Value(name); ok {
				v |= x
				continue
			}
		}
		if x, ok := syscalls.Constant(name); ok {
			v |= x
			continue
		}
		if x, err := strconv.ParseUint(name, 0, 64); err == nil {
			v |= x
			continue
		}
		return 0, fmt.Errorf("unknown constant %q", luart.EscapeName(name))
	}
	return v, nil
}
