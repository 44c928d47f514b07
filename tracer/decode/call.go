package decode

import "luatrace/tracer/syscalls"

// Call is one system call of a tracee. The engine fills in the exported
// fields, uses one Call for event after event, and calls Reset between them.
// The zero Call is ready to use.
type Call struct {
	ABI  syscalls.ABI
	NR   int
	Name string
	Sig  *syscalls.Signature // nil: six unnamed words
	Args [6]uint64           // words at entry, cut to 32 bits for 32-bit ABIs
	SP   uint64              // stack pointer, for the calls whose argument stands there
	Mem  Memory

	Exited bool  // the result is valid: out arguments can be decoded
	Ret    int64 // result, sign-extended for the ABI; not -errno: see Errno
	Errno  int   // 0 when the call succeeded; 512..516 are the ERESTART codes

	Continues string // for restart_syscall: the interrupted call it goes on with, "" if unknown

	// FDName says what a descriptor refers to, for JSON; FDText the same as
	// strace writes it behind the number, brackets included; PIDName is a
	// process's name. They may be nil.
	FDName  func(fd int) string
	FDText  func(fd int, detail FDDetail) string
	PIDName func(pid int) string
	// IfName gives the name of a network interface, "" if there is none; it may
	// be nil.
	IfName func(index int) string
	// Netlink gives the protocol (NETLINK_ROUTE is 0) of a descriptor that is a
	// netlink socket, else -1; it may be nil.
	Netlink func(fd int) int

	BufferLimit int // bytes decoded of a buffer; 0 means DefaultBuffer

	selected bool
	sig      *syscalls.Signature // Sig, or that of the call it stands for
	sub      *syscalls.SubCall   // nil, or the call it stands for
	words    [6]uint64           // Args, or the words of the call it stands for
	params   []syscalls.Param
	ret      *syscalls.Type
	entry    [6]*Value // as decoded before the exit
	exit     [6]*Value // out arguments after it
	result   *Value
	arena    arena
	scratch  []byte
}

// Reset forgets all decoded values, which must not be used any more, and makes
// the Call ready for other words. It keeps the exported fields and does not
// allocate.
func (c *Call) Reset() {
	c.selected, c.params, c.ret, c.result, c.sub = false, nil, nil, nil, nil
	c.entry, c.exit = [6]*Value{}, [6]*Value{}
	c.arena.reset()
}

// unknown are the arguments of a call without a signature.
var unknown = func() []syscalls.Param {
	t := &syscalls.Type{Kind: syscalls.KindHex}
	return []syscalls.Param{
		{Name: "arg1", Type: t}, {Name: "arg2", Type: t}, {Name: "arg3", Type: t},
		{Name: "arg4", Type: t}, {Name: "arg5", Type: t}, {Name: "arg6", Type: t},
	}
}()

var plainInt = &syscalls.Type{Kind: syscalls.KindInt}

func (c *Call) sel() {
	if !c.selected {
		c.choose()
	}
}

// choose is sel's first time. It stands apart so that sel is inlined.
func (c *Call) choose() {
	c.selected = true
	c.sig, c.words = c.Sig, c.Args
	if c.Sig == nil {
		c.params, c.ret = unknown, plainInt
		return
	}
	if sub := c.Sig.Sub(&c.Args); sub != nil {
		c.enter(sub)
	}
	c.params, c.ret = c.sig.Select(&c.words)
}

// NumArgs returns the number of arguments, hidden ones included: the valid
// indices of Arg and Param.
func (c *Call) NumArgs() int { c.sel(); return len(c.params) }

// Param returns the description of argument i after variant selection: the
// third argument of fcntl(fd, F_SETFD, ...) is a flag set. It is nil when the
// call has no such argument.
func (c *Call) Param(i int) *syscalls.Param {
	c.sel()
	if i < 0 || i >= len(c.params) {
		return nil
	}
	return &c.params[i]
}

// Index returns the index of the argument with that name or alias, or -1.
func (c *Call) Index(name string) int { c.sel(); return syscalls.FindParam(c.params, name) }

