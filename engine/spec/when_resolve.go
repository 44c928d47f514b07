package spec

import (
	"slices"
	"strings"

	"luatrace/tracer/syscalls"
)

// fieldKind is the type of a field that is no argument.
type fieldKind uint8

const (
	fieldNone fieldKind = iota // not such a field
	fieldInt
	fieldString
	fieldErr  // an error number, which has a name too
	fieldSig  // a signal number, likewise
	fieldBool // failed, ok
)

// eventFields are the fields of events beside arguments, and which specifications
// have them. With system calls, arguments called sig or code are arguments; for
// those that share a name with another field, "args." before the name means the
// argument: kill's pid is args.pid.
var eventFields = map[string]struct {
	kind    fieldKind
	exit    bool // system calls: known at exit only
	syscall bool
	signal  bool
	proc    bool
}{
	"pid":    {kind: fieldInt, syscall: true, signal: true, proc: true},
	"tid":    {kind: fieldInt, syscall: true, signal: true, proc: true},
	"ppid":   {kind: fieldInt, syscall: true, signal: true, proc: true},
	"comm":   {kind: fieldString, syscall: true, signal: true, proc: true},
	"exe":    {kind: fieldString, syscall: true, signal: true, proc: true},
	"cwd":    {kind: fieldString, syscall: true, signal: true, proc: true},
	"abi":    {kind: fieldString, syscall: true},
	"fdpath": {kind: fieldString, syscall: true},
	"ret":    {kind: fieldInt, exit: true, syscall: true},
	"err":    {kind: fieldErr, exit: true, syscall: true},
	"failed": {kind: fieldBool, exit: true, syscall: true},
	"ok":     {kind: fieldBool, exit: true, syscall: true},
	"sig":    {kind: fieldSig, signal: true, proc: true},
	"code":   {kind: fieldInt, signal: true, proc: true},
}

const argsPrefix = "args."

// ArgName returns the name of the argument that a field is, if it is one: "args." may
// stand before it.
func ArgName(field string) string { return strings.TrimPrefix(field, argsPrefix) }

// argument returns the name of the argument a condition on a system call tests,
// "" if it tests another field.
func (c *Condition) argument() string {
	if name, ok := strings.CutPrefix(c.Field, argsPrefix); ok {
		return name
	}
	if eventFields[c.Field].syscall {
		return ""
	}
	return c.Field
}

// fieldConstant returns the value of a name for a field that is no argument.
func fieldConstant(kind fieldKind, name string) (uint64, bool) {
	var n int
	ok := false
	switch kind {
	case fieldErr:
		n, ok = syscalls.Errno(strings.ToUpper(name))
	case fieldSig:
		n, ok = syscalls.Signal(name)
	case fieldInt:
		return syscalls.Constant(name)
	}
	return uint64(n), ok
}

// named turns the strings of c that value knows into integers; others stay.
func (c *Condition) named(value func(string) (uint64, bool)) {
	var strs []string
	for _, s := range c.Strs {
		v, ok := value(s)
		if !ok {
			strs = append(strs, s)
			continue
		}
		// A copy: c shares its slices with the condition it was made from.
		c.Ints = append(c.Ints[:len(c.Ints):len(c.Ints)], IntOperand(int64(v)))
	}
	c.Strs = strs
}

// For returns conditions that come from Resolve for one system call of one ABI:
// in the order of cost, names of constants replaced by their values there, and those that the
// register words decide marked (see Condition.Integer). ok is false if they can
// never hold: the call has no such argument, or is of another ABI than asked
// for. Arguments that some calls have only with certain values of others are
// left to the Subject.
func (w When) For(abi syscalls.ABI, nr int) (out When, ok bool) {
	if len(w) == 0 {
		return nil, true
	}
	out = make(When, 0, len(w))
	for _, c := range w {
		name := c.argument()
		switch {
		case c.Field == "abi" && c.Op != OpMatch:
			if isABI := slices.Contains(c.Strs, abi.String()); isABI != (c.Op == OpEqual) {
				return nil, false
			}
			continue
		case name != "":
			if sig := syscalls.Lookup(abi, nr); sig == nil || !c.resolve(sig, name, abi) {
				return nil, false
			}
		}
		out = append(out, c)
	}
	return NewWhen(out...), true
}

