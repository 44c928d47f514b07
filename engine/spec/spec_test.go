package spec

import (
	"strings"
	"testing"

	"luatrace/internal/suggest"
	"luatrace/tracer/syscalls"
)

func mustParse(t testing.TB, text string) *Spec {
	t.Helper()
	s, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// number returns a call's number under an ABI.
func number(t testing.TB, abi syscalls.ABI, name string) int {
	t.Helper()
	nr, ok := syscalls.Number(abi, qualified(abi, name))
	if !ok {
		t.Fatalf("%s has no call %s", abi, name)
	}
	return nr
}

// call is a system call as tests write it: "read", "open@i386".
type call string

func (c call) matched(t testing.TB, s *Spec) bool {
	name, abiName, _ := strings.Cut(string(c), "@")
	abi := syscalls.AMD64
	for a := range syscalls.NumABI {
		if a.String() == abiName {
			abi = a
		}
	}
	return s.Match(abi, number(t, abi, name))
}

func TestParseCalls(t *testing.T) {
	t.Parallel()
	tests := []struct {
		spec    string
		yes, no []call
	}{
		{"openat", []call{"openat", "openat@i386", "openat@arm64", "openat@x32"}, []call{"open", "openat2", "read"}},
		{" open , close ", []call{"open", "close", "open@i386", "close@arm64"}, []call{"openat"}},
		{"!read,write", []call{"open", "readv"}, []call{"read", "write", "read@i386", "write@x32"}},
		{"*", []call{"read", "mmap2@i386"}, nil},
		{"all", []call{"read", "mmap2@i386"}, nil},
		{"none", nil, []call{"read", "read@i386"}},
		{"!none", []call{"read", "read@arm64"}, nil},
		{"!all", nil, []call{"read", "read@arm64"}},
		{"?nosuchcall,read", []call{"read"}, []call{"open"}},
		{"?nosuchcall", nil, []call{"read"}},
		{"!?nosuchcall", []call{"read"}, nil},
		{"?read", []call{"read"}, []call{"write"}},
		{"read@64", []call{"read", "read@arm64"}, []call{"read@i386", "read@x32"}},
		{"read@32", []call{"read@i386"}, []call{"read", "read@arm64", "read@x32"}},
		{"read@x32", []call{"read@x32"}, []call{"read", "read@i386"}},
		{"read@amd64,write@arm64", []call{"read", "write@arm64"}, []call{"read@arm64", "write"}},
		{"*@32", []call{"read@i386"}, []call{"read", "read@x32"}},
		{"x32_read", []call{"read@x32"}, []call{"read"}},
		{"%file", []call{"openat", "execve", "stat@i386", "openat@x32"}, []call{"read", "close"}},
		{"file", []call{"openat", "execve"}, []call{"read"}},
		{"%file@32", []call{"open@i386"}, []call{"open"}},
		{"%network", []call{"connect", "socket@arm64"}, []call{"read"}},
		{"%net", []call{"connect", "socketcall@i386"}, []call{"read"}},
		{"!%net", []call{"read"}, []call{"connect"}},
		{"%%stat", []call{"newfstatat", "fstat", "statx"}, []call{"statfs", "open"}},
		{"/^open", []call{"open", "openat", "openat2", "open@i386"}, []call{"mq_open", "read"}},
		{"/^open/", []call{"openat", "openat@x32"}, []call{"mq_open"}},
		{"/open/", []call{"openat", "mq_open"}, []call{"read"}},
		{"/^read|^write/", []call{"read", "writev"}, []call{"pread64"}},
		{"/^(read|write)v?$/,close", []call{"readv", "close"}, []call{"pread64"}},
		{"/^re[a-z]{1,2}$/,close", []call{"read", "close"}, []call{"readv"}},
		{"/^rea,close", []call{"read", "readahead", "close"}, []call{"open"}},
		{"/^rea/@32,close", []call{"read@i386", "close"}, []call{"read"}},
		{"/^rea@32", []call{"read@i386"}, []call{"read"}},
		{"/(?:^open)/", []call{"open"}, []call{"mq_open"}},
		{"!/^open/", []call{"read"}, []call{"openat"}},
		{"*stat*", []call{"stat", "newfstatat", "statfs"}, []call{"open"}},
		{"open*,fs?nc", []call{"openat", "fsync"}, []call{"mq_open", "sync"}},
		{"[rw]*v", []call{"readv", "writev"}, []call{"read"}},
		{"stat64", []call{"stat64@i386"}, []call{"stat"}},
		{"signal@32", []call{"signal@i386"}, []call{"read"}},
		{"0", []call{"read", "restart_syscall@i386"}, []call{"write"}},
		{"0@64", []call{"read"}, []call{"restart_syscall@i386"}},
	}
	for _, tt := range tests {
		t.Run(tt.spec, func(t *testing.T) {
			t.Parallel()
			s := mustParse(t, tt.spec)
			if s.Kind != Syscall || s.PhaseGiven || s.Text != tt.spec {
				t.Errorf("kind %d, phase given %v, text %q", s.Kind, s.PhaseGiven, s.Text)
			}
			for _, c := range tt.yes {
				if !c.matched(t, s) {
					t.Errorf("%s is not selected", c)
				}
			}
			for _, c := range tt.no {
				if c.matched(t, s) {
					t.Errorf("%s is selected", c)
				}
			}
			for abi := range syscalls.NumABI {
				for _, nr := range s.Calls(abi) {
					if !s.Match(abi, nr) {
						t.Errorf("Calls has %s %d, Match does not", abi, nr)
					}
				}
			}
		})
	}
}

func TestParseUnknownNumbers(t *testing.T) {
	t.Parallel()
	tests := []struct {
		spec  string
		abi   syscalls.ABI
		nr    int
		match bool
	}{
		{"*", syscalls.AMD64, 1000, true},
		{"*", syscalls.AMD64, 100000, true},
		{"*", syscalls.AMD64, -1, true},
		{"*", syscalls.X32, 100000 | syscalls.X32Bit, true},
		{"*@64", syscalls.I386, 100000, false},
		{"!read", syscalls.AMD64, 100000, true},
		{"!all", syscalls.AMD64, 100000, false},
		{"!*@64", syscalls.AMD64, 100000, false},
		{"!*@64", syscalls.I386, 100000, true},
		{"%file", syscalls.AMD64, 1000, false},
		{"/./", syscalls.AMD64, 1000, false},
		{"1000", syscalls.AMD64, 1000, true},
		{"syscall_0x3e8", syscalls.AMD64, 1000, true},
		{"syscall_0x3e8", syscalls.AMD64, 1001, false},
		{"syscall_0x400003e8", syscalls.X32, 1000 | syscalls.X32Bit, true},
		{"syscall_0x400003e8", syscalls.AMD64, 1000, false},
		{"*", syscalls.NumABI, 0, false},
		{"begin", syscalls.AMD64, 0, false},
	}
	for _, tt := range tests {
		if got := mustParse(t, tt.spec).Match(tt.abi, tt.nr); got != tt.match {
			t.Errorf("%q matches %s %d: %v, want %v", tt.spec, tt.abi, tt.nr, got, tt.match)
		}
	}
	if s := mustParse(t, "!read"); !matchesUnknown(s, syscalls.AMD64) {
		t.Errorf("!read does not select unknown calls")
	}
	if s := mustParse(t, "read"); matchesUnknown(s, syscalls.AMD64) {
		t.Errorf("read selects unknown calls")
	}
}

func TestParsePhase(t *testing.T) {
	t.Parallel()
	tests := []struct {
		spec  string
		phase Phase
		given bool
	}{
		{"openat", PhaseExit, false},
		{"openat:exit", PhaseExit, true},
		{"openat:enter", PhaseEnter, true},
		{"openat,close:enter", PhaseEnter, true},
		{"openat:enter,close:enter", PhaseEnter, true},
		{"!read:enter", PhaseEnter, true},
		{"%file:enter", PhaseEnter, true},
		{"openat@64:enter", PhaseEnter, true},
		{"openat:enter@64", PhaseEnter, true},
		{"/^open/:enter", PhaseEnter, true},
		{"/^open:enter", PhaseEnter, true},
		{"/^open/,close:exit", PhaseExit, true},
		{"*:enter", PhaseEnter, true},
		{"openat : enter", PhaseEnter, true},
	}
	for _, tt := range tests {
		s := mustParse(t, tt.spec)
		if s.Phase != tt.phase || s.PhaseGiven != tt.given {
			t.Errorf("%q: phase %s, given %v; want %s, %v", tt.spec, s.Phase, s.PhaseGiven, tt.phase, tt.given)
		}
		if len(s.Calls(syscalls.AMD64)) == 0 {
			t.Errorf("%q selects no call", tt.spec)
		}
	}
}

func TestParseEvents(t *testing.T) {
	t.Parallel()
	signals := []struct {
		spec    string
		yes, no []int
	}{
		{"signal", []int{1, 9, 64}, []int{0, -1, 65}},
		{"signal:SIGTERM,SIGINT", []int{15, 2}, []int{1, 9, 64}},
		{"signal:term, 2", []int{15, 2}, []int{1}},
		{"signal:!SIGCHLD", []int{1, 64}, []int{17, 0, 65}},
		{"signal:!term,int", []int{1}, []int{15, 2}},
		{"signal:all", []int{1, 64}, nil},
		{"signal:SIGRT_1", []int{33}, []int{32, 34}},
	}
	for _, tt := range signals {
		s := mustParse(t, tt.spec)
		if s.Kind != Signal {
			t.Errorf("%q: kind %d", tt.spec, s.Kind)
		}
		for _, n := range tt.yes {
			if !s.MatchSignal(n) {
				t.Errorf("%q doesn't match signal %d", tt.spec, n)
			}
		}
		for _, n := range tt.no {
			if s.MatchSignal(n) {
				t.Errorf("%q matches signal %d", tt.spec, n)
			}
		}
		if s.Match(syscalls.AMD64, 0) || s.MatchProc(ProcFork) {
			t.Errorf("%q matches calls or process events", tt.spec)
		}
	}
	procs := []struct {
		spec             string
		fork, exec, exit bool
	}{
		{"proc", true, true, true},
		{"proc:fork", true, false, false},
		{"proc:exec,exit", false, true, true},
		{"proc:!exit", true, true, false},
	}
	for _, tt := range procs {
		s := mustParse(t, tt.spec)
		if s.MatchProc(ProcFork) != tt.fork || s.MatchProc(ProcExec) != tt.exec || s.MatchProc(ProcExit) != tt.exit {
			t.Errorf("%q selects the wrong events", tt.spec)
		}
		if s.Kind != Proc || s.MatchSignal(1) || s.MatchProc(ProcExit+1) {
			t.Errorf("%q: kind %d", tt.spec, s.Kind)
		}
	}
	for text, kind := range map[string]Kind{"begin": Begin, " end ": End} {
		if s := mustParse(t, text); s.Kind != kind {
			t.Errorf("%q: kind %d, want %d", text, s.Kind, kind)
		}
	}
}

func TestParseErrors(t *testing.T) {
	t.Parallel()
	tests := []struct{ spec, want string }{
		{"", "empty event specification"},
		{"  ", "empty event specification"},
		{"opnat,close", `unknown system call "opnat" in "opnat,close": did you mean "openat"? (see luatrace probes)`},
		{"opnat", `unknown system call "opnat": did you mean "openat"? (see luatrace probes)`},
		{"xyzzyplugh", `unknown system call "xyzzyplugh" (see luatrace probes)`},
		{"sys_openat", `did you mean "openat"?`},
		{"pread", `did you mean "pread64"?`},
		{"creds", `did you mean "%creds"?`},
		{"read,begin", `"begin" in "read,begin" is an event of its own`},
		{"read,signal", `signals are an event of their own`},
		{"read,", "an item of the list is empty"},
		{",read", "an item of the list is empty"},
		{"!", "an item of the list is empty"},
		{"?", "an item of the list is empty"},
		{"//", "an item of the list is empty"},
		{"%", `unknown class "%"`},
		{"%fil", `unknown class "%fil": did you mean "%file"? (the classes are %`},
		{"read,!write", `"!" negates the whole list and stands before its first item`},
		{"!!read", `"!" negates the whole list`},
		{"read,none", `"none" can't be in a list`},
		{"none,read", `"none" can't be in a list`},
		{"read:entry", `unknown phase ":entry": use :enter or :exit`},
		{"read:", `unknown phase ":"`},
		{"read:enter,write", "a phase is that of the whole list: put :enter once, at the end"},
		{"read:enter,write:exit", "both :enter and :exit are given"},
		{"read:enter:exit", "both :enter and :exit are given"},
		{"read@16", `unknown ABI "@16": use @64, @32, @x32`},
		{"/(/", "invalid regular expression"},
		{"/^zzz/", `no system call matches the regular expression "^zzz" (see luatrace probes)`},
		{"/read/x", `"x" after the regular expression`},
		{"zzz*", `no system call matches the glob "zzz*"`},
		{"re[a", "invalid glob"},
		{"1024", `"1024" is no system call number: they go from 0 to 1023`},
		{"12monkeys", `"12monkeys" is no system call number`},
		{"syscall_0xzz", "is no system call number"},
		{"begin:enter", "begin takes nothing after it"},
		{"signal:SIGTREM", `"signal:SIGTREM": unknown signal "SIGTREM": did you mean "SIGTERM"?`},
		{"signal:", "an item of the signal list is empty"},
		{"signal:0", `unknown signal "0"`},
		{"signal:65", `unknown signal "65"`},
		{"signal:enter", `the system call is "signal@32:enter"`},
		{"proc:frok", `unknown process event "frok": use fork, exec or exit`},
		{"proc:", `unknown process event ""`},
	}
	for _, tt := range tests {
		t.Run(tt.spec, func(t *testing.T) {
			t.Parallel()
			s, err := Parse(tt.spec)
			if err == nil {
				t.Fatalf("no error, want %q", tt.want)
			}
			if s != nil {
				t.Errorf("a Spec beside an error")
			}
			if !strings.Contains(err.Error(), tt.want) {
				t.Errorf("error %q, want %q", err, tt.want)
			}
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("error of several lines: %q", err)
			}
		})
	}
}

