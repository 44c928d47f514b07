package main

import (
	"fmt"
	"strings"

	"luatrace/bindings/luart"
	"luatrace/engine"
	"luatrace/tracer"
)

// debugEnv names what luatrace logs of its own doing, on stderr.
const debugEnv = "LUATRACE_DEBUG"

// debugLog is what LUATRACE_DEBUG asks for: a function for each topic that is logged.
type debugLog struct {
	kernel, plan, hooks func(line string)
	rules               bool
}

// newDebugLog reads the variable; say writes a line to the user.
func newDebugLog(env []string, say func(string, ...any)) (d debugLog, err error) {
	topic := func(name string) func(string) {
		return func(line string) { say("%s: %s", name, line) }
	}
	for name := range strings.SplitSeq(lookup(env, debugEnv), ",") {
		switch name {
		case "":
		case "kernel":
			d.kernel = topic(name)
		case "plan":
			d.plan = topic(name)
		case "hooks":
			d.hooks = topic(name)
		case "rules":
			d.rules = true
		default:
			return d, fmt.Errorf("%s: there is no topic %s; there are kernel, plan, hooks and rules", debugEnv, quote(name))
		}
	}
	return d, nil
}

// begin makes the topics hold that are of the whole program.
func (d *debugLog) begin() {
	if d.kernel != nil {
		tracer.LogRequests(d.kernel)
	}
	if d.rules {
		tracer.CheckRules()
	}
}

func (d *debugLog) engine(o *engine.Options) { o.Log = engine.Log{Plan: d.plan, Hooks: d.hooks} }

func (d *debugLog) lua(o *luart.Options) {
	if d.hooks != nil {
		o.Logf = func(format string, args ...any) { d.hooks(fmt.Sprintf(format, args...)) }
	}
}
