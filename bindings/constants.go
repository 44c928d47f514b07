package bindings

import (
	"sync"

	lua "github.com/yuin/gopher-lua"

	"luatrace/bindings/luart"
	"luatrace/tracer/syscalls"
)

// lookupConstant and constantNames are where constants come from.
var (
	lookupConstant = syscalls.Constant
	constantNames  = syscalls.ConstantNames
)

// constant returns the value of a named constant as a plain number, or as a
// word if a number can't hold it. Only names in capitals count: the headers
// also define lower-case enumerators, which would hide typing errors.
func constant(name string) (lua.LValue, bool) {
	if !luart.IsConstantName(name) {
		return nil, false
	}
	v, ok := lookupConstant(name)
	if !ok {
		return nil, false
	}
	return luart.Exact(v), true
}

// capitalNames are the constants scripts can name, for suggestions.
var capitalNames = sync.OnceValue(func() []string {
	var names []string
	for _, n := range constantNames() {
		if luart.IsConstantName(n) {
			names = append(names, n)
		}
	}
	return names
})
