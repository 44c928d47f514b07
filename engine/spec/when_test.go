package spec

import (
	"regexp"
	"strings"
	"testing"

	"luatrace/tracer/syscalls"
)

// fakeSubject is an event made of maps.
type fakeSubject struct {
	words  [6]uint64
	ints   map[string]int64
	strs   map[string]string
	paths  map[string]string
	failed bool
	asked  []string // what was asked for, in order
}

func (f *fakeSubject) Word(arg int) uint64 {
	f.asked = append(f.asked, "word")
	return f.words[arg]
}

func (f *fakeSubject) Int(field string) (int64, bool) {
	f.asked = append(f.asked, field)
	v, ok := f.ints[field]
	return v, ok
}

func (f *fakeSubject) Str(field string) (string, bool) {
	f.asked = append(f.asked, field)
	v, ok := f.strs[field]
	return v, ok
}

func (f *fakeSubject) Path(field string) (string, bool) {
	f.asked = append(f.asked, field)
	v, ok := f.paths[field]
	return v, ok
}

func (f *fakeSubject) Failed() bool { return f.failed }

// cond makes a condition for a field, or fails the test.
func cond(t testing.TB, field string) func(c Condition, err error) Condition {
	return func(c Condition, err error) Condition {
		t.Helper()
		if err != nil {
			t.Fatalf("%s: %v", field, err)
		}
		c.Field = field
		return c
	}
}

func matchOf(pattern string) (Condition, error) { return Match(regexp.MustCompile(pattern)), nil }

// TestWord is about widths: what a register word is compared as.
func TestWord(t *testing.T) {
	t.Parallel()
	const junk = 0xdeadbeef << 32
	minusOne := ^uint64(0)
	tests := []struct {
		name           string
		make           func() (Condition, error)
		wide, unsigned bool
		word           uint64
		want           bool
	}{
		{"int equals", func() (Condition, error) { return Equal(3) }, false, false, 3, true},
		{"int ignores the upper half", func() (Condition, error) { return Equal(3) }, false, false, junk | 3, true},
		{"word does not", func() (Condition, error) { return Equal(3) }, true, true, junk | 3, false},
		{"fd -1, zero-extended", func() (Condition, error) { return Equal(-1) }, false, false, 0xffffffff, true},
		{"fd -1, sign-extended", func() (Condition, error) { return Equal(-1) }, false, false, minusOne, true},
		{"uid -1", func() (Condition, error) { return Equal(-1) }, false, true, 0xffffffff, true},
		{"uid 4294967295", func() (Condition, error) { return Equal(4294967295.0) }, false, true, minusOne, true},
		{"AT_FDCWD as a 64-bit constant", func() (Condition, error) { return Equal(int64(-100)) }, false, false, 0xffffff9c, true},
		{"int is never 2^32", func() (Condition, error) { return Equal(uint64(1 << 32)) }, false, false, 0, false},
		{"int is never -2^32", func() (Condition, error) { return Equal(int64(-1 << 32)) }, false, false, 0, false},
		{"word is 2^32", func() (Condition, error) { return Equal(uint64(1 << 32)) }, true, true, 1 << 32, true},
		{"size -1", func() (Condition, error) { return Equal(-1) }, true, true, minusOne, true},
		{"size 2^64-1", func() (Condition, error) { return Equal(minusOne) }, true, true, minusOne, true},
		{"not equal", func() (Condition, error) { return Ne(3) }, false, false, 4, true},
		{"not equal, but it is", func() (Condition, error) { return Ne(3) }, false, false, junk | 3, false},
		{"in", func() (Condition, error) { return In(1, 2, 3) }, false, false, 2, true},
		{"not in", func() (Condition, error) { return In(1, 2, 3) }, false, false, 4, false},
		{"signed order", func() (Condition, error) { return Lt(0) }, false, false, 0xffffffff, true},
		{"unsigned order", func() (Condition, error) { return Lt(0) }, false, true, 0xffffffff, false},
		{"unsigned is above a negative", func() (Condition, error) { return Gt(-1) }, false, true, 0, true},
		{"signed 64 order", func() (Condition, error) { return Lt(0) }, true, false, minusOne, true},
		{"unsigned 64 order", func() (Condition, error) { return Ge(uint64(1 << 63)) }, true, true, minusOne, true},
		{"signed 64 against 2^63", func() (Condition, error) { return Ge(uint64(1 << 63)) }, true, false, minusOne, false},
		{"at least", func() (Condition, error) { return Ge(4096) }, true, true, 4096, true},
		{"at least, less", func() (Condition, error) { return Ge(4096) }, true, true, 4095, false},
		{"greater", func() (Condition, error) { return Gt(4096) }, true, true, 4096, false},
		{"at most", func() (Condition, error) { return Le(5) }, false, false, 5, true},
		{"less", func() (Condition, error) { return Lt(5) }, false, false, 5, false},
		{"all bits", func() (Condition, error) { return Bits(0x41) }, true, true, 0x241, true},
		{"not all bits", func() (Condition, error) { return Bits(0x41) }, true, true, 0x240, false},
		{"upper bits of an int", func() (Condition, error) { return Bits(uint64(1 << 40)) }, false, true, 1 << 40, false},
		{"no bits", func() (Condition, error) { return NoBits(0x41) }, true, true, 0x200, true},
		{"some bits", func() (Condition, error) { return NoBits(0x41) }, true, true, 0x240, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			c := cond(t, "x")(tt.make())
			c.Arg, c.Wide, c.Unsigned = 1, tt.wide, tt.unsigned
			if got := c.Word(tt.word); got != tt.want {
				t.Errorf("%#x: %v, want %v", tt.word, got, tt.want)
			}
			s := &fakeSubject{words: [6]uint64{tt.word}}
			if got := NewWhen(c).Eval(s); got != tt.want {
				t.Errorf("Eval of %#x: %v, want %v", tt.word, got, tt.want)
			}
		})
	}
}

