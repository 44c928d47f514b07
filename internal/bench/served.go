package main

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// served is what "bench -serve REQUESTS DIR [TRACER...]" does: it starts nginx with two
// workers, attaches a tracer to them, lets ab make requests, eight at a time, and prints how
// many nanoseconds one took, as load does.
func served(args []string) error {
	if len(args) < 2 {
		return errors.New("-serve: number of requests and directory are wanted")
	}
	requests, dir, tracer := args[0], args[1], args[2:]
	port, err := freePort()
	if err != nil {
		return err
	}
	if dir, err = os.MkdirTemp(dir, "nginx-"); err != nil {
		return err
	}
	conf := filepath.Join(dir, "nginx.conf")
	text := fmt.Sprintf(`daemon off; worker_processes 2; pid %[1]s/pid; error_log %[1]s/errors; user root;
events {}
http { access_log off; server { listen 127.0.0.1:%[2]d; location / { return 200 "hello\n"; } } }
`, dir, port)
	if err := os.WriteFile(conf, []byte(text), 0o644); err != nil {
		return err
	}
	nginx := exec.Command("nginx", "-c", conf, "-e", filepath.Join(dir, "errors"))
	var said bytes.Buffer
	nginx.Stderr = &said
	if err := nginx.Start(); err != nil {
		return err
	}
	defer func() {
		nginx.Process.Signal(unix.SIGTERM)
		nginx.Wait()
	}()
	var workers []string
	err = wait("nginx's workers: "+said.String(), func() bool {
		b, _ := os.ReadFile(fmt.Sprintf("/proc/%d/task/%[1]d/children", nginx.Process.Pid))
		workers = strings.Fields(string(b))
		c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			c.Close()
		}
		return len(workers) == 2 && err == nil
	})
	if err != nil {
		return err
	}
	if len(tracer) > 0 {
		stop, err := attach(tracer, workers)
		if err != nil {
			return err
		}
		defer stop()
	}
	out, err := exec.Command("ab", "-q", "-c", "8", "-n", requests, fmt.Sprintf("http://127.0.0.1:%d/", port)).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "Failed requests:        0\n") {
		return fmt.Errorf("ab: %w\n%s", err, out)
	}
	_, rest, _ := strings.Cut(string(out), "Requests per second:")
	var perSecond float64
	if _, err := fmt.Sscan(rest, &perSecond); err != nil {
		return fmt.Errorf("ab: %w in %s", err, out)
	}
	fmt.Println(1e9 / perSecond)
	return nil
}

// attach starts a tracer and waits until it has all processes.
func attach(tracer, pids []string) (stop func(), err error) {
	cmd := exec.Command(tracer[0], append(tracer[1:], "-p", strings.Join(pids, ","))...)
	if filepath.Base(tracer[0]) == "strace" { // takes a list in one word, with blanks
		cmd.Args[len(cmd.Args)-1] = strings.Join(pids, " ")
	}
	var said bytes.Buffer
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	stop = func() {
		cmd.Process.Signal(unix.SIGINT)
		cmd.Wait()
	}
	err = wait(strings.Join(tracer, " ")+" to attach", func() bool {
		for _, pid := range pids {
			b, _ := os.ReadFile("/proc/" + pid + "/status")
			if _, tracer, _ := strings.Cut(string(b), "TracerPid:\t"); strings.HasPrefix(tracer, "0\n") {
				return false
			}
		}
		return true
	})
	if err != nil {
		stop()
		return nil, fmt.Errorf("%w: %s", err, said.String())
	}
	return stop, nil
}

// wait waits for a condition.
func wait(what string, done func() bool) error {
	for range 2000 {
		if done() {
			return nil
		}
		time.Sleep(5 * time.Millisecond)
	}
	return fmt.Errorf("waited for %s in vain", what)
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, err
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}
