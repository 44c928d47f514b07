package luart

import (
	"fmt"
	"strconv"
)

// any is an expression of any kind.
func (g *luaGenerator) any(depth int) string {
	if depth <= 0 {
		return g.leaf()
	}
	d := depth - 1
	switch g.n(16) {
	case 0, 1, 2:
		return g.operand(d) + " and " + g.operand(d)
	case 3, 4:
		return g.operand(d) + " or " + g.operand(d)
	case 5:
		return g.operand(d) + " and " + g.operand(d) + " or " + g.operand(d)
	case 6:
		return "not " + g.operand(d)
	case 7, 8:
		return g.number(depth)
	case 9:
		return g.str(depth)
	case 10:
		return g.boolean(depth)
	case 11, 12:
		return g.call()
	case 13:
		return "(" + g.any(d) + ")"
	case 14:
		return g.tab() + g.one(".k", ".x", "[1]", "[2]", "["+g.index()+"]")
	}
	return g.leaf()
}

// operand is an expression that can stand on either side of an operator.
func (g *luaGenerator) operand(depth int) string {
	if g.n(2) == 0 {
		return g.leaf()
	}
	return "(" + g.any(depth) + ")"
}

func (g *luaGenerator) leaf() string {
	if v := g.pick('a'); v != "" && g.n(5) > 1 {
		return v
	}
	if g.vararg && g.n(6) == 0 {
		return g.one("(...)", "(select(2, ...))", "select('#', ...)")
	}
	return g.one("nil", "true", "false", "g1", "g2", "1", "0", "'s'", "''", strconv.Itoa(g.n(9)))
}

// call is a call, of any number of values where that counts.
func (g *luaGenerator) call() string {
	if f := g.pick('f'); f != "" && g.n(3) == 0 && g.calls < 2 && g.loops == 0 {
		return fmt.Sprintf("limited(%s, %s, %s)", f, g.any(1), g.any(1))
	}
	if g.vararg && g.n(5) == 0 {
		return g.one("...", "select(2, ...)", "count(...)", "id(...)")
	}
	switch g.n(12) {
	case 0:
		return "none()"
	case 1:
		return fmt.Sprintf("pair(%s, %s)", g.any(1), g.any(1))
	case 2:
		return fmt.Sprintf("count(%s, %s)", g.any(1), g.any(1))
	case 3:
		return fmt.Sprintf("(pair(%s))", g.any(1))
	case 4:
		return fmt.Sprintf("%s:m(%s)", "M("+g.tab()+")", g.any(1))
	case 5:
		return fmt.Sprintf("(%s:find(%s, 1, true))", g.prefix(), g.str(0))
	case 6:
		return fmt.Sprintf("%s:match(%s)", g.prefix(), g.one("'%a+'", "'(%d)(%d)'", "'^.'", "'(.-)s'", "'()b()'", "'%s*$'"))
	case 7:
		return fmt.Sprintf("%s:gsub(%s, %s)", g.prefix(), g.one("'%a'", "'s'", "''", "'(.)(.)'", "'%w+'"), g.one("'x'", "'<%0>'", "{s = 1}", "function(a) return a == 's' and 'S' end"))
	case 8:
		return fmt.Sprintf("unpack({%s, %s})", g.any(1), g.leaf0())
	case 9:
		return fmt.Sprintf("%s:byte(%s, %s)", g.prefix(), g.number(0), g.number(0))
	case 10:
		return fmt.Sprintf("select(%d, %s, %s)", 1+g.n(2), g.any(1), g.any(1))
	}
	return fmt.Sprintf("id(%s)", g.any(2))
}

// leaf0 is a value that is not nil.
func (g *luaGenerator) leaf0() string { return g.one("1", "true", "'z'", "false") }

