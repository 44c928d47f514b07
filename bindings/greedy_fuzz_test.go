package bindings

import (
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
	"testing"
	"time"

	lua "github.com/yuin/gopher-lua"

	"luatrace/bindings/luart"
	"luatrace/internal/fixture"
)

// greedyMaker makes programs that compose what makes memory, mostly of what was made
// before: s is a list of strings, t one of tables.
type greedyMaker struct {
	rng   *rand.Rand
	depth int
}

func (m *greedyMaker) count() string {
	return pick(m.rng, []string{"0", "1", "2", "3", "5", "7", "30", "100", "1e3", "65536", "1e5", "1e6", "5e6", "16000000", "2^24 - 1", "2^24", "2^31", "1e12", "-1", "#S", "#T"})
}

// text is an expression that gives a string.
func (m *greedyMaker) text() string {
	if m.depth++; m.depth > 4 {
		m.depth--
		return fmt.Sprintf("s[%d]", m.rng.IntN(4))
	}
	defer func() { m.depth-- }()
	switch m.rng.IntN(26) {
	case 0, 1, 2, 3:
		return fmt.Sprintf("s[%d]", m.rng.IntN(4))
	case 4:
		return pick(m.rng, []string{`"x"`, `"\1\255"`, `"é"`, `"{}"`, `"%s"`, `"a.b"`, `""`})
	case 5, 6, 7:
		a := m.text()
		return "(" + a + strings.Repeat(" .. "+a, m.rng.IntN(40)) + " .. " + m.text() + ")"
	case 8, 9:
		return "(" + m.text() + "):rep(" + m.count() + ")"
	case 10:
		return "(" + m.text() + "):" + pick(m.rng, []string{"upper()", "lower()", "reverse()", "trim()", "sub(2, -2)", "sub(1, 1e6)"})
	case 11, 12:
		return "string.format(" + pick(m.rng, []string{`"%q%q"`, `"%s%s"`, `"%q%99s"`, `("%s"):rep(2)`, `"%.99s%q"`}) + ", " + m.value() + ", " + m.value() + ")"
	case 13, 14:
		return "(" + m.text() + "):gsub(" + pick(m.rng, []string{`"x"`, `"."`, `""`, `"x*"`, `"(.)(.)"`, m.text()}) + ", " + pick(m.rng, []string{m.text(), `"%0%0"`, "function(a) return " + m.text() + " end", m.table()}) + ")"
	case 15:
		return "(re(" + pick(m.rng, []string{`"x"`, `"."`, `""`, `"(x)(x)?"`, `"x{1,900}"`, `("()"):rep(200)`, m.text()}) + "):gsub(" + m.text() + ", " + m.text() + "))"
	case 16, 17:
		return "json.encode(" + m.value() + ")"
	case 18:
		return "inspect(" + m.value() + ")"
	case 19:
		return "table.concat(" + m.table() + ", " + m.text() + ")"
	case 20:
		return "rng(1):bytes(" + m.count() + ")"
	case 21:
		return "tostring(" + m.value() + ")"
	case 22:
		return "string.char(unpack({(" + m.text() + "):byte(1, " + m.count() + ")}))"
	case 23:
		return "tostring(select(2, pcall(error, " + m.value() + ")))"
	case 24:
		return "tostring(select(2, pcall(function() return (nil)[" + m.value() + "] end)))"
	}
	return "(select(2, pcall(string.rep, " + m.text() + ", " + m.count() + ")))"
}

// table is an expression that gives a table.
func (m *greedyMaker) table() string {
	if m.depth++; m.depth > 4 {
		m.depth--
		return fmt.Sprintf("t[%d]", m.rng.IntN(4))
	}
	defer func() { m.depth-- }()
	switch m.rng.IntN(9) {
	case 0, 1, 2:
		return fmt.Sprintf("t[%d]", m.rng.IntN(4))
	case 3:
		a := m.value()
		return "{" + a + strings.Repeat(", "+a, m.rng.IntN(60)) + "}"
	case 4:
		return "{unpack(" + m.table() + ", 1, " + m.count() + ")}"
	case 5:
		return "(" + m.text() + "):split(" + pick(m.rng, []string{"", `"x"`, m.text()}) + ")"
	case 6:
		return "json.decode(json.encode(" + m.table() + "))"
	case 7:
		return "setmetatable({}, {__tostring = function() return " + m.text() + " end, __concat = function() return " + m.text() + " end, __newindex = " + m.table() + "})"
	}
	return "{[" + m.value() + "] = " + m.value() + ", " + m.value() + "}"
}

func (m *greedyMaker) value() string {
	switch m.rng.IntN(4) {
	case 0:
		return m.table()
	case 1:
		return m.count()
	}
	return m.text()
}

