package inject

import (
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"luatrace/engine/plan"
	"luatrace/engine/spec"
	"luatrace/internal/suggest"
	"luatrace/tracer/syscalls"
)

// Rule says what to do with some calls: one --inject or --fault.
type Rule struct {
	title string // the whole option
	text  string // its value
	spec  *spec.Spec
	when  when

	result     *int64 // what the call returns without being made; -errno for a failure
	instead    string // the call that is made in its place, "" for none
	signal     unix.Signal
	delayEnter *time.Duration
	delayExit  *time.Duration
	pokeEnter  []poke
	pokeExit   []poke
}

// poke overwrites the memory that an argument points to.
type poke struct {
	arg  int // from 0
	data []byte
}

// Parse parses the value of --inject, SET:ACTION...[:when=EXPR].
func Parse(text string) (*Rule, error) { return parse("--inject", text) }

// ParseFault parses the value of --fault, SET[:error=E][:when=EXPR]; without an
// error it is ENOSYS.
func ParseFault(text string) (*Rule, error) { return parse("--fault", text) }

func parse(option, text string) (*Rule, error) {
	r := &Rule{title: option + "=" + text, text: text, when: always}
	set, actions, any := strings.Cut(text, ":")
	sel, err := spec.Parse(bareSignal(set))
	if err == nil && sel.Kind != spec.Syscall {
		err = fmt.Errorf("%q: system calls are wanted", set)
	}
	if err != nil {
		return nil, r.wrap(err)
	}
	r.spec = sel
	fault := option == "--fault"
	if any {
		seen := map[string]bool{}
		for action := range strings.SplitSeq(actions, ":") {
			name, value, given := strings.Cut(action, "=")
			if err := r.action(name, value, given, fault, seen); err != nil {
				return nil, r.wrap(err)
			}
		}
	}
	if fault && r.result == nil {
		r.fail(int(unix.ENOSYS))
	}
	if err := r.check(); err != nil {
		return nil, r.wrap(err)
	}
	return r, nil
}

// bareSignal spells a class out that strace takes without "%", and that is
// another event in other specifications.
func bareSignal(set string) string {
	not := strings.HasPrefix(set, "!")
	items := strings.Split(strings.TrimPrefix(set, "!"), ",")
	for i := range items {
		if items[i] == "signal" {
			items[i] = "%signal"
		}
	}
	set = strings.Join(items, ",")
	if not {
		set = "!" + set
	}
	return set
}

func (r *Rule) wrap(err error) error {
	return fmt.Errorf("%q: %w", r.text, err)
}

// actions are the names of what a rule can do, for messages.
const (
	injectActions = "error, retval, signal, syscall, delay_enter, delay_exit, poke_enter, poke_exit and when"
	faultActions  = "error and when"
)

// action parses one NAME=VALUE.
func (r *Rule) action(name, value string, given, fault bool, seen map[string]bool) (err error) {
	known := injectActions
	if fault {
		known = faultActions
	}
	key := name
	if key == "retval" {
		key = "error"
	}
	switch {
	case !given || value == "":
		return fmt.Errorf("%q: NAME=VALUE is wanted; there are %s", name, known)
	case fault && name != "error" && name != "when":
		return fmt.Errorf("%q: there are %s; --inject has more", name, known)
	case seen[key] && key == "error" && (name != "error" || !seen["="+name]):
		return errors.New("error= and retval= exclude each other")
	case seen[key] && key != "when": // the last when= counts
		return fmt.Errorf("%s= is given twice", name)
	}
	seen[key], seen["="+name] = true, true
	switch name {
	case "error":
		err = r.parseError(value)
	case "retval":
		err = r.parseResult(value)
	case "signal":
		r.signal, err = parseSignal(value)
	case "syscall":
		r.instead = value
	case "delay_enter":
		r.delayEnter, err = parseDelay(value)
	case "delay_exit":
		r.delayExit, err = parseDelay(value)
	case "poke_enter":
		r.pokeEnter, err = parsePokes(value)
	case "poke_exit":
		r.pokeExit, err = parsePokes(value)
	case "when":
		r.when, err = parseWhen(value)
	default:
		return fmt.Errorf("%q: there are %s", name, known)
	}
	return err
}

func (r *Rule) fail(errno int) {
	ret := -int64(errno)
	r.result = &ret
}

func (r *Rule) parseError(text string) error {
	e, ok := syscalls.Errno(text)
	if !ok {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > 4095 {
			if near := suggest.Nearest(text, syscalls.ErrnoNames()); near != "" && err != nil {
				return fmt.Errorf("error=%s is no errno; did you mean %s?", text, near)
			}
			return fmt.Errorf("error=%s: an errno is wanted, such as EIO, or a number from 1 to 4095", text)
		}
		e = n
	}
	if syscalls.IsRestart(-int64(e)) {
		return fmt.Errorf("error=%s makes the kernel restart the call: a program never sees it", text)
	}
	r.fail(e)
	return nil
}

