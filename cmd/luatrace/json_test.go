package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"luatrace/internal/fixture"
)

// jsonSchema compiles docs/luatrace.schema.json.
func jsonSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	root, err := fixture.Root()
	if err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(root, "docs", "luatrace.schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("luatrace.schema.json", doc); err != nil {
		t.Fatal(err)
	}
	schema, err := c.Compile("luatrace.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// validate fails the test unless each line is what the schema says.
func validate(t *testing.T, schema *jsonschema.Schema, what string, lines []string) {
	t.Helper()
	for _, line := range lines {
		value, err := jsonschema.UnmarshalJSON(strings.NewReader(line))
		if err == nil {
			err = schema.Validate(value)
		}
		if err != nil {
			t.Errorf("%s: %v\n%.400s", what, err, line)
		}
	}
}

// jsonTrace runs luatrace -j and returns the lines.
func jsonTrace(t *testing.T, args ...string) []string {
	t.Helper()
	dir := t.TempDir()
	out := filepath.Join(dir, "out")
	cmd := exec.Command(fixture.Luatrace(t), append([]string{"-j", "-o", out}, args...)...)
	cmd.Dir = dir
	fixture.RunCmd(t, cmd)
	b, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")
}

// TestJSONSchema holds real output of programs of many kinds against the
// schema, and expects every kind of line and note among it.
func TestJSONSchema(t *testing.T) {
	t.Parallel()
	schema := jsonSchema(t)
	seen := map[string]bool{}
	for _, args := range [][]string{
		{"-y", "sh", "-c", `cat /bin/true | head -c 3; kill -USR1 $$`},
		{"--string-limit", "8", "cat", "/etc/hostname"},
		{"-y", "-v", "-T", "ls", "-la", "/"},
		{fixture.Build(t, "sockets")},
		{fixture.Build(t, "siginfo")},
		{fixture.Build(t, "texec")},
		{fixture.Build(t, "forktree")},
		{fixture.Build(t, "segv")},
		{fixture.Build(t, "groupstop")},
		{fixture.Build(t, "badnr")},
		{fixture.Build(t, "fdlist")},
		{fixture.Build(t, "escape")},
		{"-t", "openat:enter", "true"},
		{"-c", "true"},
		{"-s", "opensnoop", "-s", "exitsnoop", "true"},
		{"-t", "*", "-e", `agg.a:count(ev.name, ev.err, true) agg.b:hist(ev.duration * 1e6) agg.c:stats(1.5, ev.name) agg.d:max(ev.duration)
			agg("e", {key = {"n"}, top = 1}):sum(1, ev.name)`, "true"},
	} {
		lines := jsonTrace(t, args...)
		validate(t, schema, filepath.Base(args[len(args)-1]), lines)
		for _, line := range lines {
			var object map[string]any
			if err := json.Unmarshal([]byte(line), &object); err != nil {
				t.Fatal(err)
			}
			typ := fmt.Sprint(object["type"])
			seen[typ] = true
			for member := range object {
				seen[typ+"."+member] = true
			}
		}
	}
	for _, want := range []string{
		"syscall.args", "syscall.before", "syscall.ret", "syscall.errno", "syscall.result", "syscall.duration", "syscall.unfinished",
		"syscall.fds", "syscall.base64", "syscall.truncated", "signal.sender", "signal.siginfo", "stop.name", "fork.child", "exec.exe",
		"exit.status", "exit.killed", "aggregation.rows", "aggregation.omitted", "count.calls",
		"row.script", "row.time", "row.path", "row.comm",
	} {
		if !seen[want] {
			t.Errorf("no line has %s", want)
		}
	}
}

// TestJSONSchemaRejects: the schema is not one that everything fits.
func TestJSONSchemaRejects(t *testing.T) {
	t.Parallel()
	schema := jsonSchema(t)
	for _, line := range []string{
		`{}`, `[]`, `{"type":"syscall"}`, `{"type":"other","time":1.5,"pid":1,"tid":1}`,
		`{"type":"fork","time":1.5,"pid":1,"tid":1,"child":2,"thread":false,"more":1}`,
		`{"type":"syscall","time":1.5,"pid":1,"tid":1,"name":"close","nr":3,"abi":"amd64","args":{"fd":1.5},"ret":0,"duration":0}`,
		`{"type":"syscall","time":1.5,"pid":1,"tid":1,"name":"close","nr":3,"abi":"amd64","args":{"fd":3},"ret":"0","duration":0}`,
		`{"type":"exit","time":1.5,"pid":1,"tid":1,"status":0,"killed":"SIGSEGV","core":false,"last":true}`,
	} {
		value, err := jsonschema.UnmarshalJSON(strings.NewReader(line))
		if err != nil {
			t.Fatal(err)
		}
		if schema.Validate(value) == nil {
			t.Errorf("accepted: %s", line)
		}
	}
}

// TestJSONExamples holds the lines shown in docs/json.md against the schema.
func TestJSONExamples(t *testing.T) {
	t.Parallel()
	root, err := fixture.Root()
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, line := range strings.Split(readFile(t, filepath.Join(root, "docs", "json.md")), "\n") {
		if strings.HasPrefix(line, `{"type":`) {
			lines = append(lines, line)
		}
	}
	if len(lines) < 8 {
		t.Fatalf("only %d examples in docs/json.md", len(lines))
	}
	validate(t, jsonSchema(t), "docs/json.md", lines)
}

// TestJSONIsTheSame: options of the text, and whether children are followed,
// change neither the members of a call nor their order.
func TestJSONIsTheSame(t *testing.T) {
	t.Parallel()
	number := regexp.MustCompile(`:-?[0-9.]+`)
	run := func(options ...string) []string {
		var out []string
		for _, line := range jsonTrace(t, append(options, "-t", "openat,read,close,newfstatat,fcntl", "cat", "/etc/passwd")...) {
			if strings.HasPrefix(line, `{"type":"syscall"`) {
				out = append(out, number.ReplaceAllString(line, ":N"))
			}
		}
		return out
	}
	want := run()
	if len(want) < 5 {
		t.Fatalf("%d lines", len(want))
	}
	for _, options := range [][]string{{"-f"}, {"--no-follow"}, {"-v"}, {"-T", "-r"}, {"-tt", "-N"}, {"-xx"}, {"--always-show-pid"}, {"--columns", "90"}} {
		if got := run(options...); !slices.Equal(got, want) {
			t.Errorf("%v:\n%s\nwant\n%s", options, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
}
