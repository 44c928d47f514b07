package trial

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"luatrace/internal/leak"
)

// own lists the living processes of the command.
func (p *Process) own() []int {
	pids, _ := p.look()
	return pids
}

// look lists the living processes of the command: those of its session, and those with its
// variable. A zombie is dead: whoever must wait for it is in the list if it is the command's.
// unsure says that there may be more: a process in the middle of its execve has no environment.
func (p *Process) look() (pids []int, unsure bool) {
	dirs, _ := filepath.Glob("/proc/[0-9]*")
	for _, dir := range dirs {
		pid, _ := strconv.Atoi(filepath.Base(dir))
		state, session, ok := stat(pid)
		if !ok || state == 'Z' || state == 'X' || pid == os.Getpid() {
			continue
		}
		if session != p.PID() {
			env, err := os.ReadFile(dir + "/environ")
			if err != nil || !bytes.Contains(append(env, 0), []byte(p.marker+"\x00")) {
				if _, e := os.Readlink(dir + "/exe"); err == nil && len(env) == 0 && e == nil && session != 0 {
					unsure = true
				}
				continue
			}
		}
		pids = append(pids, pid)
	}
	return pids, unsure
}

// gone tells whether the command has no process any more. What forks while the table is read,
// or is about to run another program, can escape one look.
func (p *Process) gone() bool {
	for sure := 0; sure < 2; {
		for again := 0; ; again++ {
			pids, unsure := p.look()
			if len(pids) > 0 {
				return false
			}
			if !unsure || again == 20 {
				break // some programs have no environment for good
			}
			time.Sleep(time.Millisecond)
		}
		sure++
	}
	return true
}

// stat reads the state letter and the session of a process.
func stat(pid int) (state byte, session int, ok bool) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, 0, false
	}
	// the name may hold anything; it ends with the last ")"
	fields := strings.Fields(string(text[bytes.LastIndexByte(text, ')')+1:]))
	if len(fields) < 4 {
		return 0, 0, false
	}
	session, err = strconv.Atoi(fields[3])
	return fields[0][0], session, err == nil
}

// living describes the command's processes.
func (p *Process) living() []string {
	var list []string
	for _, pid := range p.own() {
		args, _ := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		state, _, ok := stat(pid)
		if !ok {
			continue // it has ended meanwhile
		}
		list = append(list, fmt.Sprintf("process %d, state %c: %q", pid, state, strings.Split(strings.TrimSuffix(string(args), "\x00"), "\x00")))
	}
	return list
}

// killAll kills the command's processes until there are none.
func (p *Process) killAll() {
	for end := time.Now().Add(grace); time.Now().Before(end); time.Sleep(time.Millisecond) {
		if p.gone() {
			return
		}
		for _, pid := range p.own() {
			syscall.Kill(pid, syscall.SIGKILL)
		}
	}
}

// Field is [leak.Field].
func Field(pid int, name string) string {
	return leak.Field(pid, name)
}

// Until waits until done is true, as long as a command may take, and tells whether it was.
func Until(done func() bool) bool { return Within(Timeout, done) }

// Within waits until done is true, and tells whether it was in that time.
func Within(limit time.Duration, done func() bool) bool {
	for end := time.Now().Add(limit); !done(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			return false
		}
	}
	return true
}
