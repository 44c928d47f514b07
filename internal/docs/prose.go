package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"unicode/utf8"
)

// proseWidth is how wide the lines of prose are at most, so that a change of a word is a change of
// a line.
const proseWidth = 100

// proseFiles are the documents that are written by hand.
func proseFiles(root string) []string {
	files := []string{"README.md", "CONTRIBUTING.md", "SECURITY.md", "internal/docs/scripting.md.in"}
	pages, _ := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	for _, page := range pages {
		if name := "docs/" + filepath.Base(page); !generated(name) {
			files = append(files, name)
		}
	}
	return files
}

// generated says whether a page comes from elsewhere.
func generated(name string) bool {
	return name == target || name == referenceTarget
}

// wrapFiles wraps the prose of the documents that are written by hand.
func wrapFiles() error {
	for _, name := range proseFiles(".") {
		old, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		if text := wrapProse(old); !bytes.Equal(text, old) {
			fmt.Println(name)
			if err := os.WriteFile(name, text, 0o644); err != nil {
				return err
			}
		}
	}
	return nil
}

var (
	fence    = regexp.MustCompile("^\\s*```")
	verbatim = regexp.MustCompile(`^(#+ |\||<|!\[|---$|\[[^\]]+\]: )|^\s*$`) // lines that stay as they are
	item     = regexp.MustCompile(`^(\s*(?:[-*+]|\d+[.)]) +)(.*)$`)
	begins   = regexp.MustCompile(`^([-+*>]|#+|\d+[.)]|\|.*)$`) // at the start of a line these begin something
	whole    = regexp.MustCompile("`[^`]*`|!?\\[[^\\]]*\\]\\([^)]*\\)")
)

// wrapProse breaks the paragraphs and lists of a Markdown text into lines of at most proseWidth.
// Code, tables, headings and HTML stay as they are.
func wrapProse(text []byte) []byte {
	var out, words []string
	var first, rest string
	flush := func() {
		if words != nil {
			out = append(out, fill(words, first, rest)...)
		}
		words = nil
	}
	code := false
	for line := range strings.SplitSeq(string(text), "\n") {
		switch m := item.FindStringSubmatch(line); {
		case fence.MatchString(line):
			code = !code
			flush()
			out = append(out, line)
		case code || verbatim.MatchString(line):
			flush()
			out = append(out, line)
		case m != nil:
			flush()
			first, rest = m[1], strings.Repeat(" ", len(m[1]))
			words = []string{m[2]}
		case words == nil:
			first = line[:len(line)-len(strings.TrimLeft(line, " "))]
			rest, words = first, []string{strings.TrimSpace(line)}
		default:
			words = append(words, strings.TrimSpace(line))
		}
	}
	flush()
	return []byte(strings.Join(out, "\n"))
}

// fill breaks a paragraph between words. Code spans and links are kept in one piece.
func fill(text []string, first, rest string) []string {
	const blank = "\x00"
	joined := whole.ReplaceAllStringFunc(strings.Join(text, " "), func(s string) string {
		return strings.ReplaceAll(s, " ", blank)
	})
	var lines []string
	line := []string{}
	width := utf8.RuneCountInString(first)
	end := func() {
		lines = append(lines, first+strings.Join(line, " "))
		line, first, width = nil, rest, utf8.RuneCountInString(rest)
	}
	for _, word := range strings.Fields(joined) {
		n := utf8.RuneCountInString(word)
		if len(line) > 0 && width+n > proseWidth {
			last := line[len(line)-1]
			if begins.MatchString(word) && len(line) > 1 { // it takes its neighbour along
				line = line[:len(line)-1]
				end()
				line, width = []string{last}, width+utf8.RuneCountInString(last)+1
			} else {
				end()
			}
		}
		line = append(line, word)
		width += n + 1
	}
	end()
	for i, l := range lines {
		lines[i] = strings.ReplaceAll(l, blank, " ")
	}
	return lines
}
