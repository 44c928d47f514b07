package luart

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/yuin/gopher-lua/pm"
)

// TestPatternsAsInC runs the same script in C Lua and here.
func TestPatternsAsInC(t *testing.T) {
	t.Parallel()
	const file = "testdata/patterns/random.lua"
	want, err := exec.Command("lua5.1", file).Output()
	if err != nil {
		t.Fatal("lua5.1: ", err)
	}
	code, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	r, out := newTest(t, Options{})
	got := strings.Split(output(t, r, out, string(code)), "\n")
	bad, malformed := 0, 0
	for i, w := range strings.Split(string(want), "\n") {
		if i < len(got) && strings.HasSuffix(got[i], "\tmalformed") {
			malformed++ // C Lua finds that only when a match gets there
			continue
		}
		if i >= len(got) || got[i] != w {
			t.Errorf("line %d:\n got %s\nwant %s", i+1, got[min(i, len(got)-1)], w)
			if bad++; bad == 20 {
				t.FailNow()
			}
		}
	}
	if malformed > 2500 {
		t.Errorf("%d of 6000 patterns are refused", malformed)
	}
}

// FuzzPattern: no pattern and no text does more than fail, positions are in
// order, and where gopher-lua's matcher keeps to the manual both agree.
func FuzzPattern(f *testing.F) {
	for _, seed := range [][2]string{
		{"^(%w+)%s*=%s*(.-)$", "key = value"}, {"%b()", "f(a(b)c)"}, {"()(a?)-b*", "aab"}, {"(a)%1", "aa"}, {"%f[%w]%w+", "one two"},
		{"[^%s%]-]+", "a]-b"}, {"[]-]*", "]-"}, {"%", ""}, {"(", ""}, {"a**", "aaa*"}, {"(()", "x"}, {".-.-.-$", "abc"},
	} {
		f.Add(seed[0], seed[1])
	}
	f.Fuzz(func(t *testing.T, text, subject string) {
		p, err := compilePattern(text)
		if err != nil || len(subject) > 200 {
			return
		}
		type tooLong struct{}
		budget := 20
		m := matcher{p: p, text: subject, poll: func() {
			if budget--; budget == 0 {
				panic(tooLong{})
			}
		}}
		found := false
		func() {
			defer func() {
				if e := recover(); e != nil {
					if _, ok := e.(tooLong); !ok {
						panic(e)
					}
					budget = -1
				}
			}()
			found = m.find(0)
		}()
		if budget < 0 {
			return
		}
		if found {
			if m.m.start < 0 || m.m.start > m.m.end || m.m.end > len(subject) {
				t.Fatalf("%q in %q: from %d to %d", text, subject, m.m.start, m.m.end)
			}
			for i := range p.captures {
				if from, to := m.m.from[i], m.m.to[i]; from < m.m.start || from > to || to > m.m.end {
					t.Fatalf("%q in %q: capture %d from %d to %d of %d to %d", text, subject, i, from, to, m.m.start, m.m.end)
				}
			}
		}
		if strings.Contains(text, "%") || strings.ContainsAny(text, "[])") || strings.Contains(strings.TrimPrefix(text, "^"), "^") {
			return
		}
		theirs, err := pm.Find(text, []byte(subject), 0, 1)
		if err != nil {
			t.Fatalf("%q: gopher-lua: %v", text, err)
		}
		if (len(theirs) > 0) != found || found && (theirs[0].Capture(0) != m.m.start || theirs[0].Capture(1) != m.m.end) {
			t.Fatalf("%q in %q: found %v from %d to %d, gopher-lua %v", text, subject, found, m.m.start, m.m.end, theirs)
		}
	})
}

// TestBuiltinsAreInterrupted: what gopher-lua can't interrupt.
func TestBuiltinsAreInterrupted(t *testing.T) {
	t.Parallel()
	const setup = `local s = ("a"):rep(2000) local p = ("a*"):rep(12) .. "b" `
	for _, code := range []string{
		`string.find(s, p)`,
		`string.match(s, p)`,
		`string.gsub(s, p, "")`,
		`for x in string.gmatch(s, p) do end`,
		`(s):find(("a-"):rep(20) .. "b")`,
		`(s):find(("a?"):rep(60) .. "b")`,
		`("("):rep(2000000):find("%b()x")`,
		`pcall(string.find, s, p) while true do end`,
		`coroutine.wrap(function() string.find(s, p) end)()`,
		`local t = {} for i = 1, 3000000 do t[i] = (i * 7919) % 3000017 end while true do table.sort(t) end`,
		`local t = {} for i = 1, 1000 do t[i] = s end while true do table.concat(t) end`,
		`local t = "[" .. ("[1,2],"):rep(1000000) .. "1]" json.decode(t)`,
		`local t = {} for i = 1, 60 do t = {t, t} end json.encode(t)`,
		`local t = {} for i = 1, 60 do t = {t, t} end emit(t)`,
	} {
		t.Run("", func(t *testing.T) {
			t.Parallel()
			r, out := newTest(t, Options{Timeout: 50 * time.Millisecond})
			err := run(r, setup+"\n"+code)
			if err == nil || err.Error() != "-e:2: ran longer than 50ms" {
				t.Errorf("%s: error %v", code, err)
			}
			if got := output(t, r, out, `print(("alive"):find("v"))`); got != "4\t4\n" {
				t.Errorf("%s: afterwards %q", code, got)
			}
		})
	}
}
