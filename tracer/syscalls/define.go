package syscalls

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"unicode"
)

// definitions are the signatures that were added to the tables while the
// program runs. They are replaced as a whole, so readers need no lock; nil
// until there is one.
var (
	definitions   atomic.Pointer[definitionSet]
	definitionsMu sync.Mutex // of writers
)

type definitionSet struct {
	calls   [NumABI]map[int]*Signature
	numbers [NumABI]map[string]int // only of names the tables do not have
	max     [NumABI]int            // highest number + 1
}

// sameNumbers is from where on a new system call has the same number on every
// machine (Linux 5.1).
const sameNumbers = 424

// MaxDefined is the highest number a call can be defined for.
const MaxDefined = 1023

// A DefineError is a mistake in a text given to Define. Word is the name that is
// not known, Known the names there are; both are empty for other mistakes.
type DefineError struct {
	Message string
	Word    string
	Known   []string
}

// Error returns the message: one line that says what was wrong.
func (e *DefineError) Error() string { return e.Message }

// Define adds the signature of a system call, or replaces the one it has, for
// all that looks calls up later. The text is a row of calls.tab, with a number
// for a call the tables do not have:
//
//	name[@NUMBER][@abi[,abi...]](ARG [DIR]KIND [if COND], ...) [RESULT]
//	| VALUE ... : ARG KIND, ...
//
// Without an ABI a row is for every ABI that has the call. A number is for all
// of them if it is one from 424 on, which are the same everywhere, else for the
// machine's own. A number that is another call's is taken from it. It returns
// the call's name; errors are of type *DefineError. Safe for any goroutine, but
// what was looked up before keeps the signature it has.
func Define(text string) (name string, err error) {
	calls, err := parseDefinition(text)
	if err != nil {
		return "", err
	}
	definitionsMu.Lock()
	defer definitionsMu.Unlock()
	next := &definitionSet{}
	if d := definitions.Load(); d != nil {
		*next = *d
	}
	for _, c := range calls {
		m := maps.Clone(next.calls[c.abi])
		if m == nil {
			m = map[int]*Signature{}
		}
		m[c.nr] = c.sig
		next.calls[c.abi] = m
		next.max[c.abi] = max(next.max[c.abi], c.nr+1)
		c.sig.Classes = classesOf(c.sig.Name)
		if nr, ok := tableNumber(c.abi, c.sig.Name); ok && nr == c.nr {
			continue
		}
		n := maps.Clone(next.numbers[c.abi])
		if n == nil {
			n = map[string]int{}
		}
		n[c.sig.Name] = c.nr
		next.numbers[c.abi] = n
	}
	definitions.Store(next)
	return calls[0].sig.Name, nil
}

// definition is a signature and the call it is for.
type definition struct {
	abi ABI
	nr  int
	sig *Signature
}

var definableABIs = [...]ABI{AMD64, I386, ARM64}

func parseDefinition(text string) ([]definition, error) {
	if i := strings.IndexFunc(text, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\t' }); i >= 0 {
		return nil, defineErrorf("a signature has no control characters, such as %q", text[i:i+1])
	}
	head, _, ok := strings.Cut(text, "(")
	if !ok || !strings.Contains(text, ")") {
		return nil, defineErrorf(`%s: a signature is NAME(ARGUMENT KIND, ...) RESULT, such as "getcwd(buf >str, size size) size"`, strconv.Quote(firstLine(text)))
	}
	name, marks, _ := strings.Cut(strings.TrimSpace(head), "@")
	if !isCallName(name) {
		return nil, defineErrorf("%s is no name for a system call: it has small letters, digits and underscores", strconv.Quote(name))
	}
	nr, abis, err := parseMarks(marks)
	if err != nil {
		return nil, err
	}
	var calls []definition
	for _, abi := range definableABIs {
		if len(abis) > 0 && !slices.Contains(abis, abi) {
			continue
		}
		if n, ok := tableNumber(abi, name); ok && nr >= 0 && n != nr {
			return nil, defineErrorf("%s is number %d on %s, not %d", name, n, abi, nr)
		}
		if nr >= 0 {
			if len(abis) > 0 || nr >= sameNumbers || abi == Native() {
				calls = append(calls, definition{abi: abi, nr: nr})
			}
		} else if n, ok := Number(abi, name); ok {
			calls = append(calls, definition{abi: abi, nr: n})
		}
	}
	if len(calls) == 0 {
		return nil, &DefineError{
			Message: fmt.Sprintf("there is no system call %q; one that luatrace does not know needs its number: %q", name, name+"@480(...)"),
			Word:    name, Known: Names(Native()),
		}
	}
	lines := slices.Collect(definitionLines(text))
	for i := range calls {
		if calls[i].sig, err = parseDefined(calls[i].abi, lines); err != nil {
			return nil, err
		}
	}
	return calls, nil
}

