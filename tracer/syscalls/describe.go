package syscalls

import (
	"fmt"
	"strconv"
	"strings"
)

// Shape is the form that values of a type have in scripts: "number", "string",
// "flags" (a set of names), "name" (of a constant, or a number without one),
// "struct", "list", "word" (64 bits that are no quantity) or "any".
func (t *Type) Shape() string {
	switch t.Kind {
	case KindFlags, KindSigset, KindSigmask:
		return "flags"
	case KindEnum, KindClock, KindSignal, KindIoctl:
		return "name"
	case KindPath, KindString, KindBytes, KindHexBytes, KindIPv4, KindIPv6, KindIPAddr, KindMAC, KindSockBuf:
		return "string"
	case KindStruct, KindSiginfo, KindSockaddr:
		return "struct"
	case KindStrings, KindEnv, KindArray, KindPtrArray, KindIovec, KindIovecAddr, KindControl, KindFDSet, KindBits,
		KindDirents, KindLSMContexts, KindPollResult:
		return "list"
	case KindNetPort, KindLE16:
		if t.Set != nil {
			return "name"
		}
		return "number"
	case KindDyn, KindOpt, KindSigframe:
		return "any"
	case KindRef:
		return t.Elem.Shape()
	case KindCookie:
		return "word"
	}
	if t.Pointer() && t.Kind != KindWait {
		return "any"
	}
	return "number"
}

// Base returns what a pointer to one scalar leads to, or the elements of an
// array are; for other types the type itself.
func (t *Type) Base() *Type {
	for t.Elem != nil {
		t = t.Elem
	}
	return t
}

// Word returns the direction in words: "in", "out" or "inout". What is written
// only if the call is interrupted is "out".
func (d Dir) Word() string {
	return [...]string{In: "in", Out: "out", InOut: "inout", OutIntr: "out"}[d]
}

// Describe returns the condition as text: "flags has O_CREAT or O_TMPFILE".
// The siblings are the arguments or fields it may be about.
func (c *Cond) Describe(abi ABI, typeOf func(name string) *Type) string {
	t := typeOf(c.Name)
	if c.Op == '#' && len(c.Bits) == 1 && c.Bits[0] == 0 {
		return c.Name + " is not 0"
	}
	var values []string
	for _, b := range c.Bits {
		values = append(values, valueName(abi, t, b))
	}
	verb := map[byte]string{'&': " has ", '!': " has not ", '=': " is ", '#': " is not "}[c.Op]
	return c.Name + verb + strings.Join(values, " or ")
}

// Describe returns the test as text: "op is F_GETLK or F_OFD_GETLK".
func (m *Match) Describe(abi ABI, params []Param) string {
	p := &params[m.Arg]
	var values []string
	for _, v := range m.Values {
		values = append(values, valueName(abi, p.Type, v))
	}
	mask := ""
	if m.Mask != 0xffffffff && m.Mask != ^uint64(0) {
		mask = fmt.Sprintf(" & %#x", m.Mask)
	}
	return p.Name + mask + " is " + strings.Join(values, " or ")
}

// Describe returns when the variant holds.
func (v *Variant) Describe(abi ABI, params []Param) string {
	var tests []string
	for i := range v.When {
		tests = append(tests, v.When[i].Describe(abi, params))
	}
	return strings.Join(tests, ", ")
}

// valueName is the name of a constant of a type, or the number.
func valueName(abi ABI, t *Type, v uint64) string {
	if t != nil {
		name := ""
		switch {
		case t.Set != nil && t.Kind == KindFlags:
			view := t.Set.On(abi)
			for i := range view.Members {
				if view.Members[i].Value == v {
					return view.Members[i].Name
				}
			}
			if view.Split(v, func(s string) { name = strings.TrimPrefix(name+"|"+s, "|") }) != 0 {
				name = ""
			}
		case t.Set != nil:
			name = t.Set.On(abi).Enum(v)
		case t.Kind == KindSignal:
			name = SignalName(int(v))
		case t.Kind == KindIoctl:
			if list, _, _ := IoctlFor(abi, uint32(v)); len(list) > 0 {
				name = list[0]
			}
		}
		if name != "" {
			return name
		}
	}
	if v < 1024 {
		return strconv.FormatUint(v, 10)
	}
	return fmt.Sprintf("%#x", v)
}

// TypeOf returns the type of the argument of that name, nil if there is none.
func TypeOf(params []Param) func(name string) *Type {
	return func(name string) *Type {
		if i := FindParam(params, name); i >= 0 {
			return params[i].Type
		}
		return nil
	}
}

// StructNames returns the names of all structs that StructByName knows on an
// ABI: those of the layout tables and those of structs.tab, unsorted.
func StructNames(abi ABI) []string {
	names := LayoutNames(abi)
	seen := map[string]bool{}
	for _, name := range names {
		seen[name] = true
	}
	for name := range structTab().index.at {
		name = strings.TrimPrefix(name, "layout ")
		if !seen[name] && StructByName(abi, name) != nil {
			seen[name] = true
			names = append(names, name)
		}
	}
	return names
}
