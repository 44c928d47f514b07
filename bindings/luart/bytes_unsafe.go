package luart

import "unsafe"

// StringOf is a string in the memory of b, which must not change any more: a file of
// many megabytes is not copied for a script.
func StringOf(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// TextOf makes a string of bytes that nobody changes any more: of many without a
// copy, unless that would keep far more memory than they take.
func TextOf(b []byte) string {
	if len(b) < largeResult || cap(b) > 2*len(b) {
		return string(b)
	}
	return StringOf(b)
}
