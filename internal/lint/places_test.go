package lint

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// quoted finds what stands in a document as code.
var quoted = regexp.MustCompile("`([^`]+)`")

// checkPlaces reports files that the rows of a table name and the tree does not have. A name
// without a directory is in that of the path before it.
func checkPlaces(root, text string) (findings []string) {
	for i, line := range strings.Split(text, "\n") {
		dir := ""
		if !strings.HasPrefix(line, "| ") {
			continue
		}
		for _, m := range quoted.FindAllStringSubmatch(line, -1) {
			name := strings.NewReplacer("NAME", "*").Replace(m[1])
			if strings.ContainsAny(name, " :(") || !strings.Contains(name, "/") && !regexp.MustCompile(`\.(go|tab|md)$`).MatchString(name) {
				continue
			}
			if strings.Contains(name, "/") {
				dir = filepath.Dir(name)
			} else {
				name = filepath.Join(dir, name)
			}
			if found, _ := filepath.Glob(filepath.Join(root, name)); len(found) == 0 {
				findings = append(findings, fmt.Sprintf("line %d names %s, which there is not", i+1, name))
			}
		}
	}
	return findings
}

// TestChangesHaveTheirPlace: the files that CONTRIBUTING.md gives to changes exist.
func TestChangesHaveTheirPlace(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../CONTRIBUTING.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, found := strings.Cut(string(text), "\n## Where a change goes\n")
	table, _, _ = strings.Cut(table, "\n## ")
	if !found || strings.Count(table, "\n| ") < 10 {
		t.Fatal("CONTRIBUTING.md has no table of where changes go")
	}
	report(t, checkPlaces("../..", table))
	if got := checkPlaces("../..", "| x | `engine/agg/agg.go`, `nowhere.go` and `nowhere/at_all.go` |"); len(got) != 2 {
		t.Errorf("of two files that do not exist %q were found", got)
	}
}
