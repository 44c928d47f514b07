package main

import (
	"fmt"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// terminal is a pseudo-terminal with a session leader on it.
type terminal struct {
	t    *testing.T
	file *os.File // the master side
	cmd  *exec.Cmd

	mu   sync.Mutex
	text []byte
	more chan struct{} // closed and made anew whenever text grows
	seen int           // how much of text expect has gone past
}

// openTerminal starts a command on a new pseudo-terminal of its own. The test's
// end kills what is left of the session's processes.
func openTerminal(t *testing.T, dir string, argv ...string) *terminal {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	term := &terminal{t: t, file: master, more: make(chan struct{})}
	raw, err := master.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var number int
	var ioctlErr error
	raw.Control(func(fd uintptr) {
		if ioctlErr = unix.IoctlSetPointerInt(int(fd), unix.TIOCSPTLCK, 0); ioctlErr == nil {
			number, ioctlErr = unix.IoctlGetInt(int(fd), unix.TIOCGPTN)
		}
	})
	if ioctlErr != nil {
		t.Fatal(ioctlErr)
	}
	slave, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer slave.Close()
	term.cmd = exec.Command(argv[0], argv[1:]...)
	term.cmd.Dir = dir
	term.cmd.Env = append(os.Environ(), "PS1=prompt> ", "ENV=", "TERM=dumb")
	term.cmd.Stdin, term.cmd.Stdout, term.cmd.Stderr = slave, slave, slave
	term.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := term.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go term.read(done)
	t.Cleanup(func() {
		term.cmd.Process.Kill()
		term.cmd.Wait()
		master.Close() // hangs up: SIGHUP and SIGCONT to who is left
		<-done
	})
	return term
}

func (term *terminal) read(done chan<- struct{}) {
	defer close(done)
	buf := make([]byte, 4096)
	for {
		n, err := term.file.Read(buf)
		term.mu.Lock()
		term.text = append(term.text, buf[:n]...)
		close(term.more)
		term.more = make(chan struct{})
		term.mu.Unlock()
		if err != nil {
			return // EIO: nobody has the other side open
		}
	}
}

// send types text.
func (term *terminal) send(text string) {
	term.t.Helper()
	if _, err := term.file.WriteString(text); err != nil {
		term.t.Fatal(err)
	}
}

// expect waits for output that matches a pattern, goes past it and returns the
// submatches. Carriage returns are dropped before.
func (term *terminal) expect(pattern string) []string {
	term.t.Helper()
	re := regexp.MustCompile(pattern)
	deadline := time.After(time.Minute)
	for {
		term.mu.Lock()
		text, more := strings.ReplaceAll(string(term.text), "\r", ""), term.more
		term.mu.Unlock()
		rest := text[min(term.seen, len(text)):]
		if m := re.FindStringSubmatchIndex(rest); m != nil {
			var out []string
			for i := 0; i < len(m); i += 2 {
				out = append(out, rest[m[i]:m[i+1]])
			}
			term.seen += m[1]
			return out
		}
		select {
		case <-more:
		case <-deadline:
			term.t.Fatalf("the terminal does not show %q; it shows:\n%s", pattern, text)
		}
	}
}

// shell opens a terminal with an interactive shell and waits for its prompt.
func shell(t *testing.T, dir string) *terminal {
	t.Helper()
	term := openTerminal(t, dir, "sh", "-i")
	term.expect(`prompt> $`)
	return term
}

// status asks the shell for the exit status of the last job.
func (term *terminal) status() string {
	term.t.Helper()
	term.send("echo status=$?\n")
	return term.expect(`status=(\d+)\n`)[1]
}
