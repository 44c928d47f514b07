package syscalls

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os/exec"
	"path/filepath"
	"slices"
	"sort"
	"strconv"
	"strings"
	"testing"
)

// xsysDir is the directory of golang.org/x/sys/unix at the version of go.mod.
func xsysDir(t *testing.T) string {
	t.Helper()
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "golang.org/x/sys").Output()
	if err != nil {
		t.Fatalf("go list -m golang.org/x/sys: %v", err)
	}
	return filepath.Join(strings.TrimSpace(string(out)), "unix")
}

// The tables must be those of the x/sys that go.mod names: go generate was run
// after the last change of version.
func TestNumbersEqualXSys(t *testing.T) {
	t.Parallel()
	dir := xsysDir(t)
	for goarch, abi := range map[string]ABI{"amd64": AMD64, "386": I386, "arm64": ARM64} {
		f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(dir, "zsysnum_linux_"+goarch+".go"), nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		count := 0
		ast.Inspect(f, func(n ast.Node) bool {
			v, ok := n.(*ast.ValueSpec)
			if !ok {
				return true
			}
			name := strings.ToLower(strings.TrimPrefix(v.Names[0].Name, "SYS_"))
			if name == "arch_specific_syscall" {
				return false
			}
			want, err := strconv.Atoi(v.Values[0].(*ast.BasicLit).Value)
			if err != nil {
				t.Fatal(err)
			}
			count++
			if got, ok := Number(abi, name); !ok || got != want {
				t.Errorf("Number(%v, %q) = %d, %v; x/sys has %d", abi, name, got, ok, want)
			}
			if got := Name(abi, want); got != name {
				t.Errorf("Name(%v, %d) = %q; x/sys has %q", abi, want, got, name)
			}
			if want >= Max(abi) {
				t.Errorf("Max(%v) = %d, but there is a call %d", abi, Max(abi), want)
			}
			return false
		})
		names := Names(abi)
		if len(names) != count {
			t.Errorf("%v: %d names, x/sys has %d", abi, len(names), count)
		}
		if !sort.StringsAreSorted(names) {
			t.Errorf("Names(%v) is not sorted", abi)
		}
	}
}

func TestName(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		abi  ABI
		nr   int
		want string
	}{
		{AMD64, 0, "read"},
		{AMD64, 257, "openat"},
		{AMD64, 262, "newfstatat"},
		{ARM64, 56, "openat"},
		{ARM64, 79, "newfstatat"},
		{I386, 5, "open"},
		{I386, 140, "_llseek"},
		{AMD64, 1000, "syscall_0x3e8"},
		{AMD64, 400, "syscall_0x190"}, // in a gap of the table
		{AMD64, -1, "syscall_0xffffffff"},
		{ARM64, 244, "syscall_0xf4"},
		{AMD64, X32Bit | 39, "syscall_0x40000027"},
		{X32, X32Bit | 39, "x32_getpid"},
		{X32, 39, "x32_getpid"},
		{X32, X32Bit | 514, "x32_ioctl"},
		{X32, 514, "x32_ioctl"},
		{X32, 547, "x32_pwritev2"},
		{X32, X32Bit | 16, "syscall_0x40000010"}, // ioctl has another number under x32
		{X32, X32Bit | 5000, "syscall_0x40001388"},
		{X32, -1, "syscall_0xffffffff"},
		{NumABI, 1, "syscall_0x1"},
	} {
		if got := Name(c.abi, c.nr); got != c.want {
			t.Errorf("Name(%v, %#x) = %q, want %q", c.abi, c.nr, got, c.want)
		}
	}
}

func TestNumber(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		abi  ABI
		name string
		nr   int
		ok   bool
	}{
		{AMD64, "openat", 257, true},
		{I386, "openat", 295, true},
		{ARM64, "openat", 56, true},
		{ARM64, "open", 0, false},
		{AMD64, "", 0, false},
		{AMD64, "zzz", 0, false},
		{AMD64, "x32_getpid", 0, false},
		{X32, "x32_getpid", X32Bit | 39, true},
		{X32, "x32_ioctl", X32Bit | 514, true},
		{X32, "getpid", 0, false},
		{NumABI, "read", 0, false},
	} {
		if nr, ok := Number(c.abi, c.name); nr != c.nr || ok != c.ok {
			t.Errorf("Number(%v, %q) = %d, %v; want %d, %v", c.abi, c.name, nr, ok, c.nr, c.ok)
		}
	}
	for _, name := range Names(X32) {
		if nr, ok := Number(X32, name); !ok || Name(X32, nr) != name {
			t.Errorf("%s does not survive Number and Name", name)
		}
	}
	if !slices.Contains(Names(X32), "x32_recvmsg") {
		t.Error("Names(X32) lacks x32_recvmsg")
	}
}

func TestABI(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		abi  ABI
		name string
		word int
	}{{AMD64, "amd64", 8}, {I386, "i386", 4}, {ARM64, "arm64", 8}, {X32, "x32", 4}} {
		if c.abi.String() != c.name || c.abi.WordSize() != c.word {
			t.Errorf("%v: word %d; want %s, %d", c.abi, c.abi.WordSize(), c.name, c.word)
		}
	}
	if s := NumABI.String(); s != "ABI(4)" {
		t.Errorf("NumABI.String() = %q", s)
	}
	if Max(X32) != 0 || Max(NumABI) != 0 || Max(AMD64) < 400 {
		t.Errorf("Max: x32 %d, none %d, amd64 %d", Max(X32), Max(NumABI), Max(AMD64))
	}
	if !Known(AMD64, 0) || Known(AMD64, -1) || Known(AMD64, 400) || !Known(X32, X32Bit|514) || Known(X32, X32Bit|5000) {
		t.Error("Known is wrong about the tables")
	}
}

// What runs at every stop must not allocate.
func TestNoAllocations(t *testing.T) {
	InClass(AMD64, 0, "desc")
	Name(X32, 0)
	if n := testing.AllocsPerRun(200, func() {
		_ = Name(AMD64, 257)
		_ = Name(X32, X32Bit|514)
		_, _ = Number(I386, "openat")
		_ = InClass(AMD64, 257, "file")
		_ = InClass(X32, X32Bit|514, "desc")
		_ = ErrnoName(2)
		_ = SignalName(15)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
