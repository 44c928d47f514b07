package syscalls

import (
	"slices"
	"strings"
	"testing"
)

func TestLookup(t *testing.T) {
	t.Parallel()
	s := LookupName("openat")
	if s == nil || s.Name != "openat" || len(s.Params) != 4 {
		t.Fatalf("openat: %+v", s)
	}
	for name, want := range map[string]int{"dirfd": 0, "fd": 0, "dfd": 0, "path": 1, "pathname": 1, "filename": 1, "flags": 2, "mode": 3, "nonsense": -1} {
		if got := s.Param(name); got != want {
			t.Errorf("openat %s: %d, want %d", name, got, want)
		}
	}
	if Lookup(AMD64, -1) != nil || Lookup(AMD64, 100000) != nil || LookupName("nonsense") != nil || Lookup(NumABI, 0) != nil {
		t.Error("a signature for no call")
	}
	if x := Lookup(X32, X32Bit|257); x != s {
		t.Errorf("x32 openat: %v", x)
	}
	if x := Lookup(X32, X32Bit|515); x == nil || x.Name != "readv" {
		t.Errorf("x32 readv: %v", x)
	}
	if got := strings.Join(s.Classes, " "); !strings.Contains(got, "file") || !strings.Contains(got, "desc") {
		t.Errorf("openat's classes: %s", got)
	}
}

func TestShorthands(t *testing.T) {
	t.Parallel()
	tests := []struct {
		call, alias string
		want        string
	}{
		{"connect", "fd", "sockfd"}, {"rename", "path", "oldpath"}, {"dup3", "fd", "oldfd"},
		{"symlinkat", "fd", "newdirfd"}, {"symlinkat", "path", "target"}, {"epoll_ctl", "fd", "fd"},
		{"accept4", "upeer_addrlen", "addrlen"}, {"mount", "path", "source"}, {"mmap", "fd", "fd"},
		{"renameat2", "oldname", "oldpath"}, {"splice", "fd", "fd_in"}, {"wait4", "stat_addr", "wstatus"},
		{"fchownat", "filename", "path"}, {"ioctl", "request", "op"}, {"sendto", "addr", "dest_addr"},
	}
	for _, tc := range tests {
		s := LookupName(tc.call)
		if s == nil {
			t.Errorf("no row for %s", tc.call)
		} else if i := s.Param(tc.alias); i < 0 || s.Params[i].Name != tc.want {
			t.Errorf("%s: %s is argument %d, want %s", tc.call, tc.alias, i, tc.want)
		}
	}
}

// TestEveryFirstDescriptorIsFD checks for all rows what scripts rely on.
func TestEveryFirstDescriptorIsFD(t *testing.T) {
	t.Parallel()
	parseAll(t, func(_ ABI, name string, s *Signature) {
		fd, path := false, false
		for i := range s.Params {
			switch s.Params[i].Kind {
			case KindFD, KindDirFD:
				if !fd && s.Param("fd") < 0 {
					t.Errorf("%s has no argument fd", name)
				}
				fd = true
			case KindPath:
				if !path && s.Param("path") < 0 {
					t.Errorf("%s has no argument path", name)
				}
				path = true
			}
		}
	})
}

func TestVariants(t *testing.T) {
	t.Parallel()
	fcntl := LookupName("fcntl")
	kinds := map[string]TypeKind{"F_SETFD": KindFlags, "F_SETLK": KindStruct, "F_DUPFD": KindInt, "F_GETFD": KindNone}
	for cmd, want := range kinds {
		v, _ := Constant(cmd)
		params, ret := fcntl.Select(&[6]uint64{3, v})
		if params[2].Kind != want {
			t.Errorf("%s: kind %d, want %d", cmd, params[2].Kind, want)
		}
		if cmd == "F_DUPFD" && ret.Kind != KindFD {
			t.Errorf("F_DUPFD gives a %d", ret.Kind)
		}
	}
	if params, _ := fcntl.Select(&[6]uint64{3, 0xffff}); params[2].Kind != KindHex {
		t.Error("an unknown command has a variant")
	}
	prctl := LookupName("prctl")
	params, _ := prctl.Select(&[6]uint64{15})
	if FindParam(params, "name") != 1 || FindParam(params, "arg2") != 1 {
		t.Error("PR_SET_NAME's argument is not called name and arg2")
	}
}

