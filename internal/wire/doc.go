// Package wire reads what another process writes: messages of a helper, rings
// in a traced program's memory, records of a file that somebody else made.
//
// The writer may lie, and may write on while it is read. So nothing is parsed
// where the writer can change it: a message is copied once, within a bound, and
// only the copy is parsed (Ring does the copying for memory that two processes
// share). A length is never believed before it is compared with what is there,
// and no number of the writer's is an index or a size of an allocation.
//
// Integers are little-endian, as on both architectures.
package wire
