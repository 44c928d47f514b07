package luart

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	lua "github.com/yuin/gopher-lua"

	visible "luatrace/internal/escape"
)

func TestJSONEncode(t *testing.T) {
	t.Parallel()
	testOutputs(t, []outputTest{
		{`print(json.encode(nil), json.encode(true), json.encode(1), json.encode(-1.5), json.encode("x"), json.encode(json.null))`, `null	true	1	-1.5	"x"	null`},
		{`print(json.encode{})`, `{}`},
		{`print(json.encode(json.array{}), json.encode(json.array()), json.encode{list = json.array{}})`, `[]	[]	{"list":[]}`},
		{`print(json.encode{1, "a", {2}, json.null, false})`, `[1,"a",[2],null,false]`},
		{`print(json.encode{b = 1, a = {c = 2}, ["x y"] = 3})`, `{"a":{"c":2},"b":1,"x y":3}`},
		{`print(json.encode{[10] = "a", [9] = "b", [u64"18446744073709551615"] = "c"})`, `{"10":"a","18446744073709551615":"c","9":"b"}`},
		{`print(json.encode{1, 2, [4] = 3}, json.encode{1, x = 2}, json.encode{[1.5] = 1})`, `{"1":1,"2":2,"4":3}	{"1":1,"x":2}	{"1.5":1}`},
		{`print(json.encode(u64"18446744073709551615"), json.encode(i64"-9223372036854775808"), json.encode(2^53), json.encode(2^60), json.encode(1e300), json.encode(0.1))`,
			`18446744073709551615	-9223372036854775808	9007199254740992	1152921504606846976	1e+300	0.1`},
		{`print(json.encode(1795387089.764537), json.encode(1e20 + 0.5), json.encode(2.5e-5), json.encode(-2.5e-7))`, `1795387089.764537	100000000000000000000	0.000025	-2.5e-07`},
		{`io.write("") print(json.encode("\0\27\127\n\t\r\"\\/ \195\169 \255 \194\155") == [["\u0000\u001b\u007f\n\t\r\"\\/ é \\xff \u009b"]])`, "true"},
		{`local t = {1} print(json.encode{t, t})`, `[[1],[1]]`},
	})
	testErrors(t, []outputTest{
		{`json.encode(print)`, "json.encode: the value: a function has no JSON form"},
		{`json.encode{a = {1, {b = print}}}`, "json.encode: a[2].b: a function has no JSON form"},
		{`json.encode{x = 0/0}`, "x: the number is nan, which JSON can't express"},
		{`json.encode{1/0}`, "[1]: the number is inf"},
		{`local t = {} t.me = t json.encode(t)`, "me: the table contains itself"},
		{`local t = {} for i = 1, 300 do t = {t} end json.encode(t)`, "nested more than 200 levels deep"},
		{`json.encode{[true] = 1}`, "a key of type boolean"},
		{`json.encode{[1.5] = 1, ["1.5"] = 2}`, `the key "1.5" occurs both as a number and as a string`},
		{`json.encode(json.array{1, x = 2})`, `the array has the key "x" besides 1 to 1`},
		{`json.encode(rng(1))`, "a userdata has no JSON form"},
		{`json.array(setmetatable({}, {}))`, "the table has a metatable already"},
	})
}

