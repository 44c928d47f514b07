package luart

import (
	"strings"
	"testing"
	"time"
)

func TestRegex(t *testing.T) {
	t.Parallel()
	testOutputs(t, []outputTest{
		{`print(re("b+"):match("abbbc"), re("(a)(b)?(c)"):match("xac"), re("z"):match("abc"))`, "bbb\ta\tnil"},
		{`print(re("(a)(b)?(c)"):match("xac"))`, "a\tnil\tc"},
		{`print(re("b"):match("abcb", 3), re("^b"):match("ab", 2), re("b"):match("b", 9), re("c"):match("abc", -1))`, "b\tb\tnil\tc"},
		{`print(re("b+"):find("abbc"))`, "2\t3"},
		{`print(re("(b)(x)?"):find("abbc", 3))`, "3\t3\tb\tnil"},
		{`print(re("z"):find("abc"))`, "nil"},
		{`print(re("^/etc/"):test("/etc/passwd"), re("^/etc/"):test("/usr"))`, "true\tfalse"},
		{`local t = {} for k, v in re([[(\w+)=(\w+)]]):gmatch("a=1, b=2") do t[#t + 1] = k .. v end print(table.concat(t, " "))`, "a1 b2"},
		{`local n = 0 for w in re("x*"):gmatch("axb") do n = n + 1 end print(n)`, "3"},
		{`print(re("l"):gsub("hello", "L"))`, "heLLo\t2"},
		{`print(re("l"):gsub("hello", "L", 1))`, "heLlo\t1"},
		{`print(re([[(\w+) (\w+)]]):gsub("hello world", "%2 %1 %0 %%"))`, "world hello hello world %\t1"},
		{`print(re("o"):gsub("foo", "<%1>"))`, "f<o><o>\t2"},
		{`print(re("[a-z]"):gsub("abc", {a = 1, b = "B", c = false}))`, "1Bc\t3"},
		{`print(re("(.)(.)"):gsub("abcd", function(x, y) return y .. x end))`, "badc\t2"},
		{`print(re("."):gsub("ab", function() end))`, "ab\t2"},
		{`print(re("x*"):gsub("abc", "-"))`, "-a-b-c-\t4"},
		{`local g = re("(?P<key>k.)=(?P<value>v.)(?P<none>z)?"):groups("k1=v1") print(g.key, g.value, g.none)`, "k1\tv1\tnil"},
		{`print(re("a"):groups("b"), re("(?i)ABC"):test("abc"))`, "nil\ttrue"},
	})
	testErrors(t, []outputTest{
		{`re("(a")`, "pattern '(a': missing closing ): '(a'"},
		{`re("a**")`, "invalid nested repetition operator: '**'"},
		{`re("(?=a)")`, "invalid or unsupported Perl syntax"},
		{`re("a"):gsub("a", "%2")`, "the pattern has no group %2"},
		{`re("a"):gsub("a", "%x")`, "must be followed by a digit or another %"},
		{`re("a"):gsub("a", true)`, "string, table or function expected, got boolean"},
		{`re("a"):gsub("a", function() return {} end)`, "invalid replacement value (a table)"},
		{`re("a").test("b")`, "regex expected as receiver, got string"},
	})
}

func TestRegexIsLinearAndCached(t *testing.T) {
	t.Parallel()
	r, out := newTest(t, Options{})
	start := time.Now()
	output(t, r, out, `print(re("(a*)*(a*)*(a*)*b"):test(("a"):rep(50000)))`)
	if d := time.Since(start); d > 10*time.Second {
		t.Errorf("took %v", d)
	}
	output(t, r, out, `for i = 1, 5000 do re("p" .. i) end`)
	if n := len(r.regexes); n > maxPatterns {
		t.Errorf("%d patterns are kept", n)
	}
	a := r.regexes["p5000"]
	output(t, r, out, `re("p5000")`)
	if a == nil || r.regexes["p5000"] != a {
		t.Error("the last pattern is not kept")
	}
}

// FuzzRegexGsub: any pattern, text and replacement make a text or a Lua error.
func FuzzRegexGsub(f *testing.F) {
	f.Add("(a)(b)?", "abab", "%1%2")
	f.Add("x*", "abc", "%%")
	f.Fuzz(func(t *testing.T, pattern, text, repl string) {
		if len(pattern) > 50 || len(text) > 200 {
			return
		}
		r, out := newTest(t, Options{})
		code := `local ok, err = pcall(function() return re(` + string(appendQuoted(nil, pattern)) + `):gsub(` + string(appendQuoted(nil, text)) + `, ` + string(appendQuoted(nil, repl)) + `) end) print(ok, err)`
		if got := output(t, r, out, code); strings.Contains(got, InternalPrefix) {
			t.Fatal(got)
		}
	})
}
