package decode

// Copy returns a Call for the same system call with nothing decoded yet: the
// values of c belong to c.
func (c *Call) Copy() Call {
	return Call{ABI: c.ABI, NR: c.NR, Name: c.Name, Sig: c.Sig, Args: c.Args, SP: c.SP, Continues: c.Continues, Mem: c.Mem, FDName: c.FDName, FDText: c.FDText, PIDName: c.PIDName, IfName: c.IfName, Netlink: c.Netlink, BufferLimit: c.BufferLimit}
}
