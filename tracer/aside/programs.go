package aside

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

// Command says whether a command may trace others itself: by its name, or
// because it is linked with the C library's ptrace. Of commands that run other
// commands the words are looked at, as in timeout 9 strace ls, or sh -c "gdb x".
func Command(path string, argv []string) bool {
	if real, err := filepath.EvalSymlinks(path); err == nil {
		path = real
	}
	if program(path, filepath.Base(path)) {
		return true
	}
	for i, arg := range argv {
		words := []string{arg}
		if i > 0 && argv[i-1] == "-c" {
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

// programs remembers what program found: the same few programs are run
// again and again.
var programs struct {
	mu    sync.Mutex
	known map[programFile]bool
}

// mostPrograms bounds programs.
const mostPrograms = 1000

// program looks at a file whose name is another than that to open it by.
func program(file, name string) bool {
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

// Running says the same of the program that a process runs. Without its name there is nothing to go
// by: then known is false.
func Running(tid int) (traces, known bool) {
	exe, err := proc().Readlink(tid, "exe")
	if err != nil {
		return false, false
	}
	file, err := proc().Path(tid, "exe")
	return err == nil && program(file, filepath.Base(exe)), true
}