// resolve finds the argument of a call. It reports whether the call has one the
// condition can be asked of; names of constants the call doesn't know are
// dropped then.
func (c *Condition) resolve(sig *syscalls.Signature, name string, abi syscalls.ABI) bool {
	params, static := argumentTypes(sig, name)
	usable, text := false, false
	names := c.Strs
	c.narrow = true
	for _, p := range params {
		if !c.fits(p, names) {
			static = false
			continue
		}
		usable = true
		if isString(p) {
			text, static = true, false
			continue
		}
		w := integerWidth(p, abi)
		if p.Cond != nil || !w.integer || c.Arg > 0 && (c.Wide != w.wide || c.Unsigned != w.unsigned) {
			static = false
		}
		c.Arg, c.Wide, c.Unsigned = uint8(sig.Param(name)+1), w.wide, w.unsigned
		c.narrow = c.narrow && !w.wide
		c.named(func(s string) (uint64, bool) { return paramConstant(p, abi, s) })
	}
	if !static {
		c.Arg, c.Wide = 0, false
	}
	if !text {
		c.Strs = nil
	}
	return usable && (text || len(c.Ints) > 0)
}

// argumentTypes returns what the argument of that name can be: one type for each
// variant of the call that has it. same is set when it is always the same word.
func argumentTypes(sig *syscalls.Signature, name string) (types []*syscalls.Param, same bool) {
	i := sig.Param(name)
	same = i >= 0
	if i >= 0 {
		types = append(types, &sig.Params[i])
	}
	for v := range sig.Variants {
		params := sig.Variants[v].Params
		j := syscalls.FindParam(params, name)
		same = same && j == i
		if j >= 0 {
			types = append(types, &params[j])
		}
	}
	return types, same
}

// fits reports whether the condition's test can be made of such an argument.
// names are the condition's strings as the script gave them.
func (c *Condition) fits(p *syscalls.Param, names []string) bool {
	switch {
	case isString(p):
		return c.Op == OpUnder || c.Op == OpMatch ||
			(c.Op == OpEqual || c.Op == OpNotEqual) && len(names) > 0
	case c.Op == OpUnder || c.Op == OpMatch || c.Op == OpTrue || c.Op == OpFalse:
		return false
	}
	return integerWidth(p, syscalls.AMD64).integer
}

func isString(p *syscalls.Param) bool {
	switch p.Kind {
	case syscalls.KindPath, syscalls.KindString, syscalls.KindBytes, syscalls.KindHexBytes:
		return true
	}
	return false
}

// width says how the word of an argument is read.
type width struct{ integer, wide, unsigned bool }

// integerWidth returns the width of an argument of a call. Descriptors, ids and
// other ints are 32 bits of the register, whatever stands in the upper half,
// since the kernel looks no further; sizes, flags and addresses are words.
func integerWidth(p *syscalls.Param, abi syscalls.ABI) width {
	word := abi != syscalls.I386
	if p.Type == nil || p.Hidden {
		return width{}
	}
	switch p.Kind {
	case syscalls.KindInt, syscalls.KindFD, syscalls.KindDirFD, syscalls.KindPid, syscalls.KindSignal,
		syscalls.KindKey, syscalls.KindClock:
		return width{integer: true}
	case syscalls.KindUint, syscalls.KindHex32, syscalls.KindUID, syscalls.KindGID, syscalls.KindIoctl,
		syscalls.KindEnum, syscalls.KindOct, syscalls.KindMode, syscalls.KindFmode, syscalls.KindDev,
		syscalls.KindU16, syscalls.KindU8, syscalls.KindNetPort, syscalls.KindNetLong:
		return width{integer: true, unsigned: true}
	case syscalls.KindLong, syscalls.KindOff, syscalls.KindS64:
		return width{integer: true, wide: word}
	case syscalls.KindSize, syscalls.KindHex, syscalls.KindAddr, syscalls.KindHandler, syscalls.KindRlim,
		syscalls.KindFlags, syscalls.KindU64, syscalls.KindCookie:
		return width{integer: true, wide: word, unsigned: true}
	case syscalls.KindLow64:
		// Two words on a 32-bit ABI: no single one decides.
		return width{integer: word, wide: word}
	}
	return width{}
}

// paramConstant returns the value of a name, or of several with "|" between
// them, for an argument: first of its own set, then of all constants.
func paramConstant(p *syscalls.Param, abi syscalls.ABI, text string) (uint64, bool) {
	var all uint64
	for name := range strings.SplitSeq(text, "|") {
		name = strings.TrimSpace(name)
		v, ok := uint64(0), false
		if p.Set != nil {
			v, ok = p.Set.On(abi).Value(name)
		}
		if !ok && p.Kind == syscalls.KindSignal {
			var n int
			n, ok = syscalls.Signal(name)
			v = uint64(n)
		}
		if !ok {
			v, ok = syscalls.ConstantFor(abi, name)
		}
		if !ok {
			return 0, false
		}
		all |= v
	}
	return all, true
}
