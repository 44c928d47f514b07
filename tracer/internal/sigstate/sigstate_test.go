package sigstate

import (
	"encoding/binary"
	"errors"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"luatrace/internal/leak"
)

// askVariable makes the test binary print what it inherited, see TestInherited.
const askVariable = "LUATRACE_SIGSTATE_ASK"

func TestMain(m *testing.M) {
	if os.Getenv(askVariable) != "" {
		s := Inherited()
		println(s.Known, s.Ignored.Has(13), s.Ignored.Has(12), s.Ignored.Has(3), s.Ignored.Has(20))
		os.Exit(0)
	}
	leak.Main(m)
}

// The go command strips the test binaries that it runs itself, but not those
// of go test -c: then the answer is that nothing is known. The command's tests
// see both kinds at work.
func TestInherited(t *testing.T) {
	t.Parallel()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	_, err = readSymbols(exe)
	stripped := errors.Is(err, errNoSymbols)
	for trap, want := range map[string]string{
		"":                   "true false false false false",
		"trap '' PIPE; ":     "true true false false false",
		"trap '' 12 3 TSTP;": "true false true true true",
	} {
		if stripped {
			want = "false false false false " + strings.Fields(want)[4]
		}
		cmd := exec.Command("sh", "-c", trap+` exec "$0"`, exe)
		cmd.Env = append(os.Environ(), askVariable+"=1")
		out, err := cmd.CombinedOutput()
		if got := strings.TrimSpace(string(out)); err != nil || got != want {
			t.Errorf("%q: %q, %v; want %q", trap, got, err, want)
		}
	}
}

func TestDecode(t *testing.T) {
	t.Parallel()
	handlers, mask := make([]byte, signals*8), make([]byte, 8)
	binary.NativeEndian.PutUint64(handlers[13*8:], sigIgnore)
	binary.NativeEndian.PutUint64(handlers[15*8:], 0x401000) // a handler
	binary.NativeEndian.PutUint64(handlers[64*8:], sigIgnore)
	binary.NativeEndian.PutUint64(mask, 1<<16)
	s := decode(handlers, mask)
	if !s.Known || s.Ignored != 1<<12|1<<63 || s.Blocked != 1<<16 {
		t.Errorf("ignored %#x, blocked %#x", s.Ignored, s.Blocked)
	}
	for sig, want := range map[int]bool{0: false, 1: false, 13: true, 15: false, 64: true, 65: false} {
		if s.Ignored.Has(sig) != want {
			t.Errorf("Has(%d) is not %v", sig, want)
		}
	}
}

func TestReadSymbolsErrors(t *testing.T) {
	t.Parallel()
	if _, err := readSymbols("/nonexistent"); err == nil {
		t.Error("no error for a file that does not exist")
	}
	for _, file := range []string{"/proc/self/cmdline", "/etc/passwd", "/dev/null", "/"} {
		if _, err := readSymbols(file); err == nil {
			t.Errorf("no error for %s, which is no program", file)
		}
	}
}

// A damaged file is no reason to crash, and what is found in its parts is right.
func TestDamagedFile(t *testing.T) {
	t.Parallel()
	const names, symbols = 64, 64 + 16
	image := make([]byte, symbols+2*symbolSize+3*sectionSize)
	le := binary.LittleEndian
	copy(image, "\x7fELF\x02\x01")
	le.PutUint64(image[headerSections:], symbols+2*symbolSize)
	le.PutUint16(image[headerEntry:], sectionSize)
	le.PutUint16(image[headerCount:], 3)
	copy(image[names:], "\x00mask\x00anchor\x00")
	for i, s := range []struct {
		name       uint32
		value, len uint64
	}{{1, 0x1000, 8}, {6, 0x2000, 1}} {
		e := image[symbols+i*symbolSize:]
		le.PutUint32(e, s.name)
		e[symbolInfo] = 1<<4 | infoObject
		le.PutUint64(e[symbolValue:], s.value)
		le.PutUint64(e[symbolLength:], s.len)
	}
	table := image[symbols+2*symbolSize+sectionSize:]
	le.PutUint32(table[sectionType:], typeSymbols)
	le.PutUint64(table[sectionFile:], symbols)
	le.PutUint64(table[sectionFile+8:], 2*symbolSize)
	le.PutUint32(table[sectionLink:], 2)
	le.PutUint64(table[sectionSize+sectionFile:], names)
	le.PutUint64(table[sectionSize+sectionFile+8:], symbols-names)

	wanted := []wantedSymbol{{"mask", 8}, {"anchor", 1}}
	want := map[string]symbol{"mask": {0x1000, 8}, "anchor": {0x2000, 1}}
	if got, err := findSymbols(image, wanted); err != nil || !maps.Equal(got, want) {
		t.Fatalf("%v, %v; want %v", got, err, want)
	}
	for n := range image {
		findSymbols(image[:n], wanted)
		for _, b := range []byte{0, 1, 0x7f, 0xff} {
			damaged := slices.Clone(image)
			damaged[n] = b
			findSymbols(damaged, wanted)
		}
	}
}
