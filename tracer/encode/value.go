package encode

import (
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"luatrace/tracer/syscalls"
)

// little is the lower bytes of a word; all supported ABIs are little-endian.
func little(w uint64, size int) []byte {
	return binary.LittleEndian.AppendUint64(nil, w)[:min(size, 8)]
}

// number takes what is a number already.
func number(v any) (uint64, bool) {
	switch v := v.(type) {
	case int64:
		return uint64(v), true
	case uint64:
		return v, true
	case float64:
		if v == math.Trunc(v) && v >= -1<<63 && v < 1<<64 {
			if v < 0 {
				return uint64(int64(v)), true
			}
			return uint64(v), true
		}
	case bool:
		if v {
			return 1, true
		}
		return 0, true
	}
	return 0, false
}

// word encodes a number: itself, or the names of constants.
func (e *encoder) word(t *syscalls.Type, v any) (uint64, error) {
	if v == nil {
		return 0, nil
	}
	w, ok := number(v)
	if m, isTable := v.(map[string]any); isTable { // flags, and addresses, as JSON has them
		for _, key := range []string{"value", "address"} {
			if !ok {
				w, ok = number(m[key])
			}
		}
	}
	if !ok {
		text, isText := v.(string)
		if !isText {
			return 0, fmt.Errorf("a number or the name of one is wanted, not %s", describe(v))
		}
		var err error
		if w, err = e.named(t, text); err != nil {
			return 0, err
		}
	}
	switch t.Kind {
	case syscalls.KindNetPort:
		w = uint64(uint16(w)>>8 | uint16(w)<<8)
	case syscalls.KindPages:
		w >>= 12
	case syscalls.KindNetLong:
		w = uint64(binary.BigEndian.Uint32(binary.LittleEndian.AppendUint32(nil, uint32(w))))
	}
	return w, nil
}

// named finds "A|B|0x10".
func (e *encoder) named(t *syscalls.Type, text string) (uint64, error) {
	var w uint64
	if i := slices.Index([]string{"SIG_DFL", "SIG_IGN"}, text); i >= 0 && t.Kind == syscalls.KindHandler {
		return uint64(i), nil
	}
	for name := range strings.SplitSeq(text, "|") {
		name = strings.TrimSpace(name)
		if t.Set != nil {
			if x, ok := t.Set.On(e.abi).Value(name); ok {
				w |= x
				continue
			}
		}
		if t.Kind == syscalls.KindSignal || t.Low != nil && t.Low.Kind == syscalls.KindSignal {
			if n, ok := syscalls.Signal(name); ok {
				w |= uint64(n)
				continue
			}
		}
		if x, ok := syscalls.Constant(name); ok {
			w |= x
			continue
		}
		x, err := strconv.ParseInt(name, 0, 64)
		if err != nil {
			u, err := strconv.ParseUint(name, 0, 64)
			if err != nil {
				return 0, fmt.Errorf("there is no constant %q", name)
			}
			x = int64(u)
		}
		w |= uint64(x)
	}
	return w, nil
}

// describe names a value's kind for messages.
func describe(v any) string {
	switch v.(type) {
	case string:
		return "a string"
	case []any:
		return "a list"
	case map[string]any:
		return "a table"
	case nil:
		return "nothing"
	}
	return fmt.Sprint(v)
}

