package luart

import (
	"errors"
	"regexp"
	"regexp/syntax"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// roomForRegex is room for a compiled pattern, and returns about what it takes. Its
// states may be far more than its bytes: (x{100}){10}.
func (r *Runtime) roomForRegex(L *lua.LState, pattern string) int {
	const parsed, state = 400, 200 // bytes that a byte of the pattern takes, and a state
	checkPattern(L, 1, pattern)
	size := parsed * len(pattern)
	r.Room(L, size)
	if !strings.Contains(pattern, "{") {
		return size // a state a byte, about
	}
	if tree, err := syntax.Parse(pattern, syntax.Perl); err == nil {
		size += state * regexStates(tree)
		r.Room(L, size)
	}
	return size
}

// regexStates is about how many states a pattern has.
func regexStates(re *syntax.Regexp) int {
	n := 1 + len(re.Rune)
	for _, sub := range re.Sub {
		n += regexStates(sub)
	}
	if re.Op == syntax.OpRepeat {
		n *= max(re.Min, re.Max, 1)
	}
	return n
}

// Regex is a compiled pattern.
type Regex struct{ RE *regexp.Regexp }

func reGlobals() Module {
	return Module{Functions: []Function{{
		Name: "re", Params: "pattern: string", Returns: "regex",
		Help: "Compiles a regular expression (RE2 syntax: perl's without back references). Matching takes time linear in the text, whatever a tracee puts there. Patterns are kept compiled, so re may be called in a hook.",
		Fn: Bind(func(r *Runtime, L *lua.LState) int {
			pattern := L.CheckString(1)
			re := r.regexes[pattern]
			if re == nil {
				size := r.roomForRegex(L, pattern)
				compiled, err := regexp.Compile(pattern)
				if err != nil {
					if se, ok := errors.AsType[*syntax.Error](err); ok {
						L.ArgError(1, "pattern '"+EscapeName(pattern)+"': "+se.Code.String()+": '"+EscapeName(se.Expr)+"'")
					}
					L.ArgError(1, EscapeName(err.Error()))
				}
				re = &Regex{compiled}
				keep(r.regexes, &r.regexBytes, pattern, re, size)
			}
			L.Push(r.NewObject("regex", re))
			return 1
		}),
	}}}
}

func regexObject() Object {
	re := func(L *lua.LState) *regexp.Regexp { return Receiver[*Regex](L, 1, "regex").RE }
	return Object{
		Name: "regex",
		Help: "A compiled regular expression, made by re(pattern). Positions count bytes from 1. A group that took no part in the match is nil.",
		Methods: []Function{
			{
				Name: "test", Params: "s: string", Returns: "boolean",
				Help: "Whether the pattern matches anywhere in s.",
				Fn: Bind(func(r *Runtime, L *lua.LState) int {
					L.Push(lua.LBool(r.firstMatch(L, re(L), L.CheckString(2)) != nil))
					return 1
				}),
			},
			{
				Name: "match", Params: "s: string, init?: integer", Returns: "string|nil, ...",
				Help: "The groups of the first match, or the whole match if the pattern has none; nil if there is no match.",
				Fn: Bind(func(r *Runtime, L *lua.LState) int {
					s, from := L.CheckString(2), initIndex(L, 3)
					m := r.submatch(L, re(L), s, from)
					if m == nil {
						L.Push(lua.LNil)
						return 1
					}
					return pushGroups(L, s, m)
				}),
			},
			{
				Name: "find", Params: "s: string, init?: integer", Returns: "integer|nil, integer, ...",
				Help: "The first and last position of the first match, and its groups; nil if there is no match.",
				Fn: Bind(func(r *Runtime, L *lua.LState) int {
					s, from := L.CheckString(2), initIndex(L, 3)
					m := r.submatch(L, re(L), s, from)
					if m == nil {
						L.Push(lua.LNil)
						return 1
					}
					L.Push(lua.LNumber(m[0] + 1))
					L.Push(lua.LNumber(m[1]))
					if len(m) == 2 {
						return 2
					}
					return 2 + pushGroups(L, s, m)
				}),
			},
			{
				Name: "groups", Params: "s: string", Returns: "table|nil",
				Help: "The named groups, (?P<name>...), of the first match as a table; nil if there is no match.",
				Fn: Bind(func(r *Runtime, L *lua.LState) int {
					x, s := re(L), L.CheckString(2)
					m := r.firstMatch(L, x, s)
					if m == nil {
						L.Push(lua.LNil)
						return 1
					}
					tb := L.NewTable()
					for i, name := range x.SubexpNames() {
						if name != "" && m[2*i] >= 0 {
							tb.RawSetString(name, lua.LString(s[m[2*i]:m[2*i+1]]))
						}
					}
					L.Push(tb)
					return 1
				}),
			},
			{
				Name: "gmatch", Params: "s: string", Returns: "function",
				Help: "An iterator over all matches that yields what match returns for each.",
				Fn: Bind(func(r *Runtime, L *lua.LState) int {
					s := L.CheckString(2)
					all := r.allMatches(L, re(L), s, -1)
					L.Push(L.NewFunction(func(L *lua.LState) int {
						if len(all) == 0 {
							return 0
						}
						m := all[0]
						all = all[1:]
						return pushGroups(L, s, m)
					}))
					return 1
				}),
			},
			{
				Name: "gsub", Params: "s: string, repl: string|table|function, n?: integer", Returns: "string, integer",
				Help: "Replaces all or the first n matches, as string.gsub does: by a string with %0 to %9 and %%, by the value a table has for the first group, or by what a function returns for the groups; false and nil keep the match. Also returns the number of matches.",
				Fn:   Bind(regexGsub),
			},
		},
	}
}

// initIndex is the start position argument n as an offset, -1 if it is beyond
// the string in argument 2.
func initIndex(L *lua.LState, n int) int {
	length := len(L.CheckString(2))
	i := L.OptInt(n, 1)
	switch {
	case i < 0:
		return max(length+i, 0)
	case i == 0:
		return 0
	case i > length+1:
		return -1
	}
	return i - 1
}

// longText is from which length on a text is searched aside: that takes linear
// time, but can't be interrupted.
const longText = 1 << 18

func (r *Runtime) firstMatch(L *lua.LState, re *regexp.Regexp, s string) (m []int) {
	if len(s) < longText {
		return re.FindStringSubmatchIndex(s)
	}
	found := new([]int) // of its own, since the search may outlive this call
	r.aside(L, func() { *found = re.FindStringSubmatchIndex(s) })
	return *found
}

// allMatches finds all matches, or the first limit ones. In a long text it
// looks for more and more of them: the list may need far more memory than the
// text.
func (r *Runtime) allMatches(L *lua.LState, re *regexp.Regexp, s string, limit int) [][]int {
	size := 24 + 16*(1+re.NumSubexp())
	most := len(s) + 1
	if limit >= 0 {
		most = min(most, limit)
	}
	if len(s) < longText && most*size < 4*largeResult {
		return re.FindAllStringSubmatchIndex(s, limit)
	}
	for n := max(longText/size, 64); ; n *= 4 {
		if limit >= 0 {
			n = min(n, limit)
		}
		r.Room(L, n*size)
		found := new([][]int)
		r.aside(L, func() { *found = re.FindAllStringSubmatchIndex(s, n) })
		if len(*found) < n || n == limit {
			return *found
		}
	}
}

// submatch finds the first match at or after an offset; indexes are of s.
func (r *Runtime) submatch(L *lua.LState, re *regexp.Regexp, s string, from int) []int {
	if from < 0 {
		return nil
	}
	m := r.firstMatch(L, re, s[from:])
	for i := range m {
		if m[i] >= 0 {
			m[i] += from
		}
	}
	return m
}

// pushGroups pushes the groups of a match, or the match itself if it has none.
func pushGroups(L *lua.LState, s string, m []int) int {
	if len(m) == 2 {
		L.Push(lua.LString(s[m[0]:m[1]]))
		return 1
	}
	for i := 2; i < len(m); i += 2 {
		L.Push(group(s, m, i/2))
	}
	return len(m)/2 - 1
}

func group(s string, m []int, i int) lua.LValue {
	if m[2*i] < 0 {
		return lua.LNil
	}
	return lua.LString(s[m[2*i]:m[2*i+1]])
}

func regexGsub(r *Runtime, L *lua.LState) int {
	re := Receiver[*Regex](L, 1, "regex").RE
	s, repl, limit := L.CheckString(2), L.CheckAny(3), L.OptInt(4, -1)
	var out []byte
	at := 0
	matches := r.allMatches(L, re, s, limit)
	for _, m := range matches {
		out = r.plain(L, out, s[at:m[0]])
		at = m[1]
		first := group(s, m, min(1, len(m)/2-1))
		var v lua.LValue
		switch repl := repl.(type) {
		case lua.LString:
			out = r.expand(L, out, string(repl), s, m)
			continue
		case lua.LNumber:
			v = repl
		case *lua.LTable:
			if v = lua.LNil; first != lua.LNil {
				v = L.GetTable(repl, first)
			}
		case *lua.LFunction:
			L.Push(repl)
			L.Call(pushGroups(L, s, m), 1)
			v = L.Get(-1)
			L.Pop(1)
		default:
			L.ArgError(3, "string, table or function expected, got "+TypeName(repl))
		}
		switch v := v.(type) {
		case lua.LString, lua.LNumber, Word, SignedWord:
			out = r.plain(L, out, v.String())
		default:
			if lua.LVAsBool(v) {
				L.RaiseError("invalid replacement value (a %s)", TypeName(v))
			}
			out = r.plain(L, out, s[m[0]:m[1]])
		}
	}
	L.Push(lua.LString(TextOf(r.plain(L, out, s[at:]))))
	L.Push(lua.LNumber(len(matches)))
	return 2
}

// expand appends a replacement string for match m.
func (r *Runtime) expand(L *lua.LState, out []byte, repl, s string, m []int) []byte {
	for i := 0; i < len(repl); i++ {
		if repl[i] != '%' {
			n := strings.IndexByte(repl[i:], '%')
			if n < 0 {
				n = len(repl) - i
			}
			out = r.plain(L, out, repl[i:i+n])
			i += n - 1
			continue
		}
		i++
		switch {
		case i < len(repl) && repl[i] == '%':
			out = append(out, '%')
		case i < len(repl) && repl[i] >= '0' && repl[i] <= '9':
			n := int(repl[i] - '0')
			if n == 1 && len(m) == 2 {
				n = 0 // as in string.gsub: %1 is the match if there are no groups
			}
			if 2*n >= len(m) {
				L.ArgError(3, "the pattern has no group %"+repl[i:i+1])
			}
			if v, ok := group(s, m, n).(lua.LString); ok {
				out = r.plain(L, out, string(v))
			}
		default:
			L.ArgError(3, "a % in the replacement must be followed by a digit or another %")
		}
	}
	return out
}
