package main

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"luatrace/internal/fixture"
)

// skipped runs a command with --skip-startup, in a locale for which the C library
// looks into many files.
func skipped(t *testing.T, args ...string) fixture.Result {
	t.Helper()
	cmd := exec.Command("env", append([]string{"LC_ALL=xx_YY.UTF-8", fixture.Luatrace(t), "--skip-startup"}, args...)...)
	return fixture.RunCmd(t, cmd)
}

// What the loader does, and what is done for the locale, is hidden: from scripts,
// lines, counts and faults.
func TestSkipStartup(t *testing.T) {
	t.Parallel()
	file := filepath.Join(openDir(t), "own")
	writeFile(t, file, "text\n")
	opens := []string{"-t", "open,openat", "-e", "print(ev.path)"}
	cat := []string{"/bin/cat", file}
	whole := fixture.RunCmd(t, exec.Command("env", append(append([]string{"LC_ALL=xx_YY.UTF-8", fixture.Luatrace(t)}, opens...), cat...)...))
	for _, noise := range []string{"/etc/ld.so.cache\n", "libc.so.6\n", "locale"} {
		if !strings.Contains(whole.Stderr, noise) {
			t.Errorf("there is no %q to be skipped in %q", noise, whole.Stderr)
		}
	}
	if r := skipped(t, append(opens, cat...)...); r.Stderr != file+"\n" || r.Stdout != "text\n" {
		t.Errorf("opens: %q", r.Stderr)
	}
	if r := skipped(t, append(opens, "/bin/sh", "-c", "/bin/cat $0; exec /bin/cat $0", file)...); r.Stderr != file+"\n"+file+"\n" {
		t.Errorf("opens of two programs: %q", r.Stderr)
	}
	r := skipped(t, append([]string{"-t", "execve,%file,%desc"}, cat...)...)
	first, _, _ := strings.Cut(r.Stderr, "\n")
	if !strings.HasPrefix(first, `execve("/bin/cat"`) || regexp.MustCompile(`ld\.so|libc\.so|locale|MAP_DENYWRITE|Locale name alias|\\177ELF`).MatchString(r.Stderr) ||
		!strings.Contains(r.Stderr, file) || !strings.Contains(r.Stderr, `write(1, "text\n", 5) `) {
		t.Errorf("lines: %s", r.Stderr)
	}
	if r := skipped(t, append([]string{"-c", "-U", "calls,name", "-t", "openat"}, cat...)...); !regexp.MustCompile(`(?m)^ +1 openat$`).MatchString(r.Stderr) {
		t.Errorf("counts: %s", r.Stderr)
	}
	// The first open of the program's own fails, not that of a library.
	for _, args := range [][]string{
		{"-q", "-t", "none", "--inject=openat:error=EIO:when=1"}, {"-q", "-t", "none", "--fault=openat:error=EIO"}, {"-q", "-e", `fault("openat", "EIO")`},
		{"-q", "--attachable", "-e", `fault("openat", "EIO")`}, {"-q", "-e", `on("openat:enter", function(ev) ev:fail "EIO" end)`},
	} {
		if r := skipped(t, append(args, cat...)...); r.Code != 1 || !strings.Contains(r.Stderr, "own: Input/output error") || strings.Contains(r.Stderr, "shared libraries") {
			t.Errorf("%q: exit code %d, %q", args, r.Code, r.Stderr)
		}
	}
}
