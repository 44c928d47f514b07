package luart

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	lua "github.com/yuin/gopher-lua"

	visible "luatrace/internal/escape"
)

func TestPrint(t *testing.T) {
	t.Parallel()
	testOutputs(t, []outputTest{
		{`print()`, ""},
		{`print("a", 1, 1.5, true, nil, -0.5, 1e100, 2^53)`, "a\t1\t1.5\ttrue\tnil\t-0.5\t1e+100\t9007199254740992"},
		{`print("a\nb\tc\rd\027[2Je\127f\0g")`, `a\nb\tc\x0dd\x1b[2Je\x7ff\x00g`},
		{`print("caf\195\169 \226\130\172 \240\159\152\128")`, "café € 😀"},
		{`print("\255\254 \195 \194\155 \226\128\174 \226\128\168 \237\160\128")`, `\xff\xfe \xc3 \xc2\x9b \xe2\x80\xae \xe2\x80\xa8 \xed\xa0\x80`},
		{`print("back\\slash")`, `back\slash`},
		{`print({})`, "{}"},
		{`print({a=1, b="x"})`, `{a=1, b="x"}`},
		{`print({1, 2, {3, x={}}, "s\n"})`, `{1, 2, {3, x={}}, "s\n"}`},
		{`print({[3]=1, [1.5]=2, ["a b"]=3, ["end"]=4, [true]=5})`, `{[1.5]=2, [3]=1, ["a b"]=3, ["end"]=4, [true]=5}`},
		{`print({10, nil, 30})`, `{10, [3]=30}`},
		{`local t = {} t.t = t print(t)`, `{t={<cycle>}}`},
		{`local s = {1} print({s, s})`, `{{1}, {1}}`},
		{`print({{{{{1}}}}})`, `{{{{{...}}}}}`},
		{`local t = {} for i = 1, 100 do t[i] = i end print(t)`, "{" + joinInts(1, 40) + ", ...}"},
		{`print(setmetatable({}, {__tostring = function() return "me\27" end}))`, `me\x1b`},
		{`print({setmetatable({}, {__tostring = function() return "me" end})})`, `{me}`},
		{`print(setmetatable({}, {__tostring = function() print("inner") return "outer" end}))`, "inner\nouter"},
		{`print(1/0, -1/0, 0/0)`, "inf\t-inf\tnan"},
		{`print((tostring(print):gsub("0x%x+", "ADDR")))`, "function: ADDR"},
		{`print(json.null, json.array{})`, "null\t{}"},
	})
}

func joinInts(from, to int) string {
	var parts []string
	for i := from; i <= to; i++ {
		parts = append(parts, fmt.Sprint(i))
	}
	return strings.Join(parts, ", ")
}

func TestPrintf(t *testing.T) {
	t.Parallel()
	testOutputs(t, []outputTest{
		{`printf("plain\n")`, "plain"},
		{`printf("%s|%s\tq\n", "a\nb\27", 5)`, "a\\nb\\x1b|5\tq"},
		{`printf("a\27[2J\r\n\tb\128%%\n")`, "a\\x1b[2J\\x0d\n\tb\\x80%"},
		{`printf("%c%c%c", 65, 10, 27)`, `A\n\x1b`},
		{`printf("%q", 'a"b\\c\nd\0e\27\200\r\t')`, `"a\"b\\c\nd\000e\027\200\r\t"`},
		{`printf("%-6s|%6s|%.2s|%5.1s|", "ab", "ab", "abc", "xyz")`, "ab    |    ab|ab|    x|"},
		{`printf("%s %s", nil, true)`, "nil true"},
	})
	testErrors(t, []outputTest{{`printf("%s")`, "bad argument #2 to printf (no value for '%s')"}})
}