// parseMarks parses what stands behind the name: "NUMBER", "abi,abi" or both
// with "@" between them.
func parseMarks(marks string) (nr int, abis []ABI, err error) {
	nr = -1
	if marks == "" {
		return nr, nil, nil
	}
	for mark := range strings.SplitSeq(marks, "@") {
		if mark != "" && mark[0] >= '0' && mark[0] <= '9' && nr < 0 {
			n, err := strconv.ParseUint(mark, 0, 32)
			if err != nil || n > MaxDefined {
				return 0, nil, defineErrorf("%q is no number of a system call: they go from 0 to %d", mark, MaxDefined)
			}
			nr = int(n)
			continue
		}
		for word := range strings.SplitSeq(mark, ",") {
			i := slices.IndexFunc(definableABIs[:], func(a ABI) bool { return a.String() == word })
			if i < 0 {
				return 0, nil, defineErrorf("%q behind the name: a number or amd64, i386, arm64 is wanted", "@"+word)
			}
			abis = append(abis, definableABIs[i])
		}
	}
	return nr, abis, nil
}

// definitionLines yields the row and its "|" lines, each on one line.
func definitionLines(text string) func(yield func(string) bool) {
	return func(yield func(string) bool) {
		row := ""
		for line := range strings.Lines(text) {
			line = strings.TrimSpace(line)
			if line == "" {
				continue
			}
			if strings.HasPrefix(line, "|") {
				if !yield(row) {
					return
				}
				row = strings.TrimSpace(line[1:])
				continue
			}
			if row != "" {
				row += " "
			}
			row += line
		}
		yield(row)
	}
}

// parseDefined parses a row for one ABI and checks what a test checks of the
// rows in the tables.
func parseDefined(abi ABI, lines []string) (*Signature, error) {
	s, err := parseCall(abi, tableLine{text: lines[0], more: lines[1:]})
	if err != nil {
		return nil, asDefineError(err)
	}
	if s.subs != nil || s.Unimplemented {
		return nil, defineErrorf("a defined call stands for no other calls")
	}
	seen := map[string]bool{}
	for i := range s.Params {
		p := &s.Params[i]
		if p.Hidden {
			continue
		}
		if !isCallName(p.Name) {
			return nil, defineErrorf("%q is no name for an argument: it has small letters, digits and underscores", p.Name)
		}
		if seen[p.Name] {
			return nil, defineErrorf("there are two arguments %q", p.Name)
		}
		seen[p.Name] = true
	}
	check := func(params []Param) error {
		for i := range params {
			p := &params[i]
			if name := p.missingStruct(abi); name != "" {
				return &DefineError{Message: fmt.Sprintf("%s: there is no struct %q", p.Name, name), Word: name, Known: LayoutNames(abi)}
			}
			if p.Dir != In && !p.Type.Pointer() {
				return defineErrorf("%s: %q is a number in a register, which the kernel does not write: an address of one is %q", p.Name, p.Dir.String()+p.Type.String(), p.Dir.String()+"&"+p.Type.String())
			}
		}
		return nil
	}
	if err := check(s.Params); err != nil {
		return nil, err
	}
	for i := range s.Variants {
		if err := check(s.Variants[i].Params); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// missingStruct returns the name of a struct in the type that the ABI lacks.
func (t *Type) missingStruct(abi ABI) string {
	for ; t != nil; t = t.Elem {
		if t.Kind == KindStruct && t.Struct != "" && StructByName(abi, t.Struct) == nil {
			return t.Struct
		}
	}
	return ""
}

func defineErrorf(format string, args ...any) error {
	return &DefineError{Message: fmt.Sprintf(format, args...)}
}

// asDefineError makes a DefineError of what the parser of the tables says.
func asDefineError(err error) error {
	e := &DefineError{Message: err.Error()}
	var unknown *unknownWord
	if errors.As(err, &unknown) {
		e.Word = unknown.word
		if unknown.set {
			e.Known = SetNames()
		} else {
			e.Known = KindNames()
		}
	}
	return e
}

// isCallName reports whether s is a name such as system calls and their
// arguments have.
func isCallName(s string) bool {
	for i := range len(s) {
		if c := s[i]; !(c >= 'a' && c <= 'z' || c == '_' || i > 0 && c >= '0' && c <= '9') {
			return false
		}
	}
	return s != ""
}

func firstLine(s string) string {
	line, _, _ := strings.Cut(strings.TrimSpace(s), "\n")
	return line
}

// definedCall returns the signature that was defined for a call, or nil.
func definedCall(abi ABI, nr int) *Signature {
	if d := definitions.Load(); d != nil && abi < NumABI {
		return d.calls[abi][nr]
	}
	return nil
}

// definedNumber returns the number of a call that was defined with one.
func definedNumber(abi ABI, name string) (int, bool) {
	if d := definitions.Load(); d != nil && abi < NumABI {
		nr, ok := d.numbers[abi][name]
		return nr, ok
	}
	return 0, false
}

// definedMax returns the highest number defined + 1.
func definedMax(abi ABI) int {
	if d := definitions.Load(); d != nil && abi < NumABI {
		return d.max[abi]
	}
	return 0
}
