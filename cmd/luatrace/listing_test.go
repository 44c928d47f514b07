package main

import (
	"reflect"
	"testing"

	"luatrace/bindings"
	"luatrace/scripts"
)

// What list and info show of the collection is read without running its scripts, and
// the same as when they run.
func TestListedAsRun(t *testing.T) {
	t.Parallel()
	for _, name := range scripts.Names() {
		quick, ok := bindings.LiteralMeta(collection(), name+".lua")
		if !ok {
			t.Errorf("%s does not begin with a meta of constants: list has to run it", name)
			continue
		}
		m, err := aboutRun(&script{name: name})
		if err != nil || !reflect.DeepEqual(quick.Shown(), m) {
			t.Errorf("%s:\n%+v\nwhen it runs, with %v,\n%+v", name, quick.Shown(), err, m)
		}
	}
}
