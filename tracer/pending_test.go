package tracer

import (
	"strings"
	"testing"

	"luatrace/tracer/internal/kernel"
)

// The steps of a pending call. In the lists of the tests below each is a word, and the
// one behind the colon what is expected: the state, and with + how many outer calls wait.
var pendingSteps = map[string]func(p *pending) (refused bool){
	"ask":      func(p *pending) bool { p.ask(7, &Call{NR: 39, IP: 0x1000}); return !p.waits(7) },
	"ask-more": func(p *pending) bool { p.ask(8, &Call{NR: 57, IP: 0x2000}); return !p.waits(8) },
	"answer":   func(p *pending) bool { was := p.state; p.answered(); return was != pendingAsked },
	"want":     func(p *pending) bool { p.want("data"); return false },
	"stop":     func(p *pending) bool { return !p.stop() },
	"stack": func(p *pending) bool {
		if !p.lacksStack() {
			return true
		}
		p.stackAt(0x7000)
		return false
	},
	"stack-more": func(p *pending) bool {
		if !p.lacksStack() {
			return true
		}
		p.stackAt(0x6000)
		return false
	},
	"enter":        func(p *pending) bool { return !p.enter(&kernel.SyscallInfo{NR: 39, IP: 0x1000, SP: 0x7000}) },
	"enter-more":   func(p *pending) bool { return !p.enter(&kernel.SyscallInfo{NR: 57, IP: 0x2000, SP: 0x6000}) },
	"other-number": func(p *pending) bool { return !p.enter(&kernel.SyscallInfo{NR: 40, IP: 0x1000, SP: 0x7000}) },
	"other-place":  func(p *pending) bool { return !p.enter(&kernel.SyscallInfo{NR: 39, IP: 0x1002, SP: 0x7000}) },
	"handler":      func(p *pending) bool { return !p.enter(&kernel.SyscallInfo{NR: 39, IP: 0x1000, SP: 0x6800}) },
	"again":        func(p *pending) bool { was := p.state; p.again(); return was != pendingEntered },
	"leave":        func(p *pending) bool { return !p.leave() },
}

func TestPendingStates(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, steps string }{
		{"run or returned", "ask:asked answer:none"},
		{"to an entry stop", "ask:asked want:asked stop:stopping stack:stopping enter:entered leave:none"},
		{"the next one after it", "ask:asked stop:stopping stack:stopping enter:entered leave:none ask:asked answer:none"},
		{"interrupted before its second notification", "ask:asked stop:stopping stack:stopping enter:entered again:stopping enter:entered leave:none"},
		{"entry stops of other calls", "ask:asked stop:stopping stack:stopping other-number!stopping other-place!stopping handler!stopping enter:entered"},
		{"an entry stop before the stack pointer is known", "ask:asked stop:stopping enter!stopping stack:stopping enter:entered"},
		{"the stack pointer is noted once", "ask:asked stack!asked stop:stopping stack:stopping stack-more!stopping enter:entered stack!entered"},
		{"a handler's call runs", "ask:asked stop:stopping stack:stopping ask-more:asked+1 answer:stopping enter:entered leave:none"},
		{"a handler's call stops too", "ask:asked stop:stopping stack:stopping ask-more:asked+1 stop:stopping+1 stack-more:stopping+1 enter!stopping+1 enter-more:entered+1 leave:stopping enter:entered leave:none"},
		{"a handler runs between stop and second notification", "ask:asked stop:stopping stack:stopping enter:entered again:stopping ask-more:asked+1 answer:stopping enter:entered leave:none"},
		{"a handler within a handler", "ask:asked stop:stopping stack:stopping ask-more:asked+1 stop:stopping+1 stack-more:stopping+1 ask:asked+2 answer:stopping+1 enter-more:entered+1 leave:stopping"},
		{"answers of nobody", "answer!none stop!none again!none leave!none enter!none stack!none"},
		{"answered twice", "ask:asked answer:none answer!none stop!none"},
		{"an answer that comes too late", "ask:asked stop:stopping answer!stopping stop!stopping"},
		{"a former notification that nobody answered", "ask:asked ask-more:asked answer:none"},
		{"the second notification is none of its own", "ask:asked stop:stopping stack:stopping enter:entered ask-more!entered leave:none"},
	}
	for _, tt := range tests {
		var p pending
		for step := range strings.FieldsSeq(tt.steps) {
			name, want, ok := strings.Cut(step, ":")
			if !ok {
				name, want, _ = strings.Cut(step, "!")
			}
			if refused := pendingSteps[name](&p); refused == ok {
				t.Errorf("%s: %s: refused %v", tt.name, step, refused)
			}
			if got := describePending(&p); got != want {
				t.Errorf("%s: %s: the state is %s", tt.name, step, got)
			}
		}
	}
}

func describePending(p *pending) string {
	text, depth := p.state.String(), 0
	for o := p.outer; o != nil; o = o.outer {
		depth++
	}
	if depth > 0 {
		text += "+" + string(rune('0'+depth))
	}
	return text
}

// What the entry stop is to be shown with stays with its call, whatever handlers do.
func TestPendingKeepsData(t *testing.T) {
	t.Parallel()
	var p pending
	for _, step := range strings.Fields("ask want stop stack ask-more") {
		pendingSteps[step](&p)
	}
	if p.data != nil {
		t.Errorf("a handler's call has the data of the one that it interrupts: %v", p.data)
	}
	for _, step := range strings.Fields("stop stack-more enter-more leave enter") {
		pendingSteps[step](&p)
	}
	if p.data != "data" {
		t.Errorf("the data became %v", p.data)
	}
}

// An ordinary notification costs no allocation.
func TestPendingDoesNotAllocate(t *testing.T) {
	var p pending
	var data any = &p
	c, s := &Call{NR: 39, IP: 0x1000}, &kernel.SyscallInfo{NR: 39, IP: 0x1000, SP: 0x7000}
	if n := testing.AllocsPerRun(100, func() {
		p.ask(1, c)
		p.answered()
		p.ask(2, c)
		p.want(data)
		p.stop()
		p.stackAt(0x7000)
		p.enter(s)
		p.leave()
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
