package trust

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"luatrace/internal/leak"
)

func TestMain(m *testing.M) { leak.Main(m) }

// acl makes an extended attribute of (tag, permissions, id).
func acl(entries ...[3]uint32) []byte {
	b := binary.LittleEndian.AppendUint32(nil, 2)
	for _, e := range entries {
		b = binary.LittleEndian.AppendUint16(b, uint16(e[0]))
		b = binary.LittleEndian.AppendUint16(b, uint16(e[1]))
		b = binary.LittleEndian.AppendUint32(b, e[2])
	}
	return b
}

// TestWriters: who may write by mode, group and access list.
func TestWriters(t *testing.T) {
	t.Parallel()
	const a, b, none = 1<<30 + 1, 1<<30 + 2, 1<<32 - 1
	object := func(perm uint32) [3]uint32 { return [3]uint32{aclGroupObject, perm, none} }
	for _, c := range []struct {
		mode, uid, gid uint32
		acl            []byte
		want           string
	}{
		{0o755, a, b, nil, ""},
		{0o777, 0, 0, nil, "everybody"},
		{0o1777, 0, 0, nil, "everybody"},
		{0o702, 0, 0, nil, "everybody"},
		{0o775, 0, 0, nil, ""},
		{0o775, 0, b, nil, fmt.Sprintf("the group %d", b)},
		{0o775, a, a, nil, ""}, // a group of its own
		{0o775, a, 1000, nil, ""},
		{0o775, 0, 0, acl([3]uint32{1, 7, none}, object(5), [3]uint32{0x10, 7, none}), ""},
		{0o775, 0, b, acl(object(5), [3]uint32{0x10, 7, none}), ""}, // the mask has more than the group
		{0o775, 0, b, acl(object(7), [3]uint32{0x10, 7, none}), fmt.Sprintf("the group %d", b)},
		{0o775, 0, 0, acl(object(5), [3]uint32{aclUser, 6, b}), fmt.Sprintf("the user %d", b)},
		{0o775, 0, 0, acl(object(5), [3]uint32{aclUser, 5, b}), ""},
		{0o775, b, b, acl(object(5), [3]uint32{aclUser, 7, b}), ""},
		{0o775, 0, 0, acl(object(5), [3]uint32{aclUser, 7, 0}), ""},
		{0o775, 0, 0, acl(object(7), [3]uint32{aclGroup, 7, b}), fmt.Sprintf("the group %d", b)},
		{0o775, 0, 0, acl(object(7), [3]uint32{aclGroup, 7, 1000}), ""},
		{0o755, 0, 0, acl(object(7), [3]uint32{aclUser, 7, b}, [3]uint32{0x10, 5, none}), ""}, // masked
	} {
		p := Party{UIDs: []int{0}, GIDs: []int{0, 1000}}
		who, mend := p.Writers(&unix.Stat_t{Mode: c.mode, Uid: c.uid, Gid: c.gid}, c.acl)
		if who != c.want || (who == "") != (mend == "") {
			t.Errorf("%o %d:%d %x: %q (%s), want %q", c.mode, c.uid, c.gid, c.acl, who, mend, c.want)
		}
	}
}

// TestACLOfFiles: the access list is read of a descriptor of any kind.
func TestACLOfFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	list := acl([3]uint32{1, 7, 1<<32 - 1}, [3]uint32{aclUser, 7, 12345}, [3]uint32{aclGroupObject, 5, 1<<32 - 1}, [3]uint32{0x10, 7, 1<<32 - 1}, [3]uint32{0x20, 5, 1<<32 - 1})
	if err := unix.Setxattr(dir, "system.posix_acl_access", list, 0); errors.Is(err, unix.ENOTSUP) {
		return // a file system without access lists has nothing to be read
	} else if err != nil {
		t.Fatal(err)
	}
	for _, flags := range []int{unix.O_PATH, unix.O_RDONLY} {
		fd, err := unix.Open(dir, flags|unix.O_CLOEXEC, 0)
		if err != nil {
			t.Fatal(err)
		}
		var st unix.Stat_t
		if err := unix.Fstat(fd, &st); err != nil {
			t.Fatal(err)
		}
		if who, _ := Self().Writers(&st, FileACL(fd)); who != "the user 12345" {
			t.Errorf("%x: %q", flags, who)
		}
		unix.Close(fd)
	}
}

// end is where a walk came to.
func end(name string) (last Step, err error) {
	err = Walk(name, func(s *Step) error { last = *s; return nil })
	return last, err
}

