package syscalls

import "sync"

// Field is one field of a struct as it is shown: its place in memory from the
// layout tables, its meaning from structs.tab.
type Field struct {
	Name      string
	Offset    int   // bytes from the start of the struct
	Size      int   // bytes, of all elements of an array
	BitOffset int   // bit fields: first bit, counted from the start of the struct
	BitSize   int   // bit fields: bits, else 0
	Count     int   // elements of an inline array, else 0
	Signed    bool  // the C type is signed
	Pointer   bool  // the C type is a pointer
	Type      *Type // how to read it
	Cond      *Cond // nil, or when the field is shown
	Hidden    bool  // padding: not shown
	Out       bool  // the kernel writes it: shown only as it left it
	Optional  bool  // shown only of a struct that is long enough to have it
	Relative  bool  // the number is the distance from the end of the struct to what it is about
	BriefSet  bool  // shown in the abbreviated form if it is not zero
	Far       bool  // abbreviated to its address: what it points to is shown in full only
	Brief     bool  // shown in the abbreviated form too
	Wide      bool  // an unsigned 64-bit quantity that need not fit a float64
}

// Struct is a struct as one ABI lays it out. It is immutable.
type Struct struct {
	Name   string
	Size   int
	Fields []Field // in the order they print
	Short  bool    // there is an abbreviated form: the Brief fields
	View   bool    // one member of a union: what the tracee did not give counts as zero
	Known  int     // bytes that are described: Size, or less of a view
	unions bool    // several fields share a name: one that is shown counts
	index  map[string]int
}

// Field returns the index of the field with the given name, or -1.
func (s *Struct) Field(name string) int {
	if i, ok := s.index[name]; ok {
		return i
	}
	return -1
}

// Unions reports whether several fields have the same name, of which the one
// whose condition holds counts.
func (s *Struct) Unions() bool { return s.unions }

// TypeOf returns the type of the named field, nil if there is none.
func (s *Struct) TypeOf(name string) *Type {
	if i := s.Field(name); i >= 0 {
		return s.Fields[i].Type
	}
	return nil
}

type structKey struct {
	abi  ABI
	name string
}

var structCache sync.Map // structKey: *Struct

// StructByName returns a struct of the layout tables together with what
// structs.tab says about its fields, or nil when the ABI has no such struct.
func StructByName(abi ABI, name string) *Struct {
	key := structKey{abi, name}
	if s, ok := structCache.Load(key); ok {
		return s.(*Struct)
	}
	s, err := compileStruct(abi, name)
	if err != nil || s == nil {
		return nil
	}
	actual, _ := structCache.LoadOrStore(key, s)
	return actual.(*Struct)
}

// isWide says whether a field of size bytes holds a quantity that may exceed
// what a float64 counts exactly: decided by type, never by value.
func isWide(t *Type, size int) bool {
	switch t.Kind {
	case KindCookie, KindSigset:
		return true
	case KindFlags:
		return size == 8
	}
	return false
}
