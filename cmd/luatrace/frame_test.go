package main

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"luatrace/internal/fixture"
)

// frames shows three pictures of two lines, then one of one.
const frames = `
local n = 0
on("getppid", function()
  n = n + 1
  output.frame(function()
    output.colour "red"
    print("picture " .. n)
    output.colour()
    if n < 3 then printf("width %s\n", tostring(output.width)) end
  end)
end)
`

// On a terminal a frame takes the place of the one before, and colours are
// seen; NO_COLOR leaves them out.
func TestFramesOnATerminal(t *testing.T) {
	t.Parallel()
	dir := openDir(t)
	script := filepath.Join(dir, "frames.lua")
	writeFile(t, script, frames)
	command := []string{"/usr/bin/python3", "-c", "import os\nfor n in range(3): os.getppid()"}
	for env, want := range map[string]string{
		"NOTHING=": "\x1b[?7l\x1b[31mpicture 1\x1b[K\n\x1b[mwidth 90\x1b[K\n\x1b[J\x1b[?7h" +
			"\x1b[2A\x1b[?7l\x1b[31mpicture 2\x1b[K\n\x1b[mwidth 90\x1b[K\n\x1b[J\x1b[?7h" +
			"\x1b[2A\x1b[?7l\x1b[31mpicture 3\x1b[K\n\x1b[m\x1b[J\x1b[?7h",
		"NO_COLOR=1": "\x1b[?7lpicture 1\x1b[K\nwidth 90\x1b[K\n\x1b[J\x1b[?7h" +
			"\x1b[2A\x1b[?7lpicture 2\x1b[K\nwidth 90\x1b[K\n\x1b[J\x1b[?7h" + "\x1b[2A\x1b[?7lpicture 3\x1b[K\n\x1b[J\x1b[?7h",
	} {
		argv := append([]string{"sh", "-c", `stty cols 90; TERM=xterm exec "$@"`, "sh", "env", env, fixture.Luatrace(t), "-s", script}, command...)
		term := openTerminal(t, dir, argv...)
		term.expect(regexp.QuoteMeta(want))
	}
	// In a file they stand below each other, without any escape sequence.
	cmd := exec.Command(fixture.Luatrace(t), append([]string{"-s", script}, command...)...)
	r := fixture.RunCmd(t, cmd)
	want := "picture 1\nwidth 80\n\npicture 2\nwidth 80\n\npicture 3\n"
	if r.Stderr != want {
		t.Errorf("in a file: %q, want %q", r.Stderr, want)
	}
	// With -j there is nothing but the objects, an empty line is none.
	cmd = exec.Command(fixture.Luatrace(t), "-j", "-e", `on("getppid", function() output.frame(function() emit {n = 1} end) end)`, command[0], command[1], command[2])
	if r := fixture.RunCmd(t, cmd); r.Stderr != strings.Repeat("{\"n\":1}\n", 3) {
		t.Errorf("with -j: %q", r.Stderr)
	}
}

// A table of the collection is aligned, its header bold and its failures red.
func TestColumnsOnATerminal(t *testing.T) {
	t.Parallel()
	dir := openDir(t)
	term := openTerminal(t, dir, "env", "TERM=xterm", fixture.Luatrace(t), "-s", "opensnoop", "cat", "missing")
	term.expect(`\x1b\[1mPID +COMM +FD ERR +PATH\n\x1b\[m`)
	term.expect(`\x1b\[31m\d+ +cat +-1 ENOENT +missing\n\x1b\[m`)
}

// A key that the terminal shows behind a picture does not shift the next one, and
// a message of luatrace's is not drawn over.
func TestFramesAfterAKey(t *testing.T) {
	t.Parallel()
	dir := openDir(t)
	script := filepath.Join(dir, "frames.lua")
	writeFile(t, script, frames+`
on("getuid", function(ev) notice "a word" end)
`)
	term := openTerminal(t, dir, "sh", "-c", `stty cols 90; TERM=xterm exec "$@"`, "sh", fixture.Luatrace(t), "-s", script, "/usr/bin/python3", "-c", `
import os, time
os.getppid()
try:
  while True: time.sleep(1)
except KeyboardInterrupt: pass
os.getppid()
os.getuid()
os.getppid()
`)
	term.expect("width 90")
	term.send("\x03")
	term.expect("picture 2")
	term.expect("luatrace: a word\n")
	term.expect("picture 3")
	term.mu.Lock()
	text := string(term.text)
	term.mu.Unlock()
	_, after, _ := strings.Cut(text, "^C")
	second, third, _ := strings.Cut(after, "a word\r\n")
	if !strings.HasPrefix(second, "\r\x1b[2A") {
		t.Errorf("the second picture begins with %q", second)
	}
	if strings.Contains(third, "\x1b[2A") {
		t.Errorf("the third picture goes over the message: %q", third)
	}
}
