package syscalls

import (
	"fmt"
	"iter"
	"strings"
)

// The tables in table/ are text, one fact a line; doc comments in the files
// themselves explain the format to those who add to them. This file has the
// parts common to all: comments, lines that go on, finding a line by its name.
// A line is only looked at when the fact in it is asked for.

// tableFile is one file of a table; the tables are split by subject.
type tableFile struct{ name, text string }

// tableLine is one line of a table with the lines that continue it.
type tableLine struct {
	file string   // name of the file, for error messages
	num  int      // line number in it
	text string   // the line without its comment
	more []string // following lines that start with "|", without it
}

// where returns "FILE:LINE".
func (l *tableLine) where() string { return fmt.Sprintf("%s:%d", l.file, l.num) }

// place is where a line begins: in which file, at which byte.
type place struct{ file, offset uint32 }

// tableIndex finds the lines of a table by the names they are about.
type tableIndex struct {
	files   []tableFile
	namesOf func(line string, file func(name string))
	at      map[string]place
	twice   []string // names with a second line, reported by a test
}

// newTableIndex notes where the lines begin and files each under the names that
// namesOf finds at its beginning. It looks no further into a line: this is what
// every start pays for.
func newTableIndex(namesOf func(line string, file func(name string)), files ...tableFile) *tableIndex {
	size := 0
	for _, f := range files {
		size += len(f.text)
	}
	x := &tableIndex{files: files, namesOf: namesOf, at: make(map[string]place, size/100)}
	var p place
	file := func(name string) {
		before := len(x.at)
		x.at[name] = p
		if len(x.at) == before {
			x.twice = append(x.twice, name)
		}
	}
	for i, f := range files {
		for offset, line := range f.starts() {
			p = place{uint32(i), uint32(offset)}
			namesOf(line, file)
		}
	}
	return x
}

// line returns the line about a name.
func (x *tableIndex) line(name string) (tableLine, bool) {
	p, ok := x.at[name]
	if !ok {
		return tableLine{}, false
	}
	return x.files[p.file].line(int(p.offset)), true
}

// before reports whether the line about a stands before that about b.
func (x *tableIndex) before(a, b string) bool {
	p, q := x.at[a], x.at[b]
	return p.file < q.file || p.file == q.file && p.offset < q.offset
}

// starts yields where the file's lines begin, and their first lines: not
// comments, blank lines, and what goes on with the line above, after a
// backslash or with "|".
func (f tableFile) starts() iter.Seq2[int, string] {
	return func(yield func(int, string) bool) {
		joined := false
		for i := 0; i < len(f.text); {
			line := f.text[i:]
			if nl := strings.IndexByte(line, '\n'); nl >= 0 {
				line = line[:nl]
			}
			c := 0
			for c < len(line) && (line[c] == ' ' || line[c] == '\t') {
				c++
			}
			if c < len(line) && line[c] != '#' {
				if !joined && line[c] != '|' && !yield(i, line) {
					return
				}
				joined = line[len(line)-1] == '\\'
			}
			i += len(line) + 1
		}
	}
}

// line returns the line that begins at an offset, without comments, with the
// lines that go on with it.
func (f tableFile) line(offset int) tableLine {
	l := tableLine{file: f.name, num: 1 + strings.Count(f.text[:offset], "\n")}
	joined := ""
	for line := range strings.Lines(f.text[offset:]) {
		line = strings.TrimSpace(line)
		if i := strings.Index(line, "# "); i == 0 || i > 0 && line[i-1] == ' ' {
			line = strings.TrimSpace(line[:i])
		}
		if line == "#" || line == "" {
			continue
		}
		cont, isMore := strings.CutPrefix(line, "|")
		if joined == "" && l.text != "" {
			if !isMore {
				break
			}
			line = strings.TrimSpace(cont)
		}
		if cut, ok := strings.CutSuffix(line, "\\"); ok {
			joined += strings.TrimSpace(cut) + " "
			continue
		}
		line, joined = joined+line, ""
		if l.text == "" {
			l.text = line
		} else {
			l.more = append(l.more, line)
		}
	}
	return l
}
