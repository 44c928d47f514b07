package syscalls

import "sync"

// numberMap keeps facts by number for readers that must not allocate, as they
// would with the key of a sync.Map. The zero value is empty and ready for any
// goroutine.
type numberMap[V any] struct {
	mu sync.RWMutex
	m  map[uint32]V
}

func (m *numberMap[V]) load(key uint32) (v V, ok bool) {
	m.mu.RLock()
	v, ok = m.m[key]
	m.mu.RUnlock()
	return v, ok
}

// store keeps the value unless there is one already, and returns the one kept.
func (m *numberMap[V]) store(key uint32, v V) V {
	m.mu.Lock()
	defer m.mu.Unlock()
	if old, ok := m.m[key]; ok {
		return old
	}
	if m.m == nil {
		m.m = map[uint32]V{}
	}
	m.m[key] = v
	return v
}
