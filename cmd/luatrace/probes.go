package main

import (
	"cmp"
	"fmt"
	"io"
	"path"
	"slices"
	"strings"

	"luatrace/bindings/luart"
	"luatrace/engine/spec"
	"luatrace/internal/suggest"
	"luatrace/tracer/syscalls"
)

const probesUsage = `usage: luatrace probes [SPEC | struct:NAME | set:NAME | ioctl:REQUEST]
Lists system calls with the arguments that hooks see. SPEC is as for -t: openat,
%net, '*stat*'; one call is shown with the types of its arguments. ">" stands
before what the kernel fills in (only there after the call), "=" before what
goes in and comes out. A struct's fields, a set of constants and the argument of
an ioctl request are shown too. Without SPEC: all calls.
`

// probes lists the calls of a spec with the arguments that hooks see: a line
// each, or one call in detail. "struct:NAME", "set:NAME" and "ioctl:REQUEST"
// show what those are.
func probes(args []string, std stdio) status {
	text := "*"
	if len(args) > 0 {
		text = args[0]
	}
	if text == "-h" || text == "--help" {
		fmt.Fprint(std.out, probesUsage)
		return status{}
	}
	if len(args) > 1 {
		fmt.Fprintln(std.err, "luatrace: probes takes one SPEC, such as openat, %net, struct:stat or set:open")
		return status{code: exitUsage}
	}
	err := error(nil)
	switch kind, name, asks := strings.Cut(text, ":"); kind {
	case "struct":
		err = probeStructs(std.out, name)
	case "set":
		err = probeSets(std.out, name)
	case "ioctl":
		if asks && name != "enter" && name != "exit" {
			err = probeIoctl(std.out, name)
			break
		}
		err = probeCalls(std.out, text)
	default:
		err = probeCalls(std.out, text)
	}
	if err != nil {
		fmt.Fprintf(std.err, "luatrace: %s\n", luart.Escape(err.Error()))
		return status{code: exitUsage}
	}
	return status{}
}

func probeCalls(w io.Writer, text string) error {
	sel, err := spec.Parse(text)
	if err != nil {
		return err
	}
	if sel.Kind != spec.Syscall {
		return fmt.Errorf("probes lists system calls; %s is no system call", quote(text))
	}
	abi := syscalls.Native()
	calls := sel.Calls(abi)
	for _, nr := range calls {
		sig := syscalls.Lookup(abi, nr)
		if sig == nil {
			fmt.Fprintf(w, "%s(...)\n", syscalls.Name(abi, nr))
			continue
		}
		fmt.Fprintln(w, probeLine(sig))
		if len(calls) == 1 {
			probeDetail(w, abi, sig, sel.PhaseGiven && sel.Phase == spec.PhaseEnter)
		}
	}
	return nil
}

// probeLine is a call on one line: "pipe2(>pipefd, flags)  %desc".
func probeLine(sig *syscalls.Signature) string {
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
	line := fmt.Sprintf("%s(%s)", sig.Name, strings.Join(params, ", "))
	for i, class := range sig.Classes {
		if i == 0 {
			line += " "
		}
		line += " %" + class
	}
	return line
}

// probeDetail shows the fields that a hook on one call gets.
func probeDetail(w io.Writer, abi syscalls.ABI, sig *syscalls.Signature, enter bool) {
	var numbers []string
	for _, a := range []syscalls.ABI{syscalls.AMD64, syscalls.I386, syscalls.ARM64} {
		if nr, ok := syscalls.Number(a, sig.Name); ok {
			numbers = append(numbers, fmt.Sprintf("%s %d", a, nr))
		}
	}
	fmt.Fprintf(w, "  number: %s\n\n", strings.Join(numbers, ", "))
	var t table
	for i := range sig.Params {
		t.param(abi, &sig.Params[i], sig.Params, enter)
	}
	if !enter {
		t.row("ev.ret", sig.Ret.Shape(), sig.Ret.String(), "the result, -1 if the call failed", nil)
		t.row("ev.err", "string", "", "the errno's name, nil if it succeeded", nil)
	}
	t.write(w)
	for i := range sig.Variants {
		v := &sig.Variants[i]
		fmt.Fprintf(w, "\n  if %s:\n", v.Describe(abi, sig.Params))
		t = table{}
		for j := range v.Params {
			if p := &v.Params[j]; p.Hidden {
				if !sig.Params[j].Hidden {
					t.row("ev."+sig.Params[j].Name, "-", "", "not used", nil)
				}
			} else if p.Type != sig.Params[j].Type {
				t.param(abi, p, v.Params, enter)
			}
		}
		if v.Ret != sig.Ret && !enter {
			t.row("ev.ret", v.Ret.Shape(), v.Ret.String(), "", members(v.Ret))
		}
		t.write(w)
	}
	if sig.Param("path") >= 0 || slices.Contains(sig.Classes, "desc") || slices.Contains(sig.Classes, "network") {
		fmt.Fprintln(w, "\nalso ev.fdpath, ev.fdinfo, ev.abspath, ev.paths; any event: luatrace help ev")
	} else {
		fmt.Fprintln(w, "\nfields of any event: luatrace help ev")
	}
}

// table is lines of columns.
type table struct{ rows [][]string }

func (t *table) row(field, shape, kind, note string, members []string) {
	t.rows = append(t.rows, []string{field, shape, kind, note})
	line := ""
	for i, m := range members {
		if line != "" && len(line)+1+len(m) > 90 {
			t.rows = append(t.rows, []string{"", line})
			line = ""
		}
		if i > 0 && line != "" {
			line += " "
		}
		line += m
	}
	if line != "" {
		t.rows = append(t.rows, []string{"", line})
	}
}

