package spec

import (
	"errors"
	"fmt"
	"slices"
	"sort"
	"strings"

	"luatrace/internal/suggest"
	"luatrace/tracer/syscalls"
)

// Resolve checks conditions against what a hook's specification selects and
// returns them in the order of cost, with the names of errors and signals
// replaced by numbers. It fails if a field exists in none of the selected
// calls, is not known on the hook's phase, or can't be tested that way; a field
// only some of the calls have is fine, the others then never meet the condition.
// Hooks on system calls go on with For.
func (w When) Resolve(s *Spec) (When, error) {
	out := NewWhen(w...)
	for i := range out {
		if err := out[i].check(s); err != nil {
			return nil, fmt.Errorf("when.%s: %w", out[i].Field, err)
		}
	}
	return NewWhen(out...), nil
}

func (c *Condition) check(s *Spec) error {
	if (c.Op == OpBits || c.Op == OpNoBits) && len(c.Ints) > 0 && c.Ints[0].Bits == 0 {
		return errors.New("a mask of 0 tests nothing (O_RDONLY and the like are 0: compare with the value instead)")
	}
	if s.Kind == Begin || s.Kind == End {
		return fmt.Errorf("%q has nothing to test", s.Text)
	}
	if s.Kind == Syscall && c.argument() != "" {
		return c.checkArgument(s)
	}
	f, known := eventFields[c.Field]
	if !known || s.Kind == Signal && !f.signal || s.Kind == Proc && !f.proc {
		return c.unknownField(s, nil)
	}
	if f.exit && s.Phase == PhaseEnter {
		return fmt.Errorf("it is known at the exit of a call, and %q runs before it: leave out :enter", s.Text)
	}
	return c.checkField(f.kind)
}

// checkField checks a field that is no argument.
func (c *Condition) checkField(kind fieldKind) error {
	truth := c.Op == OpTrue || c.Op == OpFalse
	switch {
	case kind == fieldBool && !truth:
		return errors.New("it is either true or false")
	case kind != fieldBool && truth:
		return errors.New("it is not a truth value")
	case kind == fieldBool:
		return nil
	case kind == fieldString:
		if len(c.Ints) > 0 || c.Op > OpNotEqual && c.Op < OpUnder {
			return errors.New("it is a string and can't be compared with a number")
		}
		if c.Field == "abi" {
			return c.checkABI()
		}
		return nil
	case c.Op == OpUnder || c.Op == OpMatch:
		return errors.New("it is a number: compare it with one")
	}
	c.named(func(name string) (uint64, bool) { return fieldConstant(kind, name) })
	if len(c.Strs) == 0 {
		return nil
	}
	switch name := c.Strs[0]; kind {
	case fieldErr:
		return fmt.Errorf("unknown error %q%s", name, didYouMean(name, syscalls.ErrnoNames()))
	case fieldSig:
		return unknownSignal(name)
	default:
		return fmt.Errorf("it is a number, and %q is no constant", name)
	}
}

func (c *Condition) checkABI() error {
	var names []string
	for abi := range syscalls.NumABI {
		names = append(names, abi.String())
	}
	for _, s := range c.Strs {
		if !slices.Contains(names, s) {
			return fmt.Errorf("unknown ABI %q: use %s", s, strings.Join(names, ", "))
		}
	}
	return nil
}

// checkArgument looks for the argument in all selected calls.
func (c *Condition) checkArgument(s *Spec) error {
	name := c.argument()
	var names []string // arguments of all selected calls
	var bad *syscalls.Param
	var badCall string
	calls := 0
	seen := map[*syscalls.Signature]bool{}
	for abi := range syscalls.NumABI {
		for _, nr := range s.Calls(abi) {
			sig := syscalls.Lookup(abi, nr)
			if sig == nil || seen[sig] {
				continue
			}
			seen[sig] = true
			calls++
			try := *c
			if try.resolve(sig, name, abi) {
				return nil
			}
			if types, _ := argumentTypes(sig, name); len(types) > 0 && bad == nil {
				bad, badCall = types[0], sig.Name
			}
			names = appendParamNames(names, sig)
		}
	}
	switch {
	case calls == 0:
		return nil // an old call, not of this machine: it is never made
	case bad != nil:
		return c.badArgument(bad, badCall)
	}
	return c.unknownField(s, names)
}

func appendParamNames(names []string, sig *syscalls.Signature) []string {
	add := func(params []syscalls.Param) {
		for i := range params {
			if p := &params[i]; !p.Hidden && p.Name != "" && !slices.Contains(names, p.Name) {
				names = append(names, p.Name)
			}
		}
	}
	add(sig.Params)
	for i := range sig.Variants {
		add(sig.Variants[i].Params)
	}
	return names
}

// badArgument says why the argument of a call can't be tested this way.
func (c *Condition) badArgument(p *syscalls.Param, call string) error {
	what := fmt.Sprintf("argument %s of %s", p.Name, call)
	switch {
	case isString(p):
		return fmt.Errorf("%s is a string: compare it with a string, under, glob or match", what)
	case !integerWidth(p, syscalls.AMD64).integer:
		return fmt.Errorf("%s is neither a number nor a string: test it in the hook", what)
	case len(c.Strs) > 0 && c.Op != OpUnder:
		var names []string
		if p.Set != nil {
			names = p.Set.On(syscalls.Native()).MemberNames()
		}
		for _, name := range strings.Split(c.Strs[0], "|") {
			name = strings.TrimSpace(name)
			if _, ok := paramConstant(p, syscalls.Native(), name); !ok {
				return fmt.Errorf("%s is a number, and %q is no constant%s", what, name, didYouMean(name, names))
			}
		}
	}
	return fmt.Errorf("%s is a number: compare it with a number or use bits", what)
}

func didYouMean(name string, candidates []string) string {
	if n := suggest.Nearest(name, candidates); n != "" {
		return fmt.Sprintf(": did you mean %q?", n)
	}
	return ""
}

// unknownField is the error of a field that does not exist; args are the
// arguments it could have been.
func (c *Condition) unknownField(s *Spec, args []string) error {
	var fields []string
	for name, f := range eventFields {
		if s.Kind == Syscall && f.syscall || s.Kind == Signal && f.signal || s.Kind == Proc && f.proc {
			fields = append(fields, name)
		}
	}
	sort.Strings(fields)
	known := append(slices.Clone(args), fields...)
	name := strings.TrimPrefix(c.Field, argsPrefix)
	if n := suggest.Nearest(name, known); n != "" && n != name {
		return fmt.Errorf("no event of %q has a field %q: did you mean %q?", s.Text, c.Field, n)
	}
	if len(args) > 12 {
		known = fields // the list is for one call or a few
	}
	return fmt.Errorf("no event of %q has a field %q: it has %s", s.Text, c.Field, strings.Join(known, ", "))
}
