package syscalls

import (
	"slices"
	"strings"
	"testing"
)

func TestInClass(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		call, in, out string
	}{
		{"openat", "file desc", "memory network process %stat"},
		{"open", "file desc", "network"},
		{"read", "desc", "file network"},
		{"mmap", "desc memory", "file"},
		{"munmap", "memory", "desc"},
		{"execve", "file process", "desc"},
		{"execveat", "file desc process", "signal"},
		{"clone3", "process", "desc"},
		{"kill", "process signal", "desc"},
		{"pidfd_send_signal", "desc process signal", "file"},
		{"socket", "network net", "desc"},
		{"sendfile", "network desc", "file"},
		{"stat", "stat %stat file", "lstat fstat desc"},
		{"lstat", "lstat %stat file", "stat fstat"},
		{"fstat", "fstat %stat desc", "file stat lstat"},
		{"newfstatat", "fstat %stat desc file", "stat lstat"},
		{"statx", "%stat fstat file desc", "stat lstat"},
		{"statfs", "statfs %statfs file", "fstatfs desc"},
		{"fstatfs", "fstatfs %statfs desc", "statfs file"},
		{"ustat", "%statfs", "statfs fstatfs"},
		{"shmat", "ipc memory", "desc"},
		{"getuid", "creds pure", "process"},
		{"getpid", "pure", "creds process"},
		{"prctl", "creds", "process"},
		{"clock_gettime", "clock", "pure"},
		{"clock_nanosleep", "", "clock"},
		{"rt_sigaction", "signal", "process"},
		{"ptrace", "", "process signal"},
		{"futex_waitv", "", "memory"},
	} {
		nr, ok := Number(AMD64, c.call)
		if !ok {
			t.Fatalf("no %s", c.call)
		}
		for _, class := range strings.Fields(c.in) {
			if !InClass(AMD64, nr, class) {
				t.Errorf("%s is not in %s", c.call, class)
			}
			if x, ok := Number(X32, "x32_"+c.call); !ok || !InClass(X32, x, class) {
				t.Errorf("x32_%s is not in %s", c.call, class)
			}
		}
		for _, class := range strings.Fields(c.out) {
			if InClass(AMD64, nr, class) {
				t.Errorf("%s is in %s", c.call, class)
			}
		}
	}
	for _, c := range []struct {
		abi   ABI
		nr    int
		class string
	}{{AMD64, 2, "nosuch"}, {AMD64, 2, ""}, {AMD64, -1, "file"}, {AMD64, 5000, "file"}, {NumABI, 2, "file"}, {X32, X32Bit | 5000, "file"}} {
		if InClass(c.abi, c.nr, c.class) {
			t.Errorf("InClass(%v, %d, %q)", c.abi, c.nr, c.class)
		}
	}
}

// Every name in the class lists must be a call of some ABI.
func TestClassLists(t *testing.T) {
	t.Parallel()
	for _, c := range classes {
		calls := strings.Fields(c.calls)
		if !slices.IsSorted(calls) {
			t.Errorf("class %s is not sorted", c.name)
		}
		for i, name := range calls {
			known := false
			for _, abi := range []ABI{AMD64, I386, ARM64} {
				_, ok := Number(abi, name)
				known = known || ok
			}
			if !known || i > 0 && calls[i-1] == name {
				t.Errorf("class %s: %s is unknown or stands twice", c.name, name)
			}
		}
	}
	// The 64-bit-time and 32-bit-id forms belong where the plain ones do.
	for _, name := range Names(I386) {
		for _, suffix := range []string{"64", "32", "_time64"} {
			plain, ok := strings.CutSuffix(name, suffix)
			p, have := Number(I386, plain)
			if !ok || !have {
				continue
			}
			nr, _ := Number(I386, name)
			for _, class := range Classes() {
				if InClass(I386, nr, class) != InClass(I386, p, class) {
					t.Errorf("%s and %s differ in class %s", name, plain, class)
				}
			}
		}
	}
	if !IsClass("net") || !IsClass("%stat") || IsClass("nets") || len(Classes()) != len(classes) {
		t.Error("IsClass or Classes is wrong")
	}
	if got := ClassCalls(ARM64, "%stat"); !slices.Equal(got, []string{"fstat", "newfstatat", "statx"}) {
		t.Errorf("arm64's %%stat: %v", got)
	}
	if got := ClassCalls(AMD64, "nosuch"); got != nil {
		t.Errorf("calls of no class: %v", got)
	}
}

// A signature's classes are found another way than InClass's.
func TestSignatureClasses(t *testing.T) {
	t.Parallel()
	for abi := range NumABI {
		for _, name := range Names(abi) {
			nr, _ := Number(abi, name)
			s := Lookup(abi, nr)
			for _, c := range Classes() {
				if got := slices.Contains(s.Classes, c); got != InClass(abi, nr, c) {
					t.Errorf("%s: %s: class %s: %v, InClass %v", abi, name, c, got, !got)
				}
			}
		}
	}
}
