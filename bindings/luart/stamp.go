package luart

import (
	"strconv"
	"time"

	lua "github.com/yuin/gopher-lua"
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
		L.ArgError(1, "a time in seconds since 1970 is wanted, such as ev.time, not a "+TypeName(L.Get(1)))
	} else if m := r.moment(); m.Call != 0 {
		at = m.At
	}
	r.stamped = r.moment().Call
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

// moment is what scripts are called for at present.
func (r *Runtime) moment() Moment {
	if r.face.Moment == nil {
		return Moment{}
	}
	return r.face.Moment()
}

// toStamp is the time that stands before a line that begins now, if one does: a report
// is not about the event at which it is made, and a hook that has asked for a stamp
// writes it itself.
func (r *Runtime) toStamp() (at time.Time, ok bool) {
	if !r.opts.Screen.Stamps.Wanted {
		return at, false
	}
	m := r.moment()
	return m.At, m.Call != 0 && m.Lines && r.stamped != m.Call
}

// stampLine begins a line of text.
func (r *Runtime) stampLine(line []byte) []byte {
	if r.midline || r.opts.Screen.JSON {
		return line
	}
	if at, ok := r.toStamp(); ok {
		r.stamps++
		return r.opts.Screen.Stamps.append(line, at)
	}
	return line
}

// stampObject adds the time to an object that has none.
func (r *Runtime) stampObject(line []byte, v lua.LValue) []byte {
	tb, isTable := v.(*lua.LTable)
	if !isTable || line[0] != '{' {
		return line
	}
	if tb.RawGetString("time") != lua.LNil {
		r.stamps++
		return line
	}
	at, ok := r.toStamp()
	if !ok {
		return line
	}
	r.stamps++
	line = line[:len(line)-1]
	if len(line) > 1 {
		line = append(line, ',')
	}
	line = append(line, `"time":`...)
	line = strconv.AppendFloat(line, float64(at.UnixMicro())/1e6, 'f', 6, 64)
	return append(line, '}')
}
