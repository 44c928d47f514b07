package luart

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/parse"
)

// hookProto compiles "function(ev) ... end" and returns its prototype.
func hookProto(t testing.TB, function string) *lua.FunctionProto {
	t.Helper()
	chunk, err := parse.Parse(strings.NewReader("return "+function), "t")
	if err != nil {
		t.Fatalf("%s: %v", function, err)
	}
	p, err := lua.Compile(chunk, "t")
	if err != nil {
		t.Fatalf("%s: %v", function, err)
	}
	return p.FunctionPrototypes[0]
}

// String shows a use as "r:path w:ret c:fail !" in one line for tests.
func (u Use) String() string {
	var parts []string
	for _, set := range []struct {
		sign  string
		names map[string]bool
	}{{"r:", u.Reads}, {"w:", u.Writes}, {"c:", u.Calls}} {
		if len(set.names) > 0 {
			parts = append(parts, set.sign+strings.Join(slices.Sorted(maps.Keys(set.names)), ","))
		}
	}
	if u.Escapes {
		parts = append(parts, "!")
	}
	return strings.Join(parts, " ")
}

func TestAnalyze(t *testing.T) {
	t.Parallel()
	// In a row that ends with "!" what stands before may be incomplete and is
	// not compared.
	tests := []struct{ code, want string }{
		{`function(ev) end`, ""},
		{`function() end`, ""},
		{`function(ev) print(ev.path) end`, "r:path"},
		{`function(ev) print(ev["path"]) end`, "r:path"},
		{`function(ev) print(ev.path, ev.ret, ev.path) end`, "r:path,ret"},
		{`function(ev) ev.ret = 5 end`, "w:ret"},
		{`function(ev) ev["ret"] = 5 end`, "w:ret"},
		{`function(ev) ev.a, ev.b = ev.b, ev.a end`, "r:a,b w:a,b"},
		{`function(ev) ev:fail("EIO") end`, "c:fail"},
		{`function(ev) ev:fail "EIO" ev:skip(0) end`, "c:fail,skip"},
		{`function(ev) return ev:fail(ev.name) end`, "r:name c:fail"},
		{`function(ev) return (ev:fail()) end`, "c:fail"},
		{`function(ev) print(ev:table()) end`, "c:table"},
		{`function(ev) local a, b, c = ev:table() print(a, b, c) end`, "c:table"},
		{`function(ev) print((ev:a(ev:b(ev.c)))) end`, "r:c c:a,b"},
		{`function(ev) ev:delay(ev.ret and ev.x or ev.y) end`, "r:ret,x,y c:delay"},
		{`function(ev) if ev.ok and not ev.err or ev.ret == 0 then ev.ret = ev.ret + 1 end end`, "r:err,ok,ret w:ret"},
		{`function(ev) ev.proc:kill("TERM") end`, "r:proc"},
		{`function(ev) ev.proc.data.x = ev.mem:string(ev.args.buf) end`, "r:args,mem,proc"},
		{`function(ev) local e = ev print(e.path) e.ret = 1 e:fail() end`, "r:path w:ret c:fail"},
		{`function(ev) local a local b = ev a = b print(a.x) end`, "r:x"},
		{`function(ev) local a, b = ev, 5 print(a.x) end`, "r:x"},
		{`function(ev) for i = 1, ev.n do print(ev.x) end end`, "r:n,x"},
		{`function(ev) for i, v in ipairs(ev.list) do print(ev.x, v) end end`, "r:list,x"},
		{`function(ev) while ev.x do if ev.y then break end end repeat local z = ev.z until z end`, "r:x,y,z"},
		{`function(ev) do local t = {} t.x = 1 end local u = {} print(u.y, ev.z) end`, "r:z"},
		{`function(ev) if ev then print(ev.x) end return not ev end`, "r:x"},
		{`function(ev) if ev == nil or ev ~= 5 then return end print(ev.x) end`, "r:x"},
		{`function(ev) print(#ev.path, -ev.ret, ev.a .. ev.b .. "c") end`, "r:a,b,path,ret"},
		{`function(ev) local t = {ev.a, k = ev.b, [ev.c] = 1} print(t) end`, "r:a,b,c"},
		{`function(ev) emit{pid = ev.pid, path = ev.path} end`, "r:path,pid"},
		{`function(ev) ev = nil print(ev) end`, ""},
		{`function(ev) print(ev.x) ev = {} print(ev.y, ev) end`, "r:x"},
		{`function(ev) goto done print(ev.x) ::done:: print(ev.y) end`, "r:y"},
		{`function(ev, ...) print(ev.x, ...) end`, "r:x"},
		{`function(ev, ...) local a, b = ... print(a, b, select("#", ...), ev.x) end`, "r:x"},
		{`function(ev) print(ev.x, f()) ev:fail(f()) end`, "r:x c:fail"},
		{`function(ev) ev[g() and "x" or "x"] = 1 end`, "w:x"},

		// what escapes
		{`function(ev) print(ev) end`, "!"},
		{`function(ev) return ev end`, "!"},
		{`function(ev) return 1, ev end`, "!"},
		{`function(ev) return f(ev) end`, "!"},
		{`function(ev) ev() end`, "!"},
		{`function(ev) ev.fail(ev) end`, "!"},
		{`function(ev) ev:fail(ev) end`, "!"},
		{`function(ev) local e = ev f(e) end`, "!"},
		{`function(ev) f(1, ev, g()) end`, "!"},
		{`function(ev) f(g(ev)) end`, "!"},
		{`function(ev) saved = ev end`, "!"},
		{`function(ev) local t = {ev} end`, "!"},
		{`function(ev) local t = {e = ev} end`, "!"},
		{`function(ev) local t = {[ev] = 1} end`, "!"},
		{`function(ev) local t = {} t.e = ev end`, "!"},
		{`function(ev) local t = {} t[ev] = 1 end`, "!"},
		{`function(ev) local t = {} return t[ev] end`, "!"},
		{`function(ev) local k = g() return ev[k] end`, "!"},
		{`function(ev) return ev[1] end`, "!"},
		{`function(ev) ev[g()] = 1 end`, "!"},
		{`function(ev) ev.x = ev end`, "!"},
		{`function(ev) return ev .. "x" end`, "!"},
		{`function(ev) return ev + 1 end`, "!"},
		{`function(ev) return 1 < ev end`, "!"},
		{`function(ev) return #ev end`, "!"},
		{`function(ev) return -ev end`, "!"},
		{`function(ev) for k, v in pairs(ev) do print(k) end end`, "!"},
		{`function(ev) for k, v in next, ev do print(k) end end`, "!"},
		{`function(ev) local x = g() or ev f(x) end`, "!"},
		{`function(ev) local x = ev and ev f(x) end`, "!"},
		{`function(ev) local x = g() and ev f(x) end`, "!"},
		{`function(ev) local x = g() and ev return x.y end`, "r:y"},
		{`function(ev) local a, b = 1, ev a, b = b, a f(a) end`, "!"},
		{`function(ev) local x for i = 1, 2 do if x then f(x) end x = ev end end`, "!"},
		{`function(...) print(...) end`, "!"},
		{`function(...) local ev = ... print(ev.x) end`, "!"},
		{`function(...) print(arg[1].x) end`, "!"},
		{`function(ev) if c then ev = {} end f(ev) end`, "!"},
		{`function(ev) coroutine.yield(ev) end`, "!"},
		{`function(ev) error(ev) end`, "!"},

		// functions inside
		{`function(ev) local f = function() return ev.x end f() end`, "r:x"},
		{`function(ev) pcall(function() ev.ret = ev.a ev:fail() end) end`, "r:a w:ret c:fail"},
		{`function(ev) local function f() return function() return ev.deep end end f()() end`, "r:deep"},
		{`function(ev) ev:onexit(function(e) print(e.ret, ev.path) end) end`, "r:path c:onexit"},
		{`function(ev) return function() return ev end end`, "!"},
		{`function(ev) local f = function() g(ev) end f() end`, "!"},
		{`function(ev) local x local f = function() return x.late end x = ev f() end`, "r:late"},
		{`function(ev) local x local f = function() h(x) end x = ev f() end`, "!"},
		{`function(ev) local x local f = function() x = ev end f() h(x) end`, "!"},
		{`function(ev) local function f() ev = {} end f() print(ev.x) end`, "r:x"},
		{`function(ev) local t = {} local f = function() return t.x, g(t) end f() print(ev.y) end`, "r:y"},
		{`function(ev) ev:fail() local t = {} local f = function() g(t) end f() end`, "c:fail"},
		{`function(ev) ev:fail(1) local function f(n) return n and f(n - 1) end f(2) end`, "c:fail"},
		{`function(ev) local k = "path" local f = function() k = "ret" end f() print(ev[k]) end`, "!"},
		{`function(ev) local e = ev local f = function(x) x = e.y return x end f() end`, "r:y"},
		{`function(ev) local f = function(ev) print(ev.inner, ev) end f({}) print(ev.outer) end`, "r:outer"},
		{`function(ev) local f = function(...) local a = ... print(a, ev.z) end f(1) end`, "r:z"},
	}
	for _, tt := range tests {
		got := Analyze(hookProto(t, tt.code)).String()
		if tt.want == "!" && strings.HasSuffix(got, "!") {
			continue
		}
		if got != tt.want {
			t.Errorf("%s\n got %q\nwant %q", tt.code, got, tt.want)
		}
	}
}

