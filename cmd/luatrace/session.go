package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"luatrace/bindings"
	"luatrace/bindings/lint"
	"luatrace/bindings/luart"
	"luatrace/engine"
	"luatrace/engine/printer"
	"luatrace/engine/spec"
	"luatrace/engine/summary"
	"luatrace/internal/suggest"
)

// session is one run: engine, scripts and output put together.
type session struct {
	eng     *engine.Engine
	lua     *bindings.Runtime
	trace   *bindings.Trace
	print   *composing     // nil with scripts or -c
	table   *summary.Table // of -c, or nil
	library *library
	out     *output
	w       io.Writer // the buffered output
	say     func(string, ...any)
}

// linePrinter is a printer of events: one for all threads, or a file for each.
type linePrinter interface {
	Enter(*engine.Event) error
	EnterOnly(*engine.Event) error
	Exit(*engine.Event) error
	Signal(*engine.Event) error
	Observe(*engine.Event)
	Detached(*engine.Task)
	Idle()
	Interrupt()
	Finish()
}

func newSession(o *options, env []string, out *output, say func(string, ...any)) (*session, error) {
	own, err := newDebugLog(env, say)
	if err != nil {
		return nil, err
	}
	own.begin()
	s := &session{out: out, say: say, library: newLibrary(env)}
	o.print.Colour = o.colours(out.terminal, env) && !o.json && !o.separate
	o.print.Width = o.lineWidth(out)
	columns, lines := out.size()
	luaOptions := luart.Options{
		Out:          out,
		Timeout:      o.limits.hookTime,
		MaxMemory:    o.limits.memory,
		MemoryOption: "--max-memory",
		Libraries:    []luart.Library{collection()},
		Aside:        s.interrupt,
		Notice:       s.scriptNotice(o),
		Sandbox:      o.sandbox,
		ReadOnly:     o.readOnly,
		Screen: luart.Screen{
			Terminal: out.terminal, Width: columns, Height: lines, JSON: o.json,
			Colour: o.colours(out.terminal, env),
			Stamps: o.stamps(),
		},
		OnStuck: func(limit error) {
			say("a hook %v and can't be interrupted: it waits in a function such as io.read, or in a single long step; the program stands still until that ends. A third SIGINT or SIGTERM ends luatrace at once", limit)
		},
		Seed: o.limits.seed,
	}
	own.lua(&luaOptions)
	s.lua = bindings.New(luaOptions)
	s.w = s.lua.Out
	opts := engine.Options{
		NoFollow:     !o.follow,
		ReadOnly:     o.readOnly,
		NoPlacement:  o.cpu == "off",
		QuietTracees: o.print.Quiet&printer.QuietAttach != 0,
		NoNotify:     o.noNotifyReason(),
		KeepTracing:  o.keepTracing,
		BufferLimit:  o.bufferLimit(),
		For:          o.limits.trace,
		SkipStartup:  o.skipStartup,
		CountFaults:  o.tallied(),
		Report:       s.notice,
	}
	own.engine(&opts)
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
		JSON:    o.json,
		MaxKeys: o.limits.keys,
		MaxRead: o.limits.read,
		Line:    func(dst []byte, ev *engine.Event) []byte { return printer.AppendLine(dst, &o.text, ev) },
	})
	s.tamper(o)
	if o.json && o.tallied() {
		s.eng.AtFinish(func() { s.tally(o) })
	}
	if err := s.load(o); err != nil {
		s.close()
		return nil, err
	}
	s.eng.Unfilter(s.trace.NoFilter())
	s.eng.Unfilter(o.noFilter())
	if o.summary {
		if err := s.summarize(o); err != nil {
			s.close()
			return nil, err
		}
	}
	if o.shown() {
		if err := s.printCalls(o); err != nil {
			s.close()
			return nil, err
		}
	}
	for _, n := range o.notices {
		s.say("%s", n)
	}
	if o.print.DetachOnExec {
		s.detachOnExec(o)
	}
	if o.endsWith {
		s.eng.Observe(func(ev *engine.Event) {
			if ev.Kind == engine.KindDeath && ev.LastTask && ev.Task.Proc.IsCommand() {
				s.eng.Stop()
			}
		})
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

// notice is a message for the user, in its place in the output.
func (s *session) notice(text string) {
	if s.print != nil {
		s.print.notice(text)
	} else {
		s.message(text)
	}
}

// message is notice when no line is being put together.
func (s *session) message(text string) {
	s.interrupt()
	s.lua.Flush()
	s.lua.EndPicture()
	s.say("%s", text)
}

// interrupt ends a line that waits for a result: somebody else writes.
func (s *session) interrupt() {
	if s.print != nil {
		s.print.Interrupt()
	}
}

// load runs the scripts, which register their hooks.
func (s *session) load(o *options) error {
	s.lua.SetArgs(o.args)
	withoutMeta := len(o.codes) > 0
	for _, name := range o.scripts {
		before := len(s.lua.Metas())
		if err := s.loadScript(name); err != nil {
			if typo := s.misnamedArg(o, before); typo != nil {
				return typo
			}
			return err
		}
		withoutMeta = withoutMeta || len(s.lua.Metas()) == before
	}
	if unused, known := s.lua.UnusedArgs(withoutMeta); len(unused) > 0 {
		return unknownArg(unused[0], known, len(o.scripts) > 0)
	}
	if err := valueless(o, s.lua.Metas()); err != nil {
		return err
	}
	// With -t, code is the body of a hook; alone it is a script.
	if len(o.traces) == 0 || len(o.codes) == 0 {
		for _, code := range o.codes {
			fn, err := s.lua.LoadCode(code, lint.Code)
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
		sel, err := spec.Parse(t)
		if err != nil {
			return fmt.Errorf("-t: %w", err)
		}
		for _, code := range o.codes {
			if err := s.trace.OnBody(sel, code, lint.Code); err != nil {
				return scriptFailure(err)
			}
		}
	}
	return nil
}

// misnamedArg finds the likely reason why the only script has refused to run:
// an argument whose name it does not know. before is the number of metas there
// were before it.
func (s *session) misnamedArg(o *options, before int) error {
	if len(o.scripts) != 1 || len(o.codes) > 0 || len(s.lua.Metas()) == before {
		return nil
	}
	unused, known := s.lua.UnusedArgs(false)
	for _, name := range unused {
		if !slices.Contains(known, name) && !strings.Contains(name, ".") {
			return unknownArg(name, known, true)
		}
	}
	return nil
}

func (s *session) loadScript(name string) error {
	fn, err := s.library.compileScript(s.lua, name)
	if err == nil {
		err = s.lua.RunScript(fn)
	}
	if err != nil {
		return scriptFailure(err)
	}
	return nil
}

func unknownArg(name string, known []string, scripts bool) error {
	if !scripts {
		return fmt.Errorf("-a %s: there is no script that takes it", quote(name))
	}
	msg := fmt.Sprintf("-a %s: no script takes this argument", quote(name))
	if near := suggest.Nearest(name, known); near != "" {
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
	var se *luart.ScriptError
	if errors.As(err, &se) && se.Internal {
		return errors.New(se.Detail())
	}
	return err
}

// exitCode is the status a script asked for with os.exit.
func (s *session) exitCode() (int, bool) { return s.trace.ExitCode() }

func (s *session) close() { s.lua.Close() }

// isJob says whether a shell with job control started this process: it puts
// each job into a process group of its own, but into the shell's session. Of
// others, such as service managers, nobody would notice that this process has
// stopped, and continue it.
func isJob() bool {
	ppid := unix.Getppid()
	parents, err := unix.Getpgid(ppid)
	if err != nil || parents == unix.Getpgrp() {
		return false
	}
	session, err := unix.Getsid(ppid)
	own, ownErr := unix.Getsid(0)
	return err == nil && ownErr == nil && session == own
}

// valueless finds an argument that was given without a value and is no flag.
func valueless(o *options, metas []*bindings.Meta) error {
	for _, m := range metas {
		for _, a := range m.Args {
			if a.Type != "flag" && (o.bare[a.Name] || o.bare[m.Name+"."+a.Name]) {
				return fmt.Errorf("-a %s: a value is wanted, -a %s (%s)", a.Name, usageArg(a), a.Help)
			}
		}
	}
	return nil
}
