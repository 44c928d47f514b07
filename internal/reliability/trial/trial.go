// Package trial runs commands for the reliability tests: as a chosen user, in bounded time and
// with bounded output, and tells what they did and which processes they left behind.
//
// Each command gets a session of its own (setsid(2)) and a variable in its environment that no
// other has. A process that belongs to either is the command's, wherever it was reparented to.
package trial

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync/atomic"
	"syscall"
	"time"
)

// User is somebody who runs a command.
type User struct {
	// Name is "root", "nobody" or "user".
	Name string
	// Credential changes to the user; nil is the one who asks.
	Credential *syscall.Credential
}

// nobody is an ordinary user and group without a right or a file, which every system has.
const nobody = 65534

// Current is the user of this process.
func Current() User {
	switch os.Geteuid() {
	case 0:
		return User{Name: "root"}
	case nobody:
		return User{Name: "nobody"}
	}
	return User{Name: "user"}
}

// Users are those whom this process can run commands as: itself and, if it is root, nobody.
func Users() []User {
	list := []User{Current()}
	if os.Geteuid() == 0 {
		list = append(list, User{"nobody", &syscall.Credential{Uid: nobody, Gid: nobody}})
	}
	return list
}

// Own makes a file or directory the user's.
func (u User) Own(path string) error {
	if u.Credential == nil {
		return nil
	}
	return os.Chown(path, int(u.Credential.Uid), int(u.Credential.Gid))
}

// Timeout is how long a command may take when it does not say.
const Timeout = time.Minute

// grace is how long processes of a command may outlive it, as those do that it has just killed.
const grace = 3 * time.Second

// outputLimit is how much of each stream is kept, in bytes. The rest is read and dropped.
const outputLimit = 16 << 20

// Command is what is to be run.
type Command struct {
	Argv []string
	// Dir is the working directory, "" that of this process.
	Dir string
	// Env is added to the environment of this process.
	Env []string
	// Stdin is what the command reads; nil is /dev/null.
	Stdin io.Reader
	// User runs it.
	User User
	// Timeout is when it is killed with all that it started; 0 is the constant.
	Timeout time.Duration
	// Grace is how long what it started may outlive it; 0 is a few seconds.
	Grace time.Duration
}

// Outcome is what a command did.
type Outcome struct {
	Stdout, Stderr string
	// Code is the exit status, or -1 if a signal ended it.
	Code int
	// Signal is the signal that ended it, or 0.
	Signal syscall.Signal
	// Took is the time from start to end.
	Took time.Duration
	// TimedOut says that it was killed for it took too long.
	TimedOut bool
	// Left describes its processes that still lived after it; they were killed.
	Left []string
}

// Process is a command that was started.
type Process struct {
	cmd            *exec.Cmd
	c              Command
	marker         string
	stdout, stderr limited
	began          time.Time
	expired        atomic.Bool
	stop           func() bool
}

// limited keeps the beginning of what is written to it.
type limited struct{ b []byte }

// Write never fails.
func (l *limited) Write(p []byte) (int, error) {
	l.b = append(l.b, p[:min(len(p), outputLimit-len(l.b))]...)
	return len(p), nil
}

// markerVariable is the variable by which the processes of a command are known.
const markerVariable = "LUATRACE_TRIAL"

var serial atomic.Int64

// Start starts a command. Wait must be called.
func Start(c Command) (*Process, error) {
	p := &Process{c: c, began: time.Now()}
	p.marker = fmt.Sprintf("%s=%d.%d.%d", markerVariable, os.Getpid(), p.began.UnixNano(), serial.Add(1))
	p.cmd = exec.Command(c.Argv[0], c.Argv[1:]...)
	p.cmd.Dir = c.Dir
	p.cmd.Env = append(p.cmd.Environ(), c.Env...)
	p.cmd.Env = append(p.cmd.Env, p.marker)
	p.cmd.Stdin, p.cmd.Stdout, p.cmd.Stderr = c.Stdin, &p.stdout, &p.stderr
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Credential: c.User.Credential}
	if c.Timeout == 0 {
		p.c.Timeout = Timeout
	}
	if c.Grace == 0 {
		p.c.Grace = grace
	}
	p.cmd.WaitDelay = p.c.Timeout
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), p.c.Timeout)
	unhook := context.AfterFunc(ctx, func() {
		p.expired.Store(true)
		p.killAll()
	})
	p.stop = func() bool { defer cancel(); return unhook() }
	return p, nil
}

