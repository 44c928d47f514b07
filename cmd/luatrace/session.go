package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/sys/unix"

	"luatrace/bindings"
	"luatrace/engine"
	"luatrace/engine/printer"
	"luatrace/engine/summary"
	"luatrace/scripts"
	"luatrace/tracer/decode"
)

// session is one run: engine, scripts and output put together.
type session struct {
	eng   *engine.Engine
	lua   *bindings.Runtime
	trace *bindings.Trace
	print *printer.Printer // nil with scripts or -c
	table *summary.Table   // of -c, or nil
	out   *output
	w     io.Writer // the buffered output
}

func newSession(o *options, out *output, say func(string, ...any)) (*session, error) {
	s := &session{out: out}
	text := decode.Text{
		StringLimit: o.stringLimit, Abbrev: !o.verbose, Columns: o.columns,
		FDPaths: o.fdPaths, ArgNames: o.argNames, HexStrings: o.hexStrings,
	}
	s.lua = bindings.New(bindings.Options{
		Out:       out,
		Timeout:   o.hookTimeout,
		Libraries: []bindings.Library{{Name: "luatrace", FS: scripts.FS}},
	})
	s.w = s.lua.Out
	opts := engine.Options{
		NoFollow:    !o.follow,
		NoPlacement: o.cpu == "off",
		NoNotify:    map[bool]string{true: "--no-notify"}[o.noNotify],
		BufferLimit: o.bufferLimit(),
		Report: func(msg string) {
			s.lua.Flush()
			say("%s", msg)
		},
	}
	if isJob() {
		opts.Suspend = func() {
			s.lua.Flush()
			unix.Kill(unix.Getpid(), unix.SIGSTOP)
		}
	}
	if out.terminal {
		opts.Flush = func() { s.lua.Flush() }
	}
	s.eng = engine.New(opts)
	s.trace = bindings.NewTrace(s.lua, s.eng, bindings.TraceOptions{
		JSON: o.json,
		Line: func(dst []byte, ev *engine.Event) []byte { return printer.AppendLine(dst, &text, ev) },
	})
	if err := s.load(o); err != nil {
		s.close()
		return nil, err
	}
	if why := s.lua.Unfiltered(); why != "" {
		s.eng.Unfilter(why)
	} else if o.attachable {
		s.eng.Unfilter("--attachable")
	}
	if o.summary {
		if err := s.summarize(o); err != nil {
			s.close()
			return nil, err
		}
	} else if len(o.scripts) == 0 && len(o.codes) == 0 {
		if err := s.printCalls(o, text); err != nil {
			s.close()
			return nil, err
		}
	}
	s.eng.Every(&engine.Timer{Interval: printer.IdleInterval, Where: "output", Fn: func(*engine.Event) error {
		if s.print != nil {
			s.print.Idle()
		}
		s.lua.Flush()
		return nil
	}})
	return s, nil
}

// load runs the scripts, which register their hooks.
func (s *session) load(o *options) error {
	s.lua.SetArgs(o.args)
	withoutMeta := len(o.codes) > 0
	for _, name := range o.scripts {
		before := len(s.lua.Metas())
		if err := s.loadScript(name); err != nil {
			return err
		}
		withoutMeta = withoutMeta || len(s.lua.Metas()) == before
	}
	if unused, known := s.lua.UnusedArgs(withoutMeta); len(unused) > 0 {
		return unknownArg(unused[0], known, len(o.scripts) > 0)
	}
	// With -t, code is the body of a hook; alone it is a script.
	if len(o.traces) == 0 || len(o.codes) == 0 {
		for _, code := range o.codes {
			fn, err := s.lua.LoadCode(code)
			if err == nil {
				err = s.lua.Call(fn)
			}
			if err != nil {
				return scriptFailure(err)
			}
		}
		return nil
	}
	for _, t := range o.traces {
		spec, err := engine.ParseSpec(t)
		if err != nil {
			return fmt.Errorf("-t: %w", err)
		}
		for _, code := range o.codes {
			if err := s.trace.OnBody(spec, code); err != nil {
				return scriptFailure(err)
			}
		}
	}
	return nil
}

func (s *session) loadScript(name string) error {
	fn, err := s.compile(name)
	if err == nil {
		err = s.lua.Call(fn)
	}
	if err != nil {
		return scriptFailure(err)
	}
	return nil
}

// compile finds a script: "-" is standard input, a name with a slash or with
// ".lua" is a file, anything else one of the collection. Nothing is taken from
// the current directory unless it is named as a file.
func (s *session) compile(name string) (bindings.Function, error) {
	if name == "-" || strings.Contains(name, "/") || strings.HasSuffix(name, ".lua") {
		fn, err := s.lua.LoadFile(name)
		var pe *os.PathError
		if errors.As(err, &pe) {
			return nil, fmt.Errorf("cannot read the script %s: %w", quote(name), pe.Err)
		}
		return fn, err
	}
	fn, err := s.lua.LoadFS(bindings.Library{Name: "luatrace", FS: scripts.FS}, name+".lua")
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, os.ErrInvalid) {
		msg := fmt.Sprintf("there is no script %s in the collection", quote(name))
		if near := engine.Nearest(name, scripts.Names()); near != "" {
			msg += fmt.Sprintf("; did you mean %q?", near)
		}
		return nil, fmt.Errorf("%s (a file is named with its path: -s ./%s; luatrace list shows the collection)", msg, strings.Trim(quote(name+".lua"), `"`))
	}
	return fn, err
}

