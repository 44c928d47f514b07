package syscalls

import (
	"testing"

	"luatrace/tracer/syscalls/pack"
)

// What a program pays for the first fact it asks a table for.
func BenchmarkFirstConstant(b *testing.B) {
	for b.Loop() {
		t := &pack.Table{File: constantsFile}
		t.Find("O_CREAT")
	}
}

func BenchmarkFirstGlob(b *testing.B) {
	for b.Loop() {
		matching(nil, &pack.Table{File: constantsFile}, "O_*", "asm-generic/fcntl.h")
	}
}

func BenchmarkFirstDriverConstant(b *testing.B) {
	for b.Loop() {
		t := &pack.Table{File: constantsDriversFile}
		t.Find("V4L2_CID_BASE")
	}
}

func BenchmarkFirstStruct(b *testing.B) {
	for b.Loop() {
		t := &pack.Table{File: structsFile}
		text, _ := t.Find("stat")
		parseStruct(AMD64, "stat", text)
	}
}

func BenchmarkFirstIoctl(b *testing.B) {
	for b.Loop() {
		findIoctl(&pack.Table{File: ioctlsFile}, 0x5401)
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

// What the first look-up of a call, a set and a struct pay for finding lines.
func BenchmarkTableIndexes(b *testing.B) {
	for what, x := range map[string]*tableIndex{"calls": callIndex(), "sets": sets().index, "structs": structTab().index} {
		b.Run(what, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				newTableIndex(x.namesOf, x.files...)
			}
		})
	}
}
