package luart

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	lua "github.com/yuin/gopher-lua"
)

func TestScriptFiles(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("testdata/*.lua")
	if err != nil || len(files) == 0 {
		t.Fatal("no test scripts", err)
	}
	for _, file := range files {
		t.Run(filepath.Base(file), func(t *testing.T) {
			t.Parallel()
			r, _ := newTest(t, Options{Timeout: 20 * time.Second})
			fn, err := r.LoadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var se *ScriptError
			if err := r.Call(fn); errors.As(err, &se) {
				t.Fatal(se.Detail())
			}
		})
	}
}

func TestInterruptAndRecover(t *testing.T) {
	t.Parallel()
	for _, code := range []string{
		`while true do end`,
		`while true do pcall(function() while true do end end) end`,
		`local co = coroutine.wrap(function() while true do end end) co()`,
		`xpcall(function() while true do end end, function() while true do end end) while true do end`,
		`table.sort({3, 1, 2}, function() while true do end end)`,
	} {
		r, out := newTest(t, Options{Timeout: 50 * time.Millisecond})
		start := time.Now()
		err := run(r, code)
		if err == nil || !strings.Contains(err.Error(), "ran longer than 50ms") {
			t.Errorf("%s: error %v", code, err)
		}
		if d := time.Since(start); d > 5*time.Second {
			t.Errorf("%s: took %v", code, d)
		}
		if got := output(t, r, out, `print("alive")`); got != "alive\n" {
			t.Errorf("%s: afterwards %q", code, got)
		}
	}
}

func TestInterruptKeepsCoroutines(t *testing.T) {
	t.Parallel()
	r, out := newTest(t, Options{})
	if err := run(r, `gen = coroutine.wrap(function() for i = 1, 10 do coroutine.yield(i) end end) gen()`); err != nil {
		t.Fatal(err)
	}
	loop := luaFunction(t, r, `function() while true do end end`)
	done := make(chan struct{})
	go func() {
		defer close(done)
		for !r.Interrupt("stop now") {
			time.Sleep(time.Millisecond)
		}
	}()
	err := r.Call(loop)
	<-done
	if err == nil || err.Error() != "-e:1: stop now" {
		t.Fatalf("error %v", err)
	}
	if got := output(t, r, out, `print(gen())`); got != "2\n" {
		t.Errorf("coroutine made before the interrupt: %q", got)
	}
}

func TestInterruptWhenIdle(t *testing.T) {
	t.Parallel()
	r, _ := newTest(t, Options{})
	if r.Interrupt("x") {
		t.Error("interrupted a call though none ran")
	}
	if err := run(r, `local x = 1`); err != nil {
		t.Error("a late interrupt hit the next call:", err)
	}
}

// TestInterruptHitsOnlyItsCall interrupts at random while short calls run: no
// interrupt may reach a later call than the one it reported.
func TestInterruptHitsOnlyItsCall(t *testing.T) {
	t.Parallel()
	r, _ := newTest(t, Options{})
	fn := luaFunction(t, r, `function() local n = 0 for i = 1, 50 do n = n + i end end`)
	stop := make(chan struct{})
	hits := make(chan int)
	go func() {
		n := 0
		for {
			select {
			case <-stop:
				hits <- n
				return
			default:
				if r.Interrupt("now") {
					n++
				}
			}
		}
	}()
	failed := 0
	for range 20000 {
		if r.Call(fn) != nil {
			failed++
		}
	}
	close(stop)
	// A call may end before it polls, so fewer fail than were interrupted.
	if n := <-hits; failed > n {
		t.Errorf("%d calls failed, %d were interrupted", failed, n)
	}
	if err := r.Call(fn); err != nil {
		t.Error("interrupt left over:", err)
	}
}

func TestStuckReport(t *testing.T) {
	t.Parallel()
	stuck := make(chan error, 1)
	release := make(chan struct{})
	r, _ := newTest(t, Options{Timeout: 10 * time.Millisecond, OnStuck: func(err error) { stuck <- err }})
	r.Globals().RawSetString("block", r.L.NewFunction(func(*lua.LState) int { <-release; return 0 }))
	go func() {
		<-stuck
		close(release)
	}()
	if err := run(r, `block() local x = 1`); err == nil {
		t.Error("the call should end with the time-out's error")
	}
}

