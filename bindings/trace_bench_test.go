package bindings

import (
	"testing"

	"luatrace/bindings/luart"
	"luatrace/engine"
	"luatrace/tracer"
	"luatrace/tracer/syscalls"
)

// BenchmarkDispatch is the cost of one call, entry and exit, with a hook in
// Lua, without the process.
func BenchmarkDispatch(b *testing.B) {
	for _, c := range []struct{ name, code string }{
		{"empty", `on("read", function(ev) end)`},
		{"two fields", `local n = 0; on("read", function(ev) n = n + ev.fd + ev.ret end)`},
		{"count", `on("read", function(ev) agg.n:count(ev.name) end)`},
		{"count by two", `on("read", function(ev) agg.n:count(ev.name, ev.fd) end)`},
		{"condition", `local n = 0; on("read", {when = {count = lt(32)}}, function(ev) n = n + 1 end)`},
	} {
		b.Run(c.name, func(b *testing.B) {
			r, _ := newTest(b, luart.Options{})
			e := engine.New(engine.Options{Report: func(msg string) { b.Error(msg) }})
			NewTrace(r, e, TraceOptions{})
			if err := run(r, c.code); err != nil {
				b.Fatal(err)
			}
			task := &tracer.Task{TID: 1 << 30, Proc: &tracer.Process{PID: 1 << 30}}
			nr, _ := syscalls.Number(syscalls.Native(), "read")
			task.Call = tracer.Call{ABI: syscalls.Native(), NR: nr, Args: [6]uint64{3, 0x1000, 64}}
			enter := &tracer.Event{Kind: tracer.EventEnter, Task: task}
			exit := &tracer.Event{Kind: tracer.EventExit, Task: task, Returned: tracer.Returned{Ret: 64}}
			b.ReportAllocs()
			for b.Loop() {
				e.Feed(enter)
				e.Feed(exit)
			}
		})
	}
}
