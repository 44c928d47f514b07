package tracer

import "sync"

// Lock guards the records of tasks while a listener looks at them too.
type Lock interface {
	sync.Locker
	// Held says whether the calling thread holds it. It need not know but while
	// rules are checked.
	Held() bool
}

// records is called by what uses the records of tasks: as long as a listener may
// use them too, the caller must hold the lock.
func (t *Tracer) records() {
	if t.lock != nil && t.listener != nil && !t.lock.Held() {
		panic("the records of tasks are used without the lock that guards them")
	}
}
