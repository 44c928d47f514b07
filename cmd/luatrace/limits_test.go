package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"luatrace/internal/fixture"
)

// TestMaxOutput: the trace ends with a whole line, it is said once, the command
// is not touched, and luatrace's status tells.
func TestMaxOutput(t *testing.T) {
	t.Parallel()
	counts := fixture.Build(t, "counts")
	plain := fixture.Run(t, counts)
	for name, options := range map[string][]string{
		"lines":   {"--max-output=5000", "-o", "t"},
		"json":    {"--max-output=5000", "-j", "-o", "t"},
		"script":  {"--max-output=5000", "-o", "t", "-e", `on("getppid", function(ev) print("one", ev.ret) end)`},
		"threads": {"--max-output=5000", "-ff", "-o", "t"},
		"exact":   {"--max-output=8000", "-o", "t", "-e", `on("getppid", function(ev) print("123456789") end)`},
		"short":   {"--max-output=7999", "-o", "t", "-e", `on("getppid", function(ev) print("123456789") end)`},
		"parts":   {"--max-output=7999", "-o", "t", "-e", `on("getppid", function(ev) printf("12345") print("6789") end)`},
		"endless": {"--max-output=7999", "-o", "t", "-e", `on("getppid", function(ev) printf("1234567890") end)`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			cmd := exec.Command(fixture.Luatrace(t), append(options, counts)...)
			cmd.Dir = dir
			r := fixture.RunCmd(t, cmd)
			const said = `luatrace: the trace is incomplete: cannot write to "t`
			if wrong := name != "exact"; r.Stdout != plain.Stdout || wrong != (r.Code == exitFailure) || wrong != (strings.HasPrefix(r.Stderr, said) && strings.Contains(r.Stderr, `": it would be longer than --max-output, `) && strings.Count(r.Stderr, "\n") == 1) || !wrong && r.Stderr != "" {
				t.Errorf("exit %d, %q, %q", r.Code, r.Stdout, r.Stderr)
			}
			files, err := filepath.Glob(filepath.Join(dir, "t*"))
			if err != nil || len(files) == 0 {
				t.Fatal("no file", err)
			}
			size := 0
			for _, f := range files {
				b, err := os.ReadFile(f)
				if err != nil {
					t.Fatal(err)
				}
				size += len(b)
				if len(b) > 0 && b[len(b)-1] != '\n' && name != "endless" {
					t.Errorf("%s ends in half a line: %q", f, b[max(0, len(b)-50):])
				}
				for line := range strings.Lines(string(b)) {
					if name == "json" && !json.Valid([]byte(line)) {
						t.Errorf("no JSON: %q", line)
					}
				}
			}
			if size > 8000 || name == "exact" && size != 8000 || (name == "short" || name == "parts") && size != 7990 {
				t.Errorf("%d bytes", size)
			}
		})
	}
}

// TestParseSize reads sizes as they are written in the help.
func TestParseSize(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]uint64{"0": 0, "1000": 1000, "1k": 1 << 10, "64K": 64 << 10, "512M": 512 << 20, "2G": 2 << 30, "90000000000G": 0} {
		n, err := parseSize(text)
		if wrong := text == "90000000000G"; n != want || wrong != (err != nil) {
			t.Errorf("%s: %d, %v", text, n, err)
		}
	}
	if n := defaultMemory(); n == 0 || n > 1<<30 {
		t.Errorf("by default scripts may keep %d bytes", n)
	}
}
