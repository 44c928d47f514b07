package privsep

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/sys/unix"
)

// The jobs of the tests: what a parser does, and what one does that an attacker took over.
func init() {
	Register("echo", func(_ *io.SectionReader, request []byte) ([]byte, error) { return request, nil })
	Register("read", func(file *io.SectionReader, _ []byte) ([]byte, error) { return io.ReadAll(file) })
	Register("fail", func(_ *io.SectionReader, request []byte) ([]byte, error) { return nil, errors.New(string(request)) })
	Register("panic", func(_ *io.SectionReader, request []byte) ([]byte, error) { return []byte{request[len(request)]}, nil })
	Register("spin", func(*io.SectionReader, []byte) ([]byte, error) {
		for n := 0; ; n++ {
			if n < 0 {
				n = 0
			}
		}
	})
	Register("wait", func(*io.SectionReader, []byte) ([]byte, error) {
		var never chan int
		return nil, errors.New(fmt.Sprint(<-never))
	})
	Register("memory", func(*io.SectionReader, []byte) ([]byte, error) {
		var kept [][]byte
		for {
			kept = append(kept, bytes.Repeat([]byte{1}, 1<<20))
			if len(kept) == 1<<20 {
				return nil, nil
			}
		}
	})
	Register("recurse", func(*io.SectionReader, []byte) ([]byte, error) { return nil, errors.New(fmt.Sprint(recurse(0))) })
	Register("big", func(*io.SectionReader, []byte) ([]byte, error) { return make([]byte, 2<<20), nil })
	Register("raw", func(_ *io.SectionReader, request []byte) ([]byte, error) { // bytes in place of an answer
		socket{}.Write(request)
		os.Exit(0)
		return nil, nil
	})
	Register("drip", func(*io.SectionReader, []byte) ([]byte, error) { // an answer without an end in sight
		h := header(kindAnswer, 32<<20)
		socket{}.Write(h[:])
		for {
			socket{}.Write([]byte{0})
			unix.Nanosleep(&unix.Timespec{Nsec: 1e6}, nil)
		}
	})
	Register("deaf", func(*io.SectionReader, []byte) ([]byte, error) { // answers, and reads no other job
		h := header(kindAnswer, 0)
		socket{}.Write(h[:])
		select {}
	})
	Register("surroundings", surroundings)
	Register("attack", attack)
}

// recurse needs more stack than the runtime gives.
func recurse(n int) int {
	if n < 0 {
		return 0
	}
	return recurse(n+1) + 1
}

// surroundings lists the environment and the descriptors that others made.
func surroundings(*io.SectionReader, []byte) ([]byte, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "env %q\n", os.Environ())
	for fd := range 1000 {
		var st unix.Stat_t
		if unix.Fstat(fd, &st) == nil {
			fmt.Fprintf(&b, "fd %o\n", st.Mode&unix.S_IFMT)
		}
	}
	return []byte(b.String()), nil
}
