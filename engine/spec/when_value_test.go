package spec

import (
	"regexp"
	"testing"
)

func TestConditionTest(t *testing.T) {
	t.Parallel()
	must := func(c Condition, err error) Condition {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	under := must(Under("/etc"))
	tests := []struct {
		name string
		c    Condition
		v    any
		want bool
	}{
		{"under: itself", under, "/etc", true},
		{"under: below, not clean", under, "/usr/../etc//passwd", true},
		{"under: a longer name", under, "/etcetera", false},
		{"under: relative", under, "etc/passwd", false},
		{"under: a number", under, 7, false},
		{"glob", must(Glob("**.so")), "/lib/libc.so", true},
		{"glob: not all of it", must(Glob("*.so")), "/lib/libc.so", false},
		{"match", Match(regexp.MustCompile("^a")), "abc", true},
		{"match: a number", Match(regexp.MustCompile(".")), 1.0, false},
		{"ge", must(Ge(4096)), 4096.0, true},
		{"ge: less", must(Ge(4096)), 4095, false},
		{"ge: large", must(Ge(uint64(1) << 63)), uint64(1<<63 + 1), true},
		{"ge: a string", must(Ge(4096)), "5000", false},
		{"lt: negative", must(Lt(0)), int64(-1), true},
		{"bits by name", must(Bits("O_CREAT|O_EXCL")), 0o301, true},
		{"bits by name: one missing", must(Bits("O_CREAT|O_EXCL")), 0o101, false},
		{"bits: the name itself", must(Bits("O_CREAT")), "O_CREAT", false},
		{"nobits: another name", must(NoBits("O_CREAT")), "O_EXCL", false},
		{"in", must(In("a", 3)), 3.0, true},
		{"in: the string", must(In("a", 3)), "a", true},
		{"ne", must(Ne("a")), "b", true},
		{"ne: same", must(Ne("a")), "a", false},
		{"true", must(Equal(true)), true, true},
		{"true: a string", must(Equal(true)), "true", false},
	}
	for _, tt := range tests {
		if got := tt.c.Test(tt.v); got != tt.want {
			t.Errorf("%s: Test(%v) = %t, want %t", tt.name, tt.v, got, tt.want)
		}
	}
}
