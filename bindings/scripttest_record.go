package bindings

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"

	"luatrace/bindings/luart"
)

// testRunList is t:run.
func testRunList(r *Runtime, L *lua.LState) int {
	tr, done := raising(L, "run")
	defer done()
	if text, ok := L.Get(2).(lua.LString); ok {
		n := 0
		for line := range strings.Lines(string(text)) {
			n++
			if line = strings.TrimSpace(line); line == "" {
				continue
			}
			v, err := r.DecodeJSON(line)
			tb, ok := v.(*lua.LTable)
			if err == nil && !ok {
				err = fmt.Errorf("it is no object")
			}
			if err != nil {
				L.RaiseError("t:run: line %d is not what luatrace -j writes: %v", n, err)
			}
			tr.each(L, "line", n, func(L *lua.LState) { tr.record(L, tb) })
		}
		return 0
	}
	list := L.CheckTable(2)
	if spec, ok := list.RawGetInt(1).(lua.LString); ok {
		L.RaiseError("t:run takes a list of events: {{\"%s\", {...}}, ...}", luart.EscapeName(string(spec)))
	}
	n := list.Len() // hooks may add to it
	for i := 1; i <= n; i++ {
		tb, ok := list.RawGetInt(i).(*lua.LTable)
		if !ok {
			L.RaiseError("t:run: event %d is no table", i)
		}
		tr.each(L, "event", i, func(L *lua.LState) {
			if spec, ok := tb.RawGetInt(1).(lua.LString); ok {
				fields, _ := tb.RawGetInt(2).(*lua.LTable)
				tr.event(L, string(spec), fields)
				return
			}
			tr.record(L, tb)
		})
	}
	return 0
}

// each runs fn, whose errors say which of many events they are about.
func (tr *testRun) each(L *lua.LState, what string, n int, fn func(*lua.LState)) {
	L.Push(L.NewFunction(func(L *lua.LState) int { fn(L); return 0 }))
	err := tr.t.r.Protected(L, 0, 0)
	if err == nil {
		return
	}
	msg := err.Error()
	if api, ok := errors.AsType[*lua.ApiError](err); ok {
		msg = api.Object.String()
	}
	L.RaiseError("t:run: %s %d: %s", what, n, strings.TrimSpace(strings.TrimPrefix(msg, L.Where(1))))
}

// record raises an event that luatrace -j or ev:table() has written. The clock
// goes on by as much as it did between the recorded events.
func (tr *testRun) record(L *lua.LState, rec *lua.LTable) {
	fields := L.NewTable()
	copyFields := func(names ...string) {
		for _, name := range names {
			from, to, renamed := strings.Cut(name, ">")
			if !renamed {
				to = from
			}
			if v := rec.RawGetString(from); v != lua.LNil && !tr.t.r.IsNull(v) {
				fields.RawSetString(to, v)
			}
		}
	}
	typ := lua.LVAsString(rec.RawGetString("type"))
	switch typ {
	case "", "syscall", "signal", "fork", "exec", "exit":
	case "stop", "count", "aggregation":
		return // no event for hooks
	default:
		L.RaiseError("the type is '%s'; recorded events are syscall, signal, fork, exec, exit", luart.EscapeName(typ))
	}
	name, ok := rec.RawGetString("name").(lua.LString)
	if !ok && (typ == "" || typ == "syscall" || typ == "signal") {
		L.RaiseError("the record has no name")
	}
	tr.keepTime(rec)
	copyFields("pid", "tid", "ppid", "comm", "cwd")
	switch typ {
	case "signal":
		copyFields("sender", "code")
		if info, ok := rec.RawGetString("siginfo").(*lua.LTable); ok {
			fields.RawSetString("addr", info.RawGetString("si_addr"))
		}
		tr.event(L, "signal:"+string(name), fields)
	case "fork":
		copyFields("child", "thread")
		tr.event(L, "proc:fork", fields)
	case "exec":
		copyFields("exe", "former_tid")
		tr.event(L, "proc:exec", fields)
	case "exit":
		copyFields("status", "killed", "core")
		tr.event(L, "proc:exit", fields)
	default:
		copyFields("exe", "abi", "duration", "args", "before", "ret", "errno>err", "err")
		copyDescriptors(L, rec, fields)
		tr.exactBytes(L, rec)
		tr.event(L, string(name), fields)
	}
}

// keepTime advances the clock to when a recorded event began.
func (tr *testRun) keepTime(rec *lua.LTable) {
	at, ok := rec.RawGetString("time").(lua.LNumber)
	if !ok {
		return
	}
	begun := float64(at)
	now := float64(tr.sim.Now().UnixMicro()) / 1e6
	if tr.recorded == 0 {
		tr.recorded = now - begun
		return
	}
	if d := begun + tr.recorded - now; d > 0 && d < 1e9 {
		tr.sim.Advance(time.Duration(d * 1e9))
	}
}

// copyDescriptors takes what descriptors stand for from the member fds of -y,
// whose names are strings.
func copyDescriptors(L *lua.LState, rec, fields *lua.LTable) {
	fds, ok := rec.RawGetString("fds").(*lua.LTable)
	if !ok {
		return
	}
	byNumber := L.NewTable()
	fds.ForEach(func(k, v lua.LValue) {
		if n, err := strconv.Atoi(k.String()); err == nil {
			byNumber.RawSetInt(n, v)
		}
	})
	fields.RawSetString("fds", byNumber)
}

// exactBytes puts the bytes of strings that are no UTF-8, which stand apart by
// their places ("args.msg.msg_iov[0].iov_base"), back into those places.
func (tr *testRun) exactBytes(L *lua.LState, rec *lua.LTable) {
	notes, ok := rec.RawGetString("base64").(*lua.LTable)
	if !ok {
		return
	}
	notes.ForEach(func(k, v lua.LValue) {
		data, err := base64.StdEncoding.DecodeString(v.String())
		if err != nil {
			L.RaiseError("base64 of %s: %v", luart.EscapeName(k.String()), err)
		}
		setPlace(rec, k.String(), lua.LString(data))
	})
}

// setPlace replaces what is at a place in a table, if it is there.
func setPlace(tb *lua.LTable, place string, v lua.LValue) {
	keys := strings.FieldsFunc(place, func(c rune) bool { return c == '.' || c == '[' || c == ']' })
	for i, key := range keys {
		at := lua.LValue(lua.LString(key))
		if n, err := strconv.Atoi(key); err == nil {
			at = lua.LNumber(n + 1) // Lua counts from 1
		}
		if i == len(keys)-1 {
			tb.RawSet(at, v)
			return
		}
		next, ok := tb.RawGet(at).(*lua.LTable)
		if !ok {
			return
		}
		tb = next
	}
}
