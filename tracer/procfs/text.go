package procfs

import (
	"bytes"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// StatField returns a field of the text of /proc/PID/stat by its number in
// proc_pid_stat(5), from 3 on; "" if there is none.
func StatField(text []byte, number int) string {
	// The name, in parentheses, may hold anything.
	const behind = 3
	f := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	if i := number - behind; i >= 0 && i < len(f) {
		return f[i]
	}
	return ""
}

// IntsOf are the numbers of a line of them.
func IntsOf(line string) []int {
	var ns []int
	for _, f := range strings.Fields(line) {
		n, _ := strconv.Atoi(f)
		ns = append(ns, n)
	}
	return ns
}

// SetOf reads a field that is a set of signals or capabilities, in hexadecimal.
func SetOf(field string) uint64 {
	set, _ := strconv.ParseUint(field, 16, 64)
	return set
}

// CPUOf is the CPU on which the text of /proc/PID/stat says that a thread ran last, -1 if it says
// none.
func CPUOf(text []byte) int {
	const processor = 39
	cpu, err := strconv.Atoi(StatField(text, processor))
	if err != nil || cpu < 0 {
		return -1
	}
	return cpu
}

// StartOf finds the time of start in the text of /proc/PID/stat, in ticks; ESRCH
// if it has none.
func StartOf(text []byte) (ticks uint64, err error) {
	const starttime = 22
	if ticks, err = strconv.ParseUint(StatField(text, starttime), 10, 64); err != nil {
		return 0, unix.ESRCH
	}
	return ticks, nil
}

// Waiting is the call that a task waits in.
type Waiting struct {
	NR     int
	Args   [6]uint64
	SP, IP uint64 // stack pointer and program counter
}

// WaitingOf reads the text of /proc/TID/syscall (proc_pid_syscall(5)); ok is false
// for a task that runs, or waits elsewhere.
func WaitingOf(text []byte) (w Waiting, ok bool) {
	f := strings.Fields(string(text))
	if len(f) != 9 {
		return w, false // "running", or "-1" with two registers
	}
	nr, err := strconv.Atoi(f[0])
	if err != nil || nr < 0 {
		return w, false
	}
	w.NR = nr
	for i, word := range f[1:] {
		v, err := strconv.ParseUint(word, 0, 64)
		switch {
		case err != nil:
			return w, false
		case i < len(w.Args):
			w.Args[i] = v
		case i == len(w.Args):
			w.SP = v
		default:
			w.IP = v
		}
	}
	return w, true
}

// YamaScope returns kernel.yama.ptrace_scope, 0 without Yama.
func (f *FS) YamaScope() int {
	b, _ := f.System("sys/kernel/yama/ptrace_scope")
	n, _ := strconv.Atoi(strings.TrimSpace(string(b)))
	return n
}
