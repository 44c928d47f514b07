package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

// TestProseIsWrapped: the lines of the documents have 100 columns at most, but for code, tables
// and links, which can't be broken.
func TestProseIsWrapped(t *testing.T) {
	t.Parallel()
	for _, name := range append(proseFiles(root(t)), target, referenceTarget) {
		text, err := os.ReadFile(filepath.Join(root(t), name))
		if err != nil {
			t.Fatal(err)
		}
		code := false
		for i, line := range strings.Split(string(text), "\n") {
			if fence.MatchString(line) {
				code = !code
			}
			words := strings.Fields(whole.ReplaceAllString(line, "x"))
			if n := utf8.RuneCountInString(line); n > proseWidth && !code && !strings.HasPrefix(line, "|") && len(words) > 2 {
				t.Errorf("%s:%d: %d columns: go run ./internal/docs -wrap", name, i+1, n)
			}
		}
	}
}

// TestWrapProse: what is not prose stays, and nothing is lost.
func TestWrapProse(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("word ", 30)
	code := "```console\n$ " + long + "\n```\n\n| " + long + "|\n| --- |\n\n## " + long + "\n"
	if got := string(wrapProse([]byte(code))); got != code {
		t.Errorf("%q", got)
	}
	for text, want := range map[string]string{
		"a\nb\n\nc\n":                                                 "a b\n\nc\n",
		"- a\n  b\n- c\n":                                             "- a b\n- c\n",
		"1. a\n   b\n\n  c\n":                                         "1. a b\n\n  c\n",
		strings.Repeat("x", 98) + " `a b` c\n":                        strings.Repeat("x", 98) + "\n`a b` c\n",
		strings.Repeat("x", 90) + " abcdef - c\n":                     strings.Repeat("x", 90) + " abcdef -\nc\n",
		strings.Repeat("x", 90) + " abcdefg 1. c\n":                   strings.Repeat("x", 90) + "\nabcdefg 1. c\n",
		"- " + strings.Repeat("x", 90) + " [some text](there) more\n": "- " + strings.Repeat("x", 90) + "\n  [some text](there) more\n",
	} {
		got := string(wrapProse([]byte(text)))
		if got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
		if again := string(wrapProse([]byte(got))); again != got {
			t.Errorf("%q is wrapped once more: %q", got, again)
		}
	}
	blanks := regexp.MustCompile(`\s+`)
	for _, name := range proseFiles(root(t)) {
		text, err := os.ReadFile(filepath.Join(root(t), name))
		if err != nil {
			t.Fatal(err)
		}
		if blanks.ReplaceAllString(string(wrapProse(text)), " ") != blanks.ReplaceAllString(string(text), " ") {
			t.Errorf("%s has other words when it is wrapped", name)
		}
	}
}
