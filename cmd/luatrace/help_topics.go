package main

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"luatrace/bindings"
	"luatrace/internal/suggest"
	"luatrace/tracer/syscalls"
)

const topicUsage = `usage: luatrace help [TOPIC]
Without TOPIC: the most important options, on a screen. TOPIC is one of
  options           all options            man    the manual page
  list, info, ...   the other commands
  ev  on  fault  every  agg  mem  regs  task  proc  args  print  re  json ...
                    the interface of scripts, as in docs/scripting.md; one member
                    of it: ev.fdpath, agg:hist, bit.band
  SCRIPT            what luatrace info shows of a script: opensnoop, ./my.lua
  CALL, %CLASS      what luatrace probes shows: openat, %net, struct:stat
`

// helpTopic shows what there is of a name: an option page, a command, a part of the
// interface of scripts, a script or a system call.
func helpTopic(topic string, std stdio) status {
	switch {
	case topic == "options":
		std.out.WriteString(optionsText())
		return status{}
	case topic == "man":
		std.out.WriteString(manPage())
		return status{}
	case topic == "help":
		std.out.WriteString(topicUsage)
		return status{}
	case slices.Contains(subcommandNames(), topic):
		st, _ := runSubcommand([]string{topic, "--help"}, std)
		return st
	}
	shown := false
	text, near := bindings.NewReference().Text(topic)
	if text != "" {
		std.out.WriteString(text)
		shown = true
	}
	lib := newLibrary(os.Environ())
	if strings.HasSuffix(topic, ".lua") || slices.Contains(lib.names(), topic) {
		if shown {
			std.out.WriteString("\n")
		}
		return info([]string{topic}, os.Environ(), std)
	}
	// A name can be both: kill is a call, and there is "read" as well as ev.mem:read.
	if known := slices.Contains(syscalls.Names(syscalls.Native()), topic); known || !shown && asksProbes(topic) {
		if shown {
			std.out.WriteString("\n")
		}
		return probes([]string{topic}, std)
	}
	if shown {
		return status{}
	}
	if near == "" {
		near = suggest.Nearest(topic, slices.Concat(helpTopics(), lib.names(), syscalls.Names(syscalls.Native())))
	}
	message := fmt.Sprintf("help: there is nothing about %s", quote(topic))
	if near != "" {
		message += fmt.Sprintf("; did you mean %s?", near)
	}
	fmt.Fprintf(std.err, "luatrace: %s (options, man, a command such as list, a part of the script interface such as ev, on, agg, fault, a script, or a system call)\n", message)
	return status{code: exitUsage}
}

// asksProbes says whether a topic is one that only probes knows.
func asksProbes(topic string) bool {
	kind, _, ok := strings.Cut(topic, ":")
	return strings.HasPrefix(topic, "%") || ok && slices.Contains([]string{"struct", "set", "ioctl"}, kind)
}

// helpTopics are the names that help knows, but for scripts, calls and members.
func helpTopics() []string {
	names := append([]string{"options", "man"}, subcommandNames()...)
	names = append(names, bindings.NewReference().Topics()...)
	slices.Sort(names)
	return slices.Compact(names)
}
