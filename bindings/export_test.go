package bindings

import "luatrace/bindings/luart"

// CheckScript is lint.Check, which the external tests put here: lint imports this package.
var CheckScript func(r *Runtime, fn Function) []*luart.ScriptError
