package syscalls

import (
	"errors"
	"strings"
	"testing"
)

// undefineLater drops what the test defines. Definitions are of the whole
// process: tests that make some don't run beside others.
func undefineLater(t *testing.T) {
	before := definitions.Load()
	t.Cleanup(func() { definitions.Store(before) })
}

func TestDefine(t *testing.T) {
	undefineLater(t)
	name, err := Define(`made_up@901(fd fd, buf <buf:len, len size, flags flags:open,
			mode mode if flags&O_CREAT) size
		| fd=77: buf >str, len -`)
	if err != nil || name != "made_up" {
		t.Fatal(name, err)
	}
	for _, abi := range definableABIs {
		nr, ok := Number(abi, "made_up")
		if !ok || nr != 901 || !Known(abi, 901) || Name(abi, 901) != "made_up" || Max(abi) != 902 {
			t.Errorf("%s: %d %v %s %d", abi, nr, ok, Name(abi, 901), Max(abi))
		}
		s := Lookup(abi, 901)
		if s == nil || len(s.Params) != 5 || s.Param("fd") != 0 || s.Ret.Kind != KindSize || len(s.Variants) != 1 || s.Params[4].Cond == nil {
			t.Fatalf("%s: %+v", abi, s)
		}
	}
	if Name(AMD64, 900) != "syscall_0x384" || Known(AMD64, 900) || Lookup(AMD64, 900) != nil {
		t.Error("a number beside it")
	}
	if Name(AMD64, 257) != "openat" || Lookup(AMD64, 257).Name != "openat" {
		t.Error("openat has changed")
	}
}

// TestDefineReplaces: a call of the table gets another signature where it has a
// number; its name and classes stay.
func TestDefineReplaces(t *testing.T) {
	undefineLater(t)
	if _, err := Define("sched_getscheduler(a int, b int)"); err != nil {
		t.Fatal(err)
	}
	for _, abi := range definableABIs {
		nr, _ := Number(abi, "sched_getscheduler")
		if s := Lookup(abi, nr); len(s.Params) != 2 || Name(abi, nr) != "sched_getscheduler" {
			t.Errorf("%s: %v", abi, s)
		}
	}
	if _, err := Define("query_module@i386(name str, which int)"); err != nil {
		t.Fatal(err)
	}
	if nr, _ := Number(AMD64, "query_module"); len(Lookup(AMD64, nr).Params) == 2 {
		t.Error("amd64's has changed too")
	}
}

// TestDefineTakes: a number that the table has is given another name, for a
// kernel on which it is another call.
func TestDefineTakes(t *testing.T) {
	undefineLater(t)
	if _, err := Define("my_vserver@236@amd64(what int, id uint, data addr)"); err != nil {
		t.Fatal(err)
	}
	if Name(AMD64, 236) != "my_vserver" || Name(ARM64, 236) == "my_vserver" || Name(I386, 236) == "my_vserver" {
		t.Error(Name(AMD64, 236), Name(ARM64, 236), Name(I386, 236))
	}
}

func TestDefineErrors(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ text, want, word string }{
		{"", "a signature is NAME(ARGUMENT KIND, ...) RESULT", ""},
		{"openat", `"openat": a signature is`, ""},
		{"openat(", "a signature is", ""},
		{"Open(fd fd)", `"Open" is no name for a system call`, ""},
		{"opnat(fd fd)", `there is no system call "opnat"; one that luatrace does not know needs its number: "opnat@480(...)"`, "opnat"},
		{"x@1024()", `"1024" is no number of a system call: they go from 0 to 1023`, ""},
		{"x@99999999999()", "is no number of a system call", ""},
		{"x@mips()", `"@mips" behind the name: a number or amd64, i386, arm64 is wanted`, ""},
		{"openat@12@amd64()", "openat is number 257 on amd64, not 12", ""},
		{"x@900(fd)", `"fd": want a name and a kind`, ""},
		{"x@900(a fdd)", `a: unknown kind "fdd"`, "fdd"},
		{"x@900(a buf)", `a: kind "buf" needs a length: buf:LENGTH`, ""},
		{"x@900(a <buf:len)", `a: no argument "len"`, ""},
		{"x@900(a flags:opem)", `a: unknown set "opem"`, "opem"},
		{"x@900(a >struct:statt)", `a: there is no struct "statt"`, "statt"},
		{"x@900(a >int)", `a: ">int" is a number in a register, which the kernel does not write: an address of one is ">&int"`, ""},
		{"x@900(a int if b)", `a: no argument "b"`, ""},
		{"x@900(a int if a&O_FOO)", "no constant O_FOO", ""},
		{"x@900(a int, a int)", `there are two arguments "a"`, ""},
		{"x@900(A int)", `"A" is no name for an argument`, ""},
		{"x@900(a int, b int, c int, d int, e int, f int, g int)", "7 arguments", ""},
		{"x@900(a int) nothing", `unknown kind "nothing"`, "nothing"},
		{"x@900(a int)\n| 5", "no colon", ""},
	} {
		_, err := Define(c.text)
		var de *DefineError
		if !errors.As(err, &de) || !strings.Contains(de.Message, c.want) || de.Word != c.word || strings.Contains(de.Message, "\n") {
			t.Errorf("%q: %v, word %q", c.text, err, de.Word)
		}
		if de != nil && de.Word != "" && len(de.Known) < 20 {
			t.Errorf("%q: %d known names", c.text, len(de.Known))
		}
	}
}

// TestTypeString: what a type is written as is read as the same type.
func TestTypeString(t *testing.T) {
	t.Parallel()
	count := 0
	check := func(params []Param, where string) {
		for i := range params {
			p := &params[i]
			text := p.Type.String()
			again, err := parseType(text)
			if err != nil || again.String() != text || again.Kind != p.Kind || again.Set != p.Set || again.Len != p.Len {
				t.Errorf("%s %s: %q: %v", where, p.Name, text, err)
			}
			count++
		}
	}
	for _, abi := range definableABIs {
		for nr := range Max(abi) {
			s := Lookup(abi, nr)
			if s == nil {
				continue
			}
			check(s.Params, s.Name)
			for i := range s.Variants {
				check(s.Variants[i].Params, s.Name)
			}
			if _, err := parseType(s.Ret.String()); err != nil {
				t.Errorf("%s: %v", s.Name, err)
			}
		}
	}
	if count < 2000 {
		t.Errorf("only %d types", count)
	}
	if got := (*Type)(nil).String(); got != "-" {
		t.Error(got)
	}
}

// FuzzDefine: no text makes the parser panic, and what it takes has arguments
// that can be decoded.
func FuzzDefine(f *testing.F) {
	for _, s := range []string{
		"x@900(fd fd, buf <buf:len, len size) size", "openat(a path, b flags:open, c mode if b&O_CREAT) fd\n| b=O_RDONLY: c -", "x@900([a;b] [&int;3])",
		"x@900(a [*struct:stat;b], b size)\n| order: b a", "x@3@amd64,i386(a >~struct:stat) -> fd", "read(a/b/c =&u32 if c/0xf=1|2)", "x@900(a ioctl)\n| TCGETS: a int",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		calls, err := parseDefinition(text)
		if err != nil {
			if strings.ContainsAny(err.Error(), "\n\r") {
				t.Fatalf("%q", err)
			}
			return
		}
		for _, c := range calls {
			c.sig.Select(&[6]uint64{1, 2, 3, 4, 5, 6})
			for i := range c.sig.Params {
				_ = c.sig.Params[i].Type.String()
			}
		}
	})
}
