package syscalls

// Dir says when the memory behind an argument is meaningful.
type Dir uint8

// The directions of an argument.
const (
	In      Dir = iota // read by the kernel: decoded as it was at entry
	Out                // written by the kernel: decoded at exit of a successful call
	InOut              // both
	OutIntr            // written only when the call was interrupted: nanosleep's rem
)

// Param is one argument of a system call.
type Param struct {
	Name    string   // name of the current man page
	Aliases []string // kernel and older man-page names, "fd" and "path" shorthands
	Dir     Dir      // when its memory is meaningful
	Late    bool     // In, InOut: printed as an address when the call fails, as strace does
	Hidden  bool     // not a printed argument: padding, or the high half of another
	Cond    *Cond    // nil, or the condition under which the call has the argument
	After   *Type    // InOut: nil, or what it is after the call, printed behind "=>"
	Failed  *Type    // InOut: nil, or what is printed of it when the call fails
	*Type            // what it is
}

// Signature describes the arguments and the result of a system call.
// A Signature and everything reached from it is immutable and safe for
// concurrent use.
type Signature struct {
	Name     string
	Params   []Param
	Ret      *Type     // kind of the result, KindInt when the table does not say
	Classes  []string  // strace's classes the call belongs to, as InClass says
	Variants []Variant // more exact arguments for some argument values
	Order    []int     // nil, or the argument numbers in the order they print ...
	Labels   []string  // ... and the name printed before each: clone's child_stack=

	// Unimplemented is set for numbers that have a name and no call: what was
	// reserved and never made, or has been gone for many years.
	Unimplemented bool

	subs  []*SubCall // the calls it stands for, by its first argument
	ioctl *ioctlArgs // nil, or what the arguments are for each ioctl request
}

// Variant replaces a signature's arguments when the values of some of them are
// known: fcntl's third argument depends on the second.
type Variant struct {
	When   []Match
	Params []Param // complete list, with the variant's changes applied
	Ret    *Type
}

// Match is one test of a variant: argument Arg, masked, is one of Values.
type Match struct {
	Arg    int
	Mask   uint64
	Values []uint64
}

// Cond is the condition an argument or a struct field depends on: the named
// sibling has one of the bits (Op '&'), none of them ('!'), equals one of the
// values ('='), or differs from all of them ('#').
type Cond struct {
	Name string
	Op   byte
	Mask uint64 // bits that '=' and '#' compare
	Bits []uint64
}

// Holds reports whether the condition is met by the sibling's value v.
func (c *Cond) Holds(v uint64) bool {
	for _, b := range c.Bits {
		switch c.Op {
		case '&', '!':
			if v&b == b && b != 0 {
				return c.Op == '&'
			}
		default:
			if v&c.Mask == b&c.Mask {
				return c.Op == '='
			}
		}
	}
	return c.Op == '!' || c.Op == '#'
}

// Param returns the index of the argument with the given name or alias, or
// -1. The name wins over aliases, earlier arguments over later ones.
func (s *Signature) Param(name string) int { return FindParam(s.Params, name) }

// FindParam is Signature.Param for the argument list of a Variant.
func FindParam(params []Param, name string) int {
	for i := range params {
		if params[i].Name == name && !params[i].Hidden {
			return i
		}
	}
	for i := range params {
		if params[i].Hidden {
			continue
		}
		for _, a := range params[i].Aliases {
			if a == name {
				return i
			}
		}
	}
	return -1
}

// Select returns the arguments and the result type for the given argument
// words: those of the first variant that matches, else the signature's own.
// It does not allocate but for an ioctl request that is new.
func (s *Signature) Select(args *[6]uint64) ([]Param, *Type) {
next:
	for i := range s.Variants {
		v := &s.Variants[i]
		for j := range v.When {
			if !v.When[j].holds(args) {
				continue next
			}
		}
		return v.Params, v.Ret
	}
	if a := s.ioctl; a != nil {
		if v := a.variant(uint32(args[a.req])); v != nil {
			return v.Params, v.Ret
		}
	}
	return s.Params, s.Ret
}

func (m *Match) holds(args *[6]uint64) bool {
	v := args[m.Arg] & m.Mask
	for _, want := range m.Values {
		if v == want&m.Mask {
			return true
		}
	}
	return false
}
