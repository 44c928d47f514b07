package spec

import (
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"luatrace/tracer/syscalls"
)

const (
	x32Prefix     = "x32_"
	unknownPrefix = "syscall_0x" // of calls without a name, as traces show them
)

// abiSet is a set of ABIs, bit n being ABI n.
type abiSet uint8

const allABIs abiSet = 1<<syscalls.NumABI - 1

func (a abiSet) has(abi syscalls.ABI) bool { return a>>abi&1 != 0 }

// abiNames are what may follow "@": strace's personalities and single ABIs.
var abiNames = map[string]abiSet{
	"64":    1<<syscalls.AMD64 | 1<<syscalls.ARM64,
	"32":    1 << syscalls.I386,
	"x32":   1 << syscalls.X32,
	"amd64": 1 << syscalls.AMD64,
	"i386":  1 << syscalls.I386,
	"arm64": 1 << syscalls.ARM64,
}

// bareClasses are the classes strace takes without "%" that are not the name of
// a call or another event here.
var bareClasses = []string{"desc", "file", "memory", "network", "process"}

// callParser parses a list of system calls into spec.
type callParser struct {
	spec *Spec
	text string // the whole list
	rest string // what is left of it

	phased int // items that named the phase
}

// callItem is one item of the list, taken apart.
type callItem struct {
	optional bool   // "?"
	regex    bool   // what is a regular expression
	what     string // name, number, "%class", glob, or the expression
	abis     abiSet
}

func (p *callParser) parse() error {
	p.rest = p.text
	negate := strings.HasPrefix(p.rest, "!")
	if negate {
		p.rest = p.rest[1:]
	}
	items := 0
	for first := true; ; first = false {
		before := p.phased
		item, more, err := p.next()
		items++
		if err != nil {
			return p.wrap(err)
		}
		if !item.regex && item.what == "none" {
			if !first || more {
				return p.wrap(errors.New(`"none" can't be in a list`))
			}
			break
		}
		if err := p.add(&item); err != nil {
			return p.wrap(err)
		}
		if !more {
			// "a,b:enter" means both; "a:enter,b" leaves one wondering.
			if p.phased > 0 && p.phased < items && !(p.phased == 1 && p.phased > before) {
				return p.wrap(fmt.Errorf("a phase is that of the whole list: put :%s once, at the end", p.spec.Phase))
			}
			break
		}
	}
	if negate {
		for abi := range p.spec.calls {
			p.spec.calls[abi].negate()
		}
	}
	return nil
}

// wrap adds the list to an error in one of its items.
func (p *callParser) wrap(err error) error {
	if e, ok := errors.AsType[*unknownCall](err); ok {
		return e.in(p.text)
	}
	return fmt.Errorf("%q: %w", p.text, err)
}

// next takes an item off the list and says whether another follows.
func (p *callParser) next() (item callItem, more bool, err error) {
	item.abis = allABIs
	text := strings.TrimLeft(p.rest, " \t")
	if strings.HasPrefix(text, "!") {
		return item, false, errors.New(`"!" negates the whole list and stands before its first item`)
	}
	if strings.HasPrefix(text, "?") {
		item.optional = true
		text = text[1:]
	}
	var suffix string
	if strings.HasPrefix(text, "/") {
		item.regex = true
		item.what, suffix, p.rest, more = cutRegex(text[1:])
	} else {
		text, p.rest, more = strings.Cut(text, ",")
		end := strings.IndexAny(text, ":@")
		if end < 0 {
			end = len(text)
		}
		item.what, suffix = strings.TrimSpace(text[:end]), text[end:]
	}
	if item.what == "" {
		return item, more, errors.New("an item of the list is empty")
	}
	return item, more, p.suffixes(&item, strings.TrimSpace(suffix))
}

// cutRegex splits text, which follows the opening slash, into the expression,
// the suffixes after it, and the rest of the list. The expression ends at a
// slash or, as in strace, at a comma; a comma inside {} is part of it, and so is
// an escaped slash.
func cutRegex(text string) (expr, suffix, rest string, more bool) {
	depth, i := 0, 0
	for ; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\':
			i++
			continue
		case c == '{':
			depth++
			continue
		case c == '}':
			depth--
			continue
		case c == '/', c == ',' && depth <= 0:
		default:
			continue
		}
		break
	}
	i = min(i, len(text))
	expr = text[:i]
	if i < len(text) && text[i] == '/' {
		suffix, rest, more = strings.Cut(text[i+1:], ",")
		return expr, suffix, rest, more
	}
	if i < len(text) {
		rest, more = text[i+1:], true
	}
	// Without a closing slash the phase and the ABI have to be found from the
	// end: a colon is common inside.
	for _, mark := range []string{":enter", ":exit"} {
		if e, ok := strings.CutSuffix(expr, mark); ok {
			expr, suffix = e, mark
		}
	}
	if at := strings.LastIndexByte(expr, '@'); at >= 0 {
		expr, suffix = expr[:at], expr[at:]+suffix
	}
	return expr, suffix, rest, more
}