// memory encodes what a pointer of type t points to. count is its length in the
// unit that length arguments count in: bytes, or elements.
func (e *encoder) memory(t *syscalls.Type, v any) (b []byte, count int, err error) {
	text, isText := v.(string)
	switch t.Kind {
	case syscalls.KindPath, syscalls.KindString:
		if !isText {
			return nil, 0, fmt.Errorf("a string is wanted, not %s", describe(v))
		}
		return append([]byte(text), 0), len(text), nil
	case syscalls.KindStrings, syscalls.KindEnv:
		return e.strings(v)
	case syscalls.KindRef:
		b, err = e.inline(t.Elem, v, t.Elem.MemSize(e.abi))
		return b, 1, err
	case syscalls.KindWait:
		w, err := e.word(t, v)
		return little(w, 4), 1, err
	case syscalls.KindSigset:
		return e.sigset(v)
	case syscalls.KindArray, syscalls.KindPollResult:
		return e.array(t, v)
	case syscalls.KindPtrArray:
		return e.pointers(t, v)
	case syscalls.KindIovec:
		return e.iovec(v)
	case syscalls.KindSockaddr:
		if !isText {
			b, err = e.sockaddr(v)
			return b, len(b), err
		}
	case syscalls.KindFDSet, syscalls.KindBits:
		return bitmap(v)
	case syscalls.KindOpt:
		return e.option(t, v)
	case syscalls.KindIovecAddr:
		return e.array(&syscalls.Type{Kind: syscalls.KindArray, Elem: structType("iovec")}, v)
	case syscalls.KindNodeMask:
		b, n, err := e.array(&syscalls.Type{Kind: syscalls.KindArray, Elem: &syscalls.Type{Kind: syscalls.KindWordMask}}, v)
		return b, n*8*e.abi.WordSize() + 1, err
	case syscalls.KindKeyCaps:
		return e.array(&syscalls.Type{Kind: syscalls.KindArray, Elem: &syscalls.Type{Kind: syscalls.KindU8}}, v)
	case syscalls.KindControl, syscalls.KindDirents, syscalls.KindLSMContexts, syscalls.KindMsgbuf, syscalls.KindCapData, syscalls.KindSiginfo, syscalls.KindSigframe:
		if !isText {
			b, err = e.records(t, v)
			return b, len(b), err
		}
	case syscalls.KindStruct:
		if isText {
			break
		}
		lay := t.Layout(e.abi)
		if lay == nil {
			return nil, 0, fmt.Errorf("%s has no struct %s", e.abi, t.Struct)
		}
		b, err = e.structure(lay, v)
		return b, len(b), err
	}
	if !isText {
		return nil, 0, fmt.Errorf("its bytes as a string are wanted, not %s", describe(v))
	}
	return []byte(text), len(text), nil
}

// inline encodes a value of n bytes that stands in memory of its own: an
// element, a field.
func (e *encoder) inline(t *syscalls.Type, v any, n int) ([]byte, error) {
	text, isText := v.(string)
	switch t.Kind {
	case syscalls.KindIPv4, syscalls.KindIPv6, syscalls.KindIPAddr:
		if v != nil {
			return ipAddress(text, n, t.Kind == syscalls.KindIPAddr)
		}
	case syscalls.KindMAC:
		if a := macAddress(text); a != nil {
			return a, nil
		}
	case syscalls.KindStruct:
		if lay := t.Layout(e.abi); lay != nil && !isText && v != nil {
			return e.structure(lay, v)
		}
	case syscalls.KindArray:
		if v == nil {
			return nil, nil
		}
		b, _, err := e.array(t, v)
		return b, err
	case syscalls.KindSigset:
		if items, ok := v.([]any); ok {
			b, _, err := e.sigset(items)
			return b, err
		}
	case syscalls.KindSiginfo, syscalls.KindSockaddr, syscalls.KindFDSet, syscalls.KindBits, syscalls.KindNodeMask, syscalls.KindDirents, syscalls.KindControl:
		if _, isNumber := number(v); v != nil && !isText && !isNumber {
			b, _, err := e.memory(t, v)
			return b, err
		}
	}
	if isText && (t.Pointer() || t.Kind == syscalls.KindDyn) {
		if len(text) > n {
			return nil, fmt.Errorf("%d bytes do not fit into %d", len(text), n)
		}
		return append([]byte(text), make([]byte, n-len(text))...), nil
	}
	if items, ok := v.([]any); ok && len(items) <= n { // bytes, such as those of a hardware address
		return e.rawBytes(items)
	}
	w, err := e.word(t, v)
	return little(w, n), err
}

// ipAddress encodes an address of n bytes, or of as many as it has.
func ipAddress(text string, n int, any bool) ([]byte, error) {
	a, err := netip.ParseAddr(text)
	if err == nil && (any || len(a.AsSlice()) == n) {
		return a.AsSlice(), nil
	}
	return nil, fmt.Errorf("an address of %d bytes is wanted, such as %q", n, map[bool]string{true: "127.0.0.1", false: "::1"}[n == 4])
}

// macAddress reads a hardware address of 6, 8 or 20 bytes, written as 02:00:5e:10:00:00,
// 02-00-5e-10-00-00 or 0200.5e10.0000; nil if it is none.
func macAddress(text string) []byte {
	digits := strings.IndexAny(text, ":-.")
	if digits < 0 || digits != map[byte]int{':': 2, '-': 2, '.': 4}[text[digits]] {
		return nil
	}
	var b []byte
	for part := range strings.SplitSeq(text, text[digits:digits+1]) {
		bytes, err := hex.DecodeString(part)
		if err != nil || len(part) != digits {
			return nil
		}
		b = append(b, bytes...)
	}
	switch len(b) {
	case 6, 8, 20:
		return b
	}
	return nil
}
