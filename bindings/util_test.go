package bindings

import (
	"bytes"
	"strings"
	"testing"

	"luatrace/bindings/luart"
)

// newTest makes an interpreter whose output goes to the returned buffer.
func newTest(t testing.TB, opts luart.Options) (*Runtime, *bytes.Buffer) {
	t.Helper()
	out := &bytes.Buffer{}
	if opts.Out == nil {
		opts.Out = out
	}
	r := New(opts)
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
	})
	return r, out
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
	r, out := newTest(t, luart.Options{})
	for _, tt := range tests {
		if got := strings.TrimSuffix(output(t, r, out, tt.code), "\n"); got != tt.want {
			t.Errorf("%s\n got %q\nwant %q", tt.code, got, tt.want)
		}
	}
}

// testErrors runs code that must fail with a message containing the text.
func testErrors(t *testing.T, tests []outputTest) {
	t.Helper()
	r, _ := newTest(t, luart.Options{})
	for _, tt := range tests {
		err := run(r, tt.code)
		if err == nil {
			t.Errorf("%s\nno error, want %q", tt.code, tt.want)
		} else if !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s\n got %q\nwant %q", tt.code, err.Error(), tt.want)
		}
	}
}

func loadAndRun(r *Runtime, text string) error {
	fn, err := r.LoadReader(strings.NewReader(text), "t.lua")
	if err != nil {
		return err
	}
	return r.Call(fn)
}

// findings are what lint says of a script called s.lua, or why it does not compile.
func findings(t *testing.T, code string) []string {
	t.Helper()
	r := New(luart.Options{})
	defer r.Close()
	fn, err := r.LoadReader(strings.NewReader(code), "s.lua")
	if err != nil {
		return strings.Split(err.Error(), "\n")
	}
	var list []string
	for _, e := range CheckScript(r, fn) {
		list = append(list, e.Error())
	}
	return list
}