// suffixes parses "@abi" and ":phase".
func (p *callParser) suffixes(item *callItem, text string) error {
	for text != "" {
		mark := text[0]
		word := text[1:]
		text = ""
		if end := strings.IndexAny(word, ":@"); end >= 0 {
			word, text = word[:end], word[end:]
		}
		word = strings.TrimSpace(word)
		switch mark {
		case '@':
			abis, ok := abiNames[word]
			if !ok {
				return fmt.Errorf("unknown ABI %q: use @64, @32, @x32, @amd64, @i386 or @arm64", "@"+word)
			}
			item.abis &= abis
		case ':':
			p.phased++
			if err := p.phase(word); err != nil {
				return err
			}
		default:
			return fmt.Errorf("%q after the regular expression: only @abi, :enter or :exit can follow", string(mark)+word)
		}
	}
	return nil
}

func (p *callParser) phase(word string) error {
	var phase Phase
	switch word {
	case "enter":
		phase = PhaseEnter
	case "exit":
		phase = PhaseExit
	default:
		return fmt.Errorf("unknown phase %q: use :enter or :exit", ":"+word)
	}
	if p.spec.PhaseGiven && p.spec.Phase != phase {
		return errors.New("both :enter and :exit are given: a phase is that of the whole list, use two hooks")
	}
	p.spec.Phase, p.spec.PhaseGiven = phase, true
	return nil
}

// add puts what the item selects into the sets.
func (p *callParser) add(item *callItem) error {
	what := item.what
	switch {
	case item.regex:
		re, err := regexp.Compile(what)
		if err != nil {
			return fmt.Errorf("invalid regular expression: %w", err)
		}
		return p.addMatching(item, "regular expression", func(name string) bool { return re.MatchString(name) })
	case what == "*" || what == "all":
		for abi := range syscalls.NumABI {
			if item.abis.has(abi) {
				var none callSet
				none.negate()
				p.spec.calls[abi] = none
			}
		}
		return nil
	case what[0] == '%':
		return p.addClass(item, what[1:])
	case slices.Contains(bareClasses, what):
		return p.addClass(item, what)
	case strings.ContainsAny(what, "*?["):
		if _, err := path.Match(what, ""); err != nil {
			return fmt.Errorf("invalid glob %q: a \"[\" is not closed or empty", what)
		}
		return p.addMatching(item, "glob", func(name string) bool {
			ok, _ := path.Match(what, name)
			return ok
		})
	case what[0] >= '0' && what[0] <= '9':
		return p.addNumber(item, what, 10)
	case strings.HasPrefix(what, unknownPrefix):
		return p.addNumber(item, what[len(unknownPrefix):], 16)
	}
	return p.addName(item)
}

func (p *callParser) addNumber(item *callItem, digits string, base int) error {
	nr, err := strconv.ParseUint(digits, base, 32)
	if err == nil && item.abis.has(syscalls.X32) && nr&syscalls.X32Bit != 0 {
		nr &^= syscalls.X32Bit
		item.abis &= 1 << syscalls.X32
	}
	if err != nil || nr >= specLimit {
		return fmt.Errorf("%q is no system call number: they go from 0 to %d", item.what, specLimit-1)
	}
	for abi := range syscalls.NumABI {
		if item.abis.has(abi) {
			p.spec.calls[abi].add(int(nr))
		}
	}
	return nil
}

// addName adds a call by its name. It is enough that any ABI has it, if not
// those asked for: such a specification selects nothing here.
func (p *callParser) addName(item *callItem) error {
	name := item.what
	switch {
	case name == "signal" && item.abis == allABIs:
		return errors.New(`signals are an event of their own, and need a hook of their own; the system call is "signal@32"`)
	case strings.HasPrefix(name, x32Prefix):
		name = name[len(x32Prefix):]
		item.abis &= 1 << syscalls.X32
	}
	known := false
	for abi := range syscalls.NumABI {
		nr, ok := syscalls.Number(abi, qualified(abi, name))
		known = known || ok
		if ok && item.abis.has(abi) {
			p.spec.calls[abi].add(nr &^ syscalls.X32Bit)
		}
	}
	if known {
		if !item.optional {
			p.spec.names = append(p.spec.names, name)
		}
		return nil
	}
	if item.optional {
		return nil
	}
	return newUnknownCall(name)
}

func (p *callParser) addClass(item *callItem, class string) error {
	if !knownClass(class) {
		if item.optional {
			return nil
		}
		return unknownClass(class)
	}
	for abi := range syscalls.NumABI {
		for nr := 0; item.abis.has(abi) && nr < specLimit; nr++ {
			if syscalls.Known(abi, nr) && syscalls.InClass(abi, nr, class) {
				p.spec.calls[abi].add(nr)
			}
		}
	}
	return nil
}

// addMatching adds the calls whose names match. None at all is an error: the
// pattern is mistyped.
func (p *callParser) addMatching(item *callItem, kind string, match func(name string) bool) error {
	found := item.optional
	for abi := range syscalls.NumABI {
		for nr := range specLimit {
			if !syscalls.Known(abi, nr) || !match(strings.TrimPrefix(syscalls.Name(abi, nr), x32Prefix)) {
				continue
			}
			found = true
			if item.abis.has(abi) {
				p.spec.calls[abi].add(nr)
			}
		}
	}
	if !found {
		return fmt.Errorf("no system call matches the %s %q (see luatrace probes)", kind, item.what)
	}
	return nil
}
