package bindings

import (
	"bytes"
	"math/rand/v2"
	"runtime/debug"
	"strings"
	"testing"

	"luatrace/bindings/luart"
)

// fuzzStack is the stack that the fuzz targets of deep things allow: a fraction of
// Go's limit, so that what grows with the input is seen early.
const fuzzStack = 64 << 20

// tokenParts are what deepText repeats: with what is open in it, closed after all.
var tokenParts = []struct{ open, close string }{
	{"(", ")"}, {"{", "}"}, {"[", "]"}, {"a[", "]"}, {"f(", ")"}, {"{x = ", "}"}, {"{[1] = ", "}"}, {"f{", "}"}, {"#", ""}, {"- ", ""}, {"not ", ""},
	{"1 + ", ""}, {"1 .. ", ""}, {"2 ^ ", ""}, {"2 ^ - ", ""}, {"x and ", ""}, {"x or ", ""}, {"x == ", ""}, {"x < ", ""}, {"x % ", ""},
	{"", "()"}, {"", ".a"}, {"", ":a()"}, {"", "''"}, {"", "{}"}, {"", "[1]"}, {"", " + x"}, {"", " .. x"}, {"", " or x"}, {"", " == x"}, {"", " ^ x"}, {"x, ", ""},
	{"function() return ", " end"}, {"function(a, ...) local b = ", " end"}, {"function() do return ", " end end"},
	{"x = ", " "}, {"local x = ", " "}, {"do ", " end "}, {"while x do ", " end "}, {"for i = 1, 2 do ", " end "}, {"for k in f do ", " end "},
	{"repeat ", " until x "}, {"repeat until ", " "}, {"if x then ", " end "}, {"if x then else ", " end "}, {"if x then elseif ", " then end "}, {"elseif x then ", ""}, {"", " elseif x then "},
	{"function f() ", " end "}, {"local function f() ", " end "}, {"function a.b.c:d() ", " end "}, {"return ", " "}, {"break ", ""}, {"goto x ", ""}, {"::x:: ", ""}, {"f() ", ""},
	{"--[[", "]]"}, {"--\n", ""}, {"[[", "]]"}, {"[==[", "]==]"}, {"'", "'"}, {"'\\", "'"}, {"0x", ""}, {"9", ""}, {"a", ""}, {"\n", ""}, {";", ""}, {"$", ""},
	{`on("openat", function(ev) `, " end)"}, {`on("openat", {when = `, "}, print) "}, {"meta{args = ", "} "}, {"ev.", ""}, {"emit(", ")"}, {"", "..."}, {"end ", ""},
}

// deepText is a text of few parts that are repeated, inside one another and in a row.
func deepText(seed uint64, size int) string {
	r := rand.New(rand.NewPCG(seed, 7))
	text := pick(r, []string{"x", "1", "", "nil", "'s'", "f()", "..."})
	for range 1 + r.IntN(5) {
		before, after := "", ""
		for range 1 + r.IntN(3) {
			p := pick(r, tokenParts)
			before, after = before+p.open, p.close+after
		}
		n := 1 + r.IntN(pick(r, []int{3, 100, 210, 3000, 11_000, size + 1}))
		n = min(n, max(0, size-len(text))/(len(before)+len(after)+1))
		text = strings.Repeat(before, n) + text + strings.Repeat(after, n)
		if r.IntN(3) == 0 {
			text = pick(r, []string{"return ", "x = ", "local a = ", "f ", "if x then ", "local ev, f, x, a "}) + text + pick(r, []string{"", " end", "\n", " x = 1"})
		}
	}
	return text
}

// FuzzDeepText: text in which few tokens are repeated, inside one another or in a row,
// is compiled, checked and listed, or it is an error with its place; the stack stays
// small.
func FuzzDeepText(f *testing.F) {
	for seed := range uint64(200) {
		f.Add(seed, uint16(seed*300))
	}
	f.Fuzz(func(t *testing.T, seed uint64, size uint16) {
		defer debug.SetMaxStack(debug.SetMaxStack(fuzzStack))
		text := deepText(seed, int(size)*4)
		for _, checking := range []bool{false, true} {
			r := New(luart.Options{Out: &bytes.Buffer{}, Timeout: 500e6, Checking: checking, MaxMemory: 512 << 20})
			fn, err := r.LoadReader(strings.NewReader(text), "s.lua")
			switch {
			case err != nil:
				if !strings.HasPrefix(err.Error(), "s.lua:") {
					t.Errorf("%d, %d: %.200v\n%.200q", seed, size, err, text)
				}
			case checking:
				for _, e := range CheckScript(r, fn) {
					if wrong := wrongMessage(e.Error()); wrong != "" || !strings.HasPrefix(e.Error(), "s.lua:") {
						t.Errorf("%d, %d: %s %.200v\n%.200q", seed, size, wrong, e, text)
					}
				}
			default:
				if _, err := r.ReadMeta(fn); err != nil && strings.Contains(err.Error(), luart.InternalPrefix) {
					t.Errorf("%d, %d: %.200v\n%.200q", seed, size, err, text)
				}
			}
			if err == nil {
				r.Source(fn)
			}
			r.Close()
		}
	})
}
