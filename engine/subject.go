package engine

import (
	"path"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"luatrace/engine/spec"
	"luatrace/tracer/decode"
	"luatrace/tracer/syscalls"
)

var _ spec.Fields = (*Event)(nil)

// Word returns a register word of the call.
func (ev *Event) Word(arg int) uint64 { return ev.Task.decoded.Args[arg] }

// Failed says, at exit, whether the call failed.
func (ev *Event) Failed() bool { return ev.Errno != 0 }

// Int returns an integer field of the event; see [spec.Fields].
func (ev *Event) Int(field string) (int64, bool) {
	if ev.Task == nil {
		return 0, false
	}
	switch field {
	case "pid":
		return int64(ev.Task.Proc.PID()), true
	case "tid":
		return int64(ev.Task.TID()), true
	case "ppid":
		return int64(ev.Task.ParentPID()), true
	}
	switch ev.Kind {
	case KindExit:
		switch field {
		case "ret":
			return ev.Ret, true
		case "err":
			return int64(ev.Errno), true
		}
		return ev.intArg(field)
	case KindEnter:
		return ev.intArg(field)
	case KindSignal:
		switch field {
		case "sig":
			return int64(ev.Signal), true
		case "code":
			if si := ev.Siginfo(); si != nil {
				return int64(si.Code()), true
			}
		}
	case KindDeath:
		switch field {
		case "sig":
			return int64(ev.Exit.Signal), true
		case "code":
			return int64(ev.Exit.Code), ev.Exit.Signal == 0
		}
	default: // no fields but those of the task
	}
	return 0, false
}

func (ev *Event) intArg(field string) (int64, bool) {
	c := &ev.Task.decoded
	i := c.Index(spec.ArgName(field))
	if i < 0 || !c.Shown(i) {
		return 0, false
	}
	switch v := c.Arg(i); v.Kind {
	case decode.KindInt, decode.KindUint, decode.KindHex, decode.KindAddr, decode.KindFD, decode.KindFlags, decode.KindEnum, decode.KindNull:
		return v.Int(), true
	}
	return 0, false
}

// Str returns a string field of the event; see [spec.Fields].
func (ev *Event) Str(field string) (string, bool) {
	if ev.Task == nil {
		return "", false
	}
	switch field {
	case "comm":
		return ev.Comm(), true
	case "exe":
		return ev.Exe(), true
	case "cwd":
		return ev.Task.Cwd(), true
	}
	if ev.Call() == nil {
		return "", false
	}
	switch field {
	case "abi":
		return ev.Task.decoded.ABI.String(), true
	case "fdpath":
		s := ev.CallFDPath()
		return s, s != ""
	}
	c := &ev.Task.decoded
	i := c.Index(spec.ArgName(field))
	if i < 0 {
		return "", false
	}
	switch v := c.Arg(i); v.Kind {
	case decode.KindString, decode.KindBytes:
		return string(v.Str()), true
	}
	return "", false
}

// Path returns a path field of the event, absolute and clean; see [spec.Fields].
func (ev *Event) Path(field string) (string, bool) {
	s, ok := ev.Str(field)
	if ok && ev.argIndex(field) >= 0 {
		in, known := ev.rooted()
		if !known {
			return "", false
		}
		if in {
			s = strings.TrimPrefix(path.Clean("/"+s), "/")
		}
	}
	if !ok || strings.HasPrefix(s, "/") {
		return path.Clean(s), ok
	}
	i := ev.argIndex(field)
	if i < 0 {
		return "", false
	}
	base := ev.pathBase(i)
	return path.Join(base, s), strings.HasPrefix(base, "/")
}

// argIndex is the index of the call's argument that a field is, -1 if it is none.
func (ev *Event) argIndex(field string) int {
	if ev.Call() == nil {
		return -1
	}
	return ev.Task.decoded.Index(spec.ArgName(field))
}

