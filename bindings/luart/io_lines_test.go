package luart

import (
	"bytes"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// TestWholeLines: lines gives lines of any length whole, and tells of a file
// that isn't there.
func TestWholeLines(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "long")
	writeFile(t, name, strings.Repeat("x", 10000)+"\n\nend")
	r := newLua(Options{Out: &bytes.Buffer{}})
	defer r.Close()
	for code, want := range map[string]string{
		fmt.Sprintf(`local s = "" for l in io.lines(%q) do s = s .. #l .. " " end return s`, name):                                                    "10000 0 3 ",
		fmt.Sprintf(`local s, f = "", io.open(%q) for l in f:lines() do s = s .. #l .. " " end s = s .. io.type(f) f:close() return s`, name):         "10000 0 3 file",
		fmt.Sprintf(`io.input(%q) local s = "" for l in io.lines() do s = s .. #l .. " " end io.close(io.input()) io.input(io.stdin) return s`, name): "10000 0 3 ",
		fmt.Sprintf(`local ok, err = pcall(io.lines, %q) return tostring(ok) .. tostring(err:find("no such file", 1, true) ~= nil)`, name+"er"):       "falsetrue",
	} {
		fn, err := loadCode(r, code)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := r.Call1(fn); err != nil || got.String() != want {
			t.Errorf("%s\ngives %v (%v), want %q", code, got, err, want)
		}
	}
}