func (m *greedyMaker) statement() string {
	if m.depth++; m.depth > 3 {
		m.depth--
		return fmt.Sprintf("s[%d] = s[%d] .. s[%d]", m.rng.IntN(4), m.rng.IntN(4), m.rng.IntN(4))
	}
	defer func() { m.depth-- }()
	switch m.rng.IntN(22) {
	case 0, 1, 2, 3:
		return fmt.Sprintf("s[%d] = %s", m.rng.IntN(4), m.text())
	case 4, 5:
		return fmt.Sprintf("t[%d] = %s", m.rng.IntN(4), m.table())
	case 6:
		return fmt.Sprintf("T[#T + 1] = %s", m.value())
	case 7:
		return fmt.Sprintf("S[#S + 1] = %s", m.text())
	case 8, 9:
		return fmt.Sprintf("%s[%s] = %s", pick(m.rng, []string{"T", "S", "t[1]", "t[2]"}), m.value(), m.value())
	case 10:
		return pick(m.rng, []string{"table.insert(", "rawset("}) + m.table() + ", " + m.count() + ", " + m.value() + ")"
	case 11:
		return "table.sort(" + m.table() + pick(m.rng, []string{")", ", function(a, b) return tostring(a) < tostring(b) end)"})
	case 12:
		return "print(" + m.value() + ", " + m.value() + ", " + m.value() + ")"
	case 13:
		return "printf(" + pick(m.rng, []string{`"%s%q"`, m.text()}) + ", " + m.value() + ", " + m.value() + ")"
	case 14:
		return "emit(" + m.table() + ")"
	case 15:
		return "notice(" + m.text() + ")"
	case 16:
		return "output.frame(function() " + m.statement() + " end)"
	case 17:
		return "coroutine.wrap(function(...) " + m.statement() + " end)(unpack(" + m.table() + "))"
	case 18:
		return "T[#T + 1] = coroutine.create(function() " + m.statement() + " end)"
	case 19:
		return "load(function() return nil end) loadstring(" + m.text() + ")"
	case 20:
		return fmt.Sprintf("for k, v in pairs(%s) do %s end", m.table(), m.statement())
	}
	return fmt.Sprintf("for i = 1, %s do %s end", pick(m.rng, []string{"2", "3", "10", "100", "1e4", "1e12"}), m.statement())
}

// program is a script that gives a list of functions, a statement each.
func (m *greedyMaker) program() string {
	var b strings.Builder
	b.WriteString("local S, T, s, t = {}, {}, {[0] = ('x'):rep(1e6), 'yy', ('\\1\\255'):rep(1e5), 'abc'}, {[0] = {}, {1, 2}, {'x'}, {a = 'b'}}\nreturn {\n")
	for range 5 + m.rng.IntN(15) {
		s := m.statement()
		switch m.rng.IntN(4) {
		case 0:
			s = "pcall(function() " + s + " end)"
		case 1:
			s = "for i = 1, 100 do pcall(function() " + s + " end) end"
		}
		b.WriteString("function() " + s + " end,\n")
	}
	return b.String() + "}\n"
}

// highWater returns how much memory this process has had at most since the last call,
// in bytes.
func highWater(t *testing.T) int {
	t.Helper()
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	line, _, _ := strings.Cut(rest, "\n")
	kib, err := strconv.Atoi(strings.TrimSpace(strings.TrimSuffix(line, "kB")))
	if err != nil {
		t.Fatal(err)
	}
	debug.FreeOSMemory()
	if err := os.WriteFile("/proc/self/clear_refs", []byte("5"), 0); err != nil {
		t.Fatal(err)
	}
	return kib << 10
}

// tryGreedy runs a random program in the sandbox.
func tryGreedy(t *testing.T, seed uint64) {
	const limit = 64 << 20
	m := greedyMaker{rng: rand.New(rand.NewPCG(seed, 13))}
	program := m.program()
	highWater(t)
	before := highWater(t)
	r := New(luart.Options{Out: io.Discard, Sandbox: true, ReadOnly: true, Timeout: 100 * time.Millisecond, MaxMemory: limit, Notice: func(string) {}})
	fn, err := r.LoadReader(strings.NewReader(program), "s.lua")
	if err != nil {
		t.Fatalf("seed %d: %v\n%s", seed, err, program)
	}
	list, err := r.Call1(fn)
	if err != nil {
		t.Fatalf("seed %d: %v\n%s", seed, err, program)
	}
	for i := range 2 * list.(*lua.LTable).Len() { // what was kept stays
		err = r.Call(list.(*lua.LTable).RawGetInt(1 + i%list.(*lua.LTable).Len()).(*lua.LFunction))
		var failed *luart.ScriptError
		if err != nil && (!errors.As(err, &failed) || failed.Internal || strings.Contains(err.Error(), "\n")) {
			t.Errorf("seed %d: %v\n%s", seed, err, program)
		}
	}
	list = nil
	r.Close()
	// The fuzzing engine is in this process too.
	if took := highWater(t) - before; took > 3*limit+64<<20 && !fixture.Race {
		t.Errorf("seed %d: it took %d MiB (%v)\n%s", seed, took>>20, err, program)
	}
}

// FuzzGreedy composes programs of all that makes strings, lists and output: each ends with a
// result or an error, and luatrace takes three times --max-memory at most, and 64 MiB.
func FuzzGreedy(f *testing.F) {
	for seed := range uint64(6) {
		f.Add(seed)
	}
	f.Add(uint64(3102)) // values for a coroutine
	f.Fuzz(tryGreedy)
}
