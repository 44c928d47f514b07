package source

import (
	"time"

	"luatrace/internal/slot"
	"luatrace/tracer"
)

// liveTask is a thread that the tracer has: of one word, so that no interface of it
// allocates.
type liveTask struct{ *tracer.Task }

// liveProcess is a process of such threads.
type liveProcess struct{ *tracer.Process }

// Live returns the source's view of a tracer's task.
func Live(t *tracer.Task) Task { return liveTask{t} }

// TracedProcess returns the tracer's process that a live one stands for, nil for any other.
func TracedProcess(p Process) *tracer.Process {
	if live, ok := p.(liveProcess); ok {
		return live.Process
	}
	return nil
}

// SetLive makes it what the tracer has reported.
func (ev *Event) SetLive(tev *tracer.Event) {
	ev.Event, ev.Task = tev, nil
	if t := tev.Task; t != nil {
		ev.Task, ev.Call = liveTask{t}, &t.Call
	}
	if tev.Kind != tracer.EventNew && tev.Kind != tracer.EventExec {
		return // Child and Superseded are of these alone
	}
	ev.Child, ev.Superseded = nil, nil
	if t := tev.Child; t != nil {
		ev.Child = liveTask{t}
	}
	if t := tev.Superseded; t != nil {
		ev.Superseded = liveTask{t}
	}
}

func (t liveTask) Can() Fields                        { return All }
func (t liveTask) TID() int                           { return t.Task.TID }
func (t liveTask) Process() Process                   { return liveProcess{t.Task.Proc} }
func (t liveTask) Call() *tracer.Call                 { return &t.Task.Call }
func (t liveTask) Entered() time.Time                 { return t.Task.Entered }
func (t liveTask) Duration(exit *Event) time.Duration { return t.Task.Duration(exit.Event) }
func (t liveTask) Record() *slot.Slot                 { return &t.Task.Record }

func (p liveProcess) PID() int           { return p.Process.PID }
func (p liveProcess) IsCommand() bool    { return p.Process.Command }
func (p liveProcess) Record() *slot.Slot { return &p.Process.Record }

func (p liveProcess) Creator() Process {
	if p.Process.Parent == nil {
		return nil
	}
	return liveProcess{p.Process.Parent}
}