// TestAnalyzeManyConstants checks names whose constant index doesn't fit into
// an instruction.
func TestAnalyzeManyConstants(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	b.WriteString("function(ev) local t = {} ")
	for i := range 400 {
		fmt.Fprintf(&b, "t.k%d = %d ", i, i+1000)
	}
	b.WriteString(`print(ev.path, ev["count"]) ev.ret = 5 ev:fail() end`)
	if got := Analyze(hookProto(t, b.String())).String(); got != "r:count,path w:ret c:fail" {
		t.Errorf("got %q", got)
	}
}

func TestAnalyzeLongTable(t *testing.T) {
	t.Parallel()
	list := strings.Repeat("ev.x, ", 120)
	if got := Analyze(hookProto(t, "function(ev) local t = {"+list+"ev.y} end")).String(); got != "r:x,y" {
		t.Errorf("got %q", got)
	}
	if got := Analyze(hookProto(t, "function(ev) local t = {"+list+"ev} end")); !got.Escapes {
		t.Errorf("got %q", got)
	}
}

func TestMentions(t *testing.T) {
	t.Parallel()
	p := hookProto(t, `function(ev) local f = function() return function() ev.proc:detach() end end print(x.field, "text") end`)
	for name, want := range map[string]bool{"detach": true, "proc": true, "field": true, "text": true, "print": true, "x": true, "ev": false, "kill": false} {
		if got := Mentions(p, name); got != want {
			t.Errorf("mentions(%q) = %v", name, got)
		}
	}
}

