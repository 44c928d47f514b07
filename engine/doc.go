// Package engine turns the stops of package tracer into events for hooks, and
// the wishes of hooks into what the tracer does next. It knows no Lua: a Go
// program can register Go functions as hooks and run a command.
//
// An [Engine] is filled with hooks ([Engine.On], [Engine.Every]), then
// [Engine.Run] traces until nothing is left to trace. Each stop is looked up by
// ABI and number in a dense table; the hooks found there are called in the
// order of their registration with one reused [Event]. What they ask for is
// collected in the event and applied once, after the last of them.
//
// Everything runs on the tracer's thread, under one mutex, except what says
// otherwise ([Engine.Signal], [Engine.Stop]).
package engine
