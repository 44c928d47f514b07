package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// limit is how long one program may run under one tracer.
const limit = 2 * time.Minute

// bench is where programs run: a directory of its own with the same path for
// both tracers, made anew for each run.
type bench struct {
	dir      string // holds the others
	work     string // the programs' working directory
	luatrace string
	opts     *options
}

func newBench(o *options) (*bench, error) {
	dir, err := os.MkdirTemp("", "luatrace-compare-")
	if err != nil {
		return nil, err
	}
	return &bench{dir: dir, work: filepath.Join(dir, "work"), luatrace: o.luatrace, opts: o}, nil
}

// build makes luatrace from the source tree.
func (b *bench) build() error {
	b.luatrace = filepath.Join(b.dir, "luatrace")
	cmd := exec.Command("go", "build", "-o", b.luatrace, "luatrace/cmd/luatrace")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w\n%s", err, out)
	}
	return nil
}

func (b *bench) close() {
	// a program may have left directories that can't be read
	filepath.Walk(b.dir, func(path string, info os.FileInfo, err error) error {
		if err == nil && info.IsDir() {
			os.Chmod(path, 0o700)
		}
		return nil
	})
	os.RemoveAll(b.dir)
}

// missing reports the first programs that are not installed, and their packages.
func missing(list []program) error {
	var lack []string
	need := map[string]string{"strace": "strace"}
	for _, p := range list {
		for command, pkg := range p.needs {
			need[command] = pkg
		}
	}
	for command, pkg := range need {
		if find(command) == "" {
			lack = append(lack, fmt.Sprintf("%s (package %s)", command, pkg))
		}
	}
	if len(lack) > 0 {
		return fmt.Errorf("not installed: %s; .ci/setup installs what is missing", strings.Join(lack, ", "))
	}
	return nil
}

// searchPath is where programs are looked for, whatever the caller's PATH.
const searchPath = "/usr/bin:/bin:/usr/sbin:/sbin"

// find returns the path of a command, or "".
func find(command string) string {
	for _, dir := range strings.Split(searchPath, ":") {
		path := filepath.Join(dir, command)
		if st, err := os.Stat(path); err == nil && st.Mode()&0o111 != 0 && !st.IsDir() {
			return path
		}
	}
	return ""
}

// environment is that of every program.
func (b *bench) environment() []string {
	return []string{
		"PATH=" + searchPath, "HOME=" + b.work, "TMPDIR=" + b.work, "LC_ALL=C", "TZ=UTC", "USER=user", "LOGNAME=user", "SHELL=/bin/sh",
		"TERM=dumb", "PYTHONHASHSEED=0", "PYTHONDONTWRITEBYTECODE=1", "PERL_HASH_SEED=0",
		"GIT_AUTHOR_NAME=A", "GIT_AUTHOR_EMAIL=a@example.org", "GIT_COMMITTER_NAME=A", "GIT_COMMITTER_EMAIL=a@example.org",
		"GIT_AUTHOR_DATE=2024-01-01T00:00:00Z", "GIT_COMMITTER_DATE=2024-01-01T00:00:00Z", "GIT_CONFIG_NOSYSTEM=1",
	}
}

// both traces a program with each tracer.
func (b *bench) both(p program) (left, right []task, err error) {
	var l, r *trace
	if l, err = b.trace(p, find("strace"), "strace"); err != nil {
		return nil, nil, err
	}
	if r, err = b.trace(p, b.luatrace, "luatrace"); err != nil {
		return nil, nil, err
	}
	left, right = masked(l, r)
	return left, right, nil
}

// trace runs a program under a tracer.
func (b *bench) trace(p program, tracer, name string) (*trace, error) {
	if err := os.RemoveAll(b.work); err != nil {
		return nil, err
	}
	if err := os.Mkdir(b.work, 0o755); err != nil {
		return nil, err
	}
	if p.setup != "" {
		if out, err := b.command("/bin/sh", "-e", "-c", p.setup).CombinedOutput(); err != nil {
			return nil, fmt.Errorf("its preparation failed: %w\n%s", err, out)
		}
	}
	result := filepath.Join(b.dir, "trace")
	os.Remove(result)
	argv := append([]string{}, b.opts.tracer...)
	argv = append(argv, "-f", "-o", result, "--")
	argv = append(argv, p.argv...)
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	cmd := b.command(tracer, argv...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	out, err := os.Create(filepath.Join(b.dir, "output"))
	if err != nil {
		return nil, err
	}
	defer out.Close()
	var diag bytes.Buffer
	cmd.Stdout, cmd.Stderr = out, out
	if err := start(cmd); err != nil {
		return nil, err
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	select {
	case err = <-done:
	case <-ctx.Done():
		syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
		<-done
		return nil, fmt.Errorf("%s: not done after %v", name, limit)
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		return nil, err
	}
	said, _ := os.ReadFile(out.Name())
	diag.Write(said)
	if code := cmd.ProcessState.ExitCode(); p.status != anyStatus && code != p.status {
		return nil, fmt.Errorf("under %s: exit status %d, not %d\n%s", name, code, p.status, diag.Bytes())
	}
	text, err := os.ReadFile(result)
	if err != nil {
		return nil, err
	}
	if b.opts.keep != "" {
		if err := os.MkdirAll(b.opts.keep, 0o755); err != nil {
			return nil, err
		}
		if err := os.WriteFile(filepath.Join(b.opts.keep, p.name+"."+name), text, 0o644); err != nil {
			return nil, err
		}
	}
	t, err := parse(string(text))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return t, nil
}

func (b *bench) command(name string, argv ...string) *exec.Cmd {
	cmd := exec.Command(name, argv...)
	cmd.Dir, cmd.Env = b.work, b.environment()
	return cmd
}

// start starts a command whose addresses are the same in each run, as far as
// the kernel allows it: then lengths that depend on them are, too.
func start(cmd *exec.Cmd) error {
	const addrNoRandomize = 0x0040000
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	old, _, errno := unix.RawSyscall(unix.SYS_PERSONALITY, 0xffffffff, 0, 0)
	if errno == 0 {
		unix.RawSyscall(unix.SYS_PERSONALITY, old|addrNoRandomize, 0, 0)
		defer unix.RawSyscall(unix.SYS_PERSONALITY, old, 0, 0)
	}
	return cmd.Start()
}
