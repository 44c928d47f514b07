package main

import (
	"embed"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"
)

//go:embed floors/*.c
var floors embed.FS

// busyThreads is about many threads that make calls all the time.
func busyThreads(t *tools, name string, calls, threads int) benchCase {
	load := []string{t.load, "threads", strconv.Itoa(calls), strconv.Itoa(threads)}
	return benchCase{name: name, subjects: []subject{
		{name: "luatrace -c", argv: append([]string{t.luatrace, "-o", "/dev/null", "-c", "-t", "getppid"}, load...), per: calls},
		{name: "strace -c", argv: append([]string{"strace", "-f", "-o", "/dev/null", "-c", "-e", "trace=getppid"}, load...), per: calls},
	}, targets: []target{{to: "strace -c", max: 1}}}
}

// cases are the questions. The first subject of each is luatrace.
func cases(t *tools, busy, slow bool) []benchCase {
	const many, some = 1_000_000, 50_000
	// When other work keeps the second CPU busy, the scheduler can't spread
	// strace's stops, and strace is several times faster.
	pick := func(idle, withLoad float64) float64 {
		if busy {
			return withLoad
		}
		return idle
	}
	load := func(kind string, n int) []string { return []string{t.load, kind, strconv.Itoa(n)} }
	inside := func(s subject) subject {
		s.inside = true
		return s
	}
	lt := func(name string, n int, cmd []string, opts ...string) subject {
		return subject{name: name, argv: append(append([]string{t.luatrace}, opts...), cmd...), per: n}
	}
	strace := func(name string, n int, cmd []string, opts ...string) subject {
		return subject{name: name, argv: append(append([]string{"strace", "-f"}, opts...), cmd...), per: n}
	}
	native := func(cmd []string, n int) subject { return subject{name: "native", argv: cmd, per: n} }
	nr := func(n int) string { return strconv.Itoa(n) }
	notify := func(call int, cmd []string, n int) subject {
		return subject{name: "floor: notify", argv: append([]string{t.notify, nr(call)}, cmd...), per: n}
	}
	stops := func(call int, cmd []string, n int) subject {
		return subject{name: "floor: stops on one CPU", argv: append([]string{t.stops, nr(call)}, cmd...), per: n}
	}
	dd := []string{"dd", "if=/dev/zero", "of=/dev/null", "bs=1", "count=100000", "status=none"}
	file := func(name string) string { return filepath.Join(t.dir, name) }
	list := []benchCase{
		{name: "unhooked calls", subjects: []subject{
			lt("luatrace", many, load("getppid", many), "-t", "accept", "-e", "print(1)"),
			native(load("getppid", many), many),
		}, targets: []target{{to: "native", max: 1.3}}},
		{name: "a condition that never holds", subjects: []subject{
			lt("luatrace", many, load("write", many), "-e", `on("write", {when = {fd = 99}}, function(ev) print(1) end)`),
			native(load("write", many), many),
		}, targets: []target{{to: "native", max: 1.4}}},
		{name: "constant fault", subjects: []subject{
			lt("luatrace", many, load("getppid", many), "-q", "-e", `fault("getppid", "EIO")`),
			native(load("getppid", many), many),
			strace("strace inject", some, load("getppid", some), "--seccomp-bpf", "-o", "/dev/null", "-e", "inject=getppid:error=EIO"),
		}, targets: []target{{to: "native", max: 1.3}, {to: "strace inject", max: 0.01}}},
		{name: "constant fault that is counted", subjects: []subject{
			lt("luatrace", some, load("getppid", some), "-e", `fault("getppid", "EIO")`),
			notify(unix.SYS_GETPPID, load("getppid", some), some),
			strace("strace inject", some, load("getppid", some), "--seccomp-bpf", "-o", "/dev/null", "-e", "inject=getppid:error=EIO"),
		}, targets: []target{{to: "floor: notify", max: 1.5}, {to: "strace inject", max: 0.4}}},
		{name: "empty hook before the call", subjects: []subject{
			lt("luatrace", some, load("getppid", some), "-t", "getppid:enter", "-e", ""),
			notify(unix.SYS_GETPPID, load("getppid", some), some),
			strace("strace", some, load("getppid", some), "--seccomp-bpf", "-e", "trace=getppid", "-o", "/dev/null"),
		}, targets: []target{{to: "floor: notify", max: 1.5}, {to: "strace", max: pick(0.1, 0.4)}}},
		{name: "hook before the call that reads a path", subjects: []subject{
			lt("luatrace", some, load("open", some), "-t", "openat:enter", "-e", "local p = ev.path"),
			notify(unix.SYS_OPENAT, load("open", some), some),
		}, targets: []target{{to: "floor: notify", max: 2}}},
		{name: "empty hook after the call", subjects: []subject{
			lt("luatrace", some, load("getppid", some), "-t", "getppid:exit", "-e", ""),
			stops(unix.SYS_GETPPID, load("getppid", some), some),
			strace("strace", some, load("getppid", some), "--seccomp-bpf", "-e", "trace=getppid", "-o", "/dev/null"),
		}, targets: []target{{to: "floor: stops on one CPU", max: 1.3}, {to: "strace", max: pick(0.25, 1.0)}}},
		{name: "count all calls", subjects: []subject{
			lt("luatrace", 200_000, load("getppid", 200_000), "-t", "*", "-e", "agg.n:count(ev.name)"),
			strace("strace -c", 200_000, load("getppid", 200_000), "-c"),
		}, targets: []target{{to: "strace -c", max: pick(0.12, 0.5)}}},
		{name: "print all calls of dd", subjects: []subject{
			lt("luatrace", 200_000, dd, "-o", file("luatrace.out")),
			strace("strace", 200_000, dd, "-o", file("strace.out")),
		}, targets: []target{{to: "strace", max: pick(0.35, 1.0)}}},
		{name: "start to end", maxRSS: 40 << 10, subjects: []subject{
			lt("luatrace", 1, []string{"true"}, "-e", ""),
			strace("strace", 1, []string{"true"}, "-o", "/dev/null"),
			native([]string{"true"}, 1),
		}, targets: []target{{to: "strace", max: 1.4}}},
		{name: "start to end of a script of the collection", subjects: []subject{
			lt("luatrace", 1, []string{"true"}, "-s", "opensnoop", "-o", "/dev/null"),
			strace("strace", 1, []string{"true"}, "-o", "/dev/null"),
		}, targets: []target{{to: "strace", max: 2}}},
		{name: "start and nothing else", subjects: []subject{
			{name: "luatrace -V", argv: []string{t.luatrace, "-V"}, per: 1},
			{name: "empty Go program", argv: []string{t.empty}, per: 1},
		}, targets: []target{{to: "empty Go program", more: 2000}}},
		{name: "list of the collection", subjects: []subject{
			{name: "luatrace list", argv: []string{t.luatrace, "list"}, per: 1},
			{name: "empty Go program", argv: []string{t.empty}, per: 1},
		}, targets: []target{{to: "empty Go program", more: 14000}}},
		busyThreads(t, "200 busy threads", 200_000, 200),
		busyThreads(t, "1,000 busy threads", 200_000, 1000),
		{name: "births of threads", subjects: []subject{
			lt("luatrace", 2000, load("births", 2000), "-o", "/dev/null", "-c", "-t", "getppid"),
			strace("strace -c", 2000, load("births", 2000), "-o", "/dev/null", "-c", "-e", "trace=getppid"),
			native(load("births", 2000), 2000),
		}, targets: []target{{to: "strace -c", max: 1}}},
		{name: "signals that are ignored", subjects: []subject{
			lt("luatrace", some, load("signals", some), "-o", "/dev/null", "-t", "getppid", "-e", ""),
			strace("strace", some, load("signals", some), "--seccomp-bpf", "-o", "/dev/null", "-e", "trace=getppid", "-e", "signal=none"),
		}, targets: []target{{to: "strace", max: 1}}},
		{name: "busy thread beside 1,000 idle ones, notified", subjects: []subject{
			inside(lt("beside 1,000", some, append(load("getppid", some), "1000"), "-t", "getppid:enter", "-e", "")),
			inside(lt("alone", some, load("getppid", some), "-t", "getppid:enter", "-e", "")),
		}, targets: []target{{to: "alone", max: 1.2}}},
		{name: "busy thread beside 1,000 idle ones, traced", subjects: []subject{
			inside(lt("beside 1,000", some, append(load("getppid", some), "1000"), "-t", "getppid:exit", "-e", "")),
			inside(lt("alone", some, load("getppid", some), "-t", "getppid:exit", "-e", "")),
		}},
	}
	list = append(list, socketCases(t)...)
	if slow {
		build := []string{"go", "build", "-a", "-o", file("built"), "luatrace/internal/leak"}
		list = append(list, benchCase{name: "a build with opensnoop", subjects: []subject{
			lt("luatrace", 1, build, "-o", file("opensnoop.out"), "-s", "opensnoop"),
			native(build, 1),
		}, targets: []target{{to: "native", max: 1.1}}})
	}
	return list
}