func TestUseMerge(t *testing.T) {
	t.Parallel()
	u := Analyze(hookProto(t, `function(ev) print(ev.a) end`))
	u.merge(Analyze(hookProto(t, `function(ev) ev.b = ev.c ev:d() end`)))
	if got := u.String(); got != "r:a,c w:b c:d" {
		t.Errorf("got %q", got)
	}
}

// recorder is an event that notes what a script does with it: a userdata whose
// metatable records, so that the dynamic truth can be held against analyze.
type recorder struct {
	reads, writes map[string]bool
	escaped       bool
}

// observe runs a hook on a recorder. Whatever the hook calls is a function that
// notes when the recorder is among its arguments.
func observe(r *Runtime, hook *lua.LFunction) *recorder {
	rec := &recorder{map[string]bool{}, map[string]bool{}, false}
	ud := &lua.LUserData{}
	var result *lua.LTable
	call := r.L.NewFunction(func(L *lua.LState) int {
		for i := 1; i <= L.GetTop(); i++ {
			rec.escaped = rec.escaped || L.Get(i) == ud
		}
		L.Push(result)
		return 1
	})
	method := r.L.NewFunction(func(L *lua.LState) int {
		for i := 2; i <= L.GetTop(); i++ { // 1 is the receiver, or an escape the fuzzer doesn't look for
			rec.escaped = rec.escaped || L.Get(i) == ud
		}
		L.Push(result)
		return 1
	})
	result = r.L.NewTable()
	rmt := r.L.NewTable()
	rmt.RawSetString("__index", r.L.NewFunction(func(L *lua.LState) int { L.Push(call); return 1 }))
	rmt.RawSetString("__call", call)
	result.Metatable = rmt
	mt := r.L.NewTable()
	mt.RawSetString("__index", r.L.NewFunction(func(L *lua.LState) int {
		rec.reads[L.Get(2).String()] = true
		L.Push(method)
		return 1
	}))
	mt.RawSetString("__newindex", r.L.NewFunction(func(L *lua.LState) int {
		rec.writes[L.Get(2).String()] = true
		rec.escaped = rec.escaped || L.Get(3) == ud
		return 0
	}))
	ud.Metatable = mt
	r.Globals().RawSetString("f", call)
	r.Globals().RawSetString("saved", lua.LNil)
	v, _ := r.Call1(hook, ud) // errors are as good as any end
	rec.escaped = rec.escaped || v == ud || r.Globals().RawGetString("saved") == ud
	return rec
}

