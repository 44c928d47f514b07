package tracer

import (
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"golang.org/x/sys/unix"

	"luatrace/tracer/elffile"
)

// knownTracers are programs that trace others. Some are linked static: their
// file does not show that they call ptrace.
var knownTracers = []string{"strace", "ltrace", "gdb", "gdbserver", "lldb", "lldb-server", "rr", "dlv", "luatrace", "proot"}

// ourselves is the file of this program.
var ourselves = sync.OnceValues(func() (st unix.Stat_t, err error) {
	err = unix.Stat("/proc/self/exe", &st)
	return st, err
})

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

func fileOf(st *unix.Stat_t) programFile {
	return programFile{uint64(st.Dev), st.Ino, st.Size, st.Mtim.Nano()}
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
	var st unix.Stat_t
	if unix.Stat(file, &st) != nil || st.Mode&unix.S_IFMT != unix.S_IFREG {
		return false
	}
	if own, err := ourselves(); err == nil && own.Dev == st.Dev && own.Ino == st.Ino {
		return true
	}
	programs.mu.Lock()
	traces, known := programs.known[fileOf(&st)]
	programs.mu.Unlock()
	if known {
		return traces
	}
	f, err := elffile.Open(file)
	if err != nil {
		return false
	}
	defer f.Close()
	if traces, err = f.Imports("ptrace"); err != nil {
		return false // no program that the C library's loader would load
	}
	programs.mu.Lock()
	defer programs.mu.Unlock()
	if programs.known == nil || len(programs.known) >= mostPrograms {
		programs.known = map[programFile]bool{}
	}
	programs.known[fileOf(&f.Stat)] = traces // by what was opened, which may be another by now
	return traces
}

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
