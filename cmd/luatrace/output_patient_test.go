package main

import (
	"io"
	"testing"
)

// A signal that comes while something is written is not forgotten when that has gone out: the pipe
// may be full by it, with nobody to read on. The next write that goes out shows that somebody does.
func TestSignalDuringWrite(t *testing.T) {
	t.Parallel()
	r, w := pipe(t)
	p := newPatient(w)
	const size = 1 << 20 // more than a pipe holds
	done := make(chan error, 1)
	go func() {
		_, err := p.Write(make([]byte, size))
		done <- err
	}()
	until(t, "the write to wait", p.waits.Load)
	p.urge()
	if _, err := io.CopyN(io.Discard, r, 4096); err != nil {
		t.Fatal(err)
	}
	go io.CopyN(io.Discard, r, size)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	// What was kept in memory, if it was slow, has not gone out yet.
	if err := p.drain(); err != nil {
		t.Fatal(err)
	}
	if n := p.hurry.Load(); n != 1 {
		t.Errorf("%d signals are waiting for an answer, want the one", n)
	}
	if _, err := p.Write([]byte("x")); err != nil {
		t.Fatal(err)
	}
	if n := p.hurry.Load(); n != 0 {
		t.Errorf("%d signals are waiting for an answer after a write that did not wait", n)
	}
}
