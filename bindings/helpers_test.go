package bindings

import (
	"bytes"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"luatrace/bindings/luart"
)

// TestHelpers of scripts that Lua 5.1 doesn't have.
func TestHelpers(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]string{
		`return strerror(2)`:                                                        "No such file or directory",
		`return strerror("ENOENT")`:                                                 "No such file or directory",
		`return strerror(-13)`:                                                      "Permission denied",
		`return strerror(0)`:                                                        "Success",
		`return strerror(4000)`:                                                     "Unknown error 4000",
		`return inspect({1, "x", k = {true}})`:                                      `{1, "x", k={true}}`,
		`return inspect("x\n")`:                                                     `x\n`,
		`return table.concat(("a,b,,c"):split(","), "|")`:                           "a|b||c",
		`return table.concat(("  a \t b\nc "):split(), "|")`:                        "a|b|c",
		`return #(""):split(",") .. #(""):split()`:                                  "10",
		`return table.concat(("a.b"):split("."), "|")`:                              "a|b",
		`return "[" .. (" \t x y\n"):trim() .. "]"`:                                 "[x y]",
		`return inspect {("/etc/x"):startswith "/etc/", ("/etc/x"):endswith ".so"}`: "{true, false}",
		`return select("#", table.unpack({1, nil, 3}, 1, 3))`:                       "3",
		`local t = table.pack(1, nil, nil) return t.n .. t[1]`:                      "31",
	} {
		r := New(luart.Options{Out: &bytes.Buffer{}})
		fn, err := r.LoadCode(code, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := r.Call1(fn); err != nil || got.String() != want {
			t.Errorf("%s gives %v (%v), want %q", code, got, err, want)
		}
		r.Close()
	}
	for code, want := range map[string]string{
		`return strerror("ENOENTT")`: `-e:1: unknown errno "ENOENTT"; did you mean "ENOENT"?`,
		`return ("x"):split("")`:     "-e:1: bad argument #2 to split (the separator is empty; s:split() splits at blanks)",
	} {
		r := New(luart.Options{Out: &bytes.Buffer{}})
		fn, err := r.LoadCode(code, nil)
		if err == nil {
			_, err = r.Call1(fn)
		}
		if err == nil || err.Error() != want {
			t.Errorf("%s: %v, want %s", code, err, want)
		}
		r.Close()
	}
}

// A text that would become too many parts is refused before they are made. Not beside
// other tests, which would make garbage too.
func TestSplitIsBounded(t *testing.T) {
	const length = 32 << 20
	for _, call := range []string{`split(",")`, `split()`} {
		r := New(luart.Options{Out: &bytes.Buffer{}, MaxMemory: 256 << 20})
		fn, err := r.LoadCode(fmt.Sprintf(`local s = ("a,b "):rep(%d) return s:%s`, length/4, call), nil)
		if err != nil {
			t.Fatal(err)
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err = r.Call1(fn)
		runtime.ReadMemStats(&after)
		if err == nil || !strings.Contains(err.Error(), "memory") {
			t.Errorf("%s: %v", call, err)
		}
		if made := after.TotalAlloc - before.TotalAlloc; made > 3*length {
			t.Errorf("%s made %d bytes", call, made)
		}
		r.Close()
	}
}
