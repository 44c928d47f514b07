package bindings

import (
	"fmt"

	lua "github.com/yuin/gopher-lua"

	"luatrace/bindings/luart"
	"luatrace/engine"
	"luatrace/engine/spec"
)

// HookOptions are those of on.
var HookOptions = []string{"when", "on_error"}

// ParseOnError takes the option on_error: what becomes of the event if the hook fails.
func ParseOnError(sel *spec.Spec, v lua.LValue) (engine.OnError, error) {
	var o engine.OnError
	switch v := v.(type) {
	case lua.LString:
		switch string(v) {
		case "continue":
		case "kill":
			o.Act = engine.ErrorKills
		default:
			n, err := LookupErrno(string(v))
			if err != nil {
				return o, fmt.Errorf("on_error: %w; an errno is wanted, \"kill\" or \"continue\"", err)
			}
			o = engine.OnError{Act: engine.ErrorFails, Errno: n}
		}
	case lua.LNumber:
		if !errnoNumber(v) {
			return o, fmt.Errorf("on_error: %s is no errno", luart.EscapeName(v.String()))
		}
		o = engine.OnError{Act: engine.ErrorFails, Errno: int(v)}
	default:
		return o, fmt.Errorf("on_error must be an errno such as \"EACCES\", \"kill\" or \"continue\", not a %s", luart.TypeName(v))
	}
	if err := o.Fits(sel); err != nil {
		return o, fmt.Errorf("on_error: %w", err)
	}
	return o, nil
}

// errnoNumber says whether a number is an errno that a program may get.
func errnoNumber(v lua.LNumber) bool {
	return v >= 1 && v <= 4095 && v == lua.LNumber(int(v)) && (v < 512 || v > 516)
}