func unknownArg(name string, known []string, scripts bool) error {
	if !scripts {
		return fmt.Errorf("-a %s: there is no script that takes it", quote(name))
	}
	msg := fmt.Sprintf("-a %s: no script takes this argument", quote(name))
	if near := engine.Nearest(name, known); near != "" {
		return fmt.Errorf("%s; did you mean %q?", msg, near)
	}
	if len(known) > 0 {
		return fmt.Errorf("%s (there are %s)", msg, strings.Join(known, ", "))
	}
	return errors.New(msg)
}

// scriptFailure puts the traceback, if there is one worth reading, behind the
// line that says what was wrong.
func scriptFailure(err error) error {
	var se *bindings.ScriptError
	if errors.As(err, &se) && se.Internal {
		return errors.New(se.Detail())
	}
	return err
}

// bufferLimit is how much of a buffer is read. Lines cut what is longer than
// --string-limit; JSON has no form for that, so there the option, if it is
// given, says how much is read.
func (o *options) bufferLimit() int {
	if o.json && o.stringLimitGiven {
		return max(1, o.stringLimit)
	}
	return max(o.stringLimit, decode.DefaultBuffer)
}

// specs are the system calls to be shown: those of -t, or all.
func (o *options) specs() ([]*engine.Spec, error) {
	traces := o.traces
	if len(traces) == 0 {
		traces = []string{"*"}
	}
	var out []*engine.Spec
	for _, t := range traces {
		spec, err := engine.ParseSpec(t)
		if err != nil {
			return nil, fmt.Errorf("-t: %w", err)
		}
		out = append(out, spec)
	}
	return out, nil
}

// printCalls shows every call that -t selects, as strace does.
func (s *session) printCalls(o *options, text decode.Text) error {
	specs, err := o.specs()
	if err != nil {
		return err
	}
	s.print = printer.New(s.w, printer.Options{
		Text: text, Time: o.timeFormat, Durations: o.durations, PIDs: o.pidsAlways, File: o.output != "",
		Successful: o.successful, Failed: o.failed, JSON: o.json, Quiet: o.quiet > 0,
	})
	needs := engine.Needs{All: true}
	for _, spec := range specs {
		if spec.Kind != engine.SpecSyscall {
			s.eng.On(&engine.Hook{Spec: spec, Where: "-t", Fn: func(ev *engine.Event) error {
				if ev.Kind == engine.KindSignal {
					return s.print.Signal(ev)
				}
				return nil
			}})
			continue
		}
		if spec.PhaseGiven && spec.Phase == engine.PhaseEnter {
			s.eng.On(&engine.Hook{Spec: spec, Where: "-t", Fn: s.print.EnterOnly})
			continue
		}
		enter := *spec
		enter.Phase = engine.PhaseEnter
		s.eng.On(&engine.Hook{Spec: &enter, Where: "-t", Fn: s.print.Enter})
		exit := *spec
		exit.Phase = engine.PhaseExit
		s.eng.On(&engine.Hook{Spec: &exit, Where: "-t", Fn: s.print.Exit, Needs: needs})
	}
	signals, err := engine.ParseSpec("signal")
	if err != nil {
		return err
	}
	s.eng.On(&engine.Hook{Spec: signals, Where: "output", Fn: s.print.Signal})
	s.eng.Observe(s.print.Observe)
	return nil
}

// summarize counts the calls that -t selects (-c).
func (s *session) summarize(o *options) error {
	specs, err := o.specs()
	if err != nil {
		return err
	}
	key, err := summary.ParseSort(o.sortBy)
	if err != nil {
		return fmt.Errorf("-S: %w", err)
	}
	s.table = &summary.Table{Sort: key}
	for _, spec := range specs {
		if spec.Kind != engine.SpecSyscall {
			return fmt.Errorf("-c counts system calls, not %q", spec.Text)
		}
		s.eng.On(&engine.Hook{Spec: spec, Where: "-c", Fn: func(ev *engine.Event) error {
			c := ev.Call()
			s.table.AddCall(c.ABI, c.NR, ev.Duration(), ev.Errno != 0)
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

// exitCode is the status a script asked for with os.exit.
func (s *session) exitCode() (int, bool) { return s.trace.ExitCode() }

func (s *session) close() { s.lua.Close() }

// isJob says whether a shell with job control started this process: it puts
// each job into a process group of its own, other programs hardly ever do.
// Nobody else would notice that this process has stopped, and continue it.
func isJob() bool {
	parents, err := unix.Getpgid(unix.Getppid())
	return err == nil && parents != unix.Getpgrp()
}
