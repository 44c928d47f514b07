package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"luatrace/bindings"
	"luatrace/bindings/lint"
	"luatrace/bindings/luart"
	"luatrace/engine"
	"luatrace/internal/fixture"
	"luatrace/internal/leak"
	"luatrace/scripts"
	"luatrace/tracer/syscalls"
)

func TestMain(m *testing.M) { leak.Main(m) }

func root(t *testing.T) string {
	t.Helper()
	dir, err := fixture.Root()
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestScriptingIsCurrent(t *testing.T) {
	t.Parallel()
	ref, err := reference()
	if err != nil {
		t.Fatal(err)
	}
	for target, want := range map[string][]byte{target: scripting(), referenceTarget: ref} {
		got, err := os.ReadFile(filepath.Join(root(t), target))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is stale: go run ./internal/docs", target)
		}
	}
}

// The scripts are loaded as they were compiled beforehand, so that must be what they are now.
func TestCompiledScriptsAreCurrent(t *testing.T) {
	t.Parallel()
	want, err := bindings.CompileLibrary(luart.Library{Name: "luatrace", FS: scripts.FS})
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(scripts.Compiled, want) {
		t.Errorf("%s is stale: go run ./internal/docs", compiledTarget)
	}
}

// TestLinks: what the documents say of each other is there, files and headings.
func TestLinks(t *testing.T) {
	t.Parallel()
	dir := root(t)
	files, err := filepath.Glob(filepath.Join(dir, "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	tops, err := filepath.Glob(filepath.Join(dir, "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	link := regexp.MustCompile(`\]\(([^)#:\s]*)(#[^)\s]*)?\)`)
	for _, file := range append(files, tops...) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range link.FindAllSubmatch(withoutCode(text), -1) {
			to := file
			if len(m[1]) > 0 {
				to = filepath.Join(filepath.Dir(file), string(m[1]))
			}
			there, err := os.ReadFile(to)
			if st, serr := os.Stat(to); err != nil && !(serr == nil && st.IsDir()) {
				t.Errorf("%s links to %s: %v", file, m[0], err)
			} else if len(m[2]) > 0 && !anchors(there)[string(m[2][1:])] {
				t.Errorf("%s links to %s, which has no such heading", file, m[0])
			}
		}
	}
}

// withoutCode is a document without what stands between fences.
func withoutCode(text []byte) []byte {
	return regexp.MustCompile("(?ms)^```.*?^```").ReplaceAll(text, nil)
}

// anchors are the names by which the headings of a document are linked to.
func anchors(text []byte) map[string]bool {
	list := map[string]bool{}
	for _, m := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllSubmatch(withoutCode(text), -1) {
		name := regexp.MustCompile(`[^\p{L}\p{N} _-]`).ReplaceAllString(strings.ToLower(string(m[1])), "")
		list[strings.ReplaceAll(name, " ", "-")] = true
	}
	return list
}

// shape is what stays the same of an output from run to run: its header, or,
// if it has none, the words of the first line.
func shape(transcript string) string {
	_, out, _ := strings.Cut(transcript, "\n")
	if header := regexp.MustCompile(`(?m)^ *([A-Z][A-Z_%()s]+ *){3,}.*$`).FindString(out); header != "" {
		return header
	}
	line, _, _ := strings.Cut(out, "\n")
	return regexp.MustCompile(`[0-9a-f]*[0-9][0-9a-f]*`).ReplaceAllString(line, "N")
}

// TestTranscripts runs the command of each transcript again: what it prints has
// the same shape.
func TestTranscripts(t *testing.T) {
	t.Parallel()
	bin := filepath.Dir(fixture.Luatrace(t))
	for _, name := range scripts.Names() {
		text, err := os.ReadFile(filepath.Join(root(t), transcripts, name+".txt"))
		if err != nil {
			t.Errorf("%s has no transcript: write \"$ luatrace -s %s COMMAND\" into %v", name, name, err)
			continue
		}
		if !strings.HasPrefix(string(text), "$ ") || !strings.Contains(string(text), "-s "+name+" ") {
			t.Errorf("the transcript of %s begins with no command of it", name)
			continue
		}
		if got, want := shape(runTranscript(string(text), bin, t.TempDir())), shape(string(text)); got != want || got == "" {
			t.Errorf("%s prints %q now, in the transcript it is %q: go run ./internal/docs -transcripts", name, got, want)
		}
	}
	files, err := filepath.Glob(filepath.Join(root(t), transcripts, "*"))
	if err != nil || len(files) != len(scripts.Names()) {
		t.Errorf("%d transcripts, %d scripts, %v", len(files), len(scripts.Names()), err)
	}
}

// TestNothingIsRaw: each call of amd64 that there is has its arguments decoded,
// if not for all operations.
func TestNothingIsRaw(t *testing.T) {
	t.Parallel()
	for _, name := range syscalls.Names(syscalls.AMD64) {
		nr, _ := syscalls.Number(syscalls.AMD64, name)
		if isRaw(syscalls.Lookup(syscalls.AMD64, nr)) {
			t.Errorf("%s is not decoded", name)
		}
	}
}

// isRaw says whether a call shows something that has more to say as an address or a number,
// whatever the operation.
func isRaw(s *syscalls.Signature) bool {
	if s == nil {
		return true
	}
	raw := func(params []syscalls.Param) bool {
		return slices.ContainsFunc(params, func(p syscalls.Param) bool { return !p.Hidden && p.Type != nil && p.Type.Raw })
	}
	decoded := slices.ContainsFunc(s.Variants, func(v syscalls.Variant) bool { return !raw(v.Params) })
	return !s.Unimplemented && raw(s.Params) && !decoded
}

// luaBlocks returns the code blocks marked as Lua, with the line each begins at.
func luaBlocks(text string) map[int]string {
	blocks := map[int]string{}
	start := 0
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		switch {
		case line == "```lua":
			start = i + 1
		case line == "```" && start > 0:
			blocks[start+1] = strings.Join(lines[start:i], "\n") + "\n"
			start = 0
		}
	}
	return blocks
}