// Shown reports whether the call has argument i at all: openat has a mode only
// with O_CREAT. Arg works for arguments that are not shown too.
func (c *Call) Shown(i int) bool {
	p := c.Param(i)
	if p == nil || p.Hidden {
		return false
	}
	if p.Cond == nil {
		return true
	}
	v, ok := c.argWord(p.Cond.Name)
	return ok && p.Cond.Holds(v)
}

// Arg returns argument i, decoded on the first call and kept until Reset. Out
// arguments are addresses until the call has succeeded. It is nil when the
// call has no such argument.
func (c *Call) Arg(i int) *Value {
	p := c.Param(i)
	if p == nil {
		return nil
	}
	if c.written(p) {
		if c.exit[i] == nil {
			c.exit[i] = c.decodeArg(i, p, true)
			if p.Dir == syscalls.InOut && c.entry[i] != nil && c.entry[i].Kind == KindStruct {
				c.exit[i].before = c.entry[i]
			}
		}
		return c.exit[i]
	}
	return c.Entry(i)
}

// Entry returns argument i as the call got it. For an argument the kernel has
// changed since, that is what Latch kept.
func (c *Call) Entry(i int) *Value {
	p := c.Param(i)
	if p == nil {
		return nil
	}
	if c.entry[i] == nil {
		c.entry[i] = c.decodeArg(i, p, false)
	}
	return c.entry[i]
}

// Latch decodes argument i now, with all memory it reaches, if the kernel
// reads that memory; Arg and Entry then give these values at exit too. It is
// for entry stops.
func (c *Call) Latch(i int) {
	p := c.Param(i)
	if p == nil || p.Dir == syscalls.Out || p.Dir == syscalls.OutIntr || !p.Type.Pointer() {
		return
	}
	v := c.Entry(i)
	if p.Dir == syscalls.In {
		v.force(0)
	}
}

// LatchAll latches every argument: what a tracer that prints calls at exit
// does at entry.
func (c *Call) LatchAll() {
	for i := range c.NumArgs() {
		c.Latch(i)
	}
}

// written reports whether the kernel has written the memory of p.
func (c *Call) written(p *syscalls.Param) bool {
	if !c.Exited {
		return false
	}
	switch p.Dir {
	case syscalls.Out, syscalls.InOut:
		return c.Errno == 0
	case syscalls.OutIntr:
		return c.interrupted()
	}
	return false
}

// interrupted reports whether a signal ended the call: EINTR or one of the
// kernel's restart codes.
func (c *Call) interrupted() bool {
	return c.Errno == 4 || syscalls.IsRestart(-int64(c.Errno))
}

// value returns a new Value, also when the budget is spent: there are few of
// them, one for each argument and result.
func (c *Call) value() *Value {
	if vs := c.arena.values(1); len(vs) == 1 {
		return &vs[0]
	}
	return new(Value)
}

func (c *Call) decodeArg(i int, p *syscalls.Param, out bool) *Value {
	v := c.value()
	sc := scope{c: c, arg: i, out: out}
	if out && p.After != nil {
		sc.word(v, p.After, c.words[i], 0)
		return v
	}
	if p.Kind == syscalls.KindIovec && p.Dir == syscalls.Out && !out && c.Exited {
		sc.failed = true // the vector was the caller's, only its buffers have nothing
	} else if p.Type.Pointer() && !out && (p.Dir == syscalls.Out || p.Dir == syscalls.OutIntr) {
		v.setAddr(c, p.Type, c.words[i])
		return v
	}
	sc.word(v, p.Type, c.words[i], 0)
	return v
}

// argWord returns the number in the named argument, cut to the width its kind
// has.
func (c *Call) argWord(name string) (uint64, bool) {
	i := syscalls.FindParam(c.params, name)
	if i < 0 {
		return 0, false
	}
	w := c.words[i]
	if n := syscalls.RegisterSize(c.params[i].Kind, c.ABI); !c.params[i].Type.Pointer() && n < 8 {
		w &= 1<<(8*n) - 1
	}
	return w, true
}
