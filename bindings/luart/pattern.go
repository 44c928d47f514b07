package luart

import (
	"errors"
	"fmt"
	"strings"
)

// pattern is a compiled pattern of Lua 5.1 (§5.4.1 of its manual). gopher-lua's
// matcher can't be stopped, and hostile text keeps it busy for ever; this one
// asks from time to time whether it is to go on.
type pattern struct {
	items    []patternItem
	captures int
	// positions has a bit for each capture that is a position: ().
	positions uint32
	anchored  bool // begins with ^
	literal   bool // has no special characters
}

// patternItem is one step of a pattern.
type patternItem struct {
	kind   itemKind
	repeat byte // 0, '*', '+', '-' or '?'; for itemSet only
	set    *byteSet
	n      int  // of itemOpen, itemClose, itemPosition, itemBack: the capture
	a, b   byte // of itemBalance: the brackets
}

type itemKind uint8

const (
	itemSet      itemKind = iota // a byte of a set
	itemOpen                     // (
	itemClose                    // )
	itemPosition                 // ()
	itemBack                     // %1
	itemBalance                  // %bxy
	itemFrontier                 // %f[set]
	itemEnd                      // $ at the end
)

// byteSet is a set of bytes.
type byteSet [4]uint64

func (s *byteSet) add(c byte)      { s[c>>6] |= 1 << (c & 63) }
func (s *byteSet) has(c byte) bool { return s[c>>6]>>(c&63)&1 != 0 }

func (s *byteSet) addRange(from, to byte) {
	for c := int(from); c <= int(to); c++ {
		s.add(byte(c))
	}
}

func (s *byteSet) merge(o *byteSet) {
	for i := range s {
		s[i] |= o[i]
	}
}

func (s *byteSet) invert() {
	for i := range s {
		s[i] = ^s[i]
	}
}

// Limits of a pattern: those of C Lua, and how deep a match may recurse, which
// is once for each repetition in the pattern.
const (
	maxCaptures    = 32
	maxRepetitions = 10000
)

// The letters of %a and so on, in the C locale.
var classRanges = map[byte]string{
	'a': "AZaz", 'c': "\x00\x1f\x7f\x7f", 'd': "09", 'l': "az", 'p': "!/:@[`{~",
	's': "\t\r  ", 'u': "AZ", 'w': "09AZaz", 'x': "09AFaf", 'z': "\x00\x00",
}

// classSet is the set of %c; a letter that names no class stands for itself.
func classSet(c byte) *byteSet {
	s := &byteSet{}
	ranges, ok := classRanges[c|0x20]
	if !ok || c < 'A' {
		s.add(c)
		return s
	}
	for i := 0; i < len(ranges); i += 2 {
		s.addRange(ranges[i], ranges[i+1])
	}
	if c < 'a' {
		s.invert()
	}
	return s
}

var anyByte = &byteSet{^uint64(0), ^uint64(0), ^uint64(0), ^uint64(0)}

// literalPattern says whether a pattern has no special characters.
func literalPattern(text string) bool { return !strings.ContainsAny(text, "^$*+?.([%-)") }

// compilePattern parses a pattern. What is wrong with it is found here, whatever
// the text it will meet.
func compilePattern(text string) (*pattern, error) {
	p := &pattern{literal: literalPattern(text)}
	s := text
	if strings.HasPrefix(s, "^") {
		p.anchored, s = true, s[1:]
	}
	var open []int // captures that are not closed yet
	var closed uint64
	repetitions := 0
	for len(s) > 0 {
		item := patternItem{}
		switch c := s[0]; {
		case c == '(' && strings.HasPrefix(s, "()"):
			item.kind, item.n, s = itemPosition, p.captures, s[2:]
			p.positions |= 1 << p.captures
			closed |= 1 << p.captures
			p.captures++
		case c == '(':
			item.kind, item.n, s = itemOpen, p.captures, s[1:]
			open = append(open, p.captures)
			p.captures++
		case c == ')':
			if len(open) == 0 {
				return nil, errors.New("malformed pattern: ) without (; write %) for the character")
			}
			item.kind, item.n, s = itemClose, open[len(open)-1], s[1:]
			open = open[:len(open)-1]
			closed |= 1 << item.n
		case s == "$":
			item.kind, s = itemEnd, ""
		case c == '%' && len(s) > 1 && s[1] == 'b':
			if len(s) < 4 {
				return nil, errors.New("malformed pattern: %b needs two characters, as in %b()")
			}
			item.kind, item.a, item.b, s = itemBalance, s[2], s[3], s[4:]
		case c == '%' && len(s) > 1 && s[1] == 'f':
			if len(s) < 3 || s[2] != '[' {
				return nil, errors.New("malformed pattern: %f needs a set, as in %f[%w]")
			}
			set, rest, err := parseSetOf(s[2:])
			if err != nil {
				return nil, err
			}
			item.kind, item.set, s = itemFrontier, set, rest
		case c == '%' && len(s) > 1 && s[1] >= '0' && s[1] <= '9':
			n := int(s[1]) - '1'
			if n < 0 || closed>>n&1 == 0 {
				return nil, fmt.Errorf("invalid capture index %%%c in the pattern", s[1])
			}
			item.kind, item.n, s = itemBack, n, s[2:]
			if p.positions>>n&1 != 0 {
				item = patternItem{set: &byteSet{}} // a position is no text that could come again
			}
		default:
			set, rest, err := parseSingle(s)
			if err != nil {
				return nil, err
			}
			item.set, s = set, rest
			if len(s) > 0 && strings.IndexByte("*+-?", s[0]) >= 0 {
				item.repeat, s = s[0], s[1:]
				repetitions++
			}
		}
		if p.captures > maxCaptures {
			return nil, fmt.Errorf("too many captures; a pattern may have %d", maxCaptures)
		}
		p.items = append(p.items, item)
	}
	if len(open) > 0 {
		return nil, errors.New("malformed pattern: ( without ); write %( for the character")
	}
	if repetitions > maxRepetitions {
		return nil, fmt.Errorf("the pattern has more than %d repetitions", maxRepetitions)
	}
	return p, nil
}