func TestStackOverflow(t *testing.T) {
	t.Parallel()
	testErrors(t, []outputTest{
		{`local function f() return 1 + f() end f()`, "stack overflow"},
		{`coroutine.wrap(function() local function f() pcall(f) error("deep") end f() end)()`, "deep"},
		{`local t = setmetatable({}, {}) getmetatable(t).__index = function(t, k) return t[k] end local x = t.a`, "stack overflow"},
		{`local co = coroutine.wrap(function() local function f() return 1 + f() end f() end) co()`, "stack overflow"},
		{`local t = {} for i = 1, 2e6 do t[i] = i end print(unpack(t))`, "stack overflow"},
	})
	testOutputs(t, []outputTest{
		{`local t = {} for i = 1, 100000 do t[i] = "x" end print(#table.concat(t))`, "100000"},
		{`local function f(n) if n == 0 then return 0 end return 1 + f(n - 1) end print(f(900))`, "900"},
	})
}

func TestExit(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]int{
		`os.exit(3)`:                             3,
		`pcall(os.exit, 4) print("not reached")`: 4,
		`while true do pcall(function() os.exit(false) end) end`: 1,
		`os.exit(true)`: 0,
		`coroutine.wrap(function() os.exit(5) end)()`: 5,
		`return os.exit(6)`:                           6,
	} {
		told := -1
		r, out := newTest(t, Options{OnExit: func(code int) { told = code }})
		err := run(r, code)
		var exit *Exit
		if !errors.As(err, &exit) || exit.Code != want || told != want {
			t.Errorf("%s: error %v, OnExit(%d), want status %d", code, err, told, want)
		}
		if got := output(t, r, out, `print("on")`); got != "on\n" {
			t.Errorf("%s: afterwards %q", code, got)
		}
	}
}

// TestProtectedCallKeepsUpvalues pins why no error handler is used: closures
// that leave a failed protected call must keep their own variables.
func TestProtectedCallKeepsUpvalues(t *testing.T) {
	t.Parallel()
	testOutputs(t, []outputTest{
		{`local g
		pcall(function() local v = 42; g = function() return v end; error("x") end)
		local function other(a, b, c, d) local e, f = 7, 8; return a end
		other(1, 2, 3, 4)
		print(g())`, "42"},
		{`local g
		xpcall(function() local v = 42; g = function() return v end; error("x") end, function(e) return e end)
		local function other(a, b, c, d) local e, f = 7, 8; return a end
		other(1, 2, 3, 4)
		print(g())`, "42"},
	})
}

func TestXPCall(t *testing.T) {
	t.Parallel()
	testOutputs(t, []outputTest{
		{`print(xpcall(function(...) return ... end, print, 1, 2))`, "true\t1\t2"},
		{`print(xpcall(function() error({code=5}) end, function(e) return e.code, 6 end))`, "false\t5\t6"},
		{`print(xpcall(function() error("a", 0) end, function(e) error("b", 0) end))`, "false\tb"},
		{`local function inner() error("deep") end
		local _, trace = xpcall(inner, debug.traceback)
		print((trace:find("inner", 1, true) or trace:find("<-e:1>", 1, true)) ~= nil)`, "true"},
		{`print((debug.traceback("here")):match("^[^\n]*"))`, "here"},
	})
}

func TestRemovedAndReplaced(t *testing.T) {
	t.Parallel()
	testErrors(t, []outputTest{
		{`os.execute("true")`, "os.execute is not available: the tracer would see the new process"},
		{`io.popen("true")`, "io.popen is not available"},
		{`setmetatable("x", {})`, "table expected"},
		{`string.rep("x", 1e9)`, "longer than 64 MiB"},
		{`collectgarbage("melt")`, "invalid option"},
	})
	testOutputs(t, []outputTest{
		{`print(getfenv, setfenv, module, newproxy, dofile ~= nil)`, "nil\tnil\tnil\tnil\ttrue"},
		{`print(debug.getlocal, debug.setupvalue, string.dump, package, channel)`, "nil\tnil\tnil\tnil\tnil"},
		{`print(collectgarbage("count") > 0, collectgarbage())`, "true\t0"},
		{`print(tonumber("1e3"), tonumber("0x10"), tonumber(" -5 "), tonumber("ff", 16), tonumber("8", 8), tonumber("inf"), tonumber("1_0"))`,
			"1000\t16\t-5\t255\tnil\tnil\tnil"},
		{`print(tonumber(u64"9007199254740992"), tonumber({}), tonumber(""), tonumber("0x"), tonumber("1e"))`, "9007199254740992\tnil\tnil\tnil\tnil"},
		{`print(math.huge, -math.huge, 0/0 ~= 0/0)`, "inf\t-inf\ttrue"},
		{`print(loadstring("return 1 + 1")())`, "2"},
		{`local parts, i = {"return ", "40", " + 2"}, 0
		print(load(function() i = i + 1 return parts[i] end)())`, "42"},
		{`print(loadstring("x = = 1"))`, "nil\t<string>:1: syntax error near '='"},
		{`local f = coroutine.wrap(function(a) local b = coroutine.yield(a + 1) return b * 2 end) print(f(1), f(10))`, "2\t20"},
		{`local co = coroutine.create(function() error("oops") end) print(coroutine.resume(co))`, "false\t-e:1: oops"},
		{`print(pcall(coroutine.wrap(function() error("oops") end)))`, "false\t-e:1: oops"},
	})
}

