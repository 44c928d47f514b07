package syscalls

import (
	"path"
	"sort"
	"strconv"
	"strings"
	"sync"
)

// Set is a named family of constants of which an argument holds one (an
// enumeration) or several or'ed together (flags). Its members are looked up
// when it is first used. Safe for concurrent use.
type Set struct {
	Name string

	spec   []string // names, globs, -globs, @headers, NAME=VALUE
	marker string   // "O_???": printed after a value without a name
	subs   []subSet // bits that form enumerations, printed first
	shift  string   // constant: the bits from it up hold a size, N<<NAME
	perm   bool     // the low nine bits are permissions, printed last in octal
	note   int      // names print in a comment behind the number of that base
	bare   bool     // no bits print as nothing, also after an enumeration's "|"

	once  [NumABI]sync.Once
	views [NumABI]SetView
}

// subSet is an enumeration inside the bits of a set.
type subSet struct {
	mask  string // constant or number
	set   *Set
	loose bool // a value without a name counts as plain bits
	last  bool // prints after the flags
}

// SubView is an enumeration inside the bits of a SetView.
type SubView struct {
	*SetView
	Mask  uint64
	Loose bool // a value without a name prints with the other bits
	Last  bool // prints after the flags
}

// SetView is a Set with the values of one ABI. It is immutable.
type SetView struct {
	Members   []NamedValue // in the order they print
	Marker    string       // printed after a value without a name: "O_???"; "-" prints none
	Subs      []SubView    // enumerations in some of the bits
	Shift     uint         // with ShiftName: bits from here up are a size
	ShiftName string
	Perm      bool // the low nine bits are permissions
	Comment   int  // base of the number that prints with its names in a comment, else 0
	Bare      bool // no bits print as nothing, also after an enumeration's "|"
}

// On returns the set with the values it has on an ABI (amd64's for X32).
func (s *Set) On(abi ABI) *SetView {
	if abi >= NumABI {
		abi = Native()
	}
	s.once[abi].Do(func() { s.resolve(abi) })
	return &s.views[abi]
}

// Value returns the value of a member by name, on the native ABI.
func (s *Set) Value(name string) (uint64, bool) { return s.On(Native()).Value(name) }

// Names returns the names of the members in v, on the native ABI; bits without
// a name are left out.
func (s *Set) Names(v uint64) []string { return s.On(Native()).Names(nil, v) }

// Value returns the value of a member by its name.
func (v *SetView) Value(name string) (uint64, bool) {
	for i := range v.Members {
		if v.Members[i].Name == name {
			return v.Members[i].Value, true
		}
	}
	for _, s := range v.Subs {
		if m, ok := s.Value(name); ok {
			return m, true
		}
	}
	return 0, false
}

// Has reports whether flags value x has the member called name: all its bits,
// or for a member of the masked enumeration that exact value. known is false
// when the set has no such member.
func (v *SetView) Has(x uint64, name string) (has, known bool) {
	for _, s := range v.Subs {
		if m, ok := s.Value(name); ok {
			return x&s.Mask == m, true
		}
	}
	for i := range v.Members {
		if m := &v.Members[i]; m.Name == name {
			return x&m.Value == m.Value && (m.Value != 0 || x == 0), true
		}
	}
	return false, false
}

// Enum returns the name of value x, or "". Negative constants and values
// count as 32 bits.
func (v *SetView) Enum(x uint64) string {
	x = low32(x)
	for i := range v.Members {
		if m := v.Members[i].Value; m == x {
			return v.Members[i].Name
		}
	}
	return ""
}

// Split calls each for every member in flags value x in print order and
// returns the bits no member has. Sizes and permissions are left in the rest.
func (v *SetView) Split(x uint64, each func(name string)) (rest uint64) {
	for _, s := range v.Subs {
		if name := s.Enum(x & s.Mask); name != "" {
			each(name)
			x &^= s.Mask
		}
	}
	for i := range v.Members {
		if m := &v.Members[i]; m.Value != 0 && x&m.Value == m.Value {
			each(m.Name)
			x &^= m.Value
		}
	}
	return x
}

// Names appends the names of the members in flags value x to dst.
func (v *SetView) Names(dst []string, x uint64) []string {
	if x == 0 && v.Subs == nil {
		if name := v.Enum(0); name != "" {
			return append(dst, name)
		}
	}
	v.Split(x, func(name string) { dst = append(dst, name) })
	return dst
}

