package tracer

import (
	"bytes"
	"debug/elf"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
)

// knownTracers are programs that trace others. Some are linked static: their
// file does not show that they call ptrace.
var knownTracers = []string{"strace", "ltrace", "gdb", "gdbserver", "lldb", "lldb-server", "rr", "dlv", "luatrace", "proot"}

// ourselves is the file of this program.
var ourselves = sync.OnceValues(func() (os.FileInfo, error) { return os.Stat("/proc/self/exe") })

// TracesOthers says whether a command may trace others itself: by its name, or
// because it is linked with the C library's ptrace. Of commands that run other
// commands the words are looked at, as in timeout 9 strace ls, or sh -c "gdb x".
func (c *Command) TracesOthers() bool {
	path := c.Path
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	if tracesOthers(path, filepath.Base(path)) {
		return true
	}
	for i, arg := range c.Argv {
		words := []string{arg}
		if i > 0 && c.Argv[i-1] == "-c" {
			words = strings.FieldsFunc(arg, func(r rune) bool { return strings.ContainsRune(" \t\n;&|(){}`'\"$", r) })
		}
		for _, w := range words {
			if i > 0 && slices.Contains(knownTracers, filepath.Base(w)) {
				return true
			}
		}
	}
	return false
}

// A programFile is a file as it was looked at.
type programFile struct {
	dev, ino    uint64
	size, mtime int64
}

// programs remembers what tracesOthers found: the same few programs are run
// again and again.
var programs struct {
	mu    sync.Mutex
	known map[programFile]bool
}

// mostPrograms bounds programs.
const mostPrograms = 1000

// tracesOthers looks at a file whose name is another than that to open it by.
func tracesOthers(file, name string) bool {
	if slices.Contains(knownTracers, name) {
		return true
	}
	st, err := os.Stat(file)
	if err != nil || !st.Mode().IsRegular() {
		return false
	}
	if own, err := ourselves(); err == nil && os.SameFile(own, st) {
		return true
	}
	sys, ok := st.Sys().(*syscall.Stat_t)
	if !ok {
		return linkedWithPtrace(file)
	}
	key := programFile{sys.Dev, sys.Ino, st.Size(), st.ModTime().UnixNano()}
	programs.mu.Lock()
	defer programs.mu.Unlock()
	traces, known := programs.known[key]
	if known {
		return traces
	}
	traces = linkedWithPtrace(file)
	if programs.known == nil || len(programs.known) >= mostPrograms {
		programs.known = map[programFile]bool{}
	}
	programs.known[key] = traces
	return traces
}

// linkedWithPtrace says whether a program names the C library's ptrace among
// its dynamic symbols.
func linkedWithPtrace(file string) bool {
	f, err := elf.Open(file)
	if err != nil {
		return false
	}
	defer f.Close()
	symbols := f.Section(".dynstr")
	if symbols == nil || symbols.FileSize > mostSymbols {
		return false
	}
	b, err := symbols.Data()
	return err == nil && bytes.Contains(b, []byte("\x00ptrace\x00"))
}

// mostSymbols is how many bytes of names are looked at: a program's file is
// whatever its owner has written.
const mostSymbols = 16 << 20

// watch looks at the program of a process: if that may trace others, its calls
// must be seen, although nobody else looks at calls.
func (t *Tracer) watch(p *Process, tid int) {
	if t.OnAside == nil || t.Syscalls || t.filtered {
		return
	}
	exe, err := proc().Readlink(tid, "exe")
	if err != nil {
		return // without its name there is nothing to go by
	}
	file, err := proc().Path(tid, "exe")
	p.watched = err == nil && tracesOthers(file, filepath.Base(exe))
}
