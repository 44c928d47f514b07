package main

import (
	"os/exec"
	"strconv"
	"testing"

	"golang.org/x/sys/unix"

	"luatrace/internal/fixture"
)

// A signal that luatrace was started with blocked arrives all the same: the command may
// have unblocked it for itself.
func TestBlockedSignalArrives(t *testing.T) {
	t.Parallel()
	for name, sig := range map[string]unix.Signal{"USR1": unix.SIGUSR1, "TERM": unix.SIGTERM, "RTMIN+3": 37, "TSTP": unix.SIGTSTP} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			// Not print: the signal may come while "ready" is being printed.
			const waits = `import os, signal, sys
n = int(sys.argv[1])
signal.signal(n, lambda *a: (os.write(1, b"got %d\n" % n), os._exit(0)))
signal.pthread_sigmask(signal.SIG_UNBLOCK, {n})
os.write(1, b"ready\n")
while True: signal.pause()`
			p := start(t, exec.Command("env", "--block-signal="+name, fixture.Luatrace(t), "-e", "", "python3", "-c", waits, strconv.Itoa(int(sig))))
			p.line()
			p.kill(sig)
			if rest, status := p.wait(); rest != "got "+strconv.Itoa(int(sig))+"\n" || status != 0 {
				t.Errorf("output %q, ended with %d; stderr: %s", rest, status, p.stderr.String())
			}
		})
	}
}
