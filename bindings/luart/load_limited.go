package luart

// Limited runs f, which loads code, as if it were a call of Lua: within
// Options.Timeout and Options.MaxMemory, and so that [Runtime.Interrupt] ends it. Without
// it only what runs is limited so.
func (r *Runtime) Limited(f func() error) error {
	if r.depth > 0 {
		return f()
	}
	r.intr.enter()
	defer r.intr.leave()
	if err := f(); err != nil {
		return err
	}
	return r.Interrupted()
}
