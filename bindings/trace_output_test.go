package bindings

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"luatrace/internal/fixture"
)

// TestOutputIsSafe: whatever a program puts into paths, names and data, the
// output holds no control bytes and no invalid UTF-8, and no forged lines.
func TestOutputIsSafe(t *testing.T) {
	path := fixture.Build(t, "escape")
	for _, c := range []struct {
		name string
		args []string
		some string // part of the output
	}{
		{"lines", nil, `\33]0;title\7\33[2J\n+++ exited with 0 +++\n\377\376\200\303(`},
		{"lines in hex", []string{"-xx"}, `\x1b\x5d`},
		{"descriptors", []string{"-y", "--always-show-pid"}, `title`},
		{"json lines", []string{"-j"}, `title`},
		{"print", []string{"-t", "openat", "-e", `print(ev.path, ev.comm, ev)`}, `title`},
		{"printf", []string{"-t", "openat", "-e", `printf("%s %q\n", ev.path, ev.comm)`}, `title`},
		{"tables", []string{"-t", "openat,write", "-e", `print(ev:table())`}, `title`},
		{"json", []string{"-t", "openat,write", "-e", `print(json.encode(ev:table()))`}, `title`},
		{"keys", []string{"-t", "openat", "-e", `agg.x:count(ev.path, ev.comm)`}, `title`},
		{"titles", []string{"-t", "openat", "-e", `agg(ev.path):count(ev.comm)`}, `title`},
		{"keys in json", []string{"-j", "-t", "openat", "-e", `agg.x:count(ev.path, ev.comm)`}, `title`},
		{"histogram", []string{"-t", "openat", "-e", `agg.x:hist(1, ev.path)`}, `title`},
		{"errors", []string{"-t", "openat", "-e", `error(ev.path)`}, `title`},
		{"unknown fields", []string{"-t", "openat", "-e", `print(ev[ev.path])`}, `title`},
		{"unknown arguments", []string{"-t", "openat", "-e", `print(ev.args[ev.path])`}, `title`},
		{"unknown flags", []string{"-t", "openat", "-e", `ev.flags:has(ev.path)`}, `title`},
		{"unknown errnos", []string{"-t", "openat", "-e", `ev:fail(ev.path)`}, `title`},
		{"unknown structs", []string{"-t", "openat", "-e", `ev.mem:struct(ev.path, 1)`}, `title`},
		{"command lines", []string{"-e", `on("proc:exec", function(ev) print(ev.proc.cmdline, ev.proc:file "comm", ev.comm) end)`}, `escape`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			r := trace(t, append(c.args, path)...)
			if r.Stdout != "openat ENOENT\nname kept yes\n" {
				t.Errorf("the program printed %q", r.Stdout)
			}
			all := r.Out + r.Stderr
			if !strings.Contains(all, c.some) {
				t.Errorf("%q lacks %q", all, c.some)
			}
			if !utf8.ValidString(all) {
				t.Errorf("not UTF-8: %q", all)
			}
			for l := range strings.Lines(all) {
				for _, x := range strings.TrimSuffix(l, "\n") {
					if unicode.IsControl(x) && (x != '\t' || !strings.Contains(strings.Join(c.args, " "), "print(")) {
						t.Errorf("control character %q in %q", x, l)
					}
				}
				if strings.HasPrefix(l, "+++ exited") && c.args != nil && c.name != "lines in hex" {
					t.Errorf("forged line %q", l)
				}
				if strings.Contains(c.name, "json") && !json.Valid([]byte(l)) {
					t.Errorf("not JSON: %q", l)
				}
			}
		})
	}
}
