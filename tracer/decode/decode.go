package decode

import "luatrace/tracer/syscalls"

// scope is where the names in lengths and conditions are looked up: among the
// fields of the enclosing struct, or among the arguments of the call.
type scope struct {
	c      *Call
	parent *Value // the struct a field is decoded for; nil for arguments
	arg    int    // the argument that is being decoded
	out    bool   // memory is as the kernel left it
	failed bool   // the call has failed: what it was to write into holds nothing
}

// length evaluates a length. ok is false when there is none or its source
// cannot be read.
func (s scope) length(l *syscalls.Length) (n uint64, ok bool) {
	n, ok = s.rawLength(l)
	if l.Div > 1 {
		n = n/l.Div + min(n%l.Div, 1)
	}
	return n, ok
}

// rawLength is length in the unit of its source.
func (s scope) rawLength(l *syscalls.Length) (n uint64, ok bool) {
	switch l.Kind {
	case syscalls.LenConst:
		return l.N, true
	case syscalls.LenRet:
		if m := s.parent; m != nil && m.parent.StructName() == "mmsghdr" && s.out {
			n := m.parent.Field("msg_len") // each message has a count of its own
			return n.num, true
		}
		if s.c.Exited && s.c.Errno == 0 && s.out && s.c.Ret >= 0 {
			return uint64(s.c.Ret), true
		}
	case syscalls.LenIoctl:
		if i := s.c.ioctlArg(); i >= 0 {
			return uint64(syscalls.IoctlSize(uint32(s.c.words[i]))), true
		}
	case syscalls.LenArg:
		return s.c.argWord(l.Name)
	case syscalls.LenName:
		if s.parent != nil {
			if f := s.parent.Field(l.Name); f != nil {
				return f.num, f.Kind != KindNone
			}
		}
		w, found := s.c.argWord(l.Name)
		return w, found
	case syscalls.LenField:
		if i := s.c.Index(l.Name); i >= 0 && s.parent == nil {
			if f := s.c.Entry(i).Field(l.Of); f != nil {
				return f.num, true
			}
		}
	case syscalls.LenDeref:
		i := s.c.Index(l.Name)
		if i < 0 || s.parent != nil {
			return 0, false
		}
		in := s.c.Entry(i)
		if !s.out {
			return in.num, in.Ref
		}
		out := s.c.Arg(i)
		if in.Ref && in.num < out.num { // the kernel tells the full length of what it cut
			return in.num, true
		}
		return out.num, out.Ref
	}
	return 0, false
}

// word decodes a word of type t: a number, or the memory at that address.
// size is the word's width in bytes, or 0 for an argument register.
func (s scope) word(v *Value, t *syscalls.Type, w uint64, size int) {
	c := s.c
	if !t.Pointer() {
		if size == 0 {
			size = syscalls.RegisterSize(t.Kind, c.ABI)
			if t.Word {
				size = c.ABI.WordSize()
			}
			if t.Wide {
				size = 8
			} else if t.Half {
				size = 2
			}
			if t.Kind == syscalls.KindLow64 && c.ABI.RegisterSize() == 4 && s.parent == nil && s.arg < 5 {
				w = uint64(uint32(w)) | c.words[s.arg+1]<<32
			} else if t.Kind == syscalls.KindHigh64 && s.parent == nil && s.arg < 5 {
				w = w<<32 | uint64(uint32(c.words[s.arg+1]))
			} else if c.ABI.RegisterSize() == 4 && size == 8 && t.Kind != syscalls.KindLow64 && t.Kind != syscalls.KindPages {
				size = 4
			}
			if t.Kind == syscalls.KindSigset || t.Kind == syscalls.KindRlim {
				size = c.ABI.WordSize()
			}
		}
		c.number(v, t, w, size)
		return
	}
	if t.Kind == syscalls.KindSigframe {
		w = c.SP
	}
	if c.ABI.WordSize() == 4 {
		w = uint64(uint32(w))
	}
	v.setAddr(c, t, w)
	if w == 0 {
		return
	}
	s.follow(v, t, w)
}

