package main

import (
	"strings"
	"testing"

	"luatrace/bindings"
	"luatrace/internal/fixture"
)

// Everything that the reference has can be asked for on the terminal: each topic, and
// each member by the name that scripts use.
func TestHelpTopics(t *testing.T) {
	t.Parallel()
	ref := bindings.NewReference()
	ask := func(topic, want string) {
		t.Helper()
		text, near := ref.Text(topic)
		if near != "" || !strings.Contains(strings.Join(strings.Fields(text), " "), strings.Join(strings.Fields(want), " ")) {
			t.Errorf("help %s: %q, near %q; want %q", topic, text, near, want)
		}
		for _, line := range strings.Split(text, "\n") {
			if len([]rune(line)) > 90 {
				t.Errorf("help %s: %d columns: %s", topic, len(line), line)
			}
		}
	}
	for _, topic := range ref.Topics() {
		ask(topic, "")
		if text, _ := ref.Text(topic); len(text) < 40 {
			t.Errorf("help %s says nothing: %q", topic, text)
		}
	}
	for _, m := range ref.Modules {
		prefix := ""
		if m.Name != "" {
			ask(m.Name, m.Help)
			prefix = m.Name + "."
		}
		for _, f := range m.Functions {
			ask(prefix+f.Name, f.Help)
		}
		for _, v := range m.Values {
			ask(prefix+v.Name, v.Help)
		}
	}
	usual := map[string]string{"event": "ev", "memory": "mem", "task": "task", "process": "proc", "registers": "regs",
		"arguments": "args", "aggregation": "agg", "descriptor": "ev.fdinfo", "test": "t"}
	for _, o := range ref.Objects {
		for _, name := range []string{o.Name, usual[o.Name]} {
			if name == "" {
				continue
			}
			ask(name, o.Help)
			for _, f := range o.Fields {
				ask(name+"."+f.Name, f.Help)
			}
			for _, f := range o.Methods {
				ask(name+":"+f.Name, f.Help)
			}
		}
	}
	ask("agg.reads:hist", "powers of two")
	ask("ev.proc:kill", "Sends the process a signal")
	ask("string.rep", "Lua's library string")
	ask("fault", `fault("write", {errno = "ENOSPC", nth = 3})`)
}

func TestHelpCommand(t *testing.T) {
	t.Parallel()
	bin := fixture.Luatrace(t)
	for _, tc := range []struct {
		topic string
		code  int
		want  string // in what it prints
	}{
		{"on", 0, "on(spec, [opts], fn)"},
		{"ev.fdpath", 0, "ev.fdpath  (string|nil)\n"},
		{"opensnoop", 0, "Usage: luatrace -s opensnoop"},
		{"openat", 0, "openat(dirfd, path, flags, mode)"},
		{"%network", 0, "connect"},
		{"struct:stat", 0, "st_size"},
		{"options", 0, "--string-limit"},
		{"probes", 0, "usage: luatrace probes"},
		{"help", 0, "usage: luatrace help"},
		{"--help", 0, "usage: luatrace help"},
		{"fualt", exitUsage, `luatrace: help: there is nothing about "fualt"; did you mean fault?`},
		{"ev.fdpth", exitUsage, `luatrace: help: there is nothing about "ev.fdpth"; did you mean ev.fdpath?`},
		{"agg:histt", exitUsage, `did you mean agg:hist?`},
		{"opensnop", exitUsage, `did you mean opensnoop?`},
		{"opnat", exitUsage, `did you mean openat?`},
		{"./missing.lua", exitUsage, `./missing.lua: no such file`},
		{"zzzzzzzzz", exitUsage, `there is nothing about "zzzzzzzzz" (options, man,`},
		{"", exitUsage, `there is nothing about ""`},
	} {
		r := fixture.Run(t, bin, "help", tc.topic)
		out := r.Stdout
		if tc.code != 0 {
			out = r.Stderr
		}
		if r.Code != tc.code || !strings.Contains(out, tc.want) || tc.code != 0 && strings.Count(r.Stderr, "\n") != 1 {
			t.Errorf("help %s: %d %q %q", tc.topic, r.Code, r.Stdout, r.Stderr)
		}
	}
	if r := fixture.Run(t, bin, "help", "on", "off"); r.Code != exitUsage || !strings.Contains(r.Stderr, "help takes one topic") {
		t.Errorf("%+v", r)
	}
}
