package decode

import (
	"strconv"
	"strings"

	"luatrace/tracer/syscalls"
)

// AppendResult appends the result: "= 3", "= -1 ENOENT (No such file or
// directory)", "= ?" for a call that has not returned or never does.
func (o *Text) AppendResult(dst []byte, c *Call) []byte {
	c.sel()
	dst = append(dst, "= "...)
	switch {
	case !c.Exited:
		return append(dst, '?')
	case c.Errno != 0:
		return appendError(dst, c.Errno)
	case c.ret.Kind == syscalls.KindNone:
		return append(dst, '?')
	}
	if o.Raw {
		return appendHex0(dst, c.retWord())
	}
	dst = o.number(dst, c)
	return o.aux(dst, c)
}

func appendError(dst []byte, errno int) []byte {
	text := ""
	switch errno {
	case syscalls.ERESTARTSYS:
		text = "To be restarted if SA_RESTART is set"
	case syscalls.ERESTARTNOINTR:
		text = "To be restarted"
	case syscalls.ERESTARTNOHAND:
		text = "To be restarted if no handler"
	case syscalls.ERESTART_RESTARTBLOCK:
		text = "Interrupted by signal"
	}
	name := syscalls.ErrnoName(errno)
	if text != "" {
		dst = append(append(dst, "? "...), name...)
	} else {
		dst = append(dst, "-1 "...)
		if name == "" {
			dst = append(dst, "(errno "...)
			return append(strconv.AppendInt(dst, int64(errno), 10), ')')
		}
		dst = append(dst, name...)
		text = syscalls.ErrnoText(errno)
	}
	return append(append(append(dst, " ("...), text...), ')')
}

// number prints the result itself.
func (o *Text) number(dst []byte, c *Call) []byte {
	if c.sub != nil && c.sub.Name == "shmat" {
		return appendHex0(dst, c.shmatAddr())
	}
	switch c.ret.Kind {
	case syscalls.KindAddr, syscalls.KindHex, syscalls.KindSigmask, syscalls.KindHandler:
		return appendHex0(dst, c.retWord())
	case syscalls.KindOct:
		return appendOct(dst, uint64(c.Ret))
	case syscalls.KindFlags, syscalls.KindEnum:
		if c.Ret < 0 || c.ret.Kind == syscalls.KindFlags && c.Ret == 0 && !hasSub(c) ||
			c.ret.Kind == syscalls.KindEnum && !strings.HasPrefix(c.Name, "fcntl") {
			return strconv.AppendInt(dst, c.Ret, 10)
		}
		return appendHex0(dst, uint64(c.Ret))
	case syscalls.KindFD:
		v := c.Result()
		return o.fd(dst, v, false)
	case syscalls.KindPid:
		return o.pid(dst, c.Result())
	case syscalls.KindUID, syscalls.KindGID:
		return strconv.AppendUint(dst, uint64(uint32(c.Ret)), 10)
	}
	return strconv.AppendInt(dst, c.Ret, 10)
}

// retWord returns the result as the word it is in the ABI.
func (c *Call) retWord() uint64 {
	if c.ABI.WordSize() == 4 {
		return uint64(uint32(c.Ret))
	}
	return uint64(c.Ret)
}

func hasSub(c *Call) bool { return c.ret.Set.On(c.ABI).Subs != nil }

// Result returns the result as a value of its type, after an exit without
// error; else nil.
func (c *Call) Result() *Value {
	if !c.Exited || c.Errno != 0 {
		return nil
	}
	if c.result == nil {
		c.sel()
		v := c.value()
		c.number(v, c.ret, uint64(c.Ret), 8)
		c.result = v
	}
	return c.result
}

