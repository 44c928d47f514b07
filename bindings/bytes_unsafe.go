package bindings

import "unsafe"

// stringOf is a string in the memory of b, which must not change any more: a file of
// many megabytes is not copied for a script.
func stringOf(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