func TestJSONDecode(t *testing.T) {
	t.Parallel()
	testOutputs(t, []outputTest{
		{`print(json.decode('{"a":[1,2.5,"x",true,null,{}],"b":-1e3}'))`, `{a={1, 2.5, "x", true, null, {}}, b=-1000}`},
		{`print(json.decode(' \n 5 '), json.decode('"\\u0041\\ud83d\\ude00\\n\\/"') == "A😀\n/")`, "5\ttrue"},
		{`local v = json.decode('[18446744073709551615,9007199254740993,-9007199254740993,9007199254740992,18446744073709551616]') print(v[1] == u64"18446744073709551615", v[2] == u64"9007199254740993", v[3] == i64"-9007199254740993", v[4] == 2^53, v[5] == 2^64)`,
			"true\ttrue\ttrue\ttrue\ttrue"},
		{`print(json.decode("null") == json.null, json.encode(json.decode("[]")), json.encode(json.decode("{}")))`, "true\t[]\t{}"},
		{`print(json.encode(json.decode('{"z":[[],{}],"a":"\\u00e9"}')))`, `{"a":"é","z":[[],{}]}`},
	})
	for text, want := range map[string]string{
		``: "the text ends too early", `{`: "the text ends too early", `[1,]`: "a value expected, found ']'", `{"a":1,}`: "a key in quotes expected, found '}'",
		`[1 2]`: "',' or ']' expected, found '2'", `{"a" 1}`: "':' expected, found '1'", `{"a":1 "b"}`: "',' or '}' expected",
		`01`: "superfluous 0", `-`: "the text ends too early", `1.`: "the text ends too early", `1.x`: "a digit expected, found 'x'", `1e`: "too early", `+1`: "a value expected, found '+'",
		`1e999`: "the number is too large", `nul`: "a value expected, found 'n'", `1 2`: "unexpected '2' after the value", "\"a\nb\"": "control character in a string",
		`"\x"`: "unknown escape sequence", `"\u12"`: "four hexadecimal digits", `"\ud800"`: "half of a surrogate pair", `"\ud800\u0041"`: "half of a surrogate pair",
		"\"\xff\"": "invalid UTF-8", `"abc`: "too early", `"\`: "too early", `{"a":1,"a":2}`: `the key "a" occurs twice`, "[\n\n  x]": "line 3, column 3: a value expected, found 'x'",
		strings.Repeat("[", 300): "nested more than 200 levels deep", `NaN`: "a value expected", `'a'`: "a value expected",
	} {
		r, _ := newTest(t, Options{})
		if v, err := r.DecodeJSON(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, error %v, want %q", text, v, err, want)
		}
	}
}

// FuzzJSONDecode holds the decoder against encoding/json, and what it took
// against its own encoder.
func FuzzJSONDecode(f *testing.F) {
	for _, s := range []string{`{"a":[1,2.5,"x",true,null,{}],"b":-1e3}`, `"\ud83d\ude00"`, `18446744073709551615`, `[[[]]]`, "\"\xff\"", `{"1":2,"x":""}`, ` 0e0 `} {
		f.Add(s)
	}
	r := newLua(Options{Out: &strings.Builder{}})
	f.Fuzz(func(t *testing.T, text string) {
		v, err := r.DecodeJSON(text)
		if err != nil {
			return // this decoder refuses more: repeated keys, bad UTF-8, half surrogates
		}
		if !json.Valid([]byte(text)) {
			t.Fatalf("took %q, which is no JSON", text)
		}
		out, err := r.appendJSON(nil, v)
		if err != nil {
			t.Fatalf("%q decoded but doesn't encode: %v", text, err)
		}
		if !json.Valid(out) {
			t.Fatalf("%q encodes as %q, which is no JSON", text, out)
		}
		again, err := r.DecodeJSON(string(out))
		if err != nil {
			t.Fatalf("%q: own output %q refused: %v", text, out, err)
		}
		if twice, err := r.appendJSON(nil, again); err != nil || string(twice) != string(out) {
			t.Fatalf("%q: %q, then %q (%v)", text, out, twice, err)
		}
	})
}

// FuzzJSONString: any bytes are a JSON string that encoding/json takes.
func FuzzJSONString(f *testing.F) {
	f.Add("a\xff\x00\u202e😀\\")
	f.Fuzz(func(t *testing.T, s string) {
		out := visible.AppendJSON(nil, s)
		var back string
		if err := json.Unmarshal(out, &back); err != nil {
			t.Fatalf("%q: %q: %v", s, out, err)
		}
	})
}

type jsonThing struct{ err error }

func (j jsonThing) EncodeJSON(_ *Runtime, dst []byte) ([]byte, error) {
	return append(dst, `"thing"`...), j.err
}

func TestJSONAppender(t *testing.T) {
	t.Parallel()
	r, _ := newTest(t, Options{})
	ud := &lua.LUserData{Value: jsonThing{}, Metatable: lua.LNil}
	if out, err := r.appendJSON(nil, ud); err != nil || string(out) != `"thing"` {
		t.Errorf("%s, %v", out, err)
	}
	ud.Value = jsonThing{errors.New("no")}
	if _, err := r.appendJSON(nil, ud); err == nil {
		t.Error("the error is lost")
	}
}
