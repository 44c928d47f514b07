package bindings

import (
	"strconv"
	"time"

	lua "github.com/yuin/gopher-lua"

	"luatrace/engine"
)

// clockStamp is the form of stamps that no option has asked for: that of -tt.
const clockStamp = "15:04:05.000000"

func (s *Stamps) width() int {
	if s.Append == nil {
		return len(clockStamp)
	}
	return s.Width
}

func (s *Stamps) append(dst []byte, at time.Time) []byte {
	if s.Append == nil {
		return append(at.AppendFormat(dst, clockStamp), ' ')
	}
	return s.Append(dst, at)
}

// stamp is output.stamp.
func (r *Runtime) stamp(L *lua.LState) int {
	at := time.Now()
	if n, given := L.Get(1).(lua.LNumber); given {
		at = time.UnixMicro(int64(float64(n) * 1e6))
	} else if L.Get(1) != lua.LNil {
		L.ArgError(1, "a time in seconds since 1970 is wanted, such as ev.time, not a "+typeName(L.Get(1)))
	} else if ev := r.happening(); ev != nil {
		at = ev.Time()
	}
	if t := r.tracing; t != nil {
		t.stamped = t.seq
	}
	r.stamps++
	stamp := r.opts.Screen.Stamps.append(nil, at)
	L.Push(lua.LString(stamp[:len(stamp)-1]))
	return 1
}

// Unstamped says whether time stamps were wanted, and nothing of what the
// scripts wrote has one: it was all reports.
func (r *Runtime) Unstamped() bool {
	return r.opts.Screen.Stamps.Wanted && r.stamps == 0 && r.wrote
}

// happening is the event whose hook runs, nil if there is none.
func (r *Runtime) happening() *engine.Event {
	if r.tracing == nil || r.tracing.seq == 0 {
		return nil
	}
	return r.tracing.running
}

// toStamp is the event whose time stands before a line that begins now, nil if
// none does: a report is not about the event at which it is made.
func (r *Runtime) toStamp() *engine.Event {
	if !r.opts.Screen.Stamps.Wanted {
		return nil
	}
	ev := r.happening()
	if ev == nil || ev.Task == nil || r.tracing.stamped == r.tracing.seq {
		return nil
	}
	return ev
}

// stampLine begins a line of text.
func (r *Runtime) stampLine(line []byte) []byte {
	if r.midline || r.opts.Screen.JSON {
		return line
	}
	if ev := r.toStamp(); ev != nil {
		r.stamps++
		return r.opts.Screen.Stamps.append(line, ev.Time())
	}
	return line
}

// stampObject adds the time to an object that has none.
func (r *Runtime) stampObject(line []byte, v lua.LValue) []byte {
	tb, ok := v.(*lua.LTable)
	if !ok || line[0] != '{' {
		return line
	}
	if tb.RawGetString("time") != lua.LNil {
		r.stamps++
		return line
	}
	ev := r.toStamp()
	if ev == nil {
		return line
	}
	r.stamps++
	line = line[:len(line)-1]
	if len(line) > 1 {
		line = append(line, ',')
	}
	line = append(line, `"time":`...)
	line = strconv.AppendFloat(line, float64(ev.Time().UnixMicro())/1e6, 'f', 6, 64)
	return append(line, '}')
}
