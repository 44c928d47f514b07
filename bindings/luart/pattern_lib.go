package luart

import (
	"fmt"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// maxPatterns bounds a cache of compiled patterns; those that are made at
// run time would otherwise stay for ever.
const maxPatterns = 1000

// maxCached is how many bytes the patterns in a cache take, compiled, and one more.
const maxCached = 4 << 20

// maxPattern is how long a pattern can be, but for string.find if it has no special
// characters.
const maxPattern = 1 << 20

// patternSize is what a byte of a pattern takes, compiled.
const patternSize = 96

// checkPattern raises an error for a pattern that is too long.
func checkPattern(L *lua.LState, arg int, text string) {
	if len(text) > maxPattern {
		L.ArgError(arg, "a pattern of "+strconv.Itoa(len(text))+" bytes; the longest has "+strconv.Itoa(maxPattern))
	}
}

// keep puts a compiled pattern of about size bytes into a cache, which is emptied
// when it is full; total is what it holds.
func keep[T any](cache map[string]T, total *int, text string, compiled T, size int) {
	if *total += size; len(cache) >= maxPatterns || *total > maxCached {
		clear(cache)
		*total = size
	}
	cache[text] = compiled
}

// pattern returns a pattern compiled, or raises what is wrong with it.
func (r *Runtime) pattern(L *lua.LState, text string) *pattern {
	p := r.patterns[text]
	if p == nil {
		size := patternSize * len(text)
		checkPattern(L, 2, text)
		r.Room(L, size)
		var err error
		if p, err = compilePattern(text); err != nil {
			L.ArgError(2, EscapeName(err.Error())+" (in '"+EscapeName(text)+"')")
		}
		keep(r.patterns, &r.patternBytes, text, p, size)
	}
	return p
}

func (r *Runtime) matcher(L *lua.LState, p *pattern, text string) matcher {
	return matcher{p: p, text: text, poll: func() { r.Poll(L) }}
}

// startIndex is the optional start position argument n as an offset into s.
func startIndex(L *lua.LState, n int, s string) int {
	i := L.OptInt(n, 1)
	if i < 0 {
		i += len(s) + 1
	}
	return min(max(i-1, 0), len(s))
}

// capture is capture i of a match, as a script sees it; the whole match if
// there are no captures.
func (m *matcher) capture(i int) lua.LValue {
	switch {
	case m.p.captures == 0:
		return lua.LString(m.text[m.m.start:m.m.end])
	case m.p.positions>>i&1 != 0:
		return lua.LNumber(m.m.from[i] + 1)
	}
	return lua.LString(m.text[m.m.from[i]:m.m.to[i]])
}

// pushCaptures pushes the captures, or the whole match if there are none.
func (m *matcher) pushCaptures(L *lua.LState) int {
	n := max(m.p.captures, 1)
	for i := range n {
		L.Push(m.capture(i))
	}
	return n
}

func (r *Runtime) luaFind(L *lua.LState) int {
	s, text := L.CheckString(1), L.CheckString(2)
	from := startIndex(L, 3, s)
	p := &pattern{literal: true}
	if !lua.LVAsBool(L.Get(4)) && !literalPattern(text) {
		p = r.pattern(L, text)
	}
	if p.literal {
		i := strings.Index(s[from:], text)
		if i < 0 {
			L.Push(lua.LNil)
			return 1
		}
		L.Push(lua.LNumber(from + i + 1))
		L.Push(lua.LNumber(from + i + len(text)))
		return 2
	}
	m := r.matcher(L, p, s)
	if !m.find(from) {
		L.Push(lua.LNil)
		return 1
	}
	L.Push(lua.LNumber(m.m.start + 1))
	L.Push(lua.LNumber(m.m.end))
	if p.captures == 0 {
		return 2
	}
	return 2 + m.pushCaptures(L)
}

func (r *Runtime) luaMatch(L *lua.LState) int {
	s, text := L.CheckString(1), L.CheckString(2)
	m := r.matcher(L, r.pattern(L, text), s)
	if !m.find(startIndex(L, 3, s)) {
		L.Push(lua.LNil)
		return 1
	}
	return m.pushCaptures(L)
}

// luaGmatch makes the iterator. A pattern with ^ matches once at most.
func (r *Runtime) luaGmatch(L *lua.LState) int {
	s, text := L.CheckString(1), L.CheckString(2)
	m := r.matcher(L, r.pattern(L, text), s)
	at := 0
	L.Push(L.NewFunction(func(L *lua.LState) int {
		if at > len(s) {
			return 0
		}
		m.poll = func() { r.Poll(L) }
		if !m.find(at) {
			at = len(s) + 1
			return 0
		}
		switch {
		case m.p.anchored:
			at = len(s) + 1
		case m.m.end == m.m.start:
			at = m.m.end + 1
		default:
			at = m.m.end
		}
		return m.pushCaptures(L)
	}))
	return 1
}

func (r *Runtime) luaGsub(L *lua.LState) int {
	s, text := L.CheckString(1), L.CheckString(2)
	repl, limit := L.CheckAny(3), L.OptInt(4, -1)
	switch repl.(type) {
	case lua.LString, lua.LNumber, *lua.LTable, *lua.LFunction:
	default:
		L.ArgError(3, "string, table or function expected, got "+TypeName(repl))
	}
	m := r.matcher(L, r.pattern(L, text), s)
	var out []byte
	at, done, n := 0, 0, 0 // done: what of s is in out
	for at <= len(s) && (limit < 0 || n < limit) && m.find(at) {
		n++
		out = r.plain(L, out, s[done:m.m.start])
		done = m.m.end
		out = r.appendReplacement(L, out, &m, repl)
		if at = m.m.end; m.m.end == m.m.start {
			at++
		}
		if m.p.anchored {
			break
		}
	}
	if n == 0 {
		L.Push(lua.LString(s))
	} else {
		L.Push(lua.LString(TextOf(r.plain(L, out, s[done:]))))
	}
	L.Push(lua.LNumber(n))
	return 2
}

// appendReplacement appends what a match is replaced by.
func (r *Runtime) appendReplacement(L *lua.LState, out []byte, m *matcher, repl lua.LValue) []byte {
	var v lua.LValue
	switch repl := repl.(type) {
	case lua.LString:
		return r.appendExpanded(L, out, m, string(repl))
	case lua.LNumber:
		v = repl
	case *lua.LTable:
		v = L.GetTable(repl, m.capture(0))
	case *lua.LFunction:
		found := m.m
		L.Push(repl)
		L.Call(m.pushCaptures(L), 1)
		m.m = found
		v = L.Get(-1)
		L.Pop(1)
	}
	switch v := v.(type) {
	case lua.LString:
		return r.plain(L, out, string(v))
	case lua.LNumber, Word, SignedWord:
		return append(out, v.String()...)
	}
	if lua.LVAsBool(v) {
		L.RaiseError("invalid replacement value (a %s)", TypeName(v))
	}
	return r.plain(L, out, m.text[m.m.start:m.m.end])
}

// appendExpanded appends a replacement string with its %0 to %9.
func (r *Runtime) appendExpanded(L *lua.LState, out []byte, m *matcher, repl string) []byte {
	for {
		i := strings.IndexByte(repl, '%')
		if i < 0 || i+1 == len(repl) {
			return r.plain(L, out, repl)
		}
		out = r.plain(L, out, repl[:i])
		c := repl[i+1]
		repl = repl[i+2:]
		var s string
		switch {
		case c == '0':
			s = m.text[m.m.start:m.m.end]
		case c >= '1' && c <= '9':
			n := int(c - '1')
			if n >= max(m.p.captures, 1) {
				L.ArgError(3, fmt.Sprintf("the pattern has no capture %%%c", c))
			}
			switch v := m.capture(n).(type) {
			case lua.LString:
				s = string(v)
			case lua.LNumber:
				s = strconv.Itoa(int(v))
			}
		default:
			s = string([]byte{c})
		}
		out = r.plain(L, out, s)
	}
}
