package luart

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
)

// TestLevels: where the limits of a chunk are. What is within them is compiled.
func TestLevels(t *testing.T) {
	t.Parallel()
	rep := strings.Repeat
	const nested = "inside one another"
	const row = "in a row"
	for name, c := range map[string]struct {
		text string
		want string // part of the error, "" for none
	}{
		"brackets":           {"return " + rep("(", 190) + "1" + rep(")", 190), ""},
		"too many brackets":  {"return " + rep("(", 201) + "1" + rep(")", 201), nested},
		"blocks":             {rep("do ", 190) + rep("end ", 190), ""},
		"too many blocks":    {rep("do ", 201) + rep("end ", 201), nested},
		"blocks in a row":    {rep("do if x then elseif y then else end while x do repeat until x end for i = 1, 2 do end end ", 300), ""},
		"functions":          {"return " + rep("function() return ", 190) + "1" + rep(" end", 190), ""},
		"functions in a row": {rep("function f() end do local function g() end end h = function() end ", 300), ""},
		"too many functions": {"return " + rep("function() return ", 201) + "1" + rep(" end", 201), nested},
		"squares":            {"return 0" + rep(" + x ^ 2", 3000), ""},
		"powers":             {"return 2" + rep(" ^ 2", 190), ""},
		"too many powers":    {"return 2" + rep(" ^ 2", 201), nested},
		"nots":               {"return 1" + rep(" and not x", 3000), ""},
		"negative":           {"return {" + rep("-1, - -x, #x - -1, ", 3000) + "}", ""},
		"joined":             {"return " + rep("x .. ", 150) + "x", ""},
		"comparisons":        {"return 1" + rep(" and x .. y == z", 3000), ""},
		"sum":                {"return x" + rep("+x", 9990), ""},
		"too long a sum":     {"return x" + rep("+x", 10_001), row},
		"or":                 {"return x" + rep(" or x", 9990), ""},
		"calls":              {"f" + rep("()", 9990), ""},
		"fields":             {"return f" + rep(".a", 9990), ""},
		"elseifs":            {"if x then " + rep("elseif x then ", 9990) + "end", ""},
		"too many elseifs":   {"if x then " + rep("elseif x then ", 10_001) + "end", row},
		"sums in brackets":   {"return " + rep("(", 50) + "x" + rep(rep("+x", 250)+")", 50), row},
		"sums in a list":     {"return {" + rep("(x"+rep("+x", 100)+"), ", 500) + "}", ""},
		"in conditions":      {"if x then " + rep("elseif x"+rep(" or x", 90)+" then ", 90) + "end", ""},
		"data":               {"return {" + rep(`{name = "x", size = -1, f(1)(2).a["b"]:c(), "x" .. y},`, 5000) + "}", ""},
		"different data":     {"return {" + numbers(0, 10_000) + "}", ""},
		"after functions":    {rep("f(function() end) g(function() return 1 end, -1) (h or g)(1) ", 1000), ""},
		"a wrong end":        {"return 1 end " + rep("(", 300), "syntax error"},
		"a wrong bracket":    {"return (1] " + rep("(", 300), "syntax error"},
		"many constants":     {"f(" + numbers(0, 20_000) + ") g(" + numbers(20_000, 90_000) + ")", "takes too long to compile"},
		"many labels":        {labels(60_000), "takes too long to compile"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newLua(Options{Out: &bytes.Buffer{}})
			defer r.Close()
			_, err := r.compile([]byte("local x, y, z, f, g, h\n"+c.text), &source{name: "t", kind: FromCode})
			switch {
			case c.want == "" && err != nil && !strings.Contains(err.Error(), "register overflow"):
				t.Error(err)
			case c.want != "" && (err == nil || !strings.HasPrefix(err.Error(), "t:2: ") || !strings.Contains(err.Error(), c.want)):
				t.Errorf("%v, want %q", err, c.want)
			}
		})
	}
}

func numbers(from, to int) string {
	var b strings.Builder
	for i := from; i < to; i++ {
		fmt.Fprintf(&b, "%d,", i)
	}
	return strings.TrimSuffix(b.String(), ",")
}

func labels(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "::a%d:: ", i)
	}
	return b.String()
}

// TestParseIsInterrupted: the call that compiles ends when its time is over, in the
// midst of the text, and without a line of it being said to be wrong.
func TestParseIsInterrupted(t *testing.T) {
	t.Parallel()
	r := newLua(Options{Out: &bytes.Buffer{}})
	defer r.Close()
	r.intr.enter()
	defer r.intr.leave()
	if !r.Interrupt("enough") {
		t.Fatal("nothing was interrupted")
	}
	chunk, err := r.parse([]byte("return {"+strings.Repeat("1,", 100_000)+"}"), &source{name: "t"})
	if err == nil || err.Error() != "t: enough" || chunk != nil {
		t.Errorf("%v, %v", chunk, err)
	}
}

// TestLoadIsBounded: what load and loadstring get is not longer than 1 MiB, and many
// functions count for the memory limit before they are made.
func TestLoadIsBounded(t *testing.T) {
	t.Parallel()
	for code, want := range map[string]string{
		`return (load(function() return ("x"):rep(65536) end))`:                                              "load: more than 1 MiB of source",
		`return loadstring(("x"):rep(1048577))`:                                                              "loadstring: more than 1 MiB of source",
		`return assert(loadstring(("f = function() end "):rep(20000)))`:                                      "would take more memory than scripts may",
		`return loadstring("return 1, " .. ("x"):rep(1000000)), loadstring(("do end "):rep(1000)) and 1 / 0`: "",
	} {
		r := newLua(Options{Out: &bytes.Buffer{}, MaxMemory: 256 << 20})
		fn, err := loadCode(r, code)
		if err != nil {
			t.Fatal(err)
		}
		_, err = r.Call1(fn)
		if want == "" && err != nil || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("%s: %v, want %q", code, err, want)
		}
		r.Close()
	}
}
