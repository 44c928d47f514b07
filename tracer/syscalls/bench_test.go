package syscalls

import "testing"

// What a program pays for its first constant, and for its first struct.
func BenchmarkLoadConstants(b *testing.B) {
	for b.Loop() {
		f := &constantFile{name: coreConstants.name}
		f.lookup("O_CREAT")
	}
}

func BenchmarkLoadHeader(b *testing.B) {
	for b.Loop() {
		f := &constantFile{name: coreConstants.name}
		f.load()
		f.matching(nil, "O_*", []string{"asm-generic/fcntl.h"})
	}
}

func BenchmarkLoadDriverConstants(b *testing.B) {
	for b.Loop() {
		f := &constantFile{name: driverConstants.name}
		f.lookup("V4L2_CID_BASE")
	}
}

func BenchmarkLoadStructs(b *testing.B) {
	for b.Loop() {
		loadStructs("structs.txt.gz")
	}
}

func BenchmarkName(b *testing.B) {
	for b.Loop() {
		_ = Name(AMD64, 257)
	}
}

func BenchmarkInClass(b *testing.B) {
	for b.Loop() {
		_ = InClass(AMD64, 257, "file")
	}
}
