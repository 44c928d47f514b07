package bindings

import (
	"fmt"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"luatrace/bindings/luart"
)

// weird are values, as Lua writes them, that functions may get. The names are
// those of interfaceScript.
var weird = []string{
	"nil", "true", "false", "0", "1", "-1", "2", "0.5", "0/0", "1/0", "-1/0", "1e308", "2^31", "2^32", "2^53", "2^63", "-2^63", "2^64", "4096", "1e9",
	`""`, `"a"`, `"\0\27[2J\255"`, `"openat"`, `"*"`, `"signal"`, `"%file"`, `"!read"`, `"/["`, `"O_RDONLY"`, `"EIO"`, `"SIGKILL"`, `"5ms"`, `"stat"`, `"path"`, `"0x10"`, `"9223372036854775808"`,
	`"%s%d%x%5.3q%%"`, `"(a*)*b"`, `"[[:alpha:]]+"`, `"int f(char *s)"`, "long", "deep", "cyclic", "{}", "{1, 2, 3}", `{a = 1, [2] = "b"}`, "{path = 1}", "sparse", "meta", "weak",
	"f", "print", "co", `u64 "0xffffffffffffffff"`, `i64(-1)`, `re "(a)(b)?"`, "rng(1)", "agg.x", `agg("title", {key = "a", top = 2})`, "ge(1)", `bits "O_CREAT"`,
	"syscall", "args", "fields", "t",
	"ev", "ev", "ev", "ev.args", "ev.raw", "ev.mem", "ev.regs", "ev.task", "ev.proc", "ev.proc.data", "ev.flags", "ev.statbuf", "ev.iov", "ev.addr", "ev.buf", "ev.call", "ev.ret", "ev:table()",
}

const interfaceScript = `
local bad, t, ev = {}, nil, nil
local long, f, co = ("x"):rep(5000), function(...) return ... end, coroutine.create(function() end)
local cyclic = {} cyclic[1] = cyclic cyclic.a = {cyclic}
local deep = {} do local d = deep for i = 1, 300 do d[1] = {} d = d[1] end end
local sparse = {[1] = 1, [2^40] = 2, [-1] = 3, [0.5] = 4}
local meta = setmetatable({}, {__index = function() error("index") end, __tostring = function() return 5 end, __call = error, __len = error, __eq = error, __lt = error, __concat = error})
local weak = setmetatable({}, {__mode = "kv", __index = {}, __newindex = error})
local function P(g)
  local ok, e = pcall(g)
  if not ok and type(e) == "string" then bad[#bad + 1] = e end
end
local function probe(event)
  ev = event
%s
end
on("openat,fstat,writev,connect", probe)
on("openat:enter", probe) on("kill:enter", probe)
on("signal", probe) on("proc:fork,exec,exit", probe)
every("1s", function() probe(nil) end)
test("interface", function(test)
  t = test
  test:event("openat", {path = "/etc/passwd", flags = "O_RDONLY|O_CLOEXEC", ret = 3, fds = {[3] = "/etc/passwd"}})
  test:event("fstat", {fd = 3, ret = 0})
  test:event("writev", {fd = 1, iov = {{iov_base = "ab", iov_len = 2}}, ret = 2})
  test:event("connect", {fd = 4, err = "ECONNREFUSED"})
  test:event("kill", {pid = 7, sig = 9})
  test:event("signal:SIGSEGV", {addr = 16})
  test:event("proc:fork", {child = 1001}) test:event("proc:exec") test:event("proc:exit", {status = 1})
  test:advance("1s")
  test:errors()
  for _, e in ipairs(bad) do test:expect(e, nil) end
end)
`

// interfaceMaker makes statements that use the interface in ways nobody should.
type interfaceMaker struct{ rng *rand.Rand }

func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }

func (m *interfaceMaker) value() string { return pick(m.rng, weird) }

func (m *interfaceMaker) args() string {
	var list []string
	for range m.rng.IntN(5) {
		list = append(list, m.value())
	}
	return strings.Join(list, ", ")
}