// param adds an argument.
func (t *table) param(abi syscalls.ABI, p *syscalls.Param, siblings []syscalls.Param, enter bool) {
	if p.Hidden {
		return
	}
	var notes []string
	switch {
	case p.Dir == syscalls.OutIntr:
		notes = append(notes, "out, if a signal interrupts the call")
	case p.Dir == syscalls.Out && p.Pointer() && enter:
		notes = append(notes, "only after the call")
	case p.Dir == syscalls.Out && p.Pointer():
		notes = append(notes, "out")
	case p.Dir == syscalls.InOut:
		notes = append(notes, "in and out")
	}
	if p.Cond != nil {
		notes = append(notes, "only if "+p.Cond.Describe(abi, syscalls.TypeOf(siblings)))
	}
	if len(p.Aliases) > 0 {
		notes = append(notes, "also "+strings.Join(p.Aliases, ", "))
	}
	t.row("ev."+p.Name, p.Shape(), p.Type.String(), strings.Join(notes, "; "), members(p.Type))
}

// members are the names that a value of the type can have. Everybody knows the
// signals.
func members(t *syscalls.Type) []string {
	if b := t.Base(); b.Set != nil {
		return b.MemberNames()
	}
	return nil
}

func (t *table) write(w io.Writer) {
	widths := make([]int, 4)
	for _, r := range t.rows {
		for i, cell := range r {
			if len(r) == 4 {
				widths[i] = max(widths[i], len(cell))
			}
		}
	}
	for _, r := range t.rows {
		if len(r) == 2 { // a line of names
			fmt.Fprintf(w, "      %s\n", r[1])
			continue
		}
		line := fmt.Sprintf("  %-*s  %-*s  %-*s  %s", widths[0], r[0], widths[1], r[1], widths[2], r[2], r[3])
		fmt.Fprintln(w, strings.TrimRight(line, " "))
	}
}

// probeStructs shows the layout of a struct, or lists those whose names match.
func probeStructs(w io.Writer, name string) error {
	abi := syscalls.Native()
	if name == "" || strings.ContainsAny(name, "*?[") {
		return matching(w, "struct", name, syscalls.StructNames(abi))
	}
	s := syscalls.StructByName(abi, name)
	if s == nil {
		return unknown("struct", name, syscalls.StructNames(abi))
	}
	fmt.Fprintf(w, "struct %s  %d bytes\n", name, s.Size)
	var t table
	for i := range s.Fields {
		f := &s.Fields[i]
		if f.Hidden {
			continue
		}
		place := fmt.Sprintf("%4d", f.Offset)
		if f.BitSize > 0 {
			place = fmt.Sprintf("%4d bits %d-%d", f.BitOffset/8, f.BitOffset%8, f.BitOffset%8+f.BitSize-1)
		}
		note := ""
		if f.Cond != nil {
			note = "only if " + f.Cond.Describe(abi, s.TypeOf)
		}
		t.row(place+"  "+f.Name, f.Type.Shape(), f.Type.String(), note, nil)
	}
	t.write(w)
	return nil
}

// probeSets shows the constants of a set, or lists the sets whose names match.
func probeSets(w io.Writer, name string) error {
	if name == "" || strings.ContainsAny(name, "*?[") {
		return matching(w, "set", name, syscalls.SetNames())
	}
	s := syscalls.SetByName(name)
	if s == nil {
		return unknown("set", name, syscalls.SetNames())
	}
	view := s.On(syscalls.Native())
	type constant struct {
		value uint64
		name  string
	}
	var list []constant
	for _, name := range view.MemberNames() {
		v, _ := view.Value(name)
		list = append(list, constant{v, name})
	}
	slices.SortStableFunc(list, func(a, b constant) int { return cmp.Compare(a.value, b.value) })
	for _, c := range list {
		fmt.Fprintf(w, "%#10x  %s\n", c.value, c.name)
	}
	return nil
}

// probeIoctl shows what the argument of an ioctl request is.
func probeIoctl(w io.Writer, name string) error {
	abi := syscalls.Native()
	req, ok := syscalls.IoctlNumber(abi, name)
	nr, _ := syscalls.Number(abi, "ioctl")
	sig := syscalls.Lookup(abi, nr)
	if !ok || sig == nil {
		return fmt.Errorf("%s is no ioctl request; there is, for example, ioctl:TIOCGWINSZ", quote(name))
	}
	fmt.Fprintf(w, "ioctl(fd, %s, argp)  %#x\n", name, req)
	params, ret := sig.Select(&[6]uint64{0, uint64(req)})
	var t table
	for i := 2; i < len(params); i++ {
		t.param(abi, &params[i], params, false)
	}
	t.row("ev.ret", ret.Shape(), ret.String(), "", members(ret))
	t.write(w)
	return nil
}

func matching(w io.Writer, what, glob string, names []string) error {
	if glob == "" {
		glob = "*"
	}
	names = slices.DeleteFunc(slices.Clone(names), func(name string) bool {
		ok, err := path.Match(glob, name)
		return !ok || err != nil
	})
	if len(names) == 0 {
		return fmt.Errorf("there is no %s whose name matches %s", what, quote(glob))
	}
	slices.Sort(names)
	for _, name := range names {
		fmt.Fprintln(w, name)
	}
	return nil
}

func unknown(what, name string, names []string) error {
	if near := suggest.Nearest(name, names); near != "" {
		return fmt.Errorf("there is no %s %s; did you mean %q?", what, quote(name), near)
	}
	return fmt.Errorf("there is no %s %s; luatrace probes '%s:*' lists them", what, quote(name), what)
}
