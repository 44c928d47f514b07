package bindings

import (
	"strings"
	"testing"

	"luatrace/internal/fixture"
)

// The fixture connects to a TCP port that it chose and to one that nobody
// listens on; a script sees addresses as text and ports as numbers, and
// assigns them in the same form.
func TestSocketAddresses(t *testing.T) {
	t.Parallel()
	sockets := fixture.Build(t, "sockets")
	r := traceScript(t, `
on("connect", {when = {err = "ECONNREFUSED"}}, function(ev)
	local a = ev.addr
	print(a.sa_family, a.sin_family, a.sin_addr, tostring(a):find("htons(" .. a.sin_port .. ")", 1, true) ~= nil, a:table().sin_addr)
end)`, sockets)
	r.want(t, r.Stdout, 0, "AF_INET\tAF_INET\t127.0.0.1\ttrue\t127.0.0.1\n")

	// The port goes in as it comes out: the program is told another one of the
	// same socket, reads it in network order, and connects to where nobody is.
	r = traceScript(t, `
local told
on("getsockname", {when = {failed = false}}, function(ev)
	local a = ev.addr
	if a.sa_family ~= "AF_INET" or told then return end
	told = true
	print(pcall(function() a.sin_addr = "127.0.0" end))
	a.sin_addr, a.sin_port = "127.0.0.2", 258
end)
on("connect:enter", function(ev)
	if ev.addr.sa_family == "AF_INET" and told then print(ev.addr.sin_addr, ev.addr.sin_port) stop_trace() end
end)`, sockets)
	lines := strings.Split(strings.TrimSuffix(r.Out, "\n"), "\n")
	if len(lines) != 2 || !strings.HasSuffix(lines[0], `sockaddr_in.sin_addr is an address such as "127.0.0.1", not "127.0.0"`) || lines[1] != "127.0.0.2\t258" {
		t.Errorf("trace output %q", r.Out)
	}
}

// A hook on every call need not know those that never return.
func TestCallsThatNeverReturn(t *testing.T) {
	t.Parallel()
	r := trace(t, "-t", "exit,exit_group", "-e", "print(ev.name, ev.phase, ev.ret, ev.err, ev.ok, ev.duration)", "true")
	r.want(t, "", 0, "exit_group\tenter\tnil\tnil\ttrue\t0\n")
}
