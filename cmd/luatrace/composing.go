package main

import "luatrace/engine"

// composing is a printer that keeps messages back while it puts a line together:
// what it looks up for the line may be what there is to say, and a message would
// stand in the middle of it.
type composing struct {
	linePrinter
	say     func(text string)
	busy    bool
	waiting []string
}

// notice says something as soon as no line is being put together.
func (c *composing) notice(text string) {
	if c.busy {
		c.waiting = append(c.waiting, text)
		return
	}
	c.say(text)
}

// work begins the work at a line. What it returns ends it.
func (c *composing) work() (end func()) {
	c.busy = true
	return c.end
}

func (c *composing) end() {
	c.busy = false
	for len(c.waiting) > 0 {
		text := c.waiting[0]
		c.waiting = c.waiting[1:]
		c.say(text)
	}
}

func (c *composing) Enter(ev *engine.Event) error {
	defer c.work()()
	return c.linePrinter.Enter(ev)
}

func (c *composing) EnterOnly(ev *engine.Event) error {
	defer c.work()()
	return c.linePrinter.EnterOnly(ev)
}

func (c *composing) Exit(ev *engine.Event) error {
	defer c.work()()
	return c.linePrinter.Exit(ev)
}

func (c *composing) Signal(ev *engine.Event) error {
	defer c.work()()
	return c.linePrinter.Signal(ev)
}

func (c *composing) Observe(ev *engine.Event) {
	defer c.work()()
	c.linePrinter.Observe(ev)
}

func (c *composing) Detached(t *engine.Task) {
	defer c.work()()
	c.linePrinter.Detached(t)
}

func (c *composing) Idle() {
	defer c.work()()
	c.linePrinter.Idle()
}

func (c *composing) Finish() {
	defer c.work()()
	c.linePrinter.Finish()
}
