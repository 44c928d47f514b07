package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

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

// TestDiskRoom: how much of a file system a trace leaves free, and that what others
// write meanwhile counts.
func TestDiskRoom(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ free, size, reserve uint64 }{
		{500 << 30, 1000 << 30, 1 << 30}, {50 << 20, 100 << 20, 5 << 20}, {100 << 20, 1000 << 30, 50 << 20}, {0, 1 << 30, 0},
	} {
		d := &diskRoom{free: func() (uint64, uint64, bool) { return c.free, c.size, true }}
		if !d.begin() || d.reserve != c.reserve {
			t.Errorf("%d of %d free: %d stay free, want %d", c.free, c.size, d.reserve, c.reserve)
		}
	}
	free, asked := uint64(20<<20), 0
	d := &diskRoom{free: func() (uint64, uint64, bool) { asked++; return free, 100 << 20, true }}
	d.begin()
	wrote := uint64(0)
	for d.take(1000) == nil {
		if wrote += 1000; wrote == 5_000_000 {
			free -= 5 << 20 // somebody else
		}
		free -= 1000
	}
	if free < 5<<20 || free > 5<<20+2*diskBlock || asked > 80 {
		t.Errorf("%d bytes are left of a reserve of %d; asked %d times", free, d.reserve, asked)
	}
	if err := (*diskRoom)(nil).take(1 << 40); err != nil {
		t.Error(err)
	}
}

// TestTraceLeavesDiskFree: a trace ends before the file system is full, with whole
// lines, and says so; --max-output=0 writes on.
func TestTraceLeavesDiskFree(t *testing.T) {
	t.Parallel()
	if !isRoot() {
		return // nobody else can mount a small file system
	}
	counts, storm := fixture.Build(t, "counts"), fixture.Build(t, "forkstorm")
	const script = `
		mount -t tmpfs -o size=$2 none "$1" && cd "$1" || exit 9
		shift 2
		"$@"
		echo "status $?"
		df --output=avail . | tail -1
		for f in t*; do tail -c 1 $f | od -An -c; done | sort -u`
	const full = `: it would leave less than 1 MB free on its file system; --max-output=0 writes on`
	for name, c := range map[string]struct {
		size    string
		options []string
		command []string
		wrong   string
		left    int // kB at least
	}{
		"lines":     {"200k", []string{"-v", "-o", "t"}, []string{counts}, full, 8},
		"json":      {"200k", []string{"-j", "-o", "t"}, []string{counts}, full, 8},
		"no limit":  {"200k", []string{"-j", "--max-output=0", "-o", "t"}, []string{counts}, `"t": no space left on device`, 0},
		"its limit": {"200k", []string{"-j", "--max-output=100000", "-o", "t"}, []string{counts}, `"t": it would be longer than --max-output, 100000 bytes`, 80},
		"threads":   {"1M", []string{"-ff", "-o", "t"}, []string{storm, "400"}, full, 40}, // a block for each file
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			args := append(append(append([]string{"-m", "sh", "-c", script, "sh", t.TempDir(), c.size, fixture.Luatrace(t)}, c.options...), "--"), c.command...)
			r := fixture.Run(t, "unshare", args...)
			out := strings.Fields(strings.TrimPrefix(r.Stdout, fixture.Run(t, c.command[0], c.command[1:]...).Stdout))
			if len(out) < 3 || out[0] != "status" || out[1] != "1" {
				t.Fatalf("%q, %q", r.Stdout, r.Stderr)
			}
			if left, err := strconv.Atoi(out[2]); err != nil || left < c.left {
				t.Errorf("%d kB are left, want %d", left, c.left)
			}
			if name != "no limit" && (len(out) != 4 || out[3] != `\n`) {
				t.Errorf("files end with %q", out[3:])
			}
			if !strings.HasPrefix(r.Stderr, "luatrace: the trace is incomplete: cannot write to ") || !strings.HasSuffix(r.Stderr, c.wrong+"\n") || strings.Count(r.Stderr, "\n") != 1 {
				t.Errorf("%q", r.Stderr)
			}
		})
	}
}

// TestLinesAreBounded: no call makes a line of more than a mebibyte, what is missing is
// said in it, and the result is there.
func TestLinesAreBounded(t *testing.T) {
	t.Parallel()
	long := fixture.Build(t, "longline")
	schema := jsonSchema(t)
	for name, options := range map[string][]string{
		"lines":     {"-v", "--string-limit=4096"},
		"threads":   {"-v", "--string-limit=4096", "-ff"},
		"entries":   {"-v", "--string-limit=4096", "-t", "writev:enter"},
		"script":    {"-v", "--string-limit=4096", "-e", "print(ev)"},
		"json":      {"-j"},
		"json long": {"-j", "--string-limit=1048576"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			if !slices.Contains(options, "writev:enter") {
				options = append(options, "-t", "writev")
			}
			cmd := exec.Command(fixture.Luatrace(t), append(append(options, "-o", "t"), long)...)
			cmd.Dir = dir
			if r := fixture.RunCmd(t, cmd); r.Code != 0 || r.Stderr != "" || r.Stdout != "1048576\n1048576\n1048576\n" {
				t.Fatalf("status %d, %q, %q", r.Code, r.Stdout, r.Stderr)
			}
			files, err := filepath.Glob(filepath.Join(dir, "t*"))
			if err != nil || len(files) != 1 {
				t.Fatal(files, err)
			}
			calls := 0
			for line := range strings.Lines(readFile(t, files[0])) {
				if len(line) > 1<<20 {
					t.Errorf("a line of %d bytes", len(line))
				}
				if strings.HasPrefix(name, "json") {
					doc, err := jsonschema.UnmarshalJSON(strings.NewReader(line))
					if err == nil {
						err = schema.Validate(doc)
					}
					if err != nil {
						t.Error(err)
					}
				}
				if !strings.Contains(line, "writev") {
					continue
				}
				if calls++; calls > 2 {
					continue // there is no more to show than fits
				}
				said := strings.Contains(line, " bytes cut>") && strings.Contains(line, "... <")
				end := name == "entries" || strings.HasSuffix(line, " = 1048576\n")
				if strings.HasPrefix(name, "json") {
					said = strings.Contains(line, `"truncated":{"args.`)
					end = strings.Contains(line, `"ret":1048576,`)
				}
				if !said || !end || len(line) < 900<<10 {
					t.Errorf("a line of %d bytes: ...%q", len(line), line[max(0, len(line)-200):])
				}
			}
			if calls != 3 {
				t.Errorf("%d calls", calls)
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
