package decode

import (
	"fmt"
	"slices"
	"strings"

	"luatrace/tracer/syscalls"
)

// Name returns the constant's name of an enum value ("SEEK_SET", "SIGTERM"),
// or "" when the value has none.
func (v *Value) Name() string {
	if v.Kind != KindEnum {
		return ""
	}
	switch {
	case v.typ == nil:
		return ""
	case v.typ.Kind == syscalls.KindSignal:
		return syscalls.SignalName(int(int32(v.num)))
	case v.typ.Kind == syscalls.KindIoctl:
		return ioctlName(v.call.ABI, uint32(v.num))
	case v.typ.Set != nil:
		return v.set().Enum(v.num)
	}
	return ""
}

// Names returns the names of the constants in a flags value, in print order;
// of a signal mask the signals. For an enum value it is its name.
func (v *Value) Names() []string {
	switch v.Kind {
	case KindFlags:
		if v.isMask() {
			return signalNames(v.num)
		}
		if v.typ != nil && v.typ.Kind == syscalls.KindCaps {
			return capNames(v.num)
		}
		var names []string
		if s := v.set(); s != nil {
			names = s.Names(nil, v.num)
		}
		if low := v.typ.Low; low != nil {
			if name := syscalls.SignalName(int(v.num & 0xff)); name != "" {
				names = append(names, name)
			}
		}
		return names
	case KindEnum:
		if name := v.Name(); name != "" {
			return []string{name}
		}
	}
	return nil
}

// Has reports whether a flags value has the named constant (all its bits), or
// an enum value is that constant. Several names can be joined by "|": then all
// must be there. A name that does not belong to the value's set is an error
// that names the nearest one.
func (v *Value) Has(name string) (bool, error) {
	if v.Kind != KindFlags && v.Kind != KindEnum {
		return false, fmt.Errorf("%s value has no flags", v.Kind)
	}
	for more := true; more; {
		var one string
		one, name, more = strings.Cut(name, "|")
		ok, err := v.hasOne(strings.TrimSpace(one))
		if !ok || err != nil {
			return false, err
		}
	}
	return true, nil
}

func (v *Value) hasOne(name string) (bool, error) {
	if v.isMask() || v.typ != nil && v.typ.Kind == syscalls.KindSignal {
		sig, ok := syscalls.Signal(name)
		if !ok {
			return false, fmt.Errorf("no signal %q", name)
		}
		if v.isMask() {
			return sig >= 1 && sig <= 64 && v.num>>(sig-1)&1 == 1, nil
		}
		return v.num == uint64(sig), nil
	}
	if v.typ != nil && v.typ.Kind == syscalls.KindCaps {
		bit, ok := syscalls.SetByName("cap").Value(name)
		if !ok {
			return false, fmt.Errorf("no capability %q", name)
		}
		return v.num>>bit&1 == 1, nil
	}
	s := v.set()
	if s == nil {
		if v.typ != nil && v.typ.Kind == syscalls.KindIoctl {
			names, _, _ := syscalls.IoctlFor(v.call.ABI, uint32(v.num))
			return slices.Contains(names, name), nil
		}
		return v.Name() == name, nil
	}
	if v.Kind == KindEnum {
		if m, ok := s.Value(name); ok {
			return uint32(m) == uint32(v.num), nil
		}
	} else if has, known := s.Has(v.num, name); known {
		return has, nil
	}
	if v.typ.Low != nil {
		if sig, ok := syscalls.Signal(name); ok {
			return v.num&0xff == uint64(sig), nil
		}
	}
	if near := nearest(name, s.MemberNames()); near != "" {
		return false, fmt.Errorf("no %q in the %s constants; did you mean %s?", name, v.typ.Set.Name, near)
	}
	return false, fmt.Errorf("no %q in the %s constants", name, v.typ.Set.Name)
}

func (v *Value) isMask() bool {
	return v.Kind == KindFlags && v.typ != nil && (v.typ.Kind == syscalls.KindSigset || v.typ.Kind == syscalls.KindSigmask)
}

// nearest returns the candidate with the smallest edit distance to name, if
// that is small for the length of the name.
func nearest(name string, candidates []string) string {
	best, bestDist := "", max(2, len(name)/3)+1
	for _, c := range candidates {
		if d := distance(strings.ToUpper(name), c); d < bestDist {
			best, bestDist = c, d
		}
	}
	return best
}

// distance is the Levenshtein distance of two short ASCII strings.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		diag := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := diag
			if a[i-1] != b[j-1] {
				cost++
			}
			diag = row[j]
			row[j] = min(cost, row[j]+1, row[j-1]+1)
		}
	}
	return row[len(b)]
}
