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

// done ends the work at a line.
func (c *composing) done() {
	c.busy = false
	for len(c.waiting) > 0 {
		text := c.waiting[0]
		c.waiting = c.waiting[1:]
		c.say(text)
	}
}

func (c *composing) Enter(ev *engine.Event) error {
	c.busy = true
	defer c.done()
	return c.linePrinter.Enter(ev)
}

func (c *composing) EnterOnly(ev *engine.Event) error {
	c.busy = true
	defer c.done()
	return c.linePrinter.EnterOnly(ev)
}

func (c *composing) Exit(ev *engine.Event) error {
	c.busy = true
	defer c.done()
	return c.linePrinter.Exit(ev)
}

func (c *composing) Signal(ev *engine.Event) error {
	c.busy = true
	defer c.done()
	return c.linePrinter.Signal(ev)
}

func (c *composing) Observe(ev *engine.Event) {
	c.busy = true
	defer c.done()
	c.linePrinter.Observe(ev)
}

func (c *composing) Detached(t *engine.Task) {
	c.busy = true
	defer c.done()
	c.linePrinter.Detached(t)
}

func (c *composing) Idle() {
	c.busy = true
	defer c.done()
	c.linePrinter.Idle()
}

func (c *composing) Finish() {
	c.busy = true
	defer c.done()
	c.linePrinter.Finish()
}
