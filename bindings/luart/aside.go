package luart

import lua "github.com/yuin/gopher-lua"

// aside does work that can't be interrupted in a goroutine of its own, and
// leaves it alone there when the call is interrupted: it must not touch the
// interpreter, and what it makes is dropped then.
func (r *Runtime) aside(L *lua.LState, work func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		work()
	}()
	select {
	case <-done:
	case <-r.intr.done:
		L.RaiseError("%s", r.intr.Err().Error())
	}
}
