package decode

import (
	"strconv"

	"luatrace/tracer/syscalls"
)

// Text prints calls and values the way strace does. The zero Text prints
// strings whole up to what was read and structs in full; DefaultText is
// strace's default. A Text is only read and may be shared.
type Text struct {
	StringLimit int        // bytes shown of a string or buffer, elements of an array; 0 means all
	Abbrev      bool       // structs in short form, environments as a count
	Columns     int        // column where "= result" starts
	FDs         FDDetail   // what descriptors refer to: 3</etc/passwd>
	PIDNames    bool       // process ids with the process's name: 1<init>
	ArgNames    bool       // arguments with their names: fd=3
	HexStrings  HexStyle   // strings with \x escapes instead of octal ones
	Consts      ConstStyle // names of constants, their numbers, or both
	Raw         bool       // arguments and result as hexadecimal words
	Addresses   bool       // what is not a string as its address
}

// DefaultText prints as strace without options does.
var DefaultText = &Text{StringLimit: 32, Abbrev: true, Columns: 40}

// String returns the value as strace prints it by default.
func (v *Value) String() string { return string(DefaultText.AppendValue(nil, v)) }

// AppendCall appends the full line of a call that has returned, without a
// newline: openat(AT_FDCWD, "x", O_RDONLY) = 3.
func (o *Text) AppendCall(dst []byte, c *Call) []byte {
	return o.AppendCallFrom(dst, c, len(dst))
}

// AppendCallFrom is AppendCall for a line that starts at dst[start], with what
// else stands in front of the call: the column of the result counts from there.
func (o *Text) AppendCallFrom(dst []byte, c *Call, start int) []byte {
	dst = o.AppendArgs(dst, c)
	dst = o.AppendRest(dst, c)
	dst = append(dst, ") "...)
	for len(dst)-start < o.Columns {
		dst = append(dst, ' ')
	}
	return o.AppendResult(dst, c)
}

// AppendArgs appends the name, the parenthesis and the arguments that are known
// at entry, up to the first that the kernel writes: "read(3, ".
func (o *Text) AppendArgs(dst []byte, c *Call) []byte {
	dst = append(append(dst, c.CallName()...), '(')
	if o.Raw {
		return o.rawArgs(dst, c)
	}
	k, split := c.firstOut()
	if k == 0 && c.Name == "restart_syscall" {
		return appendContinues(dst, c.Continues)
	}
	dst = o.appendArgs(dst, c, 0, k)
	if split {
		dst = o.appendIn(dst, c, c.printedArg(k))
	}
	return dst
}

// appendContinues says what restart_syscall goes on with, in place of arguments.
func appendContinues(dst []byte, name string) []byte {
	if name == "" {
		name = "system call"
	}
	dst = append(dst, "<... resuming interrupted "...)
	return append(append(dst, name...), " ...>"...)
}

// AppendNoReturn appends the end of the line of a call that never returns,
// after its arguments. Those that the kernel would have written are missing.
// shift is how much of the line is not in dst.
func (o *Text) AppendNoReturn(dst []byte, c *Call, shift int) []byte {
	k, split := c.firstOut()
	more := k < c.printed() || split
	for i := range c.params {
		kind := c.params[i].Kind // of those the result tells more
		more = more || kind == syscalls.KindPollResult || kind == syscalls.KindFDSet
	}
	if more && !o.Raw {
		dst = append(dst, " <unfinished ...>"...)
	}
	dst = append(dst, ") "...)
	for len(dst)+shift < o.Columns {
		dst = append(dst, ' ')
	}
	return append(dst, "= ?"...)
}

// AppendRest appends the arguments AppendArgs left out: what stands after
// "<... read resumed>".
func (o *Text) AppendRest(dst []byte, c *Call) []byte {
	if o.Raw {
		return dst
	}
	k, split := c.firstOut()
	if !split {
		return o.appendArgs(dst, c, k, c.printed())
	}
	dst = o.appendOut(dst, c, c.printedArg(k))
	for j := k + 1; j < c.printed(); j++ {
		if c.Shown(c.printedArg(j)) {
			return o.appendArgs(append(dst, ", "...), c, k+1, c.printed())
		}
	}
	return dst
}

// appendIn prints the part of an argument that is known at entry, of one whose
// line goes on with what the kernel made of it.
func (o *Text) appendIn(dst []byte, c *Call, i int) []byte {
	if o.ArgNames {
		dst = append(append(dst, c.params[i].Name...), '=')
	}
	if o.Addresses {
		return appendAddr(dst, c.Args[i])
	}
	return o.AppendValue(dst, c.Entry(i))
}

// appendOut prints the rest of it.
func (o *Text) appendOut(dst []byte, c *Call, i int) []byte {
	if o.Addresses || !c.written(&c.params[i]) {
		return dst
	}
	return o.cloneArgs(dst, c, c.Entry(i))
}

// printed returns how many arguments there are to print, in print order.
func (c *Call) printed() int {
	c.sel()
	if c.sig != nil && c.sig.Order != nil {
		return len(c.sig.Order)
	}
	return len(c.params)
}

