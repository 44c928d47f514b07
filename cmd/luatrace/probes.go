package main

import (
	"fmt"
	"strings"

	"luatrace/engine"
	"luatrace/tracer/syscalls"
)

// probes lists the calls of a spec with the arguments that hooks see.
func probes(args []string, std stdio) status {
	text := "*"
	if len(args) > 0 {
		text = args[0]
	}
	if len(args) > 1 {
		fmt.Fprintln(std.err, "luatrace: probes takes one SPEC, such as openat or %net")
		return status{code: exitUsage}
	}
	spec, err := engine.ParseSpec(text)
	if err != nil {
		fmt.Fprintf(std.err, "luatrace: %v\n", err)
		return status{code: exitUsage}
	}
	if spec.Kind != engine.SpecSyscall {
		fmt.Fprintf(std.err, "luatrace: probes lists system calls; %s is no system call\n", quote(text))
		return status{code: exitUsage}
	}
	abi := syscalls.Native()
	for _, nr := range spec.Calls(abi) {
		sig := syscalls.Lookup(abi, nr)
		if sig == nil {
			fmt.Fprintf(std.out, "%s(...)\n", syscalls.Name(abi, nr))
			continue
		}
		var params []string
		for i := range sig.Params {
			p := &sig.Params[i]
			if p.Hidden {
				continue
			}
			mark := ""
			switch {
			case p.Dir == syscalls.Out && p.Pointer():
				mark = ">"
			case p.Dir == syscalls.InOut:
				mark = "="
			}
			params = append(params, mark+p.Name)
		}
		classes := ""
		for _, class := range sig.Classes {
			classes += " %" + class
		}
		if classes != "" {
			classes = " " + classes
		}
		fmt.Fprintf(std.out, "%s(%s)%s\n", sig.Name, strings.Join(params, ", "), classes)
	}
	return status{}
}