// TestWalk: a walk comes to where the kernel comes, and sees each folder on the way.
func TestWalk(t *testing.T) {
	t.Parallel()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range []string{"a/b", "c"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "a/b/file"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for link, to := range map[string]string{
		"c/rel": "../a/./b//file", "c/abs": dir + "/a/b/file", "c/chain": "rel", "c/up": "../a/b/..", "c/loop": "loop", "c/dangling": "../a/new", "c/dir": dir + "/a/b",
		"a/deep": "../c/dir", "a/out": "../c/dangling", "a/slash": "../c/dir/",
	} {
		if err := os.Symlink(to, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	for name, want := range map[string]string{
		"a/b/file": "a/b/file", "c/rel": "a/b/file", "c/abs": "a/b/file", "c/chain": "a/b/file", "c/up/b/file": "a/b/file", "a/deep/file": "a/b/file", "c/dir/../b/file": "a/b/file",
		"c/dangling": "a/new", "a/out": "a/new", "a/missing": "a/missing", "./a//b/./file": "a/b/file", "c/dir": "a/b", "a/slash/file": "a/b/file",
	} {
		s, err := end(filepath.Join(dir, "") + "/" + name)
		if err != nil || s.Path() != filepath.Join(dir, want) {
			t.Errorf("%s: %s, %v; want %s", name, s.Path(), err, want)
		}
	}
	for name, want := range map[string]error{
		"c/loop": unix.ELOOP, "a/b/file/x": unix.ENOTDIR, "a/none/x": unix.ENOENT, "a/b/": unix.EISDIR, "..": unix.EISDIR, "a/none/": unix.ENOENT, "a/b/file/": unix.ENOTDIR,
	} {
		if _, err := end(dir + "/" + name); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", name, err, want)
		}
	}
	if _, err := end(""); !errors.Is(err, unix.ENOENT) {
		t.Errorf("no name: %v", err)
	}

	var dirs []string
	if err := Walk(dir+"/c/chain", func(s *Step) error {
		dirs = append(dirs, strings.TrimPrefix(s.Path(), dir+"/"))
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(dirs[len(dirs)-6:], " "); got != "c c/chain c/rel a a/b a/b/file" {
		t.Errorf("way %q", dirs)
	}

	// What is open is left to the kernel.
	f, err := os.Open(dir + "/a/b/file")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for _, name := range []string{fmt.Sprintf("/proc/self/fd/%d", f.Fd()), fmt.Sprintf("/dev/fd/%d", f.Fd())} {
		if s, err := end(name); err != nil || !s.Kernel || !s.Last || s.Name != fmt.Sprint(f.Fd()) {
			t.Errorf("%s: %+v, %v", name, s, err)
		}
	}
	if s, err := end("/proc/self/root" + dir + "/a/b/file"); err != nil || s.Kernel || s.Name != "file" || s.Entry.Ino == 0 {
		t.Errorf("below the root of a process: %+v, %v", s, err)
	}
	stop := errors.New("stop")
	if err := Walk(dir+"/c/chain", func(*Step) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("%v", err)
	}
}

// TestWalkAsTheKernel: among random links a walk comes to the file that stat(2)
// finds, or fails as it does.
func TestWalkAsTheKernel(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	seed := rand.Uint64()
	r := rand.New(rand.NewPCG(seed, 0))
	names := []string{"a", "b", "c", "a/x", "b/x", "c/x", "a/y", "b/y", "c/y", "a/x/z", "b/x/z"}
	way := func() string {
		var parts []string
		for range 1 + r.IntN(4) {
			parts = append(parts, []string{"a", "b", "c", "x", "y", "z", "..", "."}[r.IntN(8)])
		}
		return strings.Join(parts, "/")
	}
	for _, n := range names {
		switch full := filepath.Join(dir, n); r.IntN(4) {
		case 0:
			os.Mkdir(full, 0o755)
		case 1:
			os.WriteFile(full, nil, 0o600)
		case 2:
			os.Symlink(way(), full)
		case 3:
			os.Symlink(dir+"/"+way(), full)
		}
	}
	found := 0
	for range 2000 {
		name := dir + "/" + way()
		var st unix.Stat_t
		want := unix.Stat(name, &st)
		last, err := end(name)
		switch {
		case errors.Is(err, unix.EISDIR):
			if want != nil || st.Mode&unix.S_IFMT != unix.S_IFDIR {
				t.Fatalf("seed %d: %s: %v, but stat says %v, mode %o", seed, name, err, want, st.Mode)
			}
		case err == nil && want == nil:
			found++
			if last.Entry.Ino != st.Ino || last.Link() {
				t.Fatalf("seed %d: %s: %s", seed, name, last.Path())
			}
		case err == nil: // it would be created there
			if !errors.Is(want, unix.ENOENT) || last.Entry.Mode != 0 {
				t.Fatalf("seed %d: %s: %s, but stat says %v", seed, name, last.Path(), want)
			}
		case !errors.Is(want, err):
			t.Fatalf("seed %d: %s: %v, but stat says %v", seed, name, err, want)
		}
	}
	t.Logf("%d of 2000 paths led to a file", found)
}
