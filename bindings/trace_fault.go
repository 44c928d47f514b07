package bindings

import (
	"fmt"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"luatrace/bindings/luart"
	"luatrace/engine"
	"luatrace/engine/plan"
	"luatrace/engine/spec"
)

// fault makes a hook that fails calls.
func (t *Trace) fault(L *lua.LState) int {
	text := L.CheckString(1)
	sel, err := spec.Parse(text)
	if err != nil {
		L.ArgError(1, err.Error())
	}
	if sel.Kind != spec.Syscall {
		L.ArgError(1, "only system calls can be made to fail")
	}
	if sel.PhaseGiven && sel.Phase != spec.PhaseEnter {
		L.ArgError(1, "a fault happens before the call; leave \":exit\" away")
	}
	sel.Phase = spec.PhaseEnter
	f := &faultPlan{probability: 1}
	h := &engine.Hook{Rule: plan.Rule{Spec: sel}, Where: position(L), Fn: f.hook}
	switch v := L.Get(2).(type) {
	case *lua.LTable:
		t.faultOptions(L, h, f, v)
	default:
		f.ret = -int64(checkErrno(L, v))
	}
	if f.ret == 0 && !f.haveRet {
		L.ArgError(2, "errno or ret must be given")
	}
	if f.constant() {
		h.Fault = &plan.Fault{Errno: int(-f.ret)}
	}
	done := "failed"
	if f.ret >= 0 {
		done = "prevented"
	}
	if err := t.eng.On(h); err != nil {
		L.RaiseError("fault: %s", err.Error())
	}
	f.tally = t.eng.NewTally(faultTitle(text, position(L)), done)
	return 0
}

// faultTitle names a fault by where it was made; of a script of the collection
// the line is nobody's business.
func faultTitle(text, where string) string {
	title := fmt.Sprintf("fault(%q)", luart.EscapeName(text))
	if file, shipped := strings.CutPrefix(where, "luatrace:"); shipped {
		script, _, _ := strings.Cut(file, ".lua")
		return title + " of " + script
	}
	return title + " at " + where
}

// faultPlan says which of the matching calls fail, and how.
type faultPlan struct {
	ret               int64
	haveRet           bool
	probability       float64
	rng               *luart.Generator
	first, last, step int64
	seen              int64
	tally             *engine.Tally
}

// constant says whether every matching call fails in the same way, which the
// kernel can do by itself. A result other than 0 it can't make.
func (f *faultPlan) constant() bool {
	return f.ret <= 0 && f.ret >= -4095 && f.probability >= 1 && f.first == 0 && f.last == 0 && f.step <= 1
}

func (f *faultPlan) hook(ev *engine.Event) error {
	f.seen++
	f.tally.Calls++
	switch {
	case f.first > 0 && f.seen < f.first,
		f.last > 0 && f.seen > f.last,
		f.step > 1 && (f.seen-max(f.first, 1))%f.step != 0,
		f.probability < 1 && f.rng.Float() >= f.probability:
		return nil
	}
	f.tally.Hits++
	return ev.Skip(f.ret)
}

func (t *Trace) faultOptions(L *lua.LState, h *engine.Hook, f *faultPlan, tb *lua.LTable) {
	seed := int64(t.r.Options().Seed)
	tb.ForEach(func(k, v lua.LValue) {
		switch k.String() {
		case "errno":
			f.ret = -int64(checkErrno(L, v))
		case "ret":
			f.ret, f.haveRet = wholeNumber(L, v, "ret"), true
		case "when":
			w, ok := v.(*lua.LTable)
			if !ok {
				L.RaiseError("when must be a table of conditions, not a %s", luart.TypeName(v))
			}
			h.When = t.when(L, h.Spec, w)
		case "probability":
			f.probability = float64(numberOption(L, v, "probability"))
			if f.probability < 0 || f.probability > 1 {
				L.RaiseError("probability must be from 0 to 1")
			}
		case "seed":
			seed = wholeNumber(L, v, "seed")
		case "nth":
			f.first = callNumber(L, v, "nth")
			f.last = f.first
		case "first":
			f.first = callNumber(L, v, "first")
		case "last":
			f.last = callNumber(L, v, "last")
		case "step":
			f.step = callNumber(L, v, "step")
		default:
			L.RaiseError("%s", UnknownFaultOption(k.String()))
		}
	})
	f.rng = luart.NewGenerator(uint64(seed))
	if f.last > 0 && f.first > f.last {
		L.RaiseError("first must not be greater than last")
	}
}

// FaultOptions are those of fault.
var FaultOptions = []string{"errno", "ret", "when", "probability", "seed", "nth", "first", "last", "step"}

// UnknownFaultOption says what is wrong with an option of fault.
func UnknownFaultOption(name string) string {
	return fmt.Sprintf("unknown option '%s'; there are %s", luart.EscapeName(name), joinNames(FaultOptions))
}

// callNumber is an option that counts calls from 1.
func callNumber(L *lua.LState, v lua.LValue, what string) int64 {
	n := wholeNumber(L, v, what)
	if n < 1 {
		L.RaiseError("%s counts calls from 1", what)
	}
	return n
}
