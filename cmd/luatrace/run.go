package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"luatrace/bindings/luart"
	"luatrace/engine"
	"luatrace/engine/printer"
	"luatrace/tracer"
)

// stdio are the standard streams.
type stdio struct {
	in  *os.File
	out *checked
	err *os.File
}

// run is the whole program.
func run(args, env []string, std stdio) status {
	st := runCommand(args, env, std)
	if std.out.err != nil && st == (status{}) {
		fmt.Fprintf(std.err, "luatrace: cannot write to standard output: %v\n", errors.Unwrap(std.out.err))
		st.code = exitFailure
	}
	return st
}

func runCommand(args, env []string, std stdio) status {
	messages := newPatient(std.err)
	defer messages.drain()
	say := func(format string, a ...any) {
		fmt.Fprintf(messages, "luatrace: %s\n", luart.EscapeLines(fmt.Sprintf(format, a...)))
	}
	if len(args) > 0 && slices.Contains(subcommandNames(), args[0]) {
		dieOfQuit()
	}
	if st, done := runSubcommand(args, std); done {
		return st
	}
	o, err := parseFlags(args)
	switch {
	case err != nil:
		say("%v", err)
		return status{code: exitUsage}
	case o.help && len(o.scripts) > 0:
		return info(o.scripts[:1], env, std)
	case o.help:
		std.out.WriteString(helpText())
		return status{}
	case o.version:
		fmt.Fprintln(std.out, versionLine())
		if o.noAbbrev {
			std.out.WriteString(featureTable(tracer.Features()))
		}
		return status{}
	case len(o.command) == 0 && len(o.targets) == 0:
		say("no command to trace: luatrace [options] COMMAND [ARG...], or -p PID (see luatrace --help)")
		return status{code: exitUsage}
	}
	pids, err := o.findTargets(func(format string, a ...any) {
		if o.print.Quiet&printer.QuietAttach == 0 {
			say(format, a...)
		}
	})
	if err != nil {
		say("%v", err)
		return status{code: exitFailure}
	}
	target := engine.Target{PIDs: pids}
	if len(o.command) > 0 {
		c, st, err := command(o, env)
		if err != nil {
			say("%v", err)
			return status{code: st}
		}
		target.Command = c
	}
	arrived, err := receiveSignals(target.Command != nil)
	if err != nil {
		say("%v", err)
		return status{code: exitFailure}
	}
	out, err := openOutput(o, messages)
	if err != nil {
		say("%v", err)
		return status{code: exitFailure}
	}
	out.fail = func(err error) { say("%v", err) }
	s, err := newSession(o, env, out, say)
	if err != nil {
		out.close()
		var exit *luart.Exit
		if errors.As(err, &exit) { // os.exit before anything was started
			return status{code: exit.Code}
		}
		say("%v", err)
		return status{code: exitUsage}
	}
	if o.plan {
		plan, err := s.eng.KernelPlan(target)
		s.close()
		out.close()
		if err != nil {
			say("%v", err)
			return launchStatus(err)
		}
		std.out.WriteString(plan.String())
		return status{}
	}
	defer arrived.forward(s, messages)()
	result, err := s.eng.Run(context.Background(), target)
	s.close()
	if o.tallied() && !o.json {
		s.tally(o)
	}
	if s.lua.Unstamped() {
		say("the time stamps that were asked for stand before what scripts write about events: here they wrote reports only")
	}
	outErr := out.close()
	st := statusOf(result)
	if code, asked := s.exitCode(); asked {
		st = status{code: code}
	}
	if err != nil {
		say("%v", err)
		st = launchStatus(err)
	} else if result.HookErrors > 0 {
		st = status{code: exitHook}
	}
	if fileErr := s.lua.FileError(); fileErr != nil {
		say("%v", fileErr)
		outErr = errors.Join(outErr, fileErr)
	}
	if outErr != nil && st == (status{}) {
		st = status{code: exitFailure}
	}
	return st
}

// command finds the program and its environment.
func command(o *options, env []string) (*tracer.Command, int, error) {
	user, env, st, err := o.asUser(env)
	if err != nil {
		return nil, st, err
	}
	env, err = editEnv(env, o.env)
	if err != nil {
		return nil, exitUsage, err
	}
	path, err := tracer.LookPath(o.command[0], lookup(env, "PATH"))
	switch {
	case errors.Is(err, unix.ENOENT), errors.Is(err, unix.ENOTDIR):
		if strings.Contains(o.command[0], "/") {
			return nil, exitNotFound, fmt.Errorf("cannot run %s: no such file", quote(o.command[0]))
		}
		hint := ""
		if _, err := newLibrary(env).find(o.command[0]); err == nil {
			hint = "; a script is run by luatrace -s " + o.command[0] + " COMMAND"
		}
		return nil, exitNotFound, fmt.Errorf("cannot run %s: command not found%s", quote(o.command[0]), hint)
	case err != nil:
		return nil, exitCannotExec, fmt.Errorf("cannot run %s: %s", quote(o.command[0]), whyNotExecutable(path, err))
	}
	c := &tracer.Command{Path: path, Argv: o.command, Env: env, User: user}
	if o.flagged("argv0") {
		c.Argv = append([]string{o.argv0}, o.command[1:]...)
	}
	return c, 0, nil
}

func whyNotExecutable(path string, err error) string {
	if st, serr := os.Stat(path); serr == nil && st.IsDir() {
		return "it is a directory"
	}
	return err.Error()
}

// editEnv applies -E NAME=VALUE (set) and -E NAME (remove).
func editEnv(env, edits []string) ([]string, error) {
	out := append([]string(nil), env...)
	for _, e := range edits {
		name, _, set := strings.Cut(e, "=")
		if name == "" {
			return nil, fmt.Errorf("-E %s: NAME=VALUE or NAME is wanted", quote(e))
		}
		kept := out[:0]
		for _, v := range out {
			if n, _, _ := strings.Cut(v, "="); n != name {
				kept = append(kept, v)
			}
		}
		out = kept
		if set {
			out = append(out, e)
		}
	}
	return out, nil
}

func lookup(env []string, name string) string {
	for i := len(env) - 1; i >= 0; i-- {
		if v, ok := strings.CutPrefix(env[i], name+"="); ok {
			return v
		}
	}
	return ""
}