func TestConditionErrors(t *testing.T) {
	t.Parallel()
	tests := []struct {
		make func() (Condition, error)
		want string
	}{
		{func() (Condition, error) { return Equal(1.5) }, "1.5 is not a whole number"},
		{func() (Condition, error) { return Equal(1e30) }, "not a whole number of 64 bits"},
		{func() (Condition, error) { return Ge(nil) }, "takes numbers, strings and booleans"},
		{func() (Condition, error) { return Equal([]int{1}) }, "not a []int"},
		{func() (Condition, error) { return In() }, "an empty list of values"},
		{func() (Condition, error) { return Under("etc") }, `under "etc": the directory must be absolute`},
		{func() (Condition, error) { return Glob("a[b") }, `a "[" is not closed`},
		{func() (Condition, error) { return Glob("a[") }, `a "[" is not closed`},
		{func() (Condition, error) { return Glob("a[z-a]") }, `glob "a[z-a]"`},
	}
	for _, tt := range tests {
		_, err := tt.make()
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("error %v, want %q", err, tt.want)
		}
	}
}

func TestEvalFields(t *testing.T) {
	t.Parallel()
	subject := func() *fakeSubject {
		return &fakeSubject{
			ints:   map[string]int64{"pid": 12, "ret": -2, "err": 2, "size": 5000},
			strs:   map[string]string{"comm": "sshd", "exe": "/usr/sbin/sshd", "path": "../x/passwd", "fdpath": "pipe:[3]"},
			paths:  map[string]string{"path": "/home/../etc//passwd", "exe": "/usr/sbin/sshd"},
			failed: true,
		}
	}
	tests := []struct {
		name  string
		field string
		make  func() (Condition, error)
		want  bool
	}{
		{"pid", "pid", func() (Condition, error) { return Equal(12) }, true},
		{"pid in", "pid", func() (Condition, error) { return In(11, 12) }, true},
		{"pid other", "pid", func() (Condition, error) { return Equal(13) }, false},
		{"ret negative", "ret", func() (Condition, error) { return Lt(0) }, true},
		{"size", "size", func() (Condition, error) { return Ge(4096) }, true},
		{"no such field", "count", func() (Condition, error) { return Equal(1) }, false},
		{"no such field is not different", "count", func() (Condition, error) { return Ne(1) }, false},
		{"failed", "failed", func() (Condition, error) { return Equal(true) }, true},
		{"not failed", "failed", func() (Condition, error) { return Equal(false) }, false},
		{"ok", "ok", func() (Condition, error) { return Equal(true) }, false},
		{"not ok", "ok", func() (Condition, error) { return Equal(false) }, true},
		{"ne true", "ok", func() (Condition, error) { return Ne(true) }, true},
		{"comm", "comm", func() (Condition, error) { return Equal("sshd") }, true},
		{"comm in", "comm", func() (Condition, error) { return In("cron", "sshd") }, true},
		{"comm ne", "comm", func() (Condition, error) { return Ne("sshd") }, false},
		{"comm match", "comm", func() (Condition, error) { return matchOf("^ss") }, true},
		{"comm glob", "comm", func() (Condition, error) { return Glob("ss*") }, true},
		{"comm glob, part", "comm", func() (Condition, error) { return Glob("s") }, false},
		{"under", "path", func() (Condition, error) { return Under("/etc") }, true},
		{"under with slash", "path", func() (Condition, error) { return Under("/etc/") }, true},
		{"under itself", "path", func() (Condition, error) { return Under("/etc/passwd") }, true},
		{"under, half a component", "path", func() (Condition, error) { return Under("/etc/pass") }, false},
		{"under root", "path", func() (Condition, error) { return Under("/") }, true},
		{"under home", "path", func() (Condition, error) { return Under("/home") }, false},
		{"under, no path", "comm", func() (Condition, error) { return Under("/") }, false},
		{"exe", "exe", func() (Condition, error) { return Under("/usr") }, true},
		{"string and number", "err", func() (Condition, error) { return In("x", 2) }, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := NewWhen(cond(t, tt.field)(tt.make()))
			if got := w.Eval(subject()); got != tt.want {
				t.Errorf("%v, want %v", got, tt.want)
			}
		})
	}
	if !(When)(nil).Eval(subject()) {
		t.Errorf("no conditions don't hold")
	}
}