func (m *interfaceMaker) statement() string {
	target := m.value()
	switch m.rng.IntN(12) {
	case 0, 1, 2:
		mod := pick(m.rng, allModules())
		if len(mod.Functions) == 0 {
			return "return 0"
		}
		name := pick(m.rng, mod.Functions).Name
		if mod.Name != "" {
			name = mod.Name + "." + name
		}
		return "return " + name + "(" + m.args() + ")"
	case 3, 4, 5, 6:
		o := pick(m.rng, allObjects())
		if len(o.Methods) == 0 {
			return "return 0"
		}
		return fmt.Sprintf("local v = %s return v:%s(%s)", target, pick(m.rng, o.Methods).Name, m.args())
	case 7, 8:
		o := pick(m.rng, allObjects())
		if len(o.Fields) > 0 && m.rng.IntN(2) == 0 {
			name := pick(m.rng, o.Fields).Name
			return fmt.Sprintf("local v = %s v[%q] = %s", target, name, m.value())
		}
		return fmt.Sprintf("local v = %s v[%s] = %s", target, m.value(), m.value())
	case 9:
		return fmt.Sprintf("local v, k = %s, %s return v[k], tostring(v[k])", target, m.value())
	case 10:
		op := pick(m.rng, []string{"+", "-", "*", "/", "%", "^", "..", "==", "<", "<=", "~="})
		return fmt.Sprintf("local a, b = %s, %s return a %s b", target, m.value(), op)
	}
	form := pick(m.rng, []string{"#v", "-v", "tostring(v)", "json.encode(v)", "print(v)", "emit{v}", "v()", "pairs(v)", "ipairs(v)", "next(v)", `printf("%d %s %x %5.2f %q\n", v, v, v, v, v)`, "unpack(v)", "table.concat(v)", "table.sort(v)", "getmetatable(v)"})
	return fmt.Sprintf("local v = %s return %s", target, form)
}

// tryInterface runs random statements in every kind of event.
func tryInterface(t *testing.T, seed uint64) {
	m := interfaceMaker{rand.New(rand.NewPCG(seed, 3))}
	var code strings.Builder
	for range 12 {
		fmt.Fprintf(&code, "  P(function() %s end)\n", m.statement())
	}
	script := fmt.Sprintf(interfaceScript, code.String())
	results, err := RunTests(TestOptions{
		Load:    func(r *Runtime) (Function, error) { return r.LoadReader(strings.NewReader(script), "s.lua") },
		Runtime: luart.Options{Timeout: 2e9},
	})
	if err != nil {
		if strings.Contains(err.Error(), "s.lua:") {
			return // the compiler or the analysis has refused it
		}
		t.Fatalf("%v\n%s", err, script)
	}
	for _, msg := range results[0].Failures {
		if wrong := wrongMessage(msg); wrong != "" {
			t.Errorf("%s: %s\n%s", wrong, msg, code.String())
		}
	}
}

var placed = regexp.MustCompile(`^s\.lua:[0-9]+: `)

// wrongMessage says what is wrong with the message of an error that Lua code
// has caught: one of Go's own is a crash that was caught too.
func wrongMessage(msg string) string {
	for _, panicked := range []string{luart.InternalPrefix, "interface conversion", "invalid memory", "nil pointer", "unreachable", "makeslice", "reflect:", "strings:", "hash of unhashable"} {
		if strings.Contains(msg, panicked) {
			return "a crash"
		}
	}
	if _, caught, ok := strings.Cut(msg, ": got \""); ok && !placed.MatchString(caught) {
		return "an error without its place"
	}
	return ""
}

// FuzzInterface calls every function and method, and gets and sets every field,
// with values of every kind, in every kind of event: what comes is a result or a
// Lua error.
func FuzzInterface(f *testing.F) {
	for seed := range uint64(20) {
		f.Add(seed)
	}
	f.Fuzz(tryInterface)
}
