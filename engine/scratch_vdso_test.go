package engine

import (
	"encoding/binary"
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"

	"luatrace/internal/fixture"
	"luatrace/tracer"
)

// The end of the vDSO is where /proc/PID/maps shows it, in programs of both sizes of
// words, before and after their start.
func TestFindVDSO(t *testing.T) {
	t.Parallel()
	programs := []string{fixture.Build(t, "uname")}
	if runtime.GOARCH == "amd64" {
		programs = append(programs, fixture.Build32(t, "hello32"), fixture.BuildStatic32(t, "calls32"))
	}
	for _, program := range programs {
		e, looked := New(Options{}), 0
		hook(t, e, "*", func(ev *Event) error {
			maps, err := ev.Task.Proc.ProcFile("maps")
			if err != nil {
				return err
			}
			want := uint64(noVDSO)
			for line := range strings.Lines(string(maps)) {
				if strings.HasSuffix(line, "[vdso]\n") {
					if _, err := fmt.Sscanf(line, "%x-%x", new(uint64), &want); err != nil {
						return err
					}
				}
			}
			looked++
			if got := ev.Task.Proc.findVDSO(); got != want {
				t.Errorf("%s: it ends at %#x, want %#x", program, got, want)
				ev.Engine().Stop()
			}
			return nil
		})
		if _, err := e.Run(t.Context(), Target{Command: &tracer.Command{Path: program, Argv: []string{program}, Env: os.Environ()}}); err != nil || looked == 0 {
			t.Errorf("%s: looked %d times, %v", program, looked, err)
		}
	}
}

// FuzzProcWords: whatever a process makes of what /proc shows of its start and its
// mappings, what is found there stands there.
func FuzzProcWords(f *testing.F) {
	f.Add([]byte{33, 0, 0, 0, 0, 0x10, 0xf0, 0xf7, 0, 0, 0, 0, 0, 0, 0, 0}, uint64(33), uint64(1<<40), "7f00-7f10 r-xp 00000000 00:01 1 /lib/ld-linux.so.2\n")
	f.Add([]byte{}, uint64(6), uint64(4096), "x-y rwxp / / / ld.so")
	f.Fuzz(func(t *testing.T, text []byte, kind, value uint64, line string) {
		auxiliary(text, kind)
		from, to := loaderIn([]byte(line))
		if (from != 0 || to != 0) && !strings.Contains(line, fmt.Sprintf("%x", to)) && !strings.Contains(strings.ToLower(line), fmt.Sprintf("%x", to)) {
			t.Errorf("%q: %#x-%#x", line, from, to)
		}
		kind = 3 + kind%1000
		order := binary.NativeEndian
		wide := order.AppendUint64(order.AppendUint64(nil, 2), value)
		wide = order.AppendUint64(order.AppendUint64(wide, kind), value)
		wide = append(wide, make([]byte, 16)...)
		if got := auxiliary(append(wide, text...), kind); got != value {
			t.Errorf("words of 8 bytes: %#x, want %#x", got, value)
		}
		small := uint32(value) | 1
		narrow := order.AppendUint32(order.AppendUint32(nil, 2), small)
		narrow = order.AppendUint32(order.AppendUint32(narrow, uint32(kind)), small)
		narrow = append(narrow, make([]byte, 8)...)
		if got := auxiliary(narrow, kind); got != uint64(small) {
			t.Errorf("words of 4 bytes: %#x, want %#x", got, small)
		}
	})
}
