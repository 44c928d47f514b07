package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"luatrace/scripts"
)

// transcripts is the directory with a file for each script: a command line
// behind "$ ", and what it printed.
const transcripts = "scripts/transcripts"

// shownLines is how much of an output is kept.
const shownLines = 16

// runTranscript runs the command of a transcript by a shell in a directory of
// its own, with bin first in PATH, and returns the transcript anew.
func runTranscript(text, bin, dir string) string {
	command, _, _ := strings.Cut(strings.TrimPrefix(text, "$ "), "\n")
	cmd := exec.Command("bash", "-c", command)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PATH="+bin+":/usr/bin:/bin:/usr/sbin:/sbin", "PWD="+dir, "LC_ALL=C", "TZ=UTC")
	out, _ := cmd.CombinedOutput() // a command may well fail: that is what some scripts are about
	text = strings.ReplaceAll(strings.ReplaceAll(string(out), dir, "/tmp/demo"), bin+"/", "/usr/bin/")
	lines := strings.SplitAfter(strings.TrimSuffix(text, "\n"), "\n")
	if len(lines) > shownLines {
		lines = append(lines[:shownLines-1], "...")
	}
	var b strings.Builder
	fmt.Fprintf(&b, "$ %s\n", command)
	for _, line := range lines {
		b.WriteString(strings.TrimRight(line, " \n") + "\n")
	}
	return b.String()
}

// record runs the commands of all transcripts again and writes what they print.
func record() error {
	bin, err := os.MkdirTemp("", "luatrace-docs")
	if err != nil {
		return err
	}
	defer os.RemoveAll(bin)
	build := exec.Command("go", "build", "-o", filepath.Join(bin, "luatrace"), "./cmd/luatrace")
	build.Stderr = os.Stderr
	if err := build.Run(); err != nil {
		return err
	}
	if err := recordPicture(bin); err != nil {
		return err
	}
	for _, name := range scripts.Names() {
		file := filepath.Join(transcripts, name+".txt")
		text, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		dir, err := os.MkdirTemp(bin, name)
		if err != nil {
			return err
		}
		if err := os.WriteFile(file, []byte(runTranscript(string(text), bin, dir)), 0o644); err != nil {
			return err
		}
	}
	return nil
}