// aux prints in parentheses what the number says or what came with it.
func (o *Text) aux(dst []byte, c *Call) []byte {
	switch c.ret.Kind {
	case syscalls.KindFlags:
		if c.Ret == 0 && !hasSub(c) {
			return dst
		}
		dst = append(dst, " ("...)
		if strings.HasPrefix(c.Name, "fcntl") {
			dst = append(dst, "flags "...)
		}
		start := len(dst)
		dst = appendFlags(dst, c.ret.Set.On(c.ABI), uint64(c.Ret), false)
		if o.Consts != ConstAbbrev && !hasSub(c) {
			dst = o.restyled(dst, start, appendHex0(nil, uint64(c.Ret)))
		}
		return append(dst, ')')
	case syscalls.KindEnum:
		if name := c.ret.Set.On(c.ABI).Enum(uint64(c.Ret)); name != "" {
			return append(append(append(dst, " ("...), name...), ')')
		}
		return dst
	case syscalls.KindHandler:
		if v := c.Result(); c.retWord() <= 1 || c.retWord() == ^uint64(0)>>(64-8*uint(c.ABI.WordSize())) {
			return append(appendHandler(append(dst, " ("...), v), ')')
		}
		return dst
	case syscalls.KindIoprio:
		return append(o.scalar(append(dst, " ("...), c.Result()), ')')
	case syscalls.KindTime:
		return append(appendDate(append(dst, " ("...), c.Ret), ')')
	case syscalls.KindSigmask:
		name := " (mask "
		if len(c.params) > 0 {
			name = " (old mask "
		}
		return append(appendSigset(append(dst, name...), uint64(c.Ret), 4), ')')
	case syscalls.KindSignal:
		return append(appendSignal(append(dst, " ("...), c.Ret), ')')
	}
	if c.sig == nil {
		return dst
	}
	if c.Name == "set_thread_area" && c.Ret == 0 {
		if b := c.copyIn(c.words[0], 4); len(b) == 4 { // the entry the kernel chose
			return append(strconv.AppendUint(append(dst, " (entry_number="...), load(b), 10), ')')
		}
	}
	for i := range c.params {
		switch c.params[i].Kind {
		case syscalls.KindPollResult:
			return o.pollResult(dst, c, i)
		case syscalls.KindFDSet:
			return o.selectResult(dst, c, i)
		}
	}
	return dst
}

// leftTime prints what the kernel left of a timeout it counts down.
func (o *Text) leftTime(dst []byte, c *Call, sep string) ([]byte, bool) {
	for i := range c.params {
		p := &c.params[i]
		if p.Dir != syscalls.InOut || p.Kind != syscalls.KindStruct {
			continue
		}
		if v := c.Arg(i); v.Kind == KindStruct {
			return o.AppendValue(append(append(dst, sep...), "left "...), v), true
		}
	}
	return dst, false
}

// pollResult prints the descriptors that have events.
func (o *Text) pollResult(dst []byte, c *Call, i int) []byte {
	if c.Ret == 0 {
		return append(dst, " (Timeout)"...)
	}
	fds := c.Arg(i)
	if fds.Kind != KindArray {
		return dst
	}
	dst = append(dst, " (["...)
	shown := 0
	for k := range fds.kids {
		f := &fds.kids[k]
		re := f.Field("revents")
		if re == nil || re.num == 0 {
			continue
		}
		if shown > 0 {
			dst = append(dst, ", "...)
		}
		if o.StringLimit > 0 && shown >= o.StringLimit {
			dst = append(dst, "..."...)
			break
		}
		shown++
		dst = strconv.AppendInt(append(dst, "{fd="...), f.Field("fd").Int(), 10)
		dst = append(o.AppendValue(append(dst, ", revents="...), re), '}')
	}
	dst = append(dst, ']')
	dst, _ = o.leftTime(dst, c, ", ")
	return append(dst, ')')
}

// selectResult prints the sets select left, and the time.
func (o *Text) selectResult(dst []byte, c *Call, first int) []byte {
	if c.Ret == 0 {
		return append(dst, " (Timeout)"...)
	}
	plain := *o
	plain.FDs = 0
	sep := " ("
	for k, name := range [...]string{"in ", "out ", "except "} {
		if first+k >= len(c.params) || c.params[first+k].Kind != syscalls.KindFDSet {
			break
		}
		v := c.Arg(first + k)
		if v.Kind != KindArray || len(v.kids) == 0 {
			continue
		}
		dst = plain.AppendValue(append(append(dst, sep...), name...), v)
		sep = ", "
	}
	dst, left := o.leftTime(dst, c, sep)
	if sep == ", " || left {
		dst = append(dst, ')')
	}
	return dst
}
