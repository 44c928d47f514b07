package engine

import (
	"testing"
	"time"
)

// The first call of the command may be delayed on the listener's thread while
// the tracer's is about to begin.
func TestFirstCallIsDelayed(t *testing.T) {
	t.Parallel()
	for range 20 {
		ticks := 0
		_, res := runCommand(t, Options{}, func(e *Engine) {
			hook(t, e, "execve:enter", func(ev *Event) error { return ev.Delay(5 * time.Millisecond) })
			e.Every(&Timer{Interval: time.Millisecond, Where: "test", Fn: func(*Event) error { ticks++; return nil }})
		}, "true")
		if !res.Finished || res.Exit.Code != 0 || ticks == 0 {
			t.Errorf("%+v, %d ticks", res, ticks)
		}
	}
}
