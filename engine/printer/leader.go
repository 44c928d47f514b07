package printer

import (
	"strconv"
	"time"

	"luatrace/engine"
	"luatrace/tracer/decode"
)

// begin starts a line: thread id, time stamps, number and place of the call. ip is
// 0 where there is none; at is the time of what the line shows.
func (p *Printer) begin(t *engine.Task, ip uint64, at time.Time) {
	p.line = p.line[:0]
	if !p.opts.NoPIDs && (p.opts.PIDs || p.several) {
		p.line = p.appendPID(p.line, t)
	}
	if p.opts.Stamps.Any() {
		p.line = p.opts.Stamps.Append(p.line, at)
	}
	if p.opts.Numbers {
		p.line = appendPadded(append(p.line, '['), int64(t.DecodedCall().NR), 4, ' ')
		p.line = append(p.line, "] "...)
	}
	if p.opts.Pointers {
		p.line = appendPointer(p.line, ip, t.DecodedCall().ABI.WordSize())
	}
}

// beginCall starts the line of the call that a task is in, with the time of its
// entry. Id and name are those at its entry: an execve gives others.
func (p *Printer) beginCall(t *engine.Task) { p.beginCallAt(t, t.Entered()) }

// beginCallAt is beginCall with another time.
func (p *Printer) beginCallAt(t *engine.Task, at time.Time) {
	if c := callOf(t); !c.unfinished {
		p.tid, p.comm = c.tid, c.comm
	}
	p.begin(t, t.Task.Call().IP, at)
	p.tid, p.comm = 0, ""
}

func (p *Printer) appendPID(dst []byte, t *engine.Task) []byte {
	tid := t.TID()
	if p.tid != 0 {
		tid = p.tid
	}
	if p.opts.File {
		start := len(dst)
		dst = strconv.AppendInt(dst, int64(tid), 10)
		dst = p.appendComm(dst, t)
		for len(dst)-start < 5 {
			dst = append(dst, ' ')
		}
		return append(dst, ' ')
	}
	dst = appendPadded(append(dst, "[pid "...), int64(tid), 5, ' ')
	return append(p.appendComm(dst, t), "] "...)
}

func (p *Printer) appendComm(dst []byte, t *engine.Task) []byte {
	if !p.opts.Text.PIDNames {
		return dst
	}
	if p.comm != "" {
		return decode.AppendPIDName(dst, p.comm)
	}
	return decode.AppendPIDName(dst, t.Comm())
}

// appendPointer appends an address in brackets, question marks for 0.
func appendPointer(dst []byte, ip uint64, size int) []byte {
	dst = append(dst, '[')
	for shift := 8*size - 4; shift >= 0; shift -= 4 {
		if ip == 0 {
			dst = append(dst, '?')
		} else {
			dst = append(dst, "0123456789abcdef"[ip>>shift&15])
		}
	}
	return append(dst, "] "...)
}

// appendPadded appends a number, padded on the left.
func appendPadded(dst []byte, n int64, width int, pad byte) []byte {
	var buf [24]byte
	s := strconv.AppendInt(buf[:0], n, 10)
	for i := len(s); i < width; i++ {
		dst = append(dst, pad)
	}
	return append(dst, s...)
}
