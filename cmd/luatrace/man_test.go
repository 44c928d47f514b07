package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/pflag"

	"luatrace/internal/fixture"
	"luatrace/scripts"
)

// TestManPage: docs/luatrace.1 is what help man prints (-update writes it), and
// says something of every option, command and script.
func TestManPage(t *testing.T) {
	t.Parallel()
	root, err := fixture.Root()
	if err != nil {
		t.Fatal(err)
	}
	page, file := manPage(), filepath.Join(root, "docs", "luatrace.1")
	if *update {
		if err := os.WriteFile(file, []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if readFile(t, file) != page {
		t.Error("docs/luatrace.1 is stale: go test ./cmd/luatrace -run TestManPage -update")
	}
	// An option begins a paragraph: its name never stands within another's text.
	if line := regexp.MustCompile(`(?m)^\\-\\-\S+ {2,}.*$`).FindString(page); line != "" {
		t.Errorf("an option does not begin a paragraph: %s", line)
	}
	flagSet().flags.VisitAll(func(f *pflag.Flag) {
		if !f.Hidden && !strings.Contains(page, roff("--"+f.Name)) {
			t.Errorf("--%s is not in the page", f.Name)
		}
	})
	for _, name := range subcommandNames() {
		if !strings.Contains(page, "\n.B "+name) {
			t.Errorf("the command %s is not in the page", name)
		}
	}
	for _, name := range scripts.Names() {
		if !strings.Contains(page, "\n.TP\n.B "+roff(name)+"\n") {
			t.Errorf("the script %s is not in the page", name)
		}
	}
}

// TestManPageIsRoff: only requests of man(7), each with what it needs, no line
// that would be taken for one, no dash that would become a hyphen.
func TestManPageIsRoff(t *testing.T) {
	t.Parallel()
	request := regexp.MustCompile(`^\.(\\".*|TH LUATRACE 1 .*|S[HS] \S.*|TP|PP|br|B \S.*|BR \S.*)$`)
	lines := strings.Split(strings.TrimSuffix(manPage(), "\n"), "\n")
	for i, line := range lines {
		switch {
		case line == "":
			t.Errorf("%d: an empty line", i+1)
		case strings.HasPrefix(line, "'"):
			t.Errorf("%d: it begins with a quote: %s", i+1, line)
		case strings.HasPrefix(line, ".") && !request.MatchString(line):
			t.Errorf("%d: no request of man(7): %s", i+1, line)
		case !strings.HasPrefix(line, ".") && regexp.MustCompile(`(^|[^\\])-`).MatchString(line):
			t.Errorf("%d: a dash without a backslash: %s", i+1, line)
		}
		for _, escape := range regexp.MustCompile(`\\.`).FindAllString(line, -1) {
			if !strings.Contains(`\e \- \& \f \"`, escape) {
				t.Errorf("%d: the escape %s: %s", i+1, escape, line)
			}
		}
		if line == ".TP" && (i+2 >= len(lines) || !strings.HasPrefix(lines[i+1], ".B ")) {
			t.Errorf("%d: a paragraph without a tag", i+1)
		}
	}
}
