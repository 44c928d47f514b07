package elffile

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"luatrace/internal/fixture"
	"luatrace/internal/leak"
)

func TestMain(m *testing.M) { leak.Main(m) }

// binaries are files of this system and what the C compiler makes.
func binaries(t *testing.T) []string {
	files := []string{fixture.Build(t, "tracer"), fixture.Build(t, "counts")}
	for _, name := range []string{"sh", "gdb", "strace", "node"} {
		path, err := exec.LookPath(name)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, path)
	}
	dir := t.TempDir()
	source := filepath.Join(dir, "p.c")
	if err := os.WriteFile(source, []byte("int shared(void) { return 1; }\nint main(void) { return 0; }\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	options := [][]string{{}, {"-static"}, {"-static-pie"}, {"-shared", "-fPIC", "-Wl,-soname,lib x.so"}, {"-Wl,--hash-style=sysv"}}
	if runtime.GOARCH == "amd64" {
		options = append(options, []string{"-m32"})
	}
	for i, option := range options {
		path := filepath.Join(dir, "p"+string(rune('0'+i)))
		if out, err := exec.Command("gcc", append(option, "-o", path, source)...).CombinedOutput(); err != nil {
			t.Fatalf("gcc %q: %v\n%s", option, err, out)
		}
		files = append(files, path)
	}
	return files
}

// Of real files everything is what Go's reader finds by the section headers.
func TestRealFiles(t *testing.T) {
	t.Parallel()
	for _, path := range binaries(t) {
		f, err := Open(path)
		if err != nil {
			t.Errorf("%s: %v", path, err)
			continue
		}
		defer f.Close()
		want, err := elf.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		defer want.Close()
		if f.Entry != want.Entry || f.Type != uint16(want.Type) || f.Machine != uint16(want.Machine) || len(f.Segments) != len(want.Progs) {
			t.Errorf("%s: entry %#x, type %d, machine %d, %d segments", path, f.Entry, f.Type, f.Machine, len(f.Segments))
		}
		for i, s := range f.Segments {
			if p := want.Progs[i]; uint32(s.Type) != uint32(p.Type) || s.Flags != uint32(p.Flags) || s.Offset != p.Off || s.Addr != p.Vaddr || s.FileSize != p.Filesz || s.MemSize != p.Memsz {
				t.Errorf("%s: segment %d: %+v, want %+v", path, i, s, p.ProgHeader)
			}
		}
		interpreter := ""
		if s := want.Section(".interp"); s != nil {
			b, _ := s.Data()
			interpreter = string(bytes.TrimSuffix(b, []byte{0}))
		}
		if got, err := f.Interpreter(); got != interpreter || err != nil {
			t.Errorf("%s: interpreter %q, %v; want %q", path, got, err, interpreter)
		}
		libraries, _ := want.ImportedLibraries()
		if got, err := f.Needed(); !slices.Equal(got, libraries) || err != nil {
			t.Errorf("%s: needs %q, %v; want %q", path, got, err, libraries)
		}
		soname, _ := want.DynString(elf.DT_SONAME)
		if got, err := f.Soname(); got != strings.Join(soname, "") || err != nil {
			t.Errorf("%s: soname %q, %v; want %q", path, got, err, soname)
		}
		compareSymbols(t, path, f, want)
	}
}

func compareSymbols(t *testing.T, path string, f *File, want *elf.File) {
	symbols, err := want.DynamicSymbols()
	if err != nil && !errors.Is(err, elf.ErrNoSymbols) {
		t.Fatal(err)
	}
	i := 0
	for s, err := range f.Symbols() {
		if err != nil {
			t.Errorf("%s: symbol %d: %v", path, i, err)
			return
		}
		if i >= len(symbols) {
			t.Errorf("%s: more than %d symbols: %+v", path, len(symbols), s)
			return
		}
		w := symbols[i]
		i++
		if s.Name != w.Name || s.Value != w.Value || s.Size != w.Size || s.Info != w.Info || s.Other != w.Other || s.Section != uint16(w.Section) {
			t.Errorf("%s: symbol %d: %+v, want %+v", path, i, s, w)
			return
		}
	}
	if i != len(symbols) {
		t.Errorf("%s: %d symbols, want %d", path, i, len(symbols))
	}
	for _, name := range []string{"ptrace", "__libc_start_main", "trace", "shared"} {
		imported := slices.ContainsFunc(symbols, func(s elf.Symbol) bool { return s.Name == name && s.Section == elf.SHN_UNDEF })
		if got, err := f.Imports(name); got != imported || err != nil {
			t.Errorf("%s: imports %s: %v, %v; want %v", path, name, got, err, imported)
		}
	}
}

// What is no regular file is not opened, and nobody waits for one.
func TestNotRegular(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	fifo := filepath.Join(dir, "fifo")
	if err := unix.Mkfifo(fifo, 0o666); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(dir, "link")
	if err := os.Symlink("fifo", link); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{fifo, link, dir, "/dev/null"} {
		if _, err := Open(name); !errors.Is(err, ErrNotRegular) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Open(filepath.Join(dir, "none")); !errors.Is(err, unix.ENOENT) {
		t.Errorf("a missing file: %v", err)
	}
}

// A file that somebody holds by a lease (fcntl(2)) makes nobody wait.
func TestLease(t *testing.T) {
	t.Parallel()
	name := filepath.Join(t.TempDir(), "leased")
	if err := os.WriteFile(name, []byte("\x7fELF"), 0o755); err != nil {
		t.Fatal(err)
	}
	fd, err := unix.Open(name, unix.O_RDWR|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	if _, err := unix.FcntlInt(uintptr(fd), unix.F_SETLEASE, unix.F_WRLCK); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(name); !errors.Is(err, unix.EAGAIN) {
		t.Errorf("%v, want EAGAIN", err)
	}
}

// counted counts the bytes that are read.
type counted struct {
	io.ReaderAt
	n int
}

func (c *counted) ReadAt(b []byte, offset int64) (int, error) {
	c.n += len(b)
	return c.ReaderAt.ReadAt(b, offset)
}

// zeros is a file whose end is far away: the part that is there, and zeros.
type zeros []byte

func (z zeros) ReadAt(b []byte, offset int64) (int, error) {
	clear(b)
	if offset < int64(len(z)) {
		copy(b, z[offset:])
	}
	return len(b), nil
}

// Numbers in a file make nobody read or take more than the limits.
func TestLimits(t *testing.T) {
	t.Parallel()
	order := binary.LittleEndian
	for _, c := range []struct {
		name   string
		change func(b []byte)
		ok     bool
	}{
		{"as it is", func(b []byte) {}, true},
		{"2^26 sections", func(b []byte) { order.PutUint16(b[60:], 0); order.PutUint64(b[40:], 4096) }, true},
		{"65535 program headers", func(b []byte) { order.PutUint16(b[56:], 0xffff) }, false},
		{"65534 program headers of zeros", func(b []byte) { order.PutUint16(b[56:], 0xfffe); order.PutUint64(b[32:], 1<<30) }, true},
		{"program headers behind the end", func(b []byte) { order.PutUint64(b[32:], 1<<62) }, false},
		{"a string table of 2^40", func(b []byte) { putDynamic(b, tagSize, 1<<40) }, false},
		{"a string table of 2^24+1", func(b []byte) { putDynamic(b, tagSize, MaxStrings+1) }, false},
		{"2^32 symbols", func(b []byte) { order.PutUint32(b[sampleHash+4:], 1<<32-1) }, false},
		{"a dynamic section of 2^60", func(b []byte) { order.PutUint64(b[64+56+32:], 1<<60) }, false},
		{"a name behind the strings", func(b []byte) { order.PutUint32(b[sampleSymbols+24:], 1<<31) }, false},
		{"an interpreter of 2^40 bytes", func(b []byte) { order.PutUint32(b[64+56:], 3); order.PutUint64(b[64+56+32:], 1<<40) }, false},
	} {
		b := sample(order)
		c.change(b)
		r := &counted{ReaderAt: zeros(b)}
		err := everything(r, 1<<50)
		if (err == nil) != c.ok {
			t.Errorf("%s: %v", c.name, err)
		}
		if r.n > 4<<20 {
			t.Errorf("%s: %d bytes read", c.name, r.n)
		}
	}
}

// All reads of a file together have a limit.
func TestReadLimit(t *testing.T) {
	t.Parallel()
	b := sample(binary.LittleEndian)
	r := &counted{ReaderAt: zeros(b)}
	f, err := New(r, 1<<50)
	if err != nil {
		t.Fatal(err)
	}
	for err == nil {
		_, err = f.read(0, 1<<20)
	}
	if !errors.As(err, new(*FormatError)) || r.n > MaxRead {
		t.Errorf("%v after %d bytes", err, r.n)
	}
}

// everything asks for all that can be asked.
func everything(r io.ReaderAt, size int64) error {
	f, err := New(r, size)
	if err != nil {
		return err
	}
	_, err = f.Interpreter()
	_, err2 := f.Needed()
	_, err3 := f.Soname()
	var err4 error
	for _, e := range f.Symbols() {
		err4 = e
	}
	_, err5 := f.Imports("ptrace")
	return errors.Join(err, err2, err3, err4, err5)
}

// Where the parts of sample are.
const (
	sampleDynamic = 256
	sampleStrings = 512
	sampleHash    = 640
	sampleSymbols = 704
	sampleSize    = 1024
)

func putDynamic(b []byte, tag, value uint64) {
	for at := sampleDynamic; at < sampleStrings; at += 16 {
		if binary.LittleEndian.Uint64(b[at:]) == tag {
			binary.LittleEndian.PutUint64(b[at+8:], value)
		}
	}
}

// sample is a small 64-bit file with two symbols, ptrace and own, and a library.
func sample(order binary.ByteOrder) []byte {
	b := make([]byte, sampleSize)
	copy(b, "\x7fELF\x02\x01\x01")
	if order == binary.BigEndian {
		b[5] = 2
	}
	put := func(at int, values ...uint64) {
		for i, v := range values {
			order.PutUint64(b[at+8*i:], v)
		}
	}
	order.PutUint16(b[16:], 3)
	put(24, 0x100, 64, 0)
	order.PutUint16(b[54:], 56)
	order.PutUint16(b[56:], 2)
	order.PutUint32(b[64:], uint32(Load))
	put(72, 0, 0, 0, sampleSize, sampleSize)
	order.PutUint32(b[120:], uint32(Dynamic))
	put(128, sampleDynamic, sampleDynamic, 0, 7*16, 7*16)
	put(sampleDynamic, tagNeeded, 1, tagStrings, sampleStrings, tagSize, 32, tagSymbols, sampleSymbols, tagHash, sampleHash, tagSoname, 19, tagNull, 0)
	copy(b[sampleStrings:], "\x00libc.so\x00xptrace\x00own\x00")
	order.PutUint32(b[sampleHash+4:], 3)
	order.PutUint32(b[sampleSymbols+24:], 10)
	order.PutUint32(b[sampleSymbols+48:], 17)
	order.PutUint16(b[sampleSymbols+48+6:], 1)
	return b
}

// The byte order is that of the file, and a name may be the end of another one.
func TestByteOrder(t *testing.T) {
	t.Parallel()
	for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		b := sample(order)
		f, err := New(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			t.Fatalf("%v: %v", order, err)
		}
		needed, err := f.Needed()
		if len(needed) != 1 || needed[0] != "libc.so" || err != nil {
			t.Errorf("%v: needs %q, %v", order, needed, err)
		}
		if soname, err := f.Soname(); soname != "n" || err != nil {
			t.Errorf("%v: soname %q, %v", order, soname, err)
		}
		for name, want := range map[string]bool{"ptrace": true, "xptrace": false, "own": false} {
			if got, err := f.Imports(name); got != want || err != nil {
				t.Errorf("%v: imports %s: %v, %v", order, name, got, err)
			}
		}
	}
}
