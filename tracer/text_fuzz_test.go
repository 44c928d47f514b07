package tracer

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"luatrace/tracer/procfs"
)

// holedMemory are pages by their addresses.
type holedMemory map[uint64]*[pageSize]byte

func (m holedMemory) ReadMemory(addr uint64, b []byte) (n int, err error) {
	for n < len(b) {
		at := addr + uint64(n)
		page := m[at&^(pageSize-1)]
		if page == nil {
			return n, unix.EFAULT
		}
		n += copy(b[n:], page[at%pageSize:])
	}
	return n, nil
}

func (m holedMemory) WriteMemory(uint64, []byte) (int, error) { return 0, unix.EFAULT }

// FuzzReadString reads strings from memory with holes and compares with what a
// reader of single bytes finds.
func FuzzReadString(f *testing.F) {
	f.Add([]byte("hello\x00"), uint32(0), uint16(100), uint8(0))
	f.Add(bytes.Repeat([]byte("x"), 5000), uint32(90), uint16(4097), uint8(1))
	f.Add(bytes.Repeat([]byte("y"), 9000), uint32(4095), uint16(65535), uint8(2))
	f.Fuzz(func(t *testing.T, text []byte, at uint32, most uint16, hole uint8) {
		if len(text) > 1<<16 {
			return
		}
		const base = 0x5555_0000_0000
		mem := holedMemory{}
		for at := 0; at <= len(text); at += pageSize {
			page := new([pageSize]byte)
			copy(page[:], text[at:])
			mem[base+uint64(at)] = page
		}
		delete(mem, base+uint64(hole)*pageSize) // page 0 too
		addr := base + uint64(at)%(uint64(len(text))+2*pageSize) - pageSize/2
		got, terminated, err := ReadString(mem, addr, int(most), make([]byte, 3, 7))

		var want []byte
		var one [1]byte
		ends, fault := false, false
		for len(want) < int(most) && !ends && !fault {
			n, e := mem.ReadMemory(addr+uint64(len(want)), one[:])
			switch {
			case e != nil || n != 1:
				fault = true
			case one[0] == 0:
				ends = true
			default:
				want = append(want, one[0])
			}
		}
		if !bytes.Equal(got, want) || terminated != ends || (errors.Is(err, unix.EFAULT)) != fault {
			t.Fatalf("at %#x, at most %d: %d bytes, terminated %v, error %v; byte by byte %d, %v, fault %v", addr, most, len(got), terminated, err, len(want), ends, fault)
		}
	})
}

// FuzzProcText: a process may call itself what it likes; what the kernel says of
// it is found all the same.
func FuzzProcText(f *testing.F) {
	f.Add("sh", 5, []byte("Name:\tx\n"))
	f.Add(") S 1 1 1 (", 0, []byte("Tgid:"))
	f.Add("x\nTgid:\t7", 1, []byte(":\n:"))
	f.Fuzz(func(t *testing.T, name string, n int, text []byte) {
		n &= 0x3ff
		stat := fmt.Sprintf("7 (%s) R 1%s %d 0 0 0\n", name, strings.Repeat(" 2", 34), n)
		if got := procfs.CPUOf([]byte(stat)); got != n {
			t.Errorf("%q: CPU %d, want %d", stat, got, n)
		}
		// proc_pid_status(5): newline and backslash are escaped
		escaped := strings.NewReplacer("\n", `\n`, `\`, `\\`).Replace(name)
		status := fmt.Sprintf("Name:\t%s\nTgid:\t%d\nTracerPid:\t0\n", escaped, n)
		if got := procfs.FieldOf([]byte(status), "Tgid"); got != fmt.Sprint(n) {
			t.Errorf("%q: Tgid %q", status, got)
		}
		start := strings.Replace(stat, " 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2", fmt.Sprintf(" 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 2 %d 2", n), 1)
		if !strings.Contains(name, " 2 2") {
			if got, err := procfs.StartOf([]byte(start)); err != nil || got != uint64(n) {
				t.Errorf("%q: start %d, %v, want %d", start, got, err, n)
			}
		}
		procfs.CPUOf(text)
		procfs.FieldOf(text, name)
		procfs.StartOf(text)
		procfs.WaitingOf(text)
	})
}
