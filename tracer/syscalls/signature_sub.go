package syscalls

import (
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
)

// SubCall is one of the calls that a multiplexing call stands for: socket(2) is
// socketcall(2) number 1 of i386.
type SubCall struct {
	Name  string     // name of the call it is, "" when it keeps the name of the call it came by
	Words []WordFrom // where its arguments are
	value uint64     // of the first argument
	any   bool       // whatever the first argument is
	abi   ABI
	row   string
	sig   atomic.Pointer[Signature]
}

// WordFrom says where an argument word of a SubCall is: in argument register
// Reg, or, with Deref, in memory, Index words after the address there.
type WordFrom struct {
	Reg, Index int
	Deref      bool
	Bracketed  bool // strace shows the pointer: [WORD]
}

// Signature returns what the arguments of the sub call mean, or nil when the
// table has no row for it. It does not allocate after the first use.
func (s *SubCall) Signature() *Signature {
	if sig := s.sig.Load(); sig != nil {
		return sig
	}
	sig := lookupRow(s.abi, s.row)
	if sig != nil {
		s.sig.Store(sig)
	}
	return sig
}

// Multiplexes reports whether the call stands for others.
func (s *Signature) Multiplexes() bool { return len(s.subs) > 0 }

// subNames are the names of the calls that these stand for. They stand in the table too;
// to read its rows would cost each start half a millisecond.
var subNames = map[string][]string{
	"socketcall": {"socket", "bind", "connect", "listen", "accept", "getsockname", "getpeername", "socketpair", "send", "recv", "sendto",
		"recvfrom", "shutdown", "setsockopt", "getsockopt", "sendmsg", "recvmsg", "accept4", "recvmmsg", "sendmmsg"},
	"ipc": {"semop", "semget", "semctl", "semtimedop", "msgsnd", "msgrcv", "msgrcv", "msgget", "msgctl", "shmat", "shmdt", "shmget", "shmctl"},
}

// SubNames returns the names of the calls that a number stands for, nil for one that
// stands for none. It does not read the table.
func SubNames(abi ABI, nr int) []string {
	if abi != I386 {
		return nil
	}
	return subNames[Name(abi, nr)]
}

// Subs returns the calls that it stands for; the slice must not be changed.
func (s *Signature) Subs() []*SubCall { return s.subs }

// Value is the first argument of the multiplexing call that makes it this call; ipc's
// may have a version in its upper half besides.
func (s *SubCall) Value() uint64 { return s.value }

// Sub returns the call that a multiplexing call stands for with these argument
// words, or nil.
func (s *Signature) Sub(args *[6]uint64) *SubCall {
	if s.subs == nil {
		return nil
	}
	for i := range s.subs {
		if c := s.subs[i]; c.any || c.value == args[0]&0xffffffff {
			return c
		}
	}
	for i := range s.subs { // ipc's version stands in the upper bits
		if c := s.subs[i]; s.Params[0].Kind == KindIPCCall && c.value == args[0]&0xffff {
			return c
		}
	}
	return nil
}

// parseSub parses "VALUE: NAME[/ROW] WORD..." or "any: NAME WORD...". A WORD is the
// number of an argument, "*N" for the word argument N points to, "*N+I" for the
// I-th word after it; the only WORD "*N..." takes all arguments from there. "[N]" is "*N", printed in brackets.
func (s *Signature) parseSub(abi ABI, text string) error {
	head, body, ok := strings.Cut(text, ":")
	words := strings.Fields(body)
	if !ok || len(words) == 0 {
		return fmt.Errorf("sub: want a value, a colon, a name and words")
	}
	c := &SubCall{Name: words[0], row: words[0], abi: abi}
	if name, row, ok := strings.Cut(words[0], "/"); ok {
		c.Name, c.row = name, row
	}
	if head = strings.TrimSpace(head); head == "any" {
		c.any, c.Name = true, ""
	} else if c.value, ok = constOrNumber(abi, head); !ok {
		return fmt.Errorf("sub: no constant %s", head)
	}
	for _, w := range words[1:] {
		from := WordFrom{}
		if inner, ok := strings.CutPrefix(w, "["); ok {
			w, from.Bracketed = "*"+strings.TrimSuffix(inner, "]"), true
		}
		w, from.Deref = strings.CutPrefix(w, "*")
		w, all := strings.CutSuffix(w, "...")
		w, index, _ := strings.Cut(w, "+")
		var err error
		if from.Reg, err = strconv.Atoi(w); err == nil && index != "" {
			from.Index, err = strconv.Atoi(index)
		}
		if err != nil || from.Reg < 0 || from.Reg > 5 {
			return fmt.Errorf("sub %s: no argument %q", head, w)
		}
		c.Words = append(c.Words, from)
		for from.Index < 5 && all {
			from.Index++
			c.Words = append(c.Words, from)
		}
	}
	if len(c.Words) > 6 {
		return fmt.Errorf("sub %s: %d arguments", head, len(c.Words))
	}
	s.subs = append(s.subs, c)
	return nil
}
