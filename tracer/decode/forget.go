package decode

// Forget makes arguments that are asked for again be decoded again, because
// the words or the memory have changed. Values handed out before stay as they
// are until Reset. After the call only what the kernel has written is
// forgotten: the other arguments are those of the entry, whatever lies in
// their memory now.
func (c *Call) Forget() {
	c.exit, c.result = [6]*Value{}, nil
	if !c.Exited {
		c.selected, c.params, c.ret = false, nil, nil
		c.entry = [6]*Value{}
	}
}
