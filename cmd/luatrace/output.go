package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"

	"golang.org/x/sys/unix"

	"luatrace/bindings"
)

// output is where the trace goes. The first error is kept, and writing stops:
// one message, not one an event.
type output struct {
	w        io.Writer
	stream   *patient // what w is, but for -ff
	file     *os.File // to be closed, or nil
	name     string
	terminal bool
	err      error
	fail     func(error) // is told the first error, at once; nil for nobody
	path     string      // of -o
	appended bool        // -A
	cut      lineCutter  // --max-output
}

// openOutput opens the file of -o, with no rights for others: a trace holds
// what the command reads and writes. Without a name it is standard error.
func openOutput(o *options, stderr *patient) (*output, error) {
	name, cut := o.output, lineCutter{limit: &outputLimit{max: o.limits.output}}
	if name == "" {
		return &output{w: stderr, stream: stderr, name: "standard error", terminal: bindings.IsTerminal(stderr.file), cut: cut}, nil
	}
	out := &output{path: name, appended: o.appended, name: quote(name), cut: cut}
	if o.separate {
		out.w = io.Discard // each thread has a file
		return out, nil
	}
	f, err := openFile(name, o.appended)
	if err != nil {
		return nil, fmt.Errorf("cannot write to %s: %w", quote(name), err)
	}
	out.file, out.stream, out.terminal = f, newPatient(f), bindings.IsTerminal(f)
	out.w = out.stream
	return out, nil
}

func openFile(name string, appended bool) (*os.File, error) {
	flags := os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	if appended {
		flags = os.O_WRONLY | os.O_CREATE | os.O_APPEND
	}
	if worldWritable(filepath.Dir(name)) {
		// Somebody else may have put a link there.
		flags |= unix.O_NOFOLLOW
	}
	f, err := os.OpenFile(name, flags, 0o600)
	if err != nil {
		var pe *os.PathError
		if errors.As(err, &pe) {
			err = pe.Err
		}
		if errors.Is(err, unix.ELOOP) {
			err = errors.New("it is a symbolic link in a directory where everybody may write")
		}
		return nil, err
	}
	return f, nil
}

// forThread opens the file of a thread, FILE.TID. An error is kept as the
// output's, and the lines go nowhere.
func (o *output) forThread(tid int) io.WriteCloser {
	f, err := openFile(o.path+"."+strconv.Itoa(tid), o.appended)
	if err != nil {
		o.failed(quote(o.path+"."+strconv.Itoa(tid)), err)
		return nowhere{}
	}
	own := &cutWriter{f, lineCutter{limit: o.cut.limit}}
	return &threadFile{bufio.NewWriter(own), own, f, o}
}

// failed keeps the first error, and tells of it at once: a trace may run for
// days.
func (o *output) failed(name string, err error) {
	if o.err != nil {
		return
	}
	var pe *os.PathError
	if errors.As(err, &pe) {
		err = pe.Err
	}
	o.err = fmt.Errorf("the trace is incomplete: cannot write to %s: %w", name, err)
	if o.fail != nil {
		o.fail(o.err)
	}
}

// threadFile is the file of one thread.
type threadFile struct {
	*bufio.Writer
	own  *cutWriter
	file *os.File
	out  *output
}

// Close writes what is left, and keeps the error as the output's.
func (f *threadFile) Close() error {
	err := f.Flush()
	if err == nil {
		_, err = f.file.Write(f.own.begun)
	}
	if cerr := f.file.Close(); err == nil {
		err = cerr
	}
	if err != nil {
		f.out.failed(quote(f.file.Name()), err)
	}
	return err
}

type nowhere struct{}

func (nowhere) Write(b []byte) (int, error) { return len(b), nil }
func (nowhere) Close() error                { return nil }

func worldWritable(dir string) bool {
	st, err := os.Stat(dir)
	return err == nil && st.Mode().Perm()&0o002 != 0
}

// size is how many columns and lines the terminal has, 0 if it is none.
func (o *output) size() (columns, lines int) {
	if o.stream == nil || !o.terminal {
		return 0, 0
	}
	ws, err := unix.IoctlGetWinsize(o.stream.fd, unix.TIOCGWINSZ)
	if err != nil {
		return 0, 0
	}
	return int(ws.Col), int(ws.Row)
}

// Write drops everything after the first error.
func (o *output) Write(b []byte) (int, error) {
	if o.err != nil {
		return len(b), nil
	}
	lines, tooLong := o.cut.next(b)
	_, err := o.w.Write(lines)
	if err == nil {
		err = tooLong
	}
	if err != nil {
		o.failed(o.name, err)
	}
	return len(b), nil
}

// close returns what went wrong with the output, if anything did; it has been
// told.
func (o *output) close() error {
	if o.err == nil && len(o.cut.begun) > 0 {
		if _, err := o.w.Write(o.cut.begun); err != nil {
			o.failed(o.name, err)
		}
	}
	if o.stream != nil {
		if err := o.stream.drain(); err != nil {
			o.failed(o.name, err)
		}
	}
	if o.file != nil {
		if err := o.file.Close(); err != nil {
			o.failed(o.name, err)
		}
	}
	return o.err
}

// checked is standard output for what is no trace: the first error is kept, so
// that the exit status can tell of it.
type checked struct {
	*os.File
	err error
}

// Write drops everything after the first error.
func (c *checked) Write(b []byte) (int, error) {
	if c.err == nil {
		_, c.err = c.File.Write(b)
	}
	return len(b), nil
}

// WriteString is Write for text.
func (c *checked) WriteString(s string) (int, error) { return c.Write([]byte(s)) }