// checkAnalysis holds analyze against what the hook did. It reports whether
// there was something to hold, that is, the event doesn't escape.
func checkAnalysis(t *testing.T, r *Runtime, source string) bool {
	t.Helper()
	chunk, err := loadCode(r, "return "+source)
	if err != nil {
		if strings.Contains(err.Error(), "register overflow") || strings.Contains(err.Error(), "too many") {
			return false
		}
		t.Fatalf("%v\n%s", err, source)
	}
	v, err := r.Call1(chunk)
	if err != nil {
		t.Fatal(err)
	}
	hook := v.(*lua.LFunction)
	u := Analyze(hook.Proto)
	if u.Escapes {
		return false
	}
	rec := observe(r, hook)
	if rec.escaped {
		t.Fatalf("the event escaped unnoticed (%s):\n%s\n%s", u, source, hook.Proto)
	}
	for name := range rec.reads {
		if !u.Reads[name] && !u.Calls[name] {
			t.Fatalf("read of %q unnoticed (%s):\n%s\n%s", name, u, source, hook.Proto)
		}
	}
	for name := range rec.writes {
		if !u.Writes[name] {
			t.Fatalf("write of %q unnoticed (%s):\n%s\n%s", name, u, source, hook.Proto)
		}
	}
	return true
}

// scriptMaker makes random hooks out of what hooks are made of.
type scriptMaker struct {
	rng   *rand.Rand
	depth int
	vars  []string
	loops int
	rest  bool // "..." may be used
}

func (m *scriptMaker) pick(choices ...string) string { return choices[m.rng.IntN(len(choices))] }

func (m *scriptMaker) variable() string { return m.pick(m.vars...) }

func (m *scriptMaker) expr() string {
	m.depth++
	defer func() { m.depth-- }()
	if m.depth > 4 {
		return m.pick(m.variable(), "1", `"s"`, "nil", "true")
	}
	switch m.rng.IntN(16) {
	case 0, 1, 2, 3:
		return m.variable() + "." + m.pick("a", "b", "c", "d")
	case 4, 5:
		return m.variable()
	case 6:
		return m.variable() + ":" + m.pick("m", "n") + "(" + m.args() + ")"
	case 7:
		return "f(" + m.args() + ")"
	case 8:
		return "(" + m.expr() + " " + m.pick("and", "or", "==", "~=") + " " + m.expr() + ")"
	case 9:
		return "not " + m.expr()
	case 10:
		return "{" + m.args() + "}"
	case 11:
		return m.function()
	case 12:
		return m.variable() + `["` + m.pick("a", "b") + `"]`
	case 13:
		return m.variable() + "[" + m.expr() + "]"
	case 14:
		return "(" + m.expr() + ")"
	}
	if m.rest && m.rng.IntN(3) == 0 {
		return "..."
	}
	return m.pick("1", `"a"`, "nil", "true")
}