// printedArg returns the number of the k-th argument in print order.
func (c *Call) printedArg(k int) int {
	if c.sig != nil && c.sig.Order != nil {
		return c.sig.Order[k]
	}
	return k
}

// firstOut returns the position of the first argument that is printed at exit,
// and whether a part of it is printed at entry.
func (c *Call) firstOut() (k int, split bool) {
	n := c.printed()
	for k := range n {
		i := c.printedArg(k)
		p := &c.params[i]
		if !c.Shown(i) {
			continue
		}
		out := p.Dir == syscalls.Out || p.Dir == syscalls.OutIntr
		// An argument printed as "in => out" starts at entry; a scalar one
		// ([16 => 28]) and a message that is only written do not.
		if out || p.Late || p.Dir == syscalls.InOut && !entryShown(p) {
			return k, false
		}
		if p.Struct == "clone_args" {
			return k, true
		}
	}
	return n, false
}

func entryShown(p *syscalls.Param) bool {
	switch p.Kind {
	case syscalls.KindFDSet, syscalls.KindPollResult:
		return true
	case syscalls.KindStruct:
		switch p.Struct {
		case "clone_args", "timeval", "timespec", "__kernel_timespec":
			return true
		}
	}
	return false
}

// appendArgs prints the arguments at positions from to to, and a comma after
// them if more follow. A list that starts later continues after that comma.
func (o *Text) appendArgs(dst []byte, c *Call, from, to int) []byte {
	shown := 0
	for k := from; k < to; k++ {
		i := c.printedArg(k)
		if !c.Shown(i) {
			continue
		}
		if shown > 0 {
			dst = append(dst, ", "...)
		}
		shown++
		switch {
		case c.sig != nil && c.sig.Labels != nil:
			dst = append(append(dst, c.sig.Labels[k]...), '=')
		case o.ArgNames:
			dst = append(append(dst, c.params[i].Name...), '=')
		}
		if c.bracketed(i) && c.Arg(i).Kind != KindStruct {
			dst = append(o.appendArg(append(dst, '['), c, i), ']')
			continue
		}
		dst = o.appendArg(dst, c, i)
	}
	if to < c.printed() && shown > 0 {
		dst = append(dst, ", "...)
	}
	return dst
}

// appendArg prints argument i, for one that goes both ways with its values
// before and after.
func (o *Text) appendArg(dst []byte, c *Call, i int) []byte {
	p := &c.params[i]
	if p.Late && c.Exited && c.Errno != 0 || o.Addresses && p.Type.Pointer() && !isText(p.Kind) {
		return appendAddr(dst, c.words[i])
	}
	if p.Failed != nil && c.Exited && c.Errno != 0 {
		v := c.value()
		scope{c: c, arg: i}.word(v, p.Failed, c.words[i], 0)
		return o.AppendValue(dst, v)
	}
	if p.Dir != syscalls.InOut {
		if p.Kind == syscalls.KindWait && c.Exited && c.Errno == 0 && c.Ret == 0 {
			return appendAddr(dst, c.words[i]) // WNOHANG found nothing: not written
		}
		return o.AppendValue(dst, c.Arg(i))
	}
	in := c.Entry(i)
	if p.Struct == "clone_args" {
		return o.appendOut(o.AppendValue(dst, in), c, i)
	}
	if entryShown(p) || !c.written(p) {
		return o.AppendValue(dst, in)
	}
	out := c.Arg(i)
	if p.After != nil && out.Kind != KindUnreadable {
		return o.AppendValue(append(o.AppendValue(dst, in), " => "...), out)
	}
	if in.Ref && out.Ref && in.num != out.num {
		if out.typ.Kind == syscalls.KindOff { // sendfile
			dst = append(o.AppendValue(dst, in), " => "...)
			return o.AppendValue(dst, out)
		}
		dst = append(dst, '[')
		dst = o.scalar(dst, in)
		dst = append(dst, " => "...)
		return append(o.scalar(dst, out), ']')
	}
	return o.AppendValue(dst, out)
}

// cloneArgs prints what clone3 wrote through the pointers in its argument.
func (o *Text) cloneArgs(dst []byte, c *Call, in *Value) []byte {
	const pidFD, parentSetTID = 0x1000, 0x100000 // CLONE_PIDFD, CLONE_PARENT_SETTID
	flags := in.Field("flags")
	if flags == nil {
		return dst
	}
	sep := " => {"
	show := func(bit uint64, field, name string) {
		f := in.Field(field)
		if flags.num&bit == 0 || f == nil || f.num == 0 {
			return
		}
		b := c.copyIn(f.num, 4)
		if len(b) < 4 {
			return
		}
		dst = append(append(append(dst, sep...), name...), "=["...)
		dst = strconv.AppendInt(dst, int64(int32(load(b))), 10)
		dst, sep = append(dst, ']'), ", "
	}
	show(pidFD, "pidfd", "pidfd")
	show(parentSetTID, "parent_tid", "parent_tid")
	if sep == ", " {
		dst = append(dst, '}')
	}
	return dst
}