// MemberNames returns the names of all members, the masked enumeration's
// first.
func (v *SetView) MemberNames() []string {
	var names []string
	for _, s := range v.Subs {
		names = append(names, s.MemberNames()...)
	}
	for i := range v.Members {
		names = append(names, v.Members[i].Name)
	}
	return names
}

// resolve looks the members up. Names the tables do not have are left out
// here; a test of the tables reports them.
func (s *Set) resolve(abi ABI) {
	v := &s.views[abi]
	v.Marker, v.Perm, v.Bare, v.Comment = s.marker, s.perm, s.bare, s.note
	for _, sub := range s.subs {
		mask, _ := constOrNumber(abi, sub.mask)
		v.Subs = append(v.Subs, SubView{sub.set.On(abi), mask, sub.loose, sub.last})
	}
	if s.shift != "" {
		n, _ := ConstantFor(abi, s.shift)
		v.Shift, v.ShiftName = uint(n), s.shift
	}
	var headers, without []string
	for _, t := range s.spec {
		switch t[0] {
		case '@':
			headers = append(headers, t[1:])
		case '-':
			without = append(without, t[1:])
		}
	}
	if len(headers) == 0 {
		headers = []string{""}
	}
	seen := map[string]bool{}
	add := func(list []NamedValue, name string, value uint64) []NamedValue {
		if seen[name] {
			return list
		}
		for _, g := range without {
			if ok, _ := path.Match(g, name); ok {
				return list
			}
		}
		seen[name] = true
		return append(list, NamedValue{name, low32(value)})
	}
	for _, t := range s.spec {
		name, value, explicit := strings.Cut(t, "=")
		switch {
		case t[0] == '@' || t[0] == '-':
		case explicit:
			if n, err := strconv.ParseUint(value, 0, 64); err == nil {
				v.Members = add(v.Members, name, n)
			}
		case !strings.ContainsAny(t, "*?["):
			if n, ok := ConstantFor(abi, t); ok {
				v.Members = add(v.Members, t, n)
			}
		default:
			var found []NamedValue
			for _, h := range headers {
				for _, c := range constantsMatching(abi, t, h) {
					found = add(found, c.Name, c.Value)
				}
			}
			sort.SliceStable(found, func(i, j int) bool { return found[i].Value < found[j].Value })
			v.Members = append(v.Members, found...)
		}
	}
	v.Members = supersetsFirst(v.Members)
	if v.Marker == "" {
		v.Marker = defaultMarker(v.MemberNames())
	}
}

// low32 cuts a sign-extended int to its 32 bits: the headers' 1<<31 is one.
func low32(v uint64) uint64 {
	if v>>31 == 1<<33-1 {
		return uint64(uint32(v))
	}
	return v
}

// supersetsFirst moves members that hold all the bits of an earlier one before
// it (O_SYNC before O_DSYNC), else they could never be found.
func supersetsFirst(list []NamedValue) []NamedValue {
	for i := 1; i < len(list); i++ {
		m := list[i]
		for j := 0; j < i; j++ {
			if b := list[j].Value; b != 0 && m.Value != b && m.Value&b == b {
				copy(list[j+1:i+1], list[j:i])
				list[j] = m
				break
			}
		}
	}
	return list
}

// defaultMarker makes "O_???" of the prefix the names have in common.
func defaultMarker(names []string) string {
	if len(names) == 0 {
		return "???"
	}
	common := names[0]
	for _, name := range names[1:] {
		for !strings.HasPrefix(name, common) {
			common = common[:len(common)-1]
		}
	}
	if i := strings.LastIndexByte(common, '_'); i >= 0 {
		return common[:i+1] + "???"
	}
	prefix, _, _ := strings.Cut(names[0], "_")
	return prefix + "_???"
}

func constOrNumber(abi ABI, s string) (uint64, bool) {
	if s == "" {
		return 0, false
	}
	if s[0] >= '0' && s[0] <= '9' || s[0] == '-' && len(s) > 1 {
		if n, err := strconv.ParseInt(s, 0, 64); err == nil {
			return uint64(n), true
		}
		n, err := strconv.ParseUint(s, 0, 64)
		return n, err == nil
	}
	return ConstantFor(abi, s)
}
