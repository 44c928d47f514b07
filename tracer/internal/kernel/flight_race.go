//go:build race

package kernel

import "sync"

// flightGuard makes a ring safe for the several Tracers that tests run at once.
type flightGuard struct{ mu sync.Mutex }

func (g *flightGuard) lock()   { g.mu.Lock() }
func (g *flightGuard) unlock() { g.mu.Unlock() }