func TestNewThreadObeysInterrupt(t *testing.T) {
	t.Parallel()
	r, _ := newTest(t, Options{Timeout: 30 * time.Millisecond})
	loop := luaFunction(t, r, `function() while true do end end`)
	r.Globals().RawSetString("go", r.L.NewFunction(func(L *lua.LState) int {
		_, err, _ := L.Resume(r.NewThread(), loop)
		if err != nil {
			L.RaiseError("%s", err.Error())
		}
		return 0
	}))
	if err := run(r, `go()`); err == nil || !strings.Contains(err.Error(), "ran longer than 30ms") {
		t.Errorf("error %v", err)
	}
}

func TestOutputErrorIsReported(t *testing.T) {
	t.Parallel()
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	r := newLua(Options{Out: full})
	if err := run(r, `print("x")`); err != nil {
		t.Fatal(err)
	}
	if err := r.Close(); err == nil {
		t.Error("Close should report that the output couldn't be written")
	}
}

func BenchmarkCallEmpty(b *testing.B) {
	r, _ := newTest(b, Options{Timeout: time.Minute})
	fn := luaFunction(b, r, `function(ev) end`)
	arg := r.NewObject("rng", NewGenerator(1))
	b.ReportAllocs()
	for b.Loop() {
		if err := r.Call(fn, arg); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkGlobalFunction(b *testing.B) {
	r, _ := newTest(b, Options{})
	fn := luaFunction(b, r, `function(ev) local f = print end`)
	b.ReportAllocs()
	for b.Loop() {
		if err := r.Call(fn, lua.LNil); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkConstant(b *testing.B) {
	r, _ := newTest(b, Options{})
	fn := luaFunction(b, r, `function(ev) local f = O_CREAT end`)
	b.ReportAllocs()
	for b.Loop() {
		if err := r.Call(fn, lua.LNil); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkLoop1000(b *testing.B) {
	r, _ := newTest(b, Options{Timeout: time.Minute})
	fn := luaFunction(b, r, `function(ev) local n = 0 for i = 1, 1000 do n = n + i end end`)
	b.ReportAllocs()
	for b.Loop() {
		if err := r.Call(fn); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCallError(b *testing.B) {
	r, _ := newTest(b, Options{})
	fn := luaFunction(b, r, `function(ev) error("boom") end`)
	b.ReportAllocs()
	for b.Loop() {
		if r.Call(fn) == nil {
			b.Fatal("no error")
		}
	}
}

func TestEmptyCallDoesNotAllocate(t *testing.T) {
	// Not parallel: AllocsPerRun counts the whole process.
	r, _ := newTest(t, Options{Timeout: time.Minute})
	fn := luaFunction(t, r, `function(ev) end`)
	arg := r.NewObject("rng", NewGenerator(1))
	if n := testing.AllocsPerRun(1000, func() {
		if err := r.Call(fn, arg); err != nil {
			t.Fatal(err)
		}
	}); n != 0 {
		t.Errorf("an empty call allocates %v times", n)
	}
}

func ExampleRuntime() {
	r := newLua(Options{Out: os.Stdout})
	defer r.Close()
	fn, err := loadCode(r, `print("mask", u64"0xffffffffffffffff", {pid = 12})`)
	if err != nil {
		fmt.Println(err)
		return
	}
	if err := r.Call(fn); err != nil {
		fmt.Println(err)
	}
	// Output: mask	18446744073709551615	{pid=12}
}
