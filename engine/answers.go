package engine

import (
	"fmt"

	"luatrace/engine/source"
)

// lacks reports whether the source of the event can't answer a field: hooks get nil for it
// then, and the user is told so once.
func (ev *Event) lacks(f source.Fields) bool {
	if ev.Task.Can()&f != 0 {
		return false
	}
	key := remarkKey{what: remarkLacking, of: int(f)}
	ev.eng.reportOnce(key, fmt.Sprintf("%s are not known of some events: hooks get nil for them. This is said once", f))
	return true
}