// parseSingle reads what stands for one byte.
func parseSingle(s string) (*byteSet, string, error) {
	switch s[0] {
	case '.':
		return anyByte, s[1:], nil
	case '[':
		return parseSetOf(s)
	case '%':
		if len(s) < 2 {
			return nil, "", errors.New("malformed pattern: it ends with %; write %% for the character")
		}
		return classSet(s[1]), s[2:], nil
	}
	set := &byteSet{}
	set.add(s[0])
	return set, s[1:], nil
}

// parseSetOf reads [set].
func parseSetOf(s string) (*byteSet, string, error) {
	set := &byteSet{}
	i := 1
	invert := i < len(s) && s[i] == '^'
	if invert {
		i++
	}
	for first := true; ; first = false {
		switch {
		case i >= len(s):
			return nil, "", errors.New("malformed pattern: [ without ]; write %[ for the character")
		case s[i] == ']' && !first:
			if invert {
				set.invert()
			}
			return set, s[i+1:], nil
		case s[i] == '%' && i+1 < len(s):
			set.merge(classSet(s[i+1]))
			i += 2
		case i+2 < len(s) && s[i+1] == '-' && s[i+2] != ']':
			set.addRange(s[i], s[i+2])
			i += 3
		default:
			set.add(s[i])
			i++
		}
	}
}

// patternMatch is where a pattern was found.
type patternMatch struct {
	start, end int
	from, to   [maxCaptures]int
}

// matcher runs a pattern over a text.
type matcher struct {
	p    *pattern
	text string
	m    patternMatch
	// poll is called every pollSteps steps; it panics to end the match.
	poll  func()
	steps int
}

const pollSteps = 1 << 14

// step counts work, so that poll is called in time.
func (m *matcher) step(n int) {
	if m.steps += n; m.steps >= pollSteps {
		m.steps = 0
		m.poll()
	}
}

// find looks for the first match at or after an offset; the result is in m.m.
func (m *matcher) find(from int) bool {
	for at := from; at <= len(m.text); at++ {
		if end := m.run(at, 0); end >= 0 {
			m.m.start, m.m.end = at, end
			return true
		}
		if m.p.anchored {
			return false
		}
	}
	return false
}

// run matches the items from i on at offset at and returns where the match
// ends, -1 if there is none. Every way through a pattern passes all of its
// captures in order, so what a failed way has noted is written again.
func (m *matcher) run(at, i int) int {
	text := m.text
	for ; i < len(m.p.items); i++ {
		m.step(1)
		item := &m.p.items[i]
		switch item.kind {
		case itemSet:
			switch item.repeat {
			case 0:
				if at >= len(text) || !item.set.has(text[at]) {
					return -1
				}
				at++
			case '?':
				if at < len(text) && item.set.has(text[at]) {
					if end := m.run(at+1, i+1); end >= 0 {
						return end
					}
				}
			case '-':
				for {
					if end := m.run(at, i+1); end >= 0 {
						return end
					}
					if at >= len(text) || !item.set.has(text[at]) {
						return -1
					}
					at++
				}
			default:
				return m.longest(at, i)
			}
		case itemOpen:
			m.m.from[item.n] = at
		case itemClose:
			m.m.to[item.n] = at
		case itemPosition:
			m.m.from[item.n], m.m.to[item.n] = at, at
		case itemBack:
			s := text[m.m.from[item.n]:m.m.to[item.n]]
			m.step(len(s) / 16)
			if !strings.HasPrefix(text[at:], s) {
				return -1
			}
			at += len(s)
		case itemBalance:
			if at = m.balance(at, item.a, item.b); at < 0 {
				return -1
			}
		case itemFrontier:
			var before, here byte
			if at > 0 {
				before = text[at-1]
			}
			if at < len(text) {
				here = text[at]
			}
			if item.set.has(before) || !item.set.has(here) {
				return -1
			}
		case itemEnd:
			if at != len(text) {
				return -1
			}
		}
	}
	return at
}

// longest matches item i, repeated as often as can be, and what follows it.
func (m *matcher) longest(at, i int) int {
	item := &m.p.items[i]
	end := at
	for end < len(m.text) && item.set.has(m.text[end]) {
		end++
	}
	m.step((end - at) / 4)
	if item.repeat == '+' {
		at++
	}
	if i+1 == len(m.p.items) {
		if end < at {
			return -1
		}
		return end
	}
	for ; end >= at; end-- {
		if e := m.run(end, i+1); e >= 0 {
			return e
		}
	}
	return -1
}

// balance returns the offset after the balanced text at an offset, or -1.
func (m *matcher) balance(at int, open, end byte) int {
	if at >= len(m.text) || m.text[at] != open {
		return -1
	}
	depth := 1
	for i := at + 1; i < len(m.text); i++ {
		switch m.text[i] {
		case end: // first: the two may be the same
			if depth--; depth == 0 {
				m.step((i - at) / 4)
				return i + 1
			}
		case open:
			depth++
		}
	}
	m.step((len(m.text) - at) / 4)
	return -1
}