// rooted says whether a directory is the root of the call's paths, so that one that
// begins with a slash starts there too and none leads out of it: openat2 has that
// (RESOLVE_IN_ROOT). It is not known if what says so can't be read.
func (ev *Event) rooted() (is, known bool) {
	c := &ev.Task.decoded
	if c.Name != "openat2" {
		return false, true
	}
	how := c.Arg(c.Index("how"))
	if how == nil {
		return false, false
	}
	resolve := how.Field("resolve")
	if resolve == nil || resolve.Kind != decode.KindFlags {
		return false, false
	}
	return resolve.Uint()&unix.RESOLVE_IN_ROOT != 0, true
}

// pathBase is the directory to which path argument i of the call is relative:
// the nearest directory descriptor before it, or the working directory.
func (ev *Event) pathBase(i int) string {
	c := &ev.Task.decoded
	for j := i - 1; j >= 0; j-- {
		if c.Param(j).Kind == syscalls.KindDirFD {
			if fd := int(int32(c.Word(j))); fd != unix.AT_FDCWD {
				return ev.FDPath(fd)
			}
			break
		}
	}
	if ev.Kind == KindExit && ev.Task.cwd != "" {
		return ev.Task.cwd
	}
	return ev.Task.Cwd()
}

// Paths iterates over the names of files among the call's arguments: the
// argument's name, and the path made absolute and clean. Paths that can't be
// read are left out, and so is the target of a symbolic link to be made, which
// names no file yet.
func (ev *Event) Paths(yield func(arg, path string) bool) {
	if ev.Call() == nil {
		return
	}
	c := &ev.Task.decoded
	for i := range c.NumArgs() {
		if name, ok := ev.pathParam(i); ok {
			if s, ok := ev.Path(name); ok && !yield(name, s) {
				return
			}
		}
	}
}

// pathParam returns the name of argument i of the call, if that names a file.
func (ev *Event) pathParam(i int) (string, bool) {
	p := ev.Task.decoded.Param(i)
	return p.Name, p.Kind == syscalls.KindPath && !(p.Name == "target" && strings.HasPrefix(ev.Task.decoded.Name, "symlink"))
}

// Unplaced iterates over the names of files that Paths leaves out because
// nobody knows what they are relative to: the argument's name, and the path as
// the program gave it. A path that can't be read is one of them, as its address: the
// kernel can read some memory that no tracer can (memfd_secret(2), userfaultfd(2)).
// It is for scripts that must not overlook a file. A directory descriptor that is
// not open, or no directory, is no reason: the call fails.
func (ev *Event) Unplaced(yield func(arg, path string) bool) {
	if ev.Call() == nil {
		return
	}
	c := &ev.Task.decoded
	for i := range c.NumArgs() {
		name, ok := ev.pathParam(i)
		if !ok {
			continue
		}
		s, ok := ev.Str(name)
		if !ok {
			if addr := c.Word(i); addr != 0 && !yield(name, "0x"+strconv.FormatUint(addr, 16)) {
				return
			}
			continue
		}
		if s == "" {
			continue // the descriptor itself, if anything
		}
		in, known := ev.rooted()
		if known && !in && s[0] == '/' {
			continue
		}
		base := ev.pathBase(i)
		unknown := !known || base == "" && ev.Task.Cwd() == "" || strings.HasPrefix(base, "(unreachable)")
		if unknown && !yield(name, s) {
			return
		}
	}
}

// AbsPath returns the first of Paths, "" if there is none.
func (ev *Event) AbsPath() string {
	for _, s := range ev.Paths {
		return s
	}
	return ""
}

// CallFDPath returns what the call's first descriptor stands for, "" if it has
// none or it is not open.
func (ev *Event) CallFDPath() string {
	if fd, ok := ev.callFD(); ok {
		return ev.FDPath(fd)
	}
	return ""
}

// CallFDInfo returns the same in parts, nil if the call has no descriptor or it is
// not open.
func (ev *Event) CallFDInfo() *FDInfo {
	if fd, ok := ev.callFD(); ok {
		return ev.FDInfo(fd)
	}
	return nil
}

// callFD returns the call's first descriptor.
func (ev *Event) callFD() (fd int, ok bool) {
	if ev.Call() == nil {
		return 0, false
	}
	c := &ev.Task.decoded
	for i := range c.NumArgs() {
		if k := c.Param(i).Kind; k == syscalls.KindFD || k == syscalls.KindDirFD {
			return int(int32(c.Word(i))), true
		}
	}
	return 0, false
}
