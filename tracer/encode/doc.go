// Package encode is the way back from package decode: it makes the register
// words and the memory of a system call out of plain values, as a program that
// makes the call would have them. Events that are made up to test scripts
// come from here.
//
// Values are nil, bool, int64, uint64, float64, string, []any and
// map[string]any. A number can be given by the names of its constants
// ("O_RDONLY|O_CLOEXEC", "AF_INET", "SIGTERM"), a struct as a map of its fields
// or as its bytes, memory as its bytes, any pointer as an address.
package encode