// PID is the process id of the command.
func (p *Process) PID() int { return p.cmd.Process.Pid }

// Signal sends the command a signal.
func (p *Process) Signal(sig syscall.Signal) error { return p.cmd.Process.Signal(sig) }

// Wait waits for the command's end, for the end of its output, and a while for the processes
// that it left. It must be called once.
func (p *Process) Wait() (Outcome, error) {
	err := p.cmd.Wait()
	p.stop()
	o := Outcome{Stdout: string(p.stdout.b), Stderr: string(p.stderr.b), Code: p.cmd.ProcessState.ExitCode(), Took: time.Since(p.began), TimedOut: p.expired.Load()}
	if ws, ok := p.cmd.ProcessState.Sys().(syscall.WaitStatus); ok && ws.Signaled() {
		o.Signal = ws.Signal()
	}
	for end := time.Now().Add(p.c.Grace); ; time.Sleep(5 * time.Millisecond) {
		if p.gone() {
			break
		}
		if time.Now().After(end) {
			o.Left = p.living()
			p.killAll()
			break
		}
	}
	var exit *exec.ExitError
	// what keeps the output open is among Left
	if err != nil && !errors.As(err, &exit) && !errors.Is(err, exec.ErrWaitDelay) && !o.TimedOut {
		return o, fmt.Errorf("%q: %w", p.c.Argv, err)
	}
	return o, nil
}

// Run is Start and Wait.
func Run(c Command) (Outcome, error) {
	p, err := Start(c)
	if err != nil {
		return Outcome{}, err
	}
	return p.Wait()
}

// Ended says how the command ended: "exit 3", "SIGSEGV", or that it took too long.
func (o Outcome) Ended() string {
	switch {
	case o.TimedOut:
		return fmt.Sprintf("killed after %v", o.Took.Round(time.Second))
	case o.Signal != 0:
		return fmt.Sprintf("signal %d (%v)", int(o.Signal), o.Signal)
	}
	return fmt.Sprintf("exit %d", o.Code)
}

// Differs tells what o, a traced run, did otherwise than an untraced one: output, status,
// signal; or that it took too long or left processes. The error is nil if all is the same.
func (o Outcome) Differs(untraced Outcome) error {
	var list []string
	if o.Ended() != untraced.Ended() {
		list = append(list, fmt.Sprintf("it ended with %s, untraced with %s", o.Ended(), untraced.Ended()))
	}
	if o.Stdout != untraced.Stdout {
		list = append(list, fmt.Sprintf("stdout is\n%s, untraced\n%s", Short(o.Stdout), Short(untraced.Stdout)))
	}
	if o.Stderr != untraced.Stderr {
		list = append(list, fmt.Sprintf("stderr is\n%s, untraced\n%s", Short(o.Stderr), Short(untraced.Stderr)))
	}
	if len(o.Left) > 0 {
		list = append(list, "it left "+strings.Join(o.Left, ", "))
	}
	if len(list) == 0 {
		return nil
	}
	return errors.New(strings.Join(list, "; "))
}

// Short quotes a text, without its middle if it is long.
func Short(s string) string {
	if len(s) > 2000 {
		return fmt.Sprintf("%q...%q (%d bytes)", s[:1000], s[len(s)-900:], len(s))
	}
	return fmt.Sprintf("%q", s)
}
