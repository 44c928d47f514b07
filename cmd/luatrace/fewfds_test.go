package main

import (
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"luatrace/internal/fixture"
)

// More processes than luatrace may have descriptors: memory and /proc of each can be read all the
// same, and written to.
func TestFewDescriptors(t *testing.T) {
	t.Parallel()
	const many = 100
	// All are there until the last one has opened the file.
	const shell = `mkfifo gate done; exec 3<>gate 4<>done
		for i in $(seq $1); do (read line </nonexistent/name; echo $line; echo >&4; read x <&3) & done
		for i in $(seq $1); do read x <&4; done
		for i in $(seq $1); do echo >&3; done
		wait`
	for name, options := range map[string][]string{
		"notified":   nil,
		"no notify":  {"--no-notify"},
		"unfiltered": {"--attachable"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := openDir(t)
			writeFile(t, filepath.Join(dir, "name"), "there\n")
			code := `on("openat:enter", {when = {path = "/nonexistent/name"}}, function(ev)
				local parent = ev.proc:file "status":match "PPid:%s*(%d+)"
				if ev.cwd == "` + dir + `" and tonumber(parent) == ev.proc.ppid then ev.path = "` + dir + `/name" end
			end)`
			argv := append([]string{"--nofile=64", fixture.Luatrace(t), "-o", "out", "-e", code}, options...)
			cmd := exec.Command("prlimit", append(argv, "sh", "-c", shell, "sh", "100")...)
			cmd.Dir = dir
			if r := fixture.RunCmd(t, cmd); r.Code != 0 || r.Stdout != strings.Repeat("there\n", many) || r.Stderr != "" {
				t.Errorf("exit status %d, stdout %q, stderr %q", r.Code, r.Stdout, r.Stderr)
			}
		})
	}
}
