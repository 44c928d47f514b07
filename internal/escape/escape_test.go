package escape_test

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/net/html"

	"luatrace/internal/escape"
	"luatrace/internal/leak"
)

func TestMain(m *testing.M) { leak.Main(m) }

// hostile are texts that mean something somewhere.
var hostile = []string{
	"", "plain", "a\tb\nc\r", "\x1b[2J\x1b]0;title\x07", "\x7f\x80\xff", "caf\u00e9 \u4e16\u754c", "\u202egnp.exe", "\u200b\ufeff\u2028\u2029", "\u0085\u009b31m",
	"</script><script>alert(1)</script>", "<!-- <script>", "]]>", "-->", `" onmouseover="alert(1)`, "' onfocus='x", "`x`", "a=b", "&lt;&amp;&#60;", "javascript:alert(1)",
	"</title></style></textarea>", "\x00<b>", "{{.}}${x}", strings.Repeat("<", 1000), "\xf0\x9f\x91\xa9\xe2\x80\x8d\xf0\x9f\x91\xa9", "\xed\xa0\x80", "\xc0\xbc",
}

func TestVisible(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"plain \\ caf\u00e9":     "plain \\ caf\u00e9",
		"a\tb\n":                 `a\tb\n`,
		"\x1b[2J\x7f":            `\x1b[2J\x7f`,
		"\u202e\u2028":           `\xe2\x80\xae\xe2\x80\xa8`,
		"\x80\xff":               `\x80\xff`,
		"\u009b":                 `\xc2\x9b`,
		"\U0001f469\u200d\u2764": "\U0001f469\u200d\u2764",
	} {
		if got := string(escape.Visible(nil, in)); got != want {
			t.Errorf("%q is shown as %q, want %q", in, got, want)
		}
	}
	if got := string(escape.Visible([]byte("x "), "y")); got != "x y" {
		t.Errorf("what stood before is lost: %q", got)
	}
}

// page is a page with a text in each place that a text can have.
func page(s string) []byte {
	nonce := escape.Nonce()
	b := append([]byte(`<!DOCTYPE html><html><head><meta http-equiv="Content-Security-Policy" content=`), escape.Attribute(nil, escape.Policy(nonce))...)
	b = append(b, `><title>`...)
	b = escape.Text(b, s)
	b = append(b, `</title><script type="application/json" nonce=`...)
	b = escape.Attribute(b, nonce)
	b = append(b, '>')
	data, _ := json.Marshal(string(escape.Visible(nil, s)))
	b = escape.Script(b, data)
	b = append(b, `</script></head><body><p title=`...)
	b = escape.Attribute(b, s)
	b = append(b, '>')
	b = escape.Text(b, s)
	return append(b, `</p><hr></body></html>`...)
}

// checkPage fails unless a parser of HTML finds the page's own elements only, and in them the text.
func checkPage(t *testing.T, s string) {
	t.Helper()
	visible := string(escape.Visible(nil, s))
	root, err := html.Parse(bytes.NewReader(page(s)))
	if err != nil {
		t.Fatal(err)
	}
	var elements []string
	for n := range root.Descendants() {
		switch n.Type {
		case html.ElementNode:
			elements = append(elements, n.Data)
			if n.Data == "p" && (len(n.Attr) != 1 || n.Attr[0].Val != visible) {
				t.Errorf("%q in an attribute: %+v", s, n.Attr)
			}
		case html.TextNode:
			got := n.Data
			if n.Parent.Data == "script" {
				if err := json.Unmarshal([]byte(n.Data), &got); err != nil {
					t.Errorf("%q in a script: %v", s, err)
				}
			}
			if got != visible {
				t.Errorf("%q in <%s>: %q, want %q", s, n.Parent.Data, got, visible)
			}
		case html.CommentNode:
			t.Errorf("%q makes a comment", s)
		}
	}
	if got, want := strings.Join(elements, " "), "html head meta title script body p hr"; got != want {
		t.Errorf("%q makes the elements %s, want %s", s, got, want)
	}
}

func TestPage(t *testing.T) {
	t.Parallel()
	for _, s := range hostile {
		checkPage(t, s)
	}
}

// JSON means the same after Script, and what is no JSON can't leave the element.
func TestScript(t *testing.T) {
	t.Parallel()
	for _, s := range append(hostile, "\u2028\u2029\u202a") {
		data, err := json.Marshal(map[string]string{s: s})
		if err != nil {
			t.Fatal(err)
		}
		var before, after map[string]string
		out := escape.Script(nil, data)
		if json.Unmarshal(data, &before) != nil || json.Unmarshal(out, &after) != nil || len(after) != 1 || before[strings.ToValidUTF8(s, "\ufffd")] != after[strings.ToValidUTF8(s, "\ufffd")] {
			t.Errorf("%s became %s", data, out)
		}
		checkScript(t, []byte(s))
	}
	if got, want := string(escape.Script(nil, []byte("a\u2028b\u2029c\u202a<>&"))), "a\\u2028b\\u2029c\u202a\\u003c\\u003e\\u0026"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func checkScript(t *testing.T, raw []byte) {
	t.Helper()
	out := escape.Script(nil, raw)
	if bytes.ContainsAny(out, "<>&") || bytes.Contains(out, []byte("\u2028")) || bytes.Contains(out, []byte("\u2029")) {
		t.Errorf("%q became %q", raw, out)
	}
}

func TestPolicy(t *testing.T) {
	t.Parallel()
	if a, b := escape.Nonce(), escape.Nonce(); a == b || len(a) < 22 {
		t.Errorf("nonces %q and %q", a, b)
	}
	p := escape.Policy("N")
	for _, want := range []string{"default-src 'none'", "script-src 'nonce-N'", "style-src 'nonce-N'", "base-uri 'none'", "form-action 'none'"} {
		if !strings.Contains(p, want) {
			t.Errorf("%q lacks %q", p, want)
		}
	}
	if strings.Contains(p, "unsafe") {
		t.Errorf("%q", p)
	}
}

// FuzzEscape: no text leaves its place in a page, nor a line.
func FuzzEscape(f *testing.F) {
	for _, s := range hostile {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		v := escape.Visible(nil, s)
		if !utf8.Valid(v) || bytes.ContainsFunc(v, func(r rune) bool { return r < 0x20 || r >= 0x7f && r < 0xa0 }) {
			t.Fatalf("%q is shown as %q", s, v)
		}
		checkPage(t, s)
		checkScript(t, []byte(s))
	})
}

func BenchmarkVisible(b *testing.B) {
	b.ReportAllocs()
	dst, s := make([]byte, 0, 4096), strings.Repeat("/usr/lib/x86_64-linux-gnu/libc.so.6 ", 10)
	for b.Loop() {
		dst = escape.Visible(dst[:0], s)
	}
}
