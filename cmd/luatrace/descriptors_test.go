package main

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"luatrace/internal/fixture"
)

// socketScript compares what sockchange says of its descriptors with what luatrace
// does. It sees none of the calls that change them.
const socketScript = `
local marks = 0
on("access", function(ev)
  local fd, text = ev.path:match "^(%d+) (.*)$"
  if not fd then return end
  marks = marks + 1
  local got, want = ev.proc:fd(tonumber(fd)), text
  local other, here, there = text:match "^ends (%d+) (%d+) (%d+)$"
  if other then
    local client, server = ev.proc:fdinfo(tonumber(fd)), ev.proc:fdinfo(tonumber(other))
    got = ("%d %d %d %d %s"):format(client.inode, client.peer_inode or -1, server.inode, server.peer_inode or -1, client.peer)
    want = ("%d %d %d %d sockchange.unix"):format(here, there, there, here)
  end
  if got ~= want then print(("%s is %s, not %s"):format(fd, got, want)) end
end)
on("close", {when = {fdpath = re "^udp.*->"}}, function(ev) print("closed", ev.fdinfo.kind, ev.fdinfo.address, ev.fdinfo.peer, ev.fdpath) end)
on("close", function(ev)
  local d = ev.fdinfo
  if d and d.kind == "unix" then print("unix", (d.inode or 0) > 0, (d.peer_inode or 0) > 0, d.peer) end
end)
on("end", function() print(marks .. " marks") end)
`

// What a socket is connected to is never what it was connected to before: neither
// where the calls that change it are not seen, nor where another process makes
// them that is not traced; with and without a filter; where a descriptor may not be
// copied, the kernel's socket monitor tells the same.
func TestSocketsThatChange(t *testing.T) {
	t.Parallel()
	program, script := fixture.Build(t, "sockchange"), filepath.Join(openDir(t), "marks.lua")
	writeFile(t, script, socketScript)
	for name, how := range map[string][]string{
		"a filter":          {},
		"every call stops":  {"--attachable"},
		"only the parent":   {"--no-follow"},
		"no copies":         {"nogetfd", "fail"},
		"no copies, parent": {"nogetfd", "fail", "--no-follow"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			argv := []string{fixture.Luatrace(t)}
			if len(how) > 0 && how[0] == "nogetfd" {
				argv = append([]string{fixture.Build(t, "nogetfd"), how[1]}, argv...)
				how = how[2:]
			}
			argv = append(append(argv, how...), "-s", script, program)
			cmd := exec.Command(argv[0], argv[1:]...)
			cmd.Dir = t.TempDir()
			r := fixture.RunCmd(t, cmd)
			got := lines(r.Stderr)
			closed := strings.Fields(got[len(got)-2])
			if r.Code != 0 || len(got) != 3 || got[0] != "unix\ttrue\ttrue\tsockchange.unix" || got[2] != "16 marks" || len(closed) != 6 ||
				strings.Join(closed[:2], " ") != "closed udp" || closed[5] != closed[2]+"->"+closed[3] {
				t.Errorf("%+v", r)
			}
		})
	}
}

// A line says nothing of a descriptor if it was not asked to, and then the socket is
// not asked either: luatrace would be killed. With -yy and in objects it is. (With a
// filter, luatrace copies the listener's descriptor.)
func TestSocketsThatNobodyAsksFor(t *testing.T) {
	t.Parallel()
	program := fixture.Build(t, "sockchange")
	for _, c := range []struct {
		args string
		asks bool
	}{
		{"-t close,recvfrom,read,connect", false},
		{"-t close -y", false}, // prints the link
		{"-c", false},
		{"-s syscount", false},
		{"-t close -yy", true},
		{"-t close -j -y", true},
	} {
		argv := []string{fixture.Build(t, "nogetfd"), "kill", fixture.Luatrace(t), "--attachable", "-o", "/dev/null"}
		argv = append(append(argv, strings.Fields(c.args)...), program)
		cmd := exec.Command(argv[0], argv[1:]...)
		cmd.Dir = t.TempDir()
		if r := fixture.RunCmd(t, cmd); (r.Signal == unix.SIGSYS) != c.asks || !c.asks && r.Code != 0 {
			t.Errorf("%s: %+v", c.args, r)
		}
	}
}

// -yy says the same of sockets however they are asked.
func TestSocketTextWithoutCopies(t *testing.T) {
	t.Parallel()
	program := fixture.Build(t, "sockchange")
	var texts [2]string
	for i, front := range [][]string{{}, {fixture.Build(t, "nogetfd"), "fail"}} {
		out := filepath.Join(openDir(t), "lines")
		argv := append(front, fixture.Luatrace(t), "-yy", "-t", "connect,getsockname,listen,accept,close", "--no-follow", "--signal", "none", "-o", out, program)
		cmd := exec.Command(argv[0], argv[1:]...)
		cmd.Dir = t.TempDir()
		if r := fixture.RunCmd(t, cmd); r.Code != 0 {
			t.Fatalf("%+v", r)
		}
		texts[i] = socketNumbers(readFile(t, out))
	}
	if texts[0] != texts[1] || !strings.Contains(texts[0], "TCP:[127.0.0.1:") {
		t.Errorf("%s\nwithout copies:\n%s", texts[0], texts[1])
	}
}

var digits = regexp.MustCompile(`[0-9]+`)

// socketNumbers replaces inodes and ports, which differ from run to run, by their
// order.
func socketNumbers(s string) string {
	seen := map[string]string{}
	return digits.ReplaceAllStringFunc(s, func(n string) string {
		if len(n) < 4 {
			return n
		}
		if seen[n] == "" {
			seen[n] = fmt.Sprintf("N%d", len(seen))
		}
		return seen[n]
	})
}
