package engine

// callName is the name of the event's call for the hook that runs: of one that stands
// for another that of the other, unless the hook names the number itself.
func (ev *Event) callName() string {
	c := &ev.Task.decoded
	if c.Sig == nil || !c.Sig.Multiplexes() {
		return c.Name
	}
	sub := c.Sub()
	if h := ev.eng.running; sub == nil || sub.Name == "" || h != nil && h.Spec.Mentions(c.Name) {
		return c.Name
	}
	return sub.Name
}
