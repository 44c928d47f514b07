package luart

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// luaGenerator writes random Lua programs that end, and whose outcome Lua 5.1
// defines. They tell what they compute by the function out.
type luaGenerator struct {
	rnd    *rand.Rand
	b      strings.Builder
	indent int
	vars   []luaVar // in scope, the innermost last
	fn     int      // index in vars of the first variable of this function
	vararg bool
	loops  int
	calls  int // nesting of functions
	names  int
	budget int // of statements
}

// luaVar is a variable and what it always holds: a number, a string, a table, a
// function, or any of these and nil, true and false.
type luaVar struct {
	name string
	kind byte // n, s, t, f, a
}

// luaProgram returns the program of a seed.
func luaProgram(seed uint64) string {
	g := &luaGenerator{rnd: rand.New(rand.NewPCG(seed, 51)), budget: 8}
	g.budget += g.n(18)
	switch g.n(3) {
	case 0:
		g.line("do")
		g.block(4 + g.n(8))
		g.line("end")
	case 1: // with parameters: the last of them is special to the compiler
		g.line("local function main(p, q)")
		g.vararg = false
		g.function([]luaVar{{"p", 'n'}, {"q", 'a'}}, 4+g.n(8))
		g.line("end")
		g.line("out(main(3, %s))", g.any(1))
	case 2:
		g.line("local function main(...)")
		g.vararg = true
		g.function(nil, 4+g.n(8))
		g.line("end")
		g.vararg = false
		g.line("out(main(%s, 2, %s))", g.any(1), g.any(1))
	}
	return g.b.String()
}

func (g *luaGenerator) n(n int) int { return g.rnd.IntN(n) }

func (g *luaGenerator) one(of ...string) string { return of[g.n(len(of))] }

func (g *luaGenerator) line(format string, a ...any) {
	g.b.WriteString(strings.Repeat("  ", g.indent))
	fmt.Fprintf(&g.b, format, a...)
	g.b.WriteByte('\n')
}

func (g *luaGenerator) fresh() string {
	g.names++
	return fmt.Sprintf("v%d", g.names)
}

// pick returns a variable of a kind, or "".
func (g *luaGenerator) pick(kind byte) string {
	var fit []string
	for _, v := range g.vars {
		if v.kind == kind || kind == 'a' && v.kind != 't' && v.kind != 'f' {
			fit = append(fit, v.name)
		}
	}
	if len(fit) == 0 {
		return ""
	}
	if g.n(2) == 0 {
		return fit[len(fit)-1]
	}
	return fit[g.n(len(fit))]
}

// scoped writes statements in a scope of their own.
func (g *luaGenerator) block(statements int) {
	g.indent++
	depth := len(g.vars)
	for range statements {
		if g.budget--; g.budget < 0 {
			break
		}
		g.statement()
	}
	if v := g.pick('a'); v != "" {
		g.line("out(%s)", v)
	}
	g.vars = g.vars[:depth]
	g.indent--
}

func (g *luaGenerator) function(params []luaVar, statements int) {
	fn, loops, depth := g.fn, g.loops, len(g.vars)
	g.fn, g.loops = len(g.vars), 0
	g.calls++
	g.vars = append(g.vars, params...)
	g.block(statements)
	switch g.n(4) {
	case 0:
		g.line("  return %s", g.any(2))
	case 1:
		g.line("  return %s, %s", g.any(2), g.any(2))
	case 2:
		g.line("  return (%s)", g.call())
	}
	g.calls--
	g.vars = g.vars[:depth]
	g.fn, g.loops = fn, loops
}

func (g *luaGenerator) statement() {
	switch g.n(25) {
	case 24:
		if g.loops == 0 {
			g.line("for %s in pairs({1, 2}) do %s end", g.fresh(), g.one("break", "if true then break end", "if nil then out(1) elseif not 1 then out(2) else break end", "if false then break end out(3)", "do end repeat break until 1"))
			g.line("while %s do if not g3 then break end g3 = nil end", g.one("true", "1", "not nil", "nil or id(1)", "(false or 7)"))
		}
	case 0, 1, 2, 3:
		g.local()
	case 4, 5, 6, 7, 8, 9:
		g.assign()
	case 10, 11, 12:
		g.multiple()
	case 13:
		g.line("out(%s, %s)", g.any(3), g.any(2))
	case 14, 15:
		g.line("if %s then", g.any(3))
		g.block(1 + g.n(3))
		if g.n(2) == 0 {
			g.line("elseif %s then", g.boolean(2))
			g.block(1 + g.n(2))
		}
		if g.n(2) == 0 {
			g.line("else")
			g.block(1 + g.n(2))
		}
		g.line("end")
	case 16, 17, 18:
		g.loop()
	case 19, 20, 21:
		g.closure()
	case 22:
		g.line("do")
		g.block(1 + g.n(4))
		g.line("end")
	case 23:
		if g.loops > 0 {
			g.line("if %s then", g.boolean(2))
			if v := g.fresh(); g.n(2) == 0 {
				g.line("  local %s = %s", v, g.number(1))
				g.line("  fs[#fs + 1] = function() %s = %s + 1 return %s end", v, v, v)
			}
			g.line("  break")
			g.line("end")
		}
	}
}