func TestGlob(t *testing.T) {
	t.Parallel()
	tests := []struct {
		pattern, s string
		want       bool
	}{
		{"/etc/*.conf", "/etc/a.conf", true},
		{"/etc/*.conf", "/etc/x/a.conf", false},
		{"/etc/**.conf", "/etc/x/a.conf", true},
		{"/etc/*.conf", "/etc/aXconf", false},
		{"?at", "cat", true},
		{"?at", "/at", false},
		{"[a-c]x", "bx", true},
		{"[!a-c]x", "bx", false},
		{"[^a-c]x", "dx", true},
		{"[]]x", "]x", true},
		{`[\d]x`, "5x", false},
		{`\*x`, "*x", true},
		{`\*x`, "ax", false},
		{"a(b|c)", "a(b|c)", true},
		{"*", "line\nbreak", true},
		{"", "", true},
		{"", "a", false},
		{`a\`, `a\`, true},
	}
	for _, tt := range tests {
		re, err := globRegexp(tt.pattern)
		if err != nil {
			t.Errorf("%q: %v", tt.pattern, err)
			continue
		}
		if got := re.MatchString(tt.s); got != tt.want {
			t.Errorf("%q matches %q: %v, want %v", tt.pattern, tt.s, got, tt.want)
		}
	}
}

func TestResolve(t *testing.T) {
	t.Parallel()
	tests := []struct {
		spec, field string
		make        func() (Condition, error)
		want        string // "" for no error
	}{
		{"openat", "path", func() (Condition, error) { return Under("/etc") }, ""},
		{"openat", "path", func() (Condition, error) { return Equal("/etc/passwd") }, ""},
		{"openat", "flags", func() (Condition, error) { return Bits("O_CREAT") }, ""},
		{"openat", "flags", func() (Condition, error) { return Bits("O_CREAT|O_EXCL") }, ""},
		{"%file", "dirfd", func() (Condition, error) { return Equal("AT_FDCWD") }, ""},
		{"socket", "domain", func() (Condition, error) { return Equal("AF_INET") }, ""},
		{"read:enter", "fd", func() (Condition, error) { return Equal(0) }, ""},
		{"read", "count", func() (Condition, error) { return Ge(4096) }, ""},
		{"read", "failed", func() (Condition, error) { return Equal(true) }, ""},
		{"read", "err", func() (Condition, error) { return Equal("EINTR") }, ""},
		{"read", "err", func() (Condition, error) { return In("EINTR", "EAGAIN", 5) }, ""},
		{"*", "comm", func() (Condition, error) { return Equal("sshd") }, ""},
		{"*", "abi", func() (Condition, error) { return Equal("i386") }, ""},
		{"kill", "sig", func() (Condition, error) { return Equal("SIGTERM") }, ""},
		{"kill", "args.pid", func() (Condition, error) { return Lt(0) }, ""},
		{"kill", "pid", func() (Condition, error) { return Equal(1) }, ""},
		{"signal", "sig", func() (Condition, error) { return Equal("TERM") }, ""},
		{"signal:TERM", "code", func() (Condition, error) { return Equal("SI_USER") }, ""},
		{"proc:exit", "code", func() (Condition, error) { return Ne(0) }, ""},
		{"proc", "comm", func() (Condition, error) { return Equal("sh") }, ""},
		{"?nosuchcall", "path", func() (Condition, error) { return Equal("x") }, ""},

		{"openat", "pth", func() (Condition, error) { return Equal("x") }, `when.pth: no event of "openat" has a field "pth": did you mean "path"?`},
		{"openat", "xyzzy", func() (Condition, error) { return Equal("x") }, `no event of "openat" has a field "xyzzy": it has dirfd, path, flags, mode, abi,`},
		{"*", "xyzzyplugh", func() (Condition, error) { return Equal("x") }, `it has abi, comm, cwd`},
		{"openat", "flags", func() (Condition, error) { return Bits("O_CRAET") }, `argument flags of openat is a number, and "O_CRAET" is no constant: did you mean "O_CREAT"?`},
		{"openat", "flags", func() (Condition, error) { return Bits("O_EXCL|O_CRAET") }, `"O_CRAET" is no constant: did you mean "O_CREAT"?`},
		{"openat", "flags", func() (Condition, error) { return Bits(0) }, "a mask of 0 tests nothing"},
		{"openat", "path", func() (Condition, error) { return Equal(3) }, "argument path of openat is a string"},
		{"read", "fd", func() (Condition, error) { return Under("/etc") }, "argument fd of read is a number"},
		{"read", "fd", func() (Condition, error) { return Equal(true) }, "argument fd of read is a number"},
		{"fstat", "statbuf", func() (Condition, error) { return Equal(3) }, "argument statbuf of fstat is neither a number nor a string"},
		{"read:enter", "ret", func() (Condition, error) { return Lt(0) }, `it is known at the exit of a call, and "read:enter" runs before it`},
		{"read:enter", "failed", func() (Condition, error) { return Equal(true) }, "leave out :enter"},
		{"read", "failed", func() (Condition, error) { return Equal(1) }, "either true or false"},
		{"read", "ret", func() (Condition, error) { return Equal(true) }, "not a truth value"},
		{"read", "ret", func() (Condition, error) { return matchOf("x") }, "it is a number"},
		{"read", "comm", func() (Condition, error) { return Equal(3) }, "it is a string"},
		{"read", "comm", func() (Condition, error) { return Lt("a") }, "it is a string"},
		{"read", "err", func() (Condition, error) { return Equal("EINTRR") }, `unknown error "EINTRR": did you mean "EINTR"?`},
		{"read", "pid", func() (Condition, error) { return Equal("abc") }, `"abc" is no constant`},
		{"read", "abi", func() (Condition, error) { return Equal("x86_64") }, `unknown ABI "x86_64": use amd64, i386, arm64, x32`},
		{"signal", "sig", func() (Condition, error) { return Equal("SIGTREM") }, `did you mean "SIGTERM"?`},
		{"signal", "path", func() (Condition, error) { return Equal("x") }, `no event of "signal" has a field "path"`},
		{"proc", "ret", func() (Condition, error) { return Equal(0) }, `no event of "proc" has a field "ret"`},
		{"begin", "pid", func() (Condition, error) { return Equal(0) }, `"begin" has nothing to test`},
	}
	for _, tt := range tests {
		t.Run(tt.spec+" "+tt.field, func(t *testing.T) {
			t.Parallel()
			_, err := NewWhen(cond(t, tt.field)(tt.make())).Resolve(mustParse(t, tt.spec))
			switch {
			case err == nil && tt.want != "":
				t.Errorf("no error, want %q", tt.want)
			case err != nil && (tt.want == "" || !strings.Contains(err.Error(), tt.want)):
				t.Errorf("error %q, want %q", err, tt.want)
			}
		})
	}
}

func TestFor(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name    string
		abi     syscalls.ABI
		call    string
		field   string
		make    func() (Condition, error)
		ok      bool // can ever hold
		integer bool // decided by the words
		arg     uint8
		wide    bool
		yes, no uint64 // words of that argument
	}{
		{name: "fd", abi: syscalls.AMD64, call: "read", field: "fd", make: func() (Condition, error) { return Equal(2) },
			ok: true, integer: true, arg: 1, yes: 2, no: 3},
		{name: "size", abi: syscalls.AMD64, call: "read", field: "count", make: func() (Condition, error) { return Ge(4096) },
			ok: true, integer: true, arg: 3, wide: true, yes: 1 << 40, no: 4095},
		{name: "size of 32 bits", abi: syscalls.I386, call: "read", field: "count", make: func() (Condition, error) { return Ge(4096) },
			ok: true, integer: true, arg: 3, yes: 0xffffffff, no: 4095},
		{name: "dirfd by name", abi: syscalls.AMD64, call: "openat", field: "dirfd", make: func() (Condition, error) { return Equal("AT_FDCWD") },
			ok: true, integer: true, arg: 1, yes: 0xffffff9c, no: 3},
		{name: "flags by name", abi: syscalls.AMD64, call: "openat", field: "flags", make: func() (Condition, error) { return Bits("O_CREAT|O_EXCL") },
			ok: true, integer: true, arg: 3, wide: true, yes: 0xc1, no: 0x41},
		{name: "flags, exact", abi: syscalls.AMD64, call: "openat", field: "flags", make: func() (Condition, error) { return Equal("O_RDONLY") },
			ok: true, integer: true, arg: 3, wide: true, yes: 0, no: 1},
		{name: "enum by name", abi: syscalls.AMD64, call: "socket", field: "domain", make: func() (Condition, error) { return In("AF_INET", "AF_INET6") },
			ok: true, integer: true, arg: 1, yes: 10, no: 1},
		{name: "signal by name", abi: syscalls.AMD64, call: "kill", field: "sig", make: func() (Condition, error) { return Equal("TERM") },
			ok: true, integer: true, arg: 2, yes: 15, no: 9},
		{name: "kill's pid", abi: syscalls.AMD64, call: "kill", field: "args.pid", make: func() (Condition, error) { return Lt(0) },
			ok: true, integer: true, arg: 1, yes: 0xffffffff, no: 1},
		{name: "another place", abi: syscalls.AMD64, call: "open", field: "flags", make: func() (Condition, error) { return Bits("O_CREAT") },
			ok: true, integer: true, arg: 2, wide: true, yes: 0x40, no: 0},
		{name: "conditional argument", abi: syscalls.AMD64, call: "openat", field: "mode", make: func() (Condition, error) { return Equal(0o600) }, ok: true},
		{name: "no such argument", abi: syscalls.AMD64, call: "close", field: "flags", make: func() (Condition, error) { return Bits("O_CREAT") }},
		{name: "string", abi: syscalls.AMD64, call: "openat", field: "path", make: func() (Condition, error) { return Equal("/x") }, ok: true},
		{name: "number for a string", abi: syscalls.AMD64, call: "openat", field: "path", make: func() (Condition, error) { return Equal(3) }},
		{name: "the process's pid", abi: syscalls.AMD64, call: "kill", field: "pid", make: func() (Condition, error) { return Equal(3) }, ok: true},
		{name: "name that only other calls know", abi: syscalls.AMD64, call: "read", field: "fd", make: func() (Condition, error) { return Equal("NO_SUCH") }},
		{name: "other ABI", abi: syscalls.AMD64, call: "read", field: "abi", make: func() (Condition, error) { return Equal("i386") }},
		{name: "not other ABI", abi: syscalls.AMD64, call: "read", field: "abi", make: func() (Condition, error) { return Ne("amd64") }},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w, ok := NewWhen(cond(t, tt.field)(tt.make())).For(tt.abi, number(t, tt.abi, tt.call))
			if ok != tt.ok {
				t.Fatalf("ok is %v, want %v", ok, tt.ok)
			}
			if !ok {
				return
			}
			c := w[0]
			if c.Integer() != tt.integer || c.Arg != tt.arg || c.Wide != tt.wide {
				t.Fatalf("integer %v, arg %d, wide %v; want %v, %d, %v", c.Integer(), c.Arg, c.Wide, tt.integer, tt.arg, tt.wide)
			}
			if tt.integer && (!c.Word(tt.yes) || c.Word(tt.no)) {
				t.Errorf("%#x: %v, %#x: %v; want true, false", tt.yes, c.Word(tt.yes), tt.no, c.Word(tt.no))
			}
		})
	}

	// The ABI is decided once and for all.
	abi := cond(t, "abi")(Equal("amd64"))
	if w, ok := NewWhen(abi).For(syscalls.AMD64, 0); !ok || len(w) != 0 {
		t.Errorf("abi = amd64 leaves %v, %v", w, ok)
	}
	// One set of conditions serves several calls: For must not change it.
	orig := NewWhen(cond(t, "flags")(Bits("O_CREAT")))
	for _, call := range []string{"open", "openat", "mmap", "openat"} {
		orig.For(syscalls.AMD64, number(t, syscalls.AMD64, call))
	}
	if orig[0].Arg != 0 || len(orig[0].Ints) != 0 || len(orig[0].Strs) != 1 {
		t.Errorf("For changed its receiver: %+v", orig[0])
	}
}

// TestForConditional: an argument that only some calls have is asked of the
// Subject, and compared in its width.
func TestForConditional(t *testing.T) {
	t.Parallel()
	w, ok := NewWhen(cond(t, "mode")(Equal(-1))).For(syscalls.AMD64, number(t, syscalls.AMD64, "openat"))
	if !ok {
		t.Fatal("openat has no mode")
	}
	for _, v := range []int64{-1, 0xffffffff} {
		if !w.Eval(&fakeSubject{ints: map[string]int64{"mode": v}}) {
			t.Errorf("mode %d is not -1", v)
		}
	}
	if w.Eval(&fakeSubject{ints: map[string]int64{"mode": 1}}) {
		t.Errorf("mode 1 is -1")
	}
	if w.Eval(&fakeSubject{}) {
		t.Errorf("a call without a mode has mode -1")
	}
}

// TestOrder: what costs least is asked first, and nothing after a refusal.
func TestOrder(t *testing.T) {
	t.Parallel()
	w := NewWhen(
		cond(t, "path")(Under("/etc")),
		cond(t, "exe")(Equal("/bin/sh")),
		cond(t, "comm")(Equal("sh")),
		cond(t, "pid")(Equal(5)),
		cond(t, "flags")(Bits("O_CREAT")),
	)
	w, err := w.Resolve(mustParse(t, "openat"))
	if err != nil {
		t.Fatal(err)
	}
	w, ok := w.For(syscalls.AMD64, number(t, syscalls.AMD64, "openat"))
	if !ok {
		t.Fatal("the call has no such arguments")
	}
	s := &fakeSubject{
		words: [6]uint64{2: 0x40}, ints: map[string]int64{"pid": 5},
		strs: map[string]string{"comm": "sh", "exe": "/bin/sh"}, paths: map[string]string{"path": "/etc/x"},
	}
	if !w.Eval(s) {
		t.Errorf("the conditions don't hold")
	}
	if got := strings.Join(s.asked, " "); got != "word pid comm exe path" {
		t.Errorf("asked for %q", got)
	}
	s.asked, s.words[2] = nil, 0
	if w.Eval(s) {
		t.Errorf("the conditions hold without O_CREAT")
	}
	if got := strings.Join(s.asked, " "); got != "word" {
		t.Errorf("asked for %q after the first refusal", got)
	}
}

// silentSubject answers without keeping notes.
type silentSubject struct{ words [6]uint64 }

func (s *silentSubject) Word(arg int) uint64          { return s.words[arg] }
func (s *silentSubject) Int(string) (int64, bool)     { return 12, true }
func (s *silentSubject) Str(string) (string, bool)    { return "sshd", true }
func (s *silentSubject) Path(f string) (string, bool) { return "/etc/passwd", true }
func (s *silentSubject) Failed() bool                 { return true }

func integerWhen(t testing.TB) When {
	w := NewWhen(
		cond(t, "fd")(Equal(2)), cond(t, "count")(Ge(4096)), cond(t, "pid")(In(11, 12)),
		cond(t, "failed")(Equal(true)), cond(t, "comm")(Equal("sshd")), cond(t, "exe")(Under("/etc")),
	)
	w, ok := w.For(syscalls.AMD64, number(t, syscalls.AMD64, "read"))
	if !ok {
		t.Fatal("read has no such arguments")
	}
	return w
}

func TestEvalDoesNotAllocate(t *testing.T) {
	w := integerWhen(t)
	s := &silentSubject{words: [6]uint64{2, 0, 8192}}
	if n := testing.AllocsPerRun(100, func() {
		if !w.Eval(s) {
			t.Fatal("the conditions don't hold")
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkEval(b *testing.B) {
	w := integerWhen(b)
	s := &silentSubject{words: [6]uint64{2, 0, 8192}}
	b.ReportAllocs()
	for b.Loop() {
		if !w.Eval(s) {
			b.Fatal("the conditions don't hold")
		}
	}
}

func BenchmarkEvalRefusedByWord(b *testing.B) {
	w := integerWhen(b)
	s := &silentSubject{words: [6]uint64{3, 0, 8192}}
	b.ReportAllocs()
	for b.Loop() {
		if w.Eval(s) {
			b.Fatal("the conditions hold")
		}
	}
}
