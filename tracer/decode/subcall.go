package decode

import "luatrace/tracer/syscalls"

// enter makes the call the one it stands for: socketcall(1, ...) is socket(...).
// When the argument words cannot be read it stays what it is.
func (c *Call) enter(sub *syscalls.SubCall) {
	sig := sub.Signature()
	if sig == nil {
		return
	}
	var words [6]uint64
	size := uint64(c.ABI.WordSize())
	for i, from := range sub.Words {
		if i >= len(sig.Params) {
			break
		}
		w := c.Args[from.Reg]
		if from.Deref {
			b := c.copyIn(w+uint64(from.Index)*size, size)
			switch {
			case uint64(len(b)) == size:
				w = load(b)
			case !from.Bracketed:
				return
			}
		}
		words[i] = w
	}
	c.sub, c.sig, c.words = sub, sig, words
}

// Word returns the word of argument i, which Arg decodes: that of the register,
// or for a call that stands for another (i386's socketcall) the one the other
// call gets, wherever it is.
func (c *Call) Word(i int) uint64 {
	c.sel()
	return c.words[i]
}

// Multiplexed reports whether the arguments are those of the call this one
// stands for, and so not all in the registers of the same numbers.
func (c *Call) Multiplexed() bool {
	c.sel()
	return c.sub != nil
}

// Sub returns the call that this one stands for, nil if it stands for none or its
// argument words can't be read.
func (c *Call) Sub() *syscalls.SubCall {
	c.sel()
	return c.sub
}

// Hidden reports whether the call is this one of those that its number stands for, and
// its argument words can't be read.
func (c *Call) Hidden(sub *syscalls.SubCall) bool {
	return c.Sub() == nil && c.Sig != nil && c.Sig.Sub(&c.Args) == sub
}

// CallName returns the name by which a line shows the call: that of the call it stands
// for, if it stands for one.
func (c *Call) CallName() string {
	switch sub := c.Sub(); {
	case sub != nil && sub.Name != "":
		return sub.Name
	case c.Name != "":
		return c.Name
	}
	return syscalls.Name(c.ABI, c.NR)
}

// bracketed reports whether the word of argument i prints as what a pointer
// leads to: that of ipc's semctl.
func (c *Call) bracketed(i int) bool {
	return c.sub != nil && i < len(c.sub.Words) && c.sub.Words[i].Bracketed && c.words[i] != c.Args[c.sub.Words[i].Reg]
}

// shmatAddr returns where ipc's shmat attached the memory: the call returns 0 and
// writes the address through its third argument.
func (c *Call) shmatAddr() uint64 {
	return load(c.copyIn(c.Args[3], uint64(c.ABI.WordSize())))
}