func (r *Rule) parseResult(text string) error {
	n, err := strconv.ParseInt(text, 0, 64)
	if err != nil {
		u, uerr := strconv.ParseUint(text, 0, 64)
		if uerr != nil {
			return fmt.Errorf("retval=%s: a number is wanted", text)
		}
		n = int64(u)
	}
	if e := syscalls.ResultErrno(n); e != 0 {
		return fmt.Errorf("retval=%s is an error for the program: write error=%d", text, e)
	}
	r.result = &n
	return nil
}

func parseSignal(text string) (unix.Signal, error) {
	if n, ok := syscalls.Signal(text); ok {
		return unix.Signal(n), nil
	}
	if n, err := strconv.Atoi(text); err == nil && n >= 1 && n <= 64 {
		return unix.Signal(n), nil
	}
	return 0, fmt.Errorf("signal=%s: a signal is wanted, such as SIGTERM, or a number from 1 to 64", text)
}

// parseDelay parses a time: a number, also with a point or an exponent, of
// microseconds, or with a unit behind it.
func parseDelay(text string) (*time.Duration, error) {
	digits, unit := text, time.Microsecond
	for _, u := range []struct {
		name string
		unit time.Duration
	}{{"ns", time.Nanosecond}, {"us", time.Microsecond}, {"ms", time.Millisecond}, {"s", time.Second}} {
		if rest, ok := strings.CutSuffix(text, u.name); ok {
			digits, unit = rest, u.unit
			break
		}
	}
	n, err := strconv.ParseFloat(digits, 64)
	if err != nil || !(n >= 0) || n*float64(unit) > math.MaxInt64/2 {
		return nil, fmt.Errorf("%s: a time is wanted, a number with s, ms, us or ns; without one of them it is microseconds", text)
	}
	d := time.Duration(n * float64(unit))
	return &d, nil
}

// parsePokes parses @argN=HEX,@argM=HEX...
func parsePokes(text string) ([]poke, error) {
	var pokes []poke
	for word := range strings.SplitSeq(text, ",") {
		name, digits, ok := strings.Cut(word, "=")
		n, nerr := strconv.Atoi(strings.TrimPrefix(name, "@arg"))
		data, herr := hex.DecodeString(digits)
		if !ok || !strings.HasPrefix(name, "@arg") || nerr != nil || n < 1 || n > 7 || herr != nil || len(data) == 0 {
			return nil, fmt.Errorf("%s: @argN=HEX is wanted, N from 1 to 7, two digits a byte, such as @arg1=2f00", word)
		}
		for _, p := range pokes {
			if p.arg == n-1 {
				return nil, fmt.Errorf("%s: there is an @arg%d already", word, n)
			}
		}
		pokes = append(pokes, poke{n - 1, data})
	}
	return pokes, nil
}

// check looks at what the actions say together.
func (r *Rule) check() error {
	if r.result == nil && r.signal == 0 && r.delayEnter == nil && r.delayExit == nil && r.pokeEnter == nil && r.pokeExit == nil {
		if r.instead != "" {
			return errors.New("syscall= only says which call is made in the place of one that does not run: error= or retval= is wanted too")
		}
		return errors.New("nothing to do: one of error, retval, signal, delay_enter, delay_exit, poke_enter or poke_exit is wanted")
	}
	if r.instead != "" {
		if r.result == nil {
			return errors.New("syscall= wants error= or retval=: the call does not run")
		}
		if nr, ok := syscalls.Number(syscalls.Native(), r.instead); !ok || !syscalls.InClass(syscalls.Native(), nr, "pure") {
			return fmt.Errorf("syscall=%s: a call without arguments or effects is wanted, one of %s",
				r.instead, strings.Join(syscalls.ClassCalls(syscalls.Native(), "pure"), ", "))
		}
	}
	return r.checkPokes()
}

// checkPokes refuses to poke an argument that none of the calls has.
func (r *Rule) checkPokes() error {
	for _, list := range [][]poke{r.pokeEnter, r.pokeExit} {
		for _, p := range list {
			name, most := "", -1
			for abi := range syscalls.NumABI {
				for _, nr := range r.spec.Calls(abi) {
					if sig := syscalls.Lookup(abi, nr); sig != nil && len(sig.Params) > most {
						name, most = sig.Name, len(sig.Params)
					}
				}
			}
			if most >= 0 && p.arg >= most {
				return fmt.Errorf("@arg%d: %s has %d arguments", p.arg+1, name, most)
			}
		}
	}
	return nil
}

// NoFilter is what the rule does that is only possible without a seccomp filter.
func (r *Rule) NoFilter() plan.Reason {
	if r.signal != 0 {
		return "signal= of --inject: the kernel takes no signal where a filter stops a call"
	}
	return ""
}