func TestSelectAndLookupDoNotAllocate(t *testing.T) {
	s := LookupName("fcntl")
	args := [6]uint64{1, 2}
	if n := testing.AllocsPerRun(100, func() {
		s.Select(&args)
		s.Param("op")
		Lookup(AMD64, 72)
		Lookup(X32, X32Bit|72)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestCond(t *testing.T) {
	t.Parallel()
	tests := []struct {
		text string
		v    uint64
		want bool
	}{
		{"x", 0, false}, {"x", 1 << 40, true},
		{"x&O_CREAT|O_TMPFILE", 0o100, true}, {"x&O_CREAT|O_TMPFILE", 0o200000, false},
		{"x!O_CREAT", 0o100, false}, {"x!O_CREAT", 0, true},
		{"x=F_SETFD|F_GETFD", 2, true}, {"x=F_SETFD|F_GETFD", 3, false}, {"x#F_SETFD", 3, true},
		{"x/0170000=0020000|0060000", 0o20644, true}, {"x/0170000=0020000|0060000", 0o100644, false},
	}
	for _, tc := range tests {
		c, err := parseCond(AMD64, tc.text)
		if err != nil {
			t.Errorf("%s: %v", tc.text, err)
		} else if got := c.Holds(tc.v); got != tc.want {
			t.Errorf("%s of %#o: %v", tc.text, tc.v, got)
		}
	}
}

func TestSets(t *testing.T) {
	t.Parallel()
	open := SetByName("open")
	if got := strings.Join(open.Names(0o2000101), " "); got != "O_WRONLY O_CREAT O_CLOEXEC" {
		t.Errorf("open flags: %s", got)
	}
	if got := strings.Join(open.Names(0o4010000), " "); got != "O_RDONLY O_SYNC" {
		t.Errorf("O_SYNC: %s", got)
	}
	arm, amd := open.On(ARM64), open.On(AMD64)
	a, _ := arm.Value("O_DIRECTORY")
	b, _ := amd.Value("O_DIRECTORY")
	if a != 0o40000 || b != 0o200000 {
		t.Errorf("O_DIRECTORY: arm64 %#o, amd64 %#o", a, b)
	}
	if has, known := amd.Has(2, "O_RDONLY"); has || !known {
		t.Error("O_RDWR has O_RDONLY")
	}
	if has, known := amd.Has(0, "O_RDONLY"); !has || !known {
		t.Error("0 lacks O_RDONLY")
	}
	if got := SetByName("rusagewho").On(AMD64).Enum(0xffffffff); got != "RUSAGE_CHILDREN" {
		t.Errorf("-1 is %q", got)
	}
	if SetByName("nonsense") != nil {
		t.Error("a set called nonsense")
	}
}

func TestTableErrors(t *testing.T) {
	t.Parallel()
	rows := map[string]string{
		"foo(a int":                         "want: NAME(ARGUMENT KIND, ...) RESULT",
		"foo(a)":                            "want a name and a kind",
		"foo(a nokind)":                     `unknown kind "nokind"`,
		"foo(a flags:nothing)":              `unknown set "nothing"`,
		"foo(a buf:n)":                      `no argument "n"`,
		"foo(a int if b&O_CREAT)":           `no argument "b"`,
		"foo(a int if a&O_NONSENSE)":        "no constant O_NONSENSE",
		"foo(a [int)":                       "want [KIND;LENGTH]",
		"foo(a int, b int) nothing":         `unknown kind "nothing"`,
		"foo(a int)\n| 5: a hex":            "no argument for",
		"foo(a enum:whence)\n| SEEK_X: a -": "no constant SEEK_X",
		"foo(a enum:whence)\n| 1: b hex":    `no argument "b"`,
	}
	for row, want := range rows {
		_, err := parseCall(AMD64, tableFile{"calls.tab", row}.line(0))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", row, err, want)
		}
	}
	for text, want := range map[string]string{
		"set x A | mask 3 none": "no set none", "set x A | mask 3 x": "no set x above it", "set x A | loose 3 y\nset y B": "no set y above it",
		"foo x": "want: set", "set x A | odd": "unknown option",
	} {
		if s, err := newSetTable(tableFile{"sets.tab", text}).set("x"); s != nil || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
	for text, want := range map[string]string{
		"struct x": "want: struct", "struct x: a": "a name and a kind", "union x: a b": "not \"union\"",
	} {
		if o, _, err := newStructTable(tableFile{"structs.tab", text}).overlay("x"); o != nil || err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
	if twice := newSetTable(tableFile{"a.tab", "set x A"}, tableFile{"b.tab", "set y B\nset x C"}).index.twice; !slices.Equal(twice, []string{"x"}) {
		t.Errorf("sets with two lines: %q", twice)
	}
}

func TestLayOut(t *testing.T) {
	t.Parallel()
	l, err := layOut(I386, "x", "a u8, b u64, c long, d ptr, e char[3], f u64[0], g u16")
	if err != nil {
		t.Fatal(err)
	}
	want := []int{0, 4, 12, 16, 20, 24}
	for i, f := range l.Fields {
		if f.Offset != want[i] {
			t.Errorf("%s at %d, want %d", f.Name, f.Offset, want[i])
		}
	}
	if l.Size != 28 {
		t.Errorf("size %d", l.Size)
	}
	if l, _ = layOut(AMD64, "x", "a u8, b u64, c long"); l.Size != 24 {
		t.Errorf("amd64 size %d", l.Size)
	}
}
