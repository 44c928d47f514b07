package main

import (
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"luatrace/internal/fixture"
)

// mostMemory is how much luatrace may take whatever is traced, in MB.
const mostMemory = 256

// peak is the most memory that a command had, in MB.
func peak(cmd *exec.Cmd) int {
	return int(cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss >> 10)
}

// manySections makes a program whose file says that it has 2^21 sections, which lie in
// a hole of the file: the kernel does not look at them.
func manySections(t *testing.T, program string) string {
	t.Helper()
	const sections, size = 1 << 21, 64
	b := []byte(readFile(t, program))
	if b[4] != 2 || b[5] != 1 {
		t.Fatal("the program is no 64-bit file with the lowest byte first")
	}
	order := binary.LittleEndian
	for len(b)%size != 0 {
		b = append(b, 0)
	}
	table := len(b)
	order.PutUint64(b[40:], uint64(table)) // e_shoff
	order.PutUint16(b[60:], 0)             // e_shnum: the size of the first section has it
	order.PutUint16(b[62:], 1)             // e_shstrndx
	b = append(b, make([]byte, 2*size)...)
	order.PutUint64(b[table+32:], sections)
	order.PutUint32(b[table+size+4:], 3) // SHT_STRTAB
	order.PutUint64(b[table+size+24:], uint64(table))
	order.PutUint64(b[table+size+32:], size)
	bomb := filepath.Join(openDir(t), "manysections")
	if err := os.WriteFile(bomb, b, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(bomb, int64(table+sections*size)); err != nil {
		t.Fatal(err)
	}
	return bomb
}

// TestManySections: what a program's file says of itself takes no memory, neither
// before the program runs nor when a traced one becomes it.
func TestManySections(t *testing.T) {
	t.Parallel()
	bomb := manySections(t, fixture.Build(t, "counts"))
	plain := fixture.Run(t, bomb)
	for name, args := range map[string][]string{
		"command":     {"-t", "uname", bomb},
		"user":        {"-u", "nobody", "-t", "uname", bomb},
		"execve":      {"-t", "uname", "sh", "-c", `"$0"; exit $?`, bomb},
		"let go of":   {"-e", `on("proc:exec", function(ev) ev.proc:detach() end)`, "sh", "-c", `"$0"; exit $?`, bomb},
		"attachable":  {"--attachable", "-t", "signal", "sh", "-c", `"$0"; exit $?`, bomb},
		"not looking": {"--attachable", "-e", `on("proc:exit", function(ev) end)`, "sh", "-c", `"$0"; exit $?`, bomb},
	} {
		if name == "user" && !isRoot() {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.Command(fixture.Luatrace(t), args...)
			if isRoot() && name == "attachable" {
				asNobody(cmd)
			}
			r := fixture.RunCmd(t, cmd)
			if r.Code != plain.Code || r.Stdout != plain.Stdout || strings.Contains(r.Stderr, "error") {
				t.Errorf("status %d, %q, %q", r.Code, r.Stdout, r.Stderr)
			}
			if got := peak(cmd); got > mostMemory {
				t.Errorf("luatrace took %d MB", got)
			}
		})
	}
}
