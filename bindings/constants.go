package bindings

import (
	"sync"

	lua "github.com/yuin/gopher-lua"

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
	if !isConstantName(name) {
		return nil, false
	}
	v, ok := lookupConstant(name)
	if !ok {
		return nil, false
	}
	return exact(v), true
}

// isConstantName reports whether a name is made like a constant: at least two
// characters, capitals, digits and underscores only, beginning with a letter
// or an underscore that a letter follows.
func isConstantName(name string) bool {
	if len(name) < 2 || name[0] >= '0' && name[0] <= '9' {
		return false
	}
	letters := false
	for i := range len(name) {
		switch c := name[i]; {
		case c >= 'A' && c <= 'Z':
			letters = true
		case c >= '0' && c <= '9', c == '_':
		default:
			return false
		}
	}
	return letters
}

// capitalNames are the constants scripts can name, for suggestions.
var capitalNames = sync.OnceValue(func() []string {
	var names []string
	for _, n := range constantNames() {
		if isConstantName(n) {
			names = append(names, n)
		}
	}
	return names
})