func (g *luaGenerator) number(depth int) string {
	if depth <= 0 {
		if v := g.pick('n'); v != "" && g.n(3) > 0 {
			return v
		}
		return g.one("0", "1", "2", "3", "0.5", "10", "-1", "-2", "0x1F", "1e2")
	}
	d := depth - 1
	switch g.n(14) {
	case 0, 1, 2:
		return fmt.Sprintf("%s %s %s", g.factor(d), g.one("+", "-"), g.factor(d))
	case 3: // N hides constants: lua5.1 takes one -0 in a function for each 0 in it
		return fmt.Sprintf("N(%s) * %s", g.number(d), g.factor(d))
	case 4:
		return fmt.Sprintf("N(%s) / %s", g.number(d), g.one("2", "4", "-8", "0.5"))
	case 5:
		return fmt.Sprintf("N(%s) %% %s", g.number(d), g.one("2", "3", "-3", "0.5", "7"))
	case 6:
		return fmt.Sprintf("-N(%s)", g.number(d))
	case 7:
		return fmt.Sprintf("#%s", g.prefix())
	case 8:
		return fmt.Sprintf("N(%s)", g.any(d))
	case 9:
		return fmt.Sprintf("%s((%s))", g.one("math.floor", "math.abs", "math.ceil", "tonumber"), g.number(d))
	case 10:
		return fmt.Sprintf("(tonumber((%s)) or %s)", g.any(d), g.number(0))
	case 11:
		return fmt.Sprintf("(%s and %s or %s)", g.boolean(d), g.factor(d), g.factor(d))
	case 12:
		return fmt.Sprintf("'%s' + %s", g.one("10", "010", "0x10", " 5 ", "1e1", ".5"), g.factor(d))
	}
	return g.number(0)
}

func (g *luaGenerator) factor(depth int) string {
	return "(" + g.number(depth) + ")"
}

// prefix is a string that can be indexed.
func (g *luaGenerator) prefix() string { return "(" + g.str(1) + ")" }

func (g *luaGenerator) str(depth int) string {
	if depth <= 0 {
		if v := g.pick('s'); v != "" && g.n(3) > 0 {
			if g.loops > 0 || g.calls > 0 {
				return "C(" + v + ")" // a string that is doubled each time grows beyond memory
			}
			return v
		}
		return g.one("'a'", "'abc'", "''", "'s1s2'", "'12'", "'x y'", "\"q\\n\"", "[[long]]")
	}
	d := depth - 1
	switch g.n(12) {
	case 0, 1, 2:
		return fmt.Sprintf("%s .. %s", g.atom(d), g.atom(d))
	case 3:
		return fmt.Sprintf("%s .. %d .. %s", g.atom(d), g.n(50), g.atom(d))
	case 4:
		return fmt.Sprintf("S(%s)", g.any(d))
	case 5:
		return fmt.Sprintf("%s:%s()", g.prefix(), g.one("upper", "lower", "reverse"))
	case 6:
		return fmt.Sprintf("%s:sub(%s, %s)", g.prefix(), g.number(0), g.number(0))
	case 7:
		return fmt.Sprintf("%s:rep(%d)", g.atom(0), g.n(4))
	case 8:
		// S, since %s of lua5.1 refuses what is no string, and luatrace's shows it
		return fmt.Sprintf("string.format('%%d|%%5s|%%-4s|%%.2f|%%x', %d, S(%s), S(%s), %s, %d)", g.n(99), g.atom(0), g.atom(0), g.number(0)+" + 0", g.n(300))
	case 9:
		return fmt.Sprintf("table.concat({%s, %s, %d}, %s)", g.str(0), g.atom(d), g.n(20), g.str(0))
	case 10:
		return fmt.Sprintf("(%s and %s or %s)", g.boolean(d), g.atom(d), g.atom(d))
	}
	return g.str(0)
}

func (g *luaGenerator) atom(depth int) string { return "(" + g.str(depth) + ")" }

func (g *luaGenerator) boolean(depth int) string {
	d := depth - 1
	switch g.n(9) {
	case 0, 1:
		return fmt.Sprintf("(%s) %s (%s)", g.any(d), g.one("==", "~="), g.any(d))
	case 2, 3:
		return fmt.Sprintf("%s %s %s", g.factor(d), g.one("<", ">", "<=", ">="), g.factor(d))
	case 4:
		return fmt.Sprintf("%s %s %s", g.atom(d), g.one("<", ">", "<=", ">=", "=="), g.atom(d))
	case 5:
		return fmt.Sprintf("not (%s)", g.any(d))
	case 6:
		if d > 0 {
			return fmt.Sprintf("(%s) and (%s)", g.boolean(d), g.boolean(d))
		}
	case 7:
		if d > 0 {
			return fmt.Sprintf("(%s) or not (%s)", g.boolean(d), g.boolean(d))
		}
	}
	return g.one("true", "false", "not g1", "g2 == nil")
}

// tab is a table, the same one each time it is evaluated but for what is
// between brackets.
func (g *luaGenerator) tab() string {
	if t := g.pick('t'); t != "" && g.n(4) > 0 {
		return t
	}
	return g.one("G", "G", "T(1)")
}