func (m *scriptMaker) args() string {
	var parts []string
	for range m.rng.IntN(4) {
		parts = append(parts, m.expr())
	}
	return strings.Join(parts, ", ")
}

func (m *scriptMaker) function() string {
	vars := slices.Clone(m.vars)
	params := m.pick("", "p", "p, q", "...", "p, ...")
	for _, p := range strings.Split(params, ", ") {
		if p == "p" || p == "q" {
			m.vars = append(m.vars, p)
		}
	}
	rest := m.rest
	m.rest = strings.HasSuffix(params, "...")
	body := m.block()
	m.vars, m.rest = vars, rest
	return "function(" + params + ") " + body + " end"
}

func (m *scriptMaker) block() string {
	m.depth++
	vars := slices.Clone(m.vars)
	defer func() { m.depth--; m.vars = vars }()
	if m.depth > 5 {
		return "f()"
	}
	var b strings.Builder
	for range 1 + m.rng.IntN(4) {
		b.WriteString(m.statement() + " ")
	}
	if m.rng.IntN(6) == 0 {
		b.WriteString("return " + m.expr())
	}
	return b.String()
}

func (m *scriptMaker) statement() string {
	switch m.rng.IntN(14) {
	case 0, 1:
		e := m.expr()
		name := m.pick("x", "y", "z")
		m.vars = append(m.vars, name)
		return "local " + name + " = " + e
	case 2:
		e := m.args()
		if e == "" {
			e = "1"
		}
		m.vars = append(m.vars, "x", "y")
		return "local x, y = " + e
	case 3, 4:
		return m.variable() + " = " + m.expr()
	case 5:
		return m.variable() + ", " + m.variable() + " = " + m.expr() + ", " + m.expr()
	case 6:
		return m.variable() + "." + m.pick("a", "w") + " = " + m.expr()
	case 7:
		return "if " + m.expr() + " then " + m.block() + " else " + m.block() + " end"
	case 8:
		m.loops++
		i := fmt.Sprintf("i%d", m.loops)
		return "for " + i + " = 1, 2 do " + m.block() + " end"
	case 9:
		return "do " + m.block() + " end"
	case 10:
		return "pcall(" + m.function() + ")"
	case 11:
		e := m.function()
		m.vars = append(m.vars, "g")
		return "local g = " + e + " g(" + m.args() + ")"
	case 12:
		return m.variable() + ":" + m.pick("m", "n") + "(" + m.args() + ")"
	}
	return "f(" + m.args() + ")"
}

func (m *scriptMaker) hook() string {
	m.vars = []string{"ev", "ev", "ev"}
	params := m.pick("ev", "ev", "ev, ...", "ev, other")
	m.rest = strings.HasSuffix(params, "...")
	return "function(" + params + ") local u = {} " + m.block() + " end"
}

func TestAnalyzeRandomScripts(t *testing.T) {
	t.Parallel()
	r, _ := newTest(t, Options{Timeout: 1e9})
	understood := 0
	for seed := range uint64(3000) {
		m := scriptMaker{rng: rand.New(rand.NewPCG(seed, 1))}
		if checkAnalysis(t, r, m.hook()) {
			understood++
		}
	}
	if understood < 300 { // an analysis that always answers "escapes" must not pass
		t.Errorf("only %d of 3000 random hooks are understood", understood)
	}
}

// FuzzAnalyze: what the analysis says that a hook reads covers what it reads when it runs.
func FuzzAnalyze(f *testing.F) {
	for seed := range uint64(20) {
		f.Add(seed)
	}
	r := newLua(Options{Out: &strings.Builder{}, Timeout: 1e9})
	f.Fuzz(func(t *testing.T, seed uint64) {
		m := scriptMaker{rng: rand.New(rand.NewPCG(seed, 2))}
		checkAnalysis(t, r, m.hook())
	})
}

func BenchmarkAnalyze(b *testing.B) {
	p := hookProto(b, `function(ev) if ev.ret < 0 and ev.path:match("^/etc") then print(ev.comm, ev.path, ev.err) ev:fail "EIO" end end`)
	b.ReportAllocs()
	for b.Loop() {
		Analyze(p)
	}
}
