package main

import (
	"slices"
	"testing"

	"luatrace/engine"
	"luatrace/internal/fixture"
)

// talkative is a printer that finds something to say in the middle of each line.
type talkative struct {
	linePrinter
	say  func(string)
	said *[]string
}

func (p talkative) line(text string) {
	p.say(text + "?")
	*p.said = append(*p.said, text)
}

func (p talkative) Enter(*engine.Event) error     { p.line("enter"); return nil }
func (p talkative) EnterOnly(*engine.Event) error { p.line("enter only"); return nil }
func (p talkative) Exit(*engine.Event) error      { p.line("exit"); return nil }
func (p talkative) Signal(*engine.Event) error    { p.line("signal"); return nil }
func (p talkative) Observe(*engine.Event)         { p.line("observe") }
func (p talkative) Detached(*engine.Task)         { p.line("detached") }
func (p talkative) Idle()                         { p.line("idle") }
func (p talkative) Finish()                       { p.line("finish") }

// A message that is found while a line is put together comes behind the line.
func TestMessagesBetweenLines(t *testing.T) {
	t.Parallel()
	var said []string
	c := &composing{say: func(text string) { said = append(said, text) }}
	c.linePrinter = talkative{say: c.notice, said: &said}
	c.Enter(nil)
	c.notice("at once")
	c.EnterOnly(nil)
	c.Exit(nil)
	c.Signal(nil)
	c.Observe(nil)
	c.Detached(nil)
	c.Idle()
	c.Finish()
	want := []string{"enter", "enter?", "at once", "enter only", "enter only?", "exit", "exit?", "signal", "signal?", "observe", "observe?",
		"detached", "detached?", "idle", "idle?", "finish", "finish?"}
	if !slices.Equal(said, want) {
		t.Errorf("said %q, want %q", said, want)
	}
}

// A notice of a script is one line, whatever is in it; JSON has it as it is.
func TestNoticeIsALine(t *testing.T) {
	t.Parallel()
	code := `on("end", function() notice "a\nluatrace: b\27[2J\n" end)`
	if r := fixture.Run(t, fixture.Luatrace(t), "-e", code, "true"); r.Code != 0 || r.Stderr != "luatrace: a\\nluatrace: b\\x1b[2J\n" {
		t.Errorf("%+v", r)
	}
	if r := fixture.Run(t, fixture.Luatrace(t), "-j", "-e", code, "true"); r.Code != 0 || r.Stderr != `{"type":"notice","text":"a\nluatrace: b\u001b[2J\n"}`+"\n" {
		t.Errorf("%+v", r)
	}
}
