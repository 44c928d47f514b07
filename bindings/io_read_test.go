package bindings

import (
	"bytes"
	"fmt"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"luatrace/bindings/luart"
	"luatrace/internal/fixture"
)

// TestReads: files are read by every format, as by gopher-lua's functions.
func TestReads(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "text")
	writeFile(t, name, "first\r\nsecond\n\n12.5 -7 x\nlast"+strings.Repeat("y", 100000))
	r := New(luart.Options{Out: &bytes.Buffer{}})
	defer r.Close()
	for code, want := range map[string]string{
		`return #f:read("*a") .. #f:read("*a")`:                                                "1000290",
		`return f:read() .. "|" .. f:read("*l") .. "|" .. f:read("*l") .. "|"`:                 "first|second||",
		`return f:read(3) .. "|" .. f:read(0) .. "|" .. #f:read(1e9)`:                          "fir||100026",
		`f:read("*l", "*l", "*l") return inspect {f:read("*n", "*n")}`:                         "{12.5, -7}",
		`f:read("*l", "*l", "*l") local a, b = f:read("*n", 4) return a .. b`:                  "12.5 -7 ",
		`f:read("*a") return tostring(f:read(1)) .. tostring(f:read(0)) .. tostring(f:read())`: "nilnilnil",
		`f:read("*a") return select("#", f:read("*l", "*l")) .. f:read("*a")`:                  "1",
		`io.input(f) local s = io.read() .. io.read(2) io.input(io.stdin) return s`:            "firstse",
		`f:seek("set", 7) return f:read()`:                                                     "second",
		`f:close() local ok, e = pcall(f.read, f) return e:match("file is closed")`:            "file is closed",
		`local w = io.open("/dev/null", "w") return (select(2, w:read()))`:                     "file /dev/null is opened for only writing.",
		`local d = io.open("/") return (select(2, d:read()))`:                                  "read /: is a directory",
		`local ok, e = pcall(f.read, f, "*x") return e:match("there is no format.*")`:          "there is no format '*x'; there are *l, *a, *n and a number of bytes)",
		`local ok, e = pcall(f.read, f, -1) return e:match("a number.*")`:                      "a number of bytes must be 0 or more)",
		`return tostring(io.open("/dev/null", "w"):setvbuf("full", 1e15))`:                     "true",
	} {
		fn, err := r.LoadCode(fmt.Sprintf("local f = io.open(%q) %s", name, code), nil)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := r.Call1(fn); err != nil || got.String() != want {
			t.Errorf("%s\ngives %v (%v), want %q", code, got, err, want)
		}
	}
}

// TestEndlessFiles: what never ends is read until there is too much of it, or no time left.
func TestEndlessFiles(t *testing.T) {
	t.Parallel()
	uname := fixture.Build(t, "uname")
	for _, code := range []string{
		`io.open("/dev/zero"):read("*a")`,
		`io.open("/dev/zero"):read("*l")`,
		`io.open("/dev/zero"):read(1e12)`,
		`io.input("/dev/zero") io.read("*a")`,
		`for l in io.lines("/dev/zero") do end`,
		`for l in io.open("/dev/zero"):lines() do end`,
		`local f = io.open("/dev/urandom") local t = {} while true do t[#t + 1] = f:read(1e6) end`,
		`local f = io.open("/dev/zero") while true do f:read("*n") end`,
	} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			r := within(t, 3*64+64, "-q", "--max-memory=64M", "--hook-timeout=4s", "-o", "/dev/null", "-e", "on('uname:enter', function(ev)\n"+code+" end)", uname)
			message := regexp.MustCompile(`^luatrace: -e:2: (a string of \d+ MiB would be .* \(--max-memory\)|the script keeps .* \(--max-memory\)|ran longer than 4s) \(in the hook of -e:1, on uname of task \d+\)\n$`)
			if r.Code != 3 || !message.MatchString(r.Stderr) {
				t.Errorf("exit %d, %.2000q", r.Code, r.Stderr)
			}
		})
	}
}
