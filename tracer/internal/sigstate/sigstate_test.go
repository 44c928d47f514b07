package sigstate

import (
	"debug/elf"
	"encoding/binary"
	"errors"
	"os"
	"os/exec"
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
	stripped := errors.Is(err, elf.ErrNoSymbols)
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
	if _, err := readSymbols("/proc/self/cmdline"); err == nil {
		t.Error("no error for a file that is no program")
	}
}