// TestExamplesLoad runs every Lua block of the documents as a script file, as
// far as it goes before a program is started: its names, specs, conditions and
// options must exist, luatrace check finds nothing in it, and its tests pass.
func TestExamplesLoad(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(root(t), "docs", "*.md"))
	if err != nil {
		t.Fatal(err)
	}
	count := 0
	for _, name := range append(files, filepath.Join(root(t), "README.md"), filepath.Join(root(t), "CONTRIBUTING.md")) {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for line, code := range luaBlocks(string(text)) {
			count++
			where := fmt.Sprintf("%s:%d", filepath.Base(name), line)
			if err := load(code, where); err != nil {
				t.Errorf("the example at %s does not load: %v", where, err)
			}
		}
	}
	if count < 20 {
		t.Errorf("only %d examples found", count)
	}
}

func load(code, where string) error {
	var out bytes.Buffer
	library := []luart.Library{{Name: "luatrace", FS: scripts.FS}}
	results, err := bindings.RunTests(bindings.TestOptions{
		Load: func(r *bindings.Runtime) (bindings.Function, error) {
			return r.LoadReader(strings.NewReader(code), where)
		},
		Runtime: luart.Options{Libraries: library},
	})
	if err != nil {
		return err
	}
	for _, test := range results {
		if len(test.Failures) > 0 {
			return fmt.Errorf("test %q: %s", test.Name, test.Failures[0])
		}
	}
	r := bindings.New(luart.Options{Out: &out, Libraries: library})
	defer r.Close()
	bindings.NewTrace(r, engine.New(engine.Options{}), bindings.TraceOptions{})
	r.SetArgs(map[string]string{"dir": "/tmp"})
	fn, err := r.LoadReader(strings.NewReader(code), where)
	if err != nil {
		return err
	}
	if found := lint.Check(r, fn); len(found) > 0 {
		return found[0]
	}
	return r.Call(fn)
}

// TestManualUsesEverything: each function, field and method of the interface
// occurs in an example of the manual.
func TestManualUsesEverything(t *testing.T) {
	t.Parallel()
	var b strings.Builder
	for _, code := range luaBlocks(string(manual)) {
		b.WriteString(code)
	}
	examples := b.String()
	used := func(pattern, name string) {
		t.Helper()
		if !regexp.MustCompile(pattern).MatchString(examples) {
			t.Errorf("no example of the manual (internal/docs/scripting.md.in) uses %s", name)
		}
	}
	// In words of the manual, or standing for any name.
	elsewhere := regexp.MustCompile(`^([A-Z]+|require|null)$`)
	ref := bindings.NewReference()
	for _, m := range ref.Modules {
		prefix := ""
		if m.Name != "" {
			prefix = m.Name + "."
		}
		for _, f := range m.Functions {
			if !elsewhere.MatchString(f.Name) {
				used(`\b`+regexp.QuoteMeta(prefix+f.Name)+`\b`, prefix+f.Name)
			}
		}
		for _, v := range m.Values {
			if !elsewhere.MatchString(v.Name) {
				used(`\b`+regexp.QuoteMeta(prefix+v.Name)+`\b`, prefix+v.Name)
			}
		}
	}
	for _, o := range ref.Objects {
		for _, f := range o.Fields {
			if !elsewhere.MatchString(f.Name) {
				used(`\.`+f.Name+`\b`, o.Name+"."+f.Name)
			}
		}
		for _, f := range o.Methods {
			used(`:`+f.Name+`\b`, o.Name+":"+f.Name)
		}
	}
}
