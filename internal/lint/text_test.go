package lint

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

// maxLines is the length no written Go file may exceed.
const maxLines = 600

// machinePath finds the paths of a developer's own machine. The words are put together here,
// so that this file does not contain them.
var machinePath = regexp.MustCompile(`(^|[^\w.\-])/` + `(work|root|home/\w+)/|/` + `tmp/w($|[^\w.\-])`)

// allowedPaths are such paths as examples may use them.
var allowedPaths = regexp.MustCompile(`/` + `home/(user|me|alice|bob)/`)

func checkLength(files []*goFile) (findings []string) {
	for _, f := range files {
		if !f.generated && f.lines > maxLines {
			findings = append(findings, fmt.Sprintf("%s has %d lines: split it by concept, the limit is %d", f.path, f.lines, maxLines))
		}
	}
	return findings
}

func checkMachinePaths(files []textFile) (findings []string) {
	for _, f := range files {
		for i, line := range strings.Split(string(f.text), "\n") {
			clean := allowedPaths.ReplaceAllString(line, "")
			if m := machinePath.FindString(clean); m != "" {
				findings = append(findings, fmt.Sprintf("%s:%d contains the machine path %q", f.path, i+1, strings.TrimSpace(m)))
			}
		}
	}
	return findings
}

// checkSpace reports trailing blanks in Go, C and Lua files, and files that do not end with
// one newline.
func checkSpace(files []textFile) (findings []string) {
	for _, f := range files {
		if !regexp.MustCompile(`\.(go|c|h|lua)$`).MatchString(f.path) || strings.Contains(f.path, "/testdata/") {
			continue
		}
		for i, line := range bytes.Split(f.text, []byte("\n")) {
			if n := len(line); n > 0 && (line[n-1] == ' ' || line[n-1] == '\t' || line[n-1] == '\r') {
				findings = append(findings, fmt.Sprintf("%s:%d ends with blanks", f.path, i+1))
			}
		}
		if !bytes.HasSuffix(f.text, []byte("\n")) || bytes.HasSuffix(f.text, []byte("\n\n")) {
			findings = append(findings, fmt.Sprintf("%s must end with one newline", f.path))
		}
		if !utf8.Valid(f.text) {
			findings = append(findings, fmt.Sprintf("%s is not UTF-8", f.path))
		}
	}
	return findings
}

func TestGoFilesAreShort(t *testing.T) {
	t.Parallel()
	report(t, checkLength(goFiles(t)))
}

func TestNoMachinePaths(t *testing.T) {
	t.Parallel()
	report(t, checkMachinePaths(textFiles(t)))
}

func TestSourcesAreTidy(t *testing.T) {
	t.Parallel()
	report(t, checkSpace(textFiles(t)))
}
