package main

import (
	"os"
	"strconv"
)

// socketCases are about descriptors that are sockets, on a machine that has had
// many connections.
func socketCases(t *tools) []benchCase {
	const closed, requests, waiting = 1500, 3000, 10_000
	around := func() error { return waitingSockets(waiting) }
	closing := []string{t.closes, strconv.Itoa(closed)}
	run := func(name string, tracer ...string) subject {
		return subject{name: name, argv: append(tracer, closing...), per: closed}
	}
	serve := func(name string, tracer ...string) subject {
		self, _ := os.Executable()
		return subject{name: name, argv: append([]string{self, "-serve", strconv.Itoa(requests), t.dir}, tracer...), per: requests, inside: true}
	}
	return []benchCase{
		{name: "connections closed beside 10,000 in TIME_WAIT", before: around, subjects: []subject{
			run("luatrace", t.luatrace, "-o", "/dev/null"),
			run("strace", "strace", "-f", "-o", "/dev/null"),
			run("native"),
		}, targets: []target{{to: "strace", max: 1}}},
		{name: "the same with the addresses", before: around, subjects: []subject{
			run("luatrace -yy", t.luatrace, "-yy", "-o", "/dev/null"),
			run("strace -yy", "strace", "-f", "-yy", "-o", "/dev/null"),
		}, targets: []target{{to: "strace -yy", max: 1}}},
		{name: "a hook on close that asks for fdpath", before: around, subjects: []subject{
			run("luatrace", t.luatrace, "-o", "/dev/null", "-t", "close", "-e", "local p = ev.fdpath"),
			run("strace -yy -e close", "strace", "-f", "--seccomp-bpf", "-yy", "-e", "trace=close", "-o", "/dev/null"),
		}, targets: []target{{to: "strace -yy -e close", max: 1}}},
		{name: "nginx under ab, all lines", before: around, subjects: []subject{
			serve("luatrace", t.luatrace, "-o", "/dev/null"),
			serve("strace", "strace", "-f", "-o", "/dev/null"),
			serve("native"),
		}, targets: []target{{to: "strace", max: 1}}},
		{name: "nginx under ab, -yy", before: around, subjects: []subject{
			serve("luatrace -yy", t.luatrace, "-yy", "-o", "/dev/null"),
			serve("strace -yy", "strace", "-f", "-yy", "-o", "/dev/null"),
		}, targets: []target{{to: "strace -yy", max: 1}}},
		{name: "nginx under ab, opensnoop", before: around, subjects: []subject{
			serve("luatrace", t.luatrace, "-o", "/dev/null", "-s", "opensnoop"),
			serve("strace -e open", "strace", "-f", "-e", "trace=open,openat", "-o", "/dev/null"),
		}, targets: []target{{to: "strace -e open", max: 1}}},
	}
}
