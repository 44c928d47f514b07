package luart

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"strings"
	"testing"

	lua "github.com/yuin/gopher-lua"

	"luatrace/internal/leak"
)

func TestMain(m *testing.M) { leak.Main(m) }

// testConstants are what programs of the tests find, as names that a host knows.
var testConstants = map[string]lua.LValue{
	"O_CREAT": lua.LNumber(0x40), "AT_FDCWD": lua.LNumber(-100), "EAGAIN": lua.LNumber(11), "SIGTERM": lua.LNumber(15),
}

// newLua makes an interpreter with a host that has a few constants, and functions on, meta
// and test that do nothing.
func newLua(opts Options) *Runtime {
	nothing := func(name string) Function {
		return Function{Name: name, Fn: Bind(func(*Runtime, *lua.LState) int { return 0 })}
	}
	return New(opts, Face{
		Modules:  []Module{{Functions: []Function{nothing("on"), nothing("meta"), nothing("test")}}},
		Constant: func(name string) (lua.LValue, bool) { v, ok := testConstants[name]; return v, ok },
		Constants: func() (names []string) {
			for name := range testConstants {
				names = append(names, name)
			}
			return names
		},
		Errno: func(name string) (int, error) { return 0, fmt.Errorf("unknown errno %q", name) },
	}, nil, nil)
}

// newTest makes an interpreter whose output goes to the returned buffer.
func newTest(t testing.TB, opts Options) (*Runtime, *bytes.Buffer) {
	t.Helper()
	out := &bytes.Buffer{}
	if opts.Out == nil {
		opts.Out = out
	}
	r := newLua(opts)
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return r, out
}

// compileLibrary compiles a library with nothing but itself.
func compileLibrary(lib Library) ([]byte, error) {
	lib.Compiled = nil
	r := newLua(Options{Libraries: []Library{lib}})
	defer r.Close()
	return r.CompileLibrary(lib)
}

// run loads and runs -e code.
func run(r *Runtime, code string) error {
	fn, err := r.LoadCode(code, nil)
	if err != nil {
		return err
	}
	return r.Call(fn)
}

// output runs code and returns what it wrote.
func output(t *testing.T, r *Runtime, out *bytes.Buffer, code string) string {
	t.Helper()
	out.Reset()
	if err := run(r, code); err != nil {
		t.Fatalf("%s\n%v", code, err)
	}
	if err := r.Flush(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// outputTest is a row of a table of scripts and what they print.
type outputTest struct{ code, want string }

func testOutputs(t *testing.T, tests []outputTest) {
	t.Helper()
	r, out := newTest(t, Options{})
	for _, tt := range tests {
		if got := strings.TrimSuffix(output(t, r, out, tt.code), "\n"); got != tt.want {
			t.Errorf("%s\n got %q\nwant %q", tt.code, got, tt.want)
		}
	}
}

// testErrors runs code that must fail with a message containing the text.
func testErrors(t *testing.T, tests []outputTest) {
	t.Helper()
	r, _ := newTest(t, Options{})
	for _, tt := range tests {
		err := run(r, tt.code)
		if err == nil {
			t.Errorf("%s\nno error, want %q", tt.code, tt.want)
		} else if !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s\n got %q\nwant %q", tt.code, err.Error(), tt.want)
		}
	}
}

func luaFunction(t testing.TB, r *Runtime, code string) *lua.LFunction {
	t.Helper()
	chunk, err := r.LoadCode("return "+code, nil)
	if err != nil {
		t.Fatal(err)
	}
	v, err := r.Call1(chunk)
	if err != nil {
		t.Fatal(err)
	}
	return v.(*lua.LFunction)
}

func loadAndRun(r *Runtime, text string) error {
	fn, err := r.LoadReader(strings.NewReader(text), "t.lua")
	if err != nil {
		return err
	}
	return r.Call(fn)
}

func writeFile(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// loadCode is LoadCode of code that nobody checks.
func loadCode(r *Runtime, code string) (*lua.LFunction, error) { return r.LoadCode(code, nil) }

func pick[T any](r *rand.Rand, list []T) T { return list[r.IntN(len(list))] }

var placed = regexp.MustCompile(`^s\.lua:[0-9]+: `)

// wrongMessage says what is wrong with the message of an error that Lua code
// has caught: one of Go's own is a crash that was caught too.
func wrongMessage(msg string) string {
	for _, panicked := range []string{InternalPrefix, "interface conversion", "invalid memory", "nil pointer", "unreachable", "makeslice", "reflect:", "strings:", "hash of unhashable"} {
		if strings.Contains(msg, panicked) {
			return "a crash"
		}
	}
	if _, caught, ok := strings.Cut(msg, ": got \""); ok && !placed.MatchString(caught) {
		return "an error without its place"
	}
	return ""
}
