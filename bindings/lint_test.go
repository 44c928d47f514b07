package bindings_test

import (
	"luatrace/bindings"
	"luatrace/bindings/lint"
)

func init() { bindings.CheckScript = lint.Check }