// follow decodes the memory at the non-zero address addr as type t.
func (s scope) follow(v *Value, t *syscalls.Type, addr uint64) {
	c := s.c
	switch t.Kind {
	case syscalls.KindPath:
		s.cstring(v, t, addr, MaxPath)
	case syscalls.KindString:
		limit := c.bufferLimit()
		if n, ok := s.length(&t.Len); ok {
			limit = int(min(n, uint64(limit)))
		}
		s.cstring(v, t, addr, limit)
	case syscalls.KindBytes, syscalls.KindHexBytes:
		s.buffer(v, t, addr)
	case syscalls.KindSockBuf:
		s.sockBuf(v, t, addr)
	case syscalls.KindOpt:
		s.sockopt(v, t, addr)
	case syscalls.KindStrings, syscalls.KindEnv:
		s.strings(v, t, addr)
	case syscalls.KindRef:
		s.ref(v, t, addr)
	case syscalls.KindWait:
		s.refTo(v, t, addr, 4)
	case syscalls.KindSigset:
		s.sigset(v, t, addr)
	case syscalls.KindStruct:
		s.structAt(v, t, addr)
	case syscalls.KindArray:
		s.array(v, t, addr)
	case syscalls.KindPtrArray:
		s.pointers(v, t, addr)
	case syscalls.KindPollResult:
		s.pollfds(v, t, addr)
	case syscalls.KindIovec, syscalls.KindIovecAddr:
		s.iovec(v, t, addr)
	case syscalls.KindSockaddr:
		s.sockaddr(v, t, addr)
	case syscalls.KindControl:
		s.control(v, t, addr)
	case syscalls.KindFDSet, syscalls.KindBits:
		s.bits(v, t, addr)
	case syscalls.KindSiginfo:
		s.siginfo(v, t, addr)
	case syscalls.KindSigframe:
		s.sigframe(v, t, addr)
	case syscalls.KindDirents:
		if t.Struct != "" {
			s.records(v, t, structOldDirent, "d_reclen", addr)
			return
		}
		s.records(v, t, structDirent, "d_reclen", addr)
	case syscalls.KindMsgbuf:
		s.msgbuf(v, t, addr)
	case syscalls.KindCapData:
		s.capData(v, t, addr)
	case syscalls.KindNodeMask:
		s.nodeMask(v, t, addr)
	case syscalls.KindKeyCaps:
		s.keyCaps(v, t, addr)
	case syscalls.KindLSMContexts:
		s.records(v, t, structLSMContext, "len", addr)
	}
}

func (c *Call) bufferLimit() int {
	if c.BufferLimit > 0 {
		return min(c.BufferLimit, MaxData)
	}
	return DefaultBuffer
}

// bytes decodes a value of type t that stands in b, memory at addr.
func (s scope) bytes(v *Value, t *syscalls.Type, b []byte, addr uint64) {
	c := s.c
	v.call, v.typ, v.Addr, v.inline = c, t, addr, true
	switch t.Kind {
	case syscalls.KindIPv4, syscalls.KindIPv6, syscalls.KindMAC, syscalls.KindBytes, syscalls.KindHexBytes, syscalls.KindSockBuf:
		if t.Len.Kind == syscalls.LenName { // a field says how much of the array counts
			n, _ := s.length(&t.Len)
			b = b[:min(n, uint64(len(b)))]
		}
		v.Kind, v.data, v.total = KindBytes, b, uint64(len(b))
	case syscalls.KindString, syscalls.KindPath:
		v.Kind, v.data = KindString, b
		for i, ch := range b {
			if ch == 0 && (i > 0 || t.Kind == syscalls.KindString) {
				v.data = b[:i]
				break
			}
		}
		v.total = uint64(len(v.data))
	case syscalls.KindSockaddr:
		if len(b) < 2 {
			v.Kind = KindNone
			return
		}
		s.sockaddrBytes(v, b[:min(len(b), maxSockaddr)], addr)
		v.inline = true
	case syscalls.KindIPAddr:
		s.bytes(v, ipType(t, len(b)), b, addr)
	case syscalls.KindStruct:
		if v.lay = t.Layout(c.ABI); v.lay == nil {
			v.Kind = KindNone
			return
		}
		v.Kind, v.data, v.given = KindStruct, b, uint64(len(b))
	case syscalls.KindArray:
		n, _ := s.length(&t.Len)
		s.elements(v, t.Elem, b, addr, n)
	case syscalls.KindSiginfo:
		if len(b) >= syscalls.SiginfoSize {
			s.siginfoBytes(v, b, addr)
		}
	default:
		if isScalar(t.Kind) || t.Kind == syscalls.KindSigset || t.Kind == syscalls.KindWait {
			size := min(len(b), 8)
			if t.Kind == syscalls.KindInt { // of a 64-bit field that holds an int
				size = min(size, 4)
			}
			c.number(v, t, load(b), size)
			return
		}
		v.Kind, v.data, v.total = KindBytes, b, uint64(len(b))
	}
}

// ref decodes a pointer to a scalar or to an inline struct.
func (s scope) ref(v *Value, t *syscalls.Type, addr uint64) {
	s.refTo(v, t.Elem, addr, t.Elem.MemSize(s.c.ABI))
	if v.Kind == KindUnreadable {
		v.typ = t
	}
}

func (s scope) refTo(v *Value, t *syscalls.Type, addr uint64, size int) {
	b := s.c.copyIn(addr, uint64(size))
	if len(b) < size || size == 0 {
		v.setUnreadable(s.c, t, addr)
		return
	}
	v.Ref = true
	s.bytes(v, t, b, addr)
	v.inline = false
}