func TestFormat(t *testing.T) {
	t.Parallel()
	tests := []outputTest{
		{`"%d %i %u", 42, -42, 42`, "42 -42 42"},
		{`"%5d|%-5d|%05d|%+d|% d|%+5d|%.3d|%8.3d|%-8.3d|%08.3d", 7, 7, 7, 7, 7, 7, 7, 7, 7, 7`, "    7|7    |00007|+7| 7|   +7|007|     007|007     |     007"},
		{`"%05d|%.0d|%5.0d|", -7, 0, 0`, "-0007||     |"},
		{`"%x %X %#x %#X %#o %o %08x %#010x %#x", 255, 255, 255, 255, 8, 8, 255, 255, 0`, "ff FF 0xff 0XFF 010 10 000000ff 0x000000ff 0"},
		{`"%x %u %o", -1, -1, -1`, "ffffffffffffffff 18446744073709551615 1777777777777777777777"},
		{`"%u %x %d", 2^63, 2^63, 2^63`, "9223372036854775808 8000000000000000 9223372036854775808"},
		{`"%d %d %d", 3.7, -3.7, "12"`, "3 -3 12"},
		{`"%f %.2f %5.1f|%-8.2f|%08.2f|%+.1f|% .1f|%.0f|%#.0f", 1.5, 2.345, 2.25, 1.5, -1.5, 1.25, 1.25, 2.5, 3`, "1.500000 2.35   2.2|1.50    |-0001.50|+1.2| 1.2|2|3."},
		{`"%e %.1e %E %e", 12345.678, 0.00012, 1, 0`, "1.234568e+04 1.2e-04 1.000000E+00 0.000000e+00"},
		{`"%g %g %g %g %g %.3g %g %G %.0g %#.3g", 100000, 1000000, 0.0001, 0.00001, 1.5, 1234.5, 1e100, 1e-10, 123, 1`, "100000 1e+06 0.0001 1e-05 1.5 1.23e+03 1e+100 1E-10 1e+02 1.00"},
		{`"%5.1f|%f|%g|%E|%05f|%-5g|", 1/0, -1/0, 0/0, 1/0, 1/0, 1/0`, "  inf|-inf|nan|INF|  inf|inf  |"},
		{`"%s %s %s %s", "a\nb", nil, true, 1.5`, "a\nb nil true 1.5"},
		{`"%s", setmetatable({}, {__tostring = function() return "obj" end})`, "obj"},
		{`"%10s|%-10s|%.3s|%10.3s|", "hello", "hello", "hello", "hello"`, "     hello|hello     |hel|       hel|"},
		{`"%c%c%5c|%-3c|", 72, 105, 65, 66`, "Hi    A|B  |"},
		{`"%%|%d%%", 5`, "%|5%"},
		{`"%q", "a\nb\"\\\0001"`, `"a\nb\"\\\0001"`},
		{`"%q %q", 5, nil`, "5 nil"},
		{`"no verbs", 1, 2`, "no verbs"},
		{`"\0%d\0", 1`, "\x001\x00"},
	}
	r, _ := newTest(t, Options{})
	for _, tt := range tests {
		fn, err := loadCode(r, "return string.format("+tt.code+")")
		if err != nil {
			t.Fatal(tt.code, err)
		}
		v, err := r.Call1(fn)
		if err != nil {
			t.Errorf("%s: %v", tt.code, err)
		} else if v.String() != tt.want {
			t.Errorf("%s\n got %q\nwant %q", tt.code, v.String(), tt.want)
		}
	}
	testErrors(t, []outputTest{
		{`string.format("%y", 1)`, "bad argument #1 to format (unknown conversion '%y'; formats know d, i, u, c, x, X, o, e, E, f, g, G, q, s and %%)"},
		{`string.format("%", 1)`, "format ends inside '%'; write %% for a percent sign"},
		{`string.format("50%")`, "format ends inside '%'"},
		{`string.format("%5")`, "format ends inside '%5'"},
		{`string.format("%v", 1)`, "unknown conversion '%v'"},
		{`string.format("%123d", 1)`, "width or precision of more than two digits"},
		{`string.format("%.123f", 1)`, "width or precision of more than two digits"},
		{`string.format("%d", "x")`, "bad argument #2 to format (number expected for '%d', got string)"},
		{`string.format("%d")`, "bad argument #2 to format (no value for '%d')"},
		{`string.format("%5.2f", {})`, "number expected for '%5.2f', got table"},
		{`string.format("%d", 1e300)`, "1e+300 is not a 64-bit integer, as '%d' needs; use %g or %.0f"},
		{`string.format("%x", 0/0)`, "nan is not a 64-bit integer"},
		{`("%d"):format(nil)`, "number expected for '%d', got nil"},
	})
}