// TestSpecX32 is about numbers of its own and bit 30.
func TestSpecX32(t *testing.T) {
	t.Parallel()
	s := mustParse(t, "ioctl")
	nr := number(t, syscalls.X32, "ioctl")
	if !s.Match(syscalls.X32, nr) || !s.Match(syscalls.X32, nr&^syscalls.X32Bit) {
		t.Errorf("x32's own number of ioctl, %#x, is not selected", nr)
	}
	if s.Match(syscalls.X32, number(t, syscalls.AMD64, "ioctl")) {
		t.Errorf("amd64's number of ioctl is selected under x32")
	}
	if got := s.Calls(syscalls.X32); len(got) != 1 || got[0] != nr {
		t.Errorf("Calls = %#x, want %#x", got, nr)
	}
}

func TestMatchDoesNotAllocate(t *testing.T) {
	s := mustParse(t, "%file")
	if n := testing.AllocsPerRun(100, func() {
		s.Match(syscalls.AMD64, 257)
		s.Match(syscalls.X32, 257|syscalls.X32Bit)
		s.Match(syscalls.I386, 1<<20)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// FuzzParse: no spec makes the parser panic, and what it takes can be matched.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"openat,close", "!read", "%file:enter", "/^open/,?x@32", "signal:!TERM,2", "proc:fork", "begin", "*stat*", "/a{1,2}/:exit", "/(", "[", "x32_read", "syscall_0x10", "1,2,3", "none", "!*@64", "\\", "/\\/", "/{,",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := Parse(text)
		if err != nil {
			if s != nil || err.Error() == "" {
				t.Fatalf("%q: spec %v beside error %q", text, s, err)
			}
			return
		}
		again, err := Parse(s.Text)
		if err != nil {
			t.Fatalf("%q is accepted once and refused then: %v", text, err)
		}
		if again.calls != s.calls || again.signals != s.signals || again.procs != s.procs || again.Phase != s.Phase {
			t.Fatalf("%q means different things at different times", text)
		}
		for abi := range syscalls.NumABI {
			if s.Match(abi, 5000) != matchesUnknown(s, abi) {
				t.Fatalf("%q: Match and what it says of unknown calls differ", text)
			}
		}
	})
}

func BenchmarkMatch(b *testing.B) {
	s := mustParse(b, "%file")
	b.ReportAllocs()
	n := 0
	for i := 0; b.Loop(); i++ {
		if s.Match(syscalls.AMD64, i&511) {
			n++
		}
	}
}

func BenchmarkParse(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		mustParse(b, "%file,close,/^sock/")
	}
}

// matchesUnknown says whether calls are selected whose numbers no table has: those of a kernel
// that is newer than this program.
func matchesUnknown(s *Spec, abi syscalls.ABI) bool {
	return s.Kind == Syscall && abi < syscalls.NumABI && s.calls[abi].rest
}

func BenchmarkNearest(b *testing.B) {
	names := callNames()
	b.ReportAllocs()
	for b.Loop() {
		suggest.Nearest("opnat", names)
	}
}
