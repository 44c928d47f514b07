package engine

import (
	"errors"

	"luatrace/engine/source"
	"luatrace/engine/spec"
)

var (
	errOver  = errors.New("the trace has ended: no event will come")
	errBegun = errors.New("the trace has begun: no begin hook will be called any more")
)

// admit says why a hook can't be added now, nil if its events will arrive.
func (e *Engine) admit(h *Hook) error {
	if e.phase == tracing {
		e.mustHold()
	}
	switch {
	case e.phase.ended():
		return errOver
	case h.Spec.Kind == spec.Begin && e.phase != loading:
		return errBegun
	case h.Spec.Kind != spec.Syscall || e.phase != tracing || e.plan.Filter == nil:
		return nil
	}
	if err := e.plan.Admit(&h.Rule); err != nil {
		if e.opts.Log.Plan != nil {
			e.opts.Log.Plan("refused: " + err.Error())
		}
		return err
	}
	h.late = true
	return nil
}

// Detach lets the process go: it runs on untraced, and no more events come
// from it or from what it creates. The errors are tracer.ErrFiltered, if
// its filter needs a tracer, and tracer.ErrStrict, if its strict mode does.
func (p *Proc) Detach() error {
	switch q := p.Process.(type) {
	case *source.Made:
		q.Detached = true
		return nil
	default:
		return p.eng.tr.Detach(source.TracedProcess(q))
	}
}