func TestEmit(t *testing.T) {
	t.Parallel()
	testOutputs(t, []outputTest{
		{`emit{b=1, a="x\n\27\255"}`, `{"a":"x\n\u001b\\xff","b":1}`},
		{`emit{1, 2} emit{}`, "[1,2]\n{}"},
	})
	testErrors(t, []outputTest{
		{`emit("x")`, "table expected, got string"},
		{`emit{f = print}`, "emit: f: a function has no JSON form"},
	})
}

// TestNoControlBytes prints every byte and every two-byte sequence: nothing
// that reaches the output may be a control character.
func TestNoControlBytes(t *testing.T) {
	t.Parallel()
	check := func(s string) {
		for name, got := range map[string]string{
			"escape": EscapeName(s), "quoted": string(appendQuoted(nil, s)), "json": string(visible.AppendJSON(nil, s)),
		} {
			if !utf8.ValidString(got) {
				t.Fatalf("%s of %q is not UTF-8: %q", name, s, got)
			}
			for _, c := range got {
				if c < 0x20 || c >= 0x7f && c < 0xa0 {
					t.Fatalf("%s of %q holds a control character: %q", name, s, got)
				}
			}
		}
	}
	for a := range 256 {
		check(string([]byte{byte(a)}))
		for b := range 256 {
			check(string([]byte{byte(a), byte(b)}))
		}
	}
}

// FuzzFormat formats any value by any format: there is text or a Lua error.
func FuzzFormat(f *testing.F) {
	for _, s := range []string{"%d", "%5.3s|%-5d", "%%", "%q%c", "%#x%+.2e", "% 05i", "%.99f", "%"} {
		f.Add(s, 1.5, "text\x00\xff")
	}
	f.Fuzz(func(t *testing.T, format string, number float64, text string) {
		r := newLua(Options{Out: &strings.Builder{}})
		defer r.Close()
		chunk, err := loadCode(r, `local f, n, s = ... return string.format(f, n, s, n, s)`)
		if err != nil {
			t.Fatal(err)
		}
		_, err = r.Call1(chunk, lua.LString(format), lua.LNumber(number), lua.LString(text))
		var se *ScriptError
		if err != nil && (!errors.As(err, &se) || se.Internal) {
			t.Fatalf("%q: %v", format, err)
		}
	})
}

func BenchmarkPrint(b *testing.B) {
	r, _ := newTest(b, Options{Out: discard{}})
	fn := luaFunction(b, r, `function(name, fd) print(name, fd, "/etc/passwd") end`)
	args := []lua.LValue{lua.LString("openat"), lua.LNumber(3)}
	b.ReportAllocs()
	for b.Loop() {
		if err := r.Call(fn, args...); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPrintf(b *testing.B) {
	r, _ := newTest(b, Options{Out: discard{}})
	fn := luaFunction(b, r, `function(name, fd) printf("%-10s %5d %s\n", name, fd, "/etc/passwd") end`)
	args := []lua.LValue{lua.LString("openat"), lua.LNumber(3)}
	b.ReportAllocs()
	for b.Loop() {
		if err := r.Call(fn, args...); err != nil {
			b.Fatal(err)
		}
	}
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }
