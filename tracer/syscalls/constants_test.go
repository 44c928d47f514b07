package syscalls

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"sort"
	"strconv"
	"strings"
	"testing"
)

func TestConstant(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		abi  ABI
		name string
		want int64
	}{
		{AMD64, "O_CREAT", 0o100},
		{AMD64, "O_DIRECTORY", 0o200000},
		{AMD64, "O_TMPFILE", 0o20200000},
		{ARM64, "O_DIRECTORY", 0o40000},
		{ARM64, "O_TMPFILE", 0o20040000},
		{ARM64, "O_DIRECT", 0o200000},
		{ARM64, "O_CREAT", 0o100},
		{I386, "O_DIRECTORY", 0o200000},
		{I386, "RLIM_INFINITY", 0xffffffff},
		{I386, "F_SETLK64", 13},
		{AMD64, "RLIM_INFINITY", -1},
		{AMD64, "AT_FDCWD", -100},
		{AMD64, "AF_INET6", 10},
		{AMD64, "SOCK_CLOEXEC", 0o2000000},
		{AMD64, "MSG_NOSIGNAL", 0x4000},
		{AMD64, "SOL_TCP", 6},
		{AMD64, "EAGAIN", 11},
		{AMD64, "SIGTERM", 15},
		{AMD64, "TCGETS", 0x5401},
		{AMD64, "TUNSETIFF", 0x400454ca},
		{AMD64, "R_OK", 4},
		{AMD64, "ST_RELATIME", 0x1000},
		{AMD64, "__WALL", 0x40000000},
		{AMD64, "BPF_PROG_LOAD", 5},
		{AMD64, "V4L2_BUF_TYPE_VIDEO_CAPTURE", 1}, // a driver's
	} {
		if v, ok := ConstantFor(c.abi, c.name); !ok || v != uint64(c.want) {
			t.Errorf("ConstantFor(%v, %s) = %#x, %v; want %#x", c.abi, c.name, v, ok, uint64(c.want))
		}
	}
	for _, name := range []string{"", "O_NOSUCH", "_LINUX_FCNTL_H", "__NR_read", "@linux/fcntl.h"} {
		if v, ok := Constant(name); ok {
			t.Errorf("Constant(%q) = %#x, want none", name, v)
		}
	}
}

// differ are the constants x/sys has another value for. O_LARGEFILE is 0 there
// as in C libraries; the header of 7.3 defines RTCF_NAT anew; and on i386 Go
// always uses the 64-bit forms of file locks under their plain names.
func differ(abi ABI, name string) bool {
	switch name {
	case "O_LARGEFILE", "RTCF_NAT":
		return true
	case "F_GETLK", "F_SETLK", "F_SETLKW":
		return abi == I386
	}
	return false
}

// Every literal constant of x/sys that the table has too must agree with it.
func TestConstantsAgreeWithXSys(t *testing.T) {
	t.Parallel()
	dir := xsysDir(t)
	for goarch, abi := range map[string]ABI{"amd64": AMD64, "386": I386, "arm64": ARM64} {
		compared := 0
		for _, file := range []string{"zerrors_linux.go", "zerrors_linux_" + goarch + ".go"} {
			f, err := parser.ParseFile(token.NewFileSet(), filepath.Join(dir, file), nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			ast.Inspect(f, func(n ast.Node) bool {
				v, ok := n.(*ast.ValueSpec)
				if !ok || len(v.Values) != 1 {
					return true
				}
				name := v.Names[0].Name
				want, ok := literal(v.Values[0])
				if !ok || grown(name) || differ(abi, name) {
					return true
				}
				got, ok := ConstantFor(abi, name)
				if !ok {
					t.Errorf("%v: %s of x/sys is not in the table", abi, name)
					return true
				}
				compared++
				if got != want && uint32(got) != uint32(want) {
					t.Errorf("%v: %s = %#x, x/sys has %#x", abi, name, got, want)
				}
				return true
			})
		}
		if compared < 2500 {
			t.Errorf("%v: only %d constants compared", abi, compared)
		}
	}
}

// grown tells the names whose values count or or together others, and so
// change from one kernel to the next.
func grown(name string) bool {
	for _, s := range []string{"_MAX", "_MASK", "_NUM", "_VERSION", "_SUPP", "_FLAGS", "_ALL", "_SIZE"} {
		if strings.Contains(name, s) {
			return true
		}
	}
	return false
}

func literal(e ast.Expr) (uint64, bool) {
	neg := false
	if u, ok := e.(*ast.UnaryExpr); ok && u.Op == token.SUB {
		neg, e = true, u.X
	}
	// errno and signal constants are syscall.Errno(0x1) and the like
	if c, ok := e.(*ast.CallExpr); ok && len(c.Args) == 1 {
		e = c.Args[0]
	}
	l, ok := e.(*ast.BasicLit)
	if !ok || l.Kind != token.INT {
		return 0, false
	}
	v, err := strconv.ParseUint(l.Value, 0, 64)
	if neg {
		v = -v
	}
	return v, err == nil
}

func TestConstantNames(t *testing.T) {
	t.Parallel()
	names := ConstantNames()
	if len(names) < 50000 || !sort.StringsAreSorted(names) {
		t.Errorf("%d names, sorted: %v", len(names), sort.StringsAreSorted(names))
	}
	if len(slices.Compact(slices.Clone(names))) != len(names) {
		t.Error("a name stands twice")
	}
	if i, ok := slices.BinarySearch(names, "O_CREAT"); !ok {
		t.Errorf("no O_CREAT near %v", names[i])
	}
}

func TestConstantsMatching(t *testing.T) {
	t.Parallel()
	names := func(list []NamedValue) (s []string) {
		for _, v := range list {
			s = append(s, v.Name)
		}
		return s
	}
	seek := names(constantsMatching(AMD64, "SEEK_*", "linux/fs.h"))
	if want := []string{"SEEK_SET", "SEEK_CUR", "SEEK_END", "SEEK_DATA", "SEEK_HOLE", "SEEK_MAX"}; !slices.Equal(seek, want) {
		t.Errorf("SEEK_* of linux/fs.h: %v, want %v in the header's order", seek, want)
	}
	if got := names(constantsMatching(AMD64, "BPF_MAP_TYPE_[HA]*", "linux/bpf.h")); !slices.Contains(got, "BPF_MAP_TYPE_HASH") || slices.Contains(got, "BPF_MAP_TYPE_LRU_HASH") {
		t.Errorf("BPF_MAP_TYPE_[HA]*: %v", got)
	}
	if got := constantsMatching(AMD64, "V4L2_CID_*", "linux/v4l2-controls.h"); len(got) < 100 {
		t.Errorf("%d constants of a driver's header", len(got))
	}
	if got := names(constantsMatching(AMD64, "GRND_*", "")); !slices.Equal(got, []string{"GRND_NONBLOCK", "GRND_RANDOM", "GRND_INSECURE"}) {
		t.Errorf("GRND_* of any header: %v", got)
	}
	if got := constantsMatching(AMD64, "SEEK_*", "no/such.h"); len(got) != 0 {
		t.Errorf("a header that does not exist has %v", got)
	}
	if got := constantsMatching(AMD64, "O_DIRECTORY", "asm-generic/fcntl.h"); len(got) != 1 || got[0].Value != 0o200000 {
		t.Errorf("O_DIRECTORY: %v", got)
	}
	if got := constantsMatching(ARM64, "O_DIRECTORY", "asm-generic/fcntl.h"); len(got) != 1 || got[0].Value != 0o40000 {
		t.Errorf("O_DIRECTORY on arm64: %v", got)
	}
	if got := names(constantsMatching(I386, "F_*LK64", "asm-generic/fcntl.h")); !slices.Equal(got, []string{"F_GETLK64", "F_SETLK64"}) {
		t.Errorf("constants only i386 has: %v", got)
	}
}
