package main

import (
	"fmt"

	"luatrace/bindings/luart"
	"luatrace/engine"
	"luatrace/engine/plan"
	"luatrace/engine/printer"
	"luatrace/engine/spec"
	"luatrace/tracer/decode"
	"luatrace/tracer/syscalls"
)

// noFilter is the option that makes a seccomp filter impossible: processes with one can't
// be detached.
func (o *options) noFilter() plan.Reason {
	switch {
	case o.attachable:
		return "--attachable"
	case o.endsWith:
		return "--exit-with-command: luatrace can't detach from processes with a filter"
	case o.print.DetachOnExec:
		return "--detach-on: luatrace can't detach from processes with a filter"
	case o.print.Limit > 0:
		return "--syscall-limit: luatrace can't detach from processes with a filter"
	}
	return ""
}

// bufferLimit is how much of a buffer is read. Lines cut what is longer than
// --string-limit; JSON has no form for that, so there the option, if it is
// given, says how much is read.
func (o *options) bufferLimit() int {
	if o.json && o.flagged("string-limit") {
		return max(1, o.text.StringLimit)
	}
	return max(o.text.StringLimit, decode.DefaultBuffer)
}

// stamps are the time stamps of what scripts write.
func (o *options) stamps() luart.Stamps {
	if s := o.print.Stamps; s.Any() {
		return luart.Stamps{Wanted: true, Width: s.Width(), Append: s.Append}
	}
	return luart.Stamps{}
}

// specs are the system calls to show: the ones that -t names, or all.
func (o *options) specs() ([]*spec.Spec, error) {
	traces := o.traces
	if len(traces) == 0 {
		traces = []string{"*"}
	}
	var out []*spec.Spec
	for _, t := range traces {
		sel, err := spec.Parse(t)
		if err != nil {
			return nil, fmt.Errorf("-t: %w", err)
		}
		if filter := &o.print.Filter; sel.Kind == spec.Syscall && !filter.Any() {
			sel = sel.Restrict(filter.Possible) // other calls need not stop
		}
		out = append(out, sel)
	}
	return out, nil
}

// printCalls shows every call that -t selects, as strace does.
func (s *session) printCalls(o *options) error {
	specs, err := o.specs()
	if err != nil {
		return err
	}
	opts := o.print
	opts.Text = o.text
	opts.Beside = o.scripted() || len(o.rules) > 0
	if o.separate {
		s.print = &composing{linePrinter: printer.NewSeparate(s.out.forThread, opts), say: s.message}
	} else {
		s.print = &composing{linePrinter: printer.New(s.w, opts), say: s.message}
	}
	// Lines say before the call what its descriptor is, objects after it.
	needs := plan.Needs{All: true, NoDescriptors: !o.json}
	for _, sel := range specs {
		if sel.Kind != spec.Syscall {
			s.eng.On(&engine.Hook{Rule: plan.Rule{Spec: sel}, Where: "-t", Fn: func(ev *engine.Event) error {
				if ev.Kind == engine.KindSignal {
					return s.print.Signal(ev)
				}
				return nil
			}})
			continue
		}
		if sel.PhaseGiven && sel.Phase == spec.PhaseEnter {
			s.eng.On(&engine.Hook{Rule: plan.Rule{Spec: sel}, Where: "-t", Fn: s.print.EnterOnly})
			continue
		}
		enter := *sel
		enter.Phase = spec.PhaseEnter
		s.eng.On(&engine.Hook{Rule: plan.Rule{Spec: &enter}, Where: "-t", Fn: s.print.Enter})
		exit := *sel
		exit.Phase = spec.PhaseExit
		s.eng.On(&engine.Hook{Rule: plan.Rule{Spec: &exit, Needs: needs}, Where: "-t", Fn: s.print.Exit})
	}
	signals, err := spec.Parse("signal")
	if err != nil {
		return err
	}
	s.eng.On(&engine.Hook{Rule: plan.Rule{Spec: signals}, Where: "output", Fn: s.print.Signal})
	s.eng.Observe(s.print.Observe)
	s.eng.AtFinish(s.print.Finish)
	return nil
}

// detachOnExec detaches from processes when they run another program (-b execve). The
// program of the command itself is not another one.
func (s *session) detachOnExec(o *options) {
	first := len(o.command) > 0
	s.eng.Observe(func(ev *engine.Event) {
		if ev.Kind != engine.KindExec {
			return
		}
		if first && ev.Task.Proc.IsCommand() {
			first = false
			return
		}
		if s.print != nil {
			s.print.Detached(ev.Task)
		}
		if err := ev.Task.Proc.Detach(); err != nil {
			s.say("%s", err)
		}
	})
}

// summarize counts the calls that -t selects (-c).
func (s *session) summarize(o *options) error {
	specs, err := o.specs()
	if err != nil {
		return err
	}
	s.table = &o.table
	count := 0
	var matched map[*engine.Task]bool // by the filter, if there is one: calls in progress
	if !o.print.Filter.Any() {
		matched = map[*engine.Task]bool{}
	}
	for _, sel := range specs {
		if sel.Kind != spec.Syscall {
			return fmt.Errorf("-c counts system calls, not %q", sel.Text)
		}
		if matched != nil {
			enter := *sel
			enter.Phase = spec.PhaseEnter
			s.eng.On(&engine.Hook{Rule: plan.Rule{Spec: &enter}, Where: "-c", Fn: func(ev *engine.Event) error {
				if o.print.Filter.Match(ev) {
					matched[ev.Task] = true
				} else {
					ev.Ignore()
				}
				return nil
			}})
		}
		s.eng.On(&engine.Hook{Rule: plan.Rule{Spec: sel}, Where: "-c", Fn: func(ev *engine.Event) error {
			if matched != nil && !matched[ev.Task] {
				return nil
			}
			delete(matched, ev.Task)
			c := ev.Call()
			if c.ABI == syscalls.I386 && c.Sig != nil && c.Sig.Multiplexes() { // under the name of the call that was made, as strace does
				s.table.Add(c.ABI, c.CallName(), ev.Duration(), ev.Errno != 0)
			} else {
				s.table.AddCall(c.ABI, c.NR, ev.Duration(), ev.Errno != 0)
			}
			if count++; count == o.print.Limit {
				s.eng.Stop()
			}
			return nil
		}})
	}
	s.eng.AtFinish(func() {
		if o.json {
			writeSummaryJSON(s.w, s.table)
		} else {
			s.w.Write(s.table.AppendText(nil))
		}
	})
	return nil
}

// noNotifyReason is the option that forbids notifications.
func (o *options) noNotifyReason() plan.Reason {
	if o.noNotify {
		return "--no-notify"
	}
	return ""
}
