// Package slot lets a package keep a record of its own with an object of a package below
// it, which knows nothing of the record's type: the engine with the tracer's tasks, the
// bindings and a printer with the engine's.
//
// Each [Slot] is for records of one type. Only this package asserts what a slot holds.
package slot

import "fmt"

// A Slot is room for one record. The zero value is empty. It needs the lock that the object
// around it needs.
type Slot struct{ value any }

// Of returns the record in the slot, nil if it is empty. It panics if the slot is for records
// of another type: two packages use the same one.
func Of[T any](s *Slot) *T {
	if s.value == nil {
		return nil
	}
	v, ok := s.value.(*T)
	if !ok {
		panic(fmt.Sprintf("a slot with a %T is asked for a %T", s.value, v))
	}
	return v
}

// Keep puts a record into the slot.
func Keep[T any](s *Slot, v *T) { s.value = v }
