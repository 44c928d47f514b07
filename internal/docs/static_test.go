package main

import (
	"debug/elf"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"luatrace/internal/fixture"
)

// The program that the README's command builds is static, as the README says: it names no
// interpreter and no library.
func TestReadmesBinaryIsStatic(t *testing.T) {
	t.Parallel()
	root, err := fixture.Root()
	if err != nil {
		t.Fatal(err)
	}
	readme, err := os.ReadFile(filepath.Join(root, "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	command := regexp.MustCompile("`([^`\n]*go build -o luatrace [^`\n]*)`").FindSubmatch(readme)
	if command == nil {
		t.Fatal("the README does not say how to build the program")
	}
	binary := filepath.Join(t.TempDir(), "luatrace")
	build := exec.Command("sh", "-c", strings.Replace(string(command[1]), "-o luatrace ", `-o "$0" `, 1), binary)
	build.Dir = root
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%s: %v\n%s", command[1], err, out)
	}
	f, err := elf.Open(binary)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP {
			t.Error("it names an interpreter: it is not static")
		}
	}
	if libs, err := f.ImportedLibraries(); len(libs) > 0 || err != nil {
		t.Errorf("it needs %q, %v", libs, err)
	}
	if out, err := exec.Command(binary, "-V").Output(); err != nil || !strings.HasPrefix(string(out), "luatrace ") {
		t.Errorf("it prints %q, %v", out, err)
	}
}