// local declares one to three variables.
func (g *luaGenerator) local() {
	switch g.n(8) {
	case 0:
		v := g.fresh()
		g.line("local %s = {%s, k = %s, %s, m = function(self, a, ...) return a, self.k, ... end}", v, g.any(2), g.any(2), g.any(2))
		g.vars = append(g.vars, luaVar{v, 't'})
	case 1:
		v := g.fresh()
		g.line("local %s = %s", v, g.str(3))
		g.vars = append(g.vars, luaVar{v, 's'})
	case 2, 3:
		v := g.fresh()
		g.line("local %s = %s", v, g.number(3))
		g.vars = append(g.vars, luaVar{v, 'n'})
	default:
		var names, values []string
		for range 1 + g.n(3) {
			names = append(names, g.fresh())
		}
		if g.n(6) == 0 && len(g.vars) > 0 { // another of the same name
			old := g.vars[g.n(len(g.vars))]
			if old.kind == 'a' && old.name[0] == 'v' {
				names[0] = old.name
			}
		}
		for range g.n(4) {
			values = append(values, g.any(3))
		}
		if g.n(3) == 0 {
			values = append(values, g.call())
		}
		text := "local " + strings.Join(names, ", ")
		if len(values) > 0 {
			text += " = " + strings.Join(values, ", ")
		}
		g.line("%s", text)
		for _, n := range names {
			g.vars = append(g.vars, luaVar{n, 'a'})
		}
	}
}

// target returns something that can be assigned any value to.
func (g *luaGenerator) target() string {
	switch g.n(8) {
	case 0:
		return g.one("g1", "g2", "g3")
	case 1:
		return g.tab() + g.one(".k", ".x", "['y z']")
	case 2:
		return fmt.Sprintf("%s[%s]", g.tab(), g.one("1", "2", "3", "'k'", g.index()))
	}
	var fit []string
	for _, v := range g.vars {
		if v.kind == 'a' {
			fit = append(fit, v.name)
		}
	}
	if len(fit) == 0 {
		return g.one("g1", "g2", "g3")
	}
	return fit[g.n(len(fit))]
}

// index is a key that is neither nil nor no number.
func (g *luaGenerator) index() string {
	return fmt.Sprintf("K(%s)", g.any(2))
}

func (g *luaGenerator) assign() {
	switch g.n(8) {
	case 0, 1:
		if v := g.pick('n'); v != "" {
			g.line("%s = %s", v, g.number(3))
			return
		}
	case 2:
		if v := g.pick('s'); v != "" {
			g.line("%s = %s", v, g.str(3))
			return
		}
	}
	g.line("%s = %s", g.target(), g.any(4))
}

func (g *luaGenerator) multiple() {
	var left, right []string
	for range 2 + g.n(3) {
		t := g.target()
		if slices.Contains(left, t) {
			continue
		}
		left = append(left, t)
	}
	for range 1 + g.n(4) {
		if g.n(2) == 0 {
			if v := g.pick('a'); v != "" {
				right = append(right, v)
				continue
			}
		}
		right = append(right, g.any(3))
	}
	if g.n(3) == 0 {
		right = append(right, g.call())
	}
	g.line("%s = %s", strings.Join(left, ", "), strings.Join(right, ", "))
}

func (g *luaGenerator) loop() {
	if g.loops >= 2 || g.calls > 2 {
		return
	}
	g.loops++
	depth := len(g.vars)
	v := g.fresh()
	switch g.n(6) {
	case 0, 1:
		from, to, step := g.n(4), g.n(5), g.one("1", "2", "-1", "0.5", "")
		if step == "-1" {
			from, to = to, from
		}
		if step != "" {
			step = ", " + step
		}
		g.line("for %s = %d, %d%s do", v, from, to, step)
		g.vars = append(g.vars, luaVar{v, 'n'})
	case 2:
		w := g.fresh()
		g.line("for %s, %s in %s(%s) do", v, w, g.one("ipairs", "sorted"), g.tab())
		g.vars = append(g.vars, luaVar{v, 'a'}, luaVar{w, 'a'})
	case 3: // an iterator alone, and one with a state
		w := g.fresh()
		g.line("for %s%s in %s do", v, g.one("", ", "+w), g.one("upto(3)", "(upto(2))", "step, 3, 0", "step, 2, (zero())", "step, pair()", "once"))
		g.vars = append(g.vars, luaVar{v, 'a'})
	case 4:
		g.line("local %s = 0", v)
		g.line("while %s < %d do", v, 1+g.n(4))
		g.line("  %s = %s + 1", v, v)
	case 5:
		g.line("local %s = 0", v)
		g.line("repeat")
		g.line("  %s = %s + 1", v, v)
		w := g.fresh()
		g.line("  local %s = %s", w, g.any(2))
		if g.n(2) == 0 {
			g.line("  fs[#fs + 1] = function() return %s, %s end", w, v)
		}
		g.block(1 + g.n(3))
		g.line("until %s > %d or (%s)", v, g.n(3), w)
		g.vars = g.vars[:depth]
		g.loops--
		return
	}
	g.block(1 + g.n(4))
	g.line("end")
	g.vars = g.vars[:depth]
	g.loops--
}

// closure makes a function of variables around it.
func (g *luaGenerator) closure() {
	if g.calls > 2 {
		return
	}
	v := g.fresh()
	vararg := g.vararg
	g.vararg = g.n(3) == 0
	p, q := g.fresh(), g.fresh()
	params := p + ", " + q
	if g.vararg {
		params += ", ..."
	}
	switch g.n(4) {
	case 0:
		g.line("local %s = function(%s)", v, params)
	case 1:
		t := g.pick('t')
		if t == "" {
			t = "G"
		}
		g.line("function %s%s(%s)", t, g.one(".f", ":m"), params)
		v = ""
	default:
		g.line("local function %s(%s)", v, params)
	}
	g.function([]luaVar{{p, 'a'}, {q, 'a'}}, 1+g.n(4))
	g.vararg = vararg
	g.line("end")
	if v == "" {
		return
	}
	g.vars = append(g.vars, luaVar{v, 'f'})
	if g.n(2) == 0 {
		g.line("fs[#fs + 1] = %s", v)
	}
}
