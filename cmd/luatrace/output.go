package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"

	"golang.org/x/sys/unix"

	"luatrace/bindings/luart"
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
	fail     func(error) // called with the first error, at once; may be nil
	path     string      // of -o
	appended bool        // -A
	json     bool
	seen     map[int]bool // -ff: the ids of threads that have had a file
	cut      lineCutter   // --max-output
}

// openOutput opens the file of -o, with no rights for others: a trace holds
// what the command reads and writes. Without a name it is standard error.
func openOutput(o *options, stderr *patient) (*output, error) {
	name, cut := o.output, lineCutter{limit: newOutputLimit(o)}
	if name == "" {
		return &output{w: stderr, stream: stderr, name: "standard error", terminal: luart.IsTerminal(stderr.file), cut: cut}, nil
	}
	out := &output{path: name, appended: o.appended, json: o.json, name: quote(name), cut: cut}
	if o.separate {
		out.w, out.seen = io.Discard, map[int]bool{} // each thread has a file
		return out, nil
	}
	f, err := openFile(name, out.opening(), 0o600)
	if err != nil {
		return nil, fmt.Errorf("cannot write to %s: %w", quote(name), err)
	}
	cut.limit.opened(f)
	out.file, out.stream, out.terminal = f, newPatient(f), luart.IsTerminal(f)
	out.w = out.stream
	return out, nil
}

// opening is how the file of -o is opened.
func (o *output) opening() opening {
	if o.appended {
		return appends
	}
	return truncates
}

// forThread opens the file of a thread, FILE.TID. An error is kept as the
// output's, and the lines go nowhere. When the id of a thread that has ended
// comes again, the lines of the new one stand behind those of the other.
func (o *output) forThread(tid int) io.WriteCloser {
	name, how := o.path+"."+strconv.Itoa(tid), o.opening()
	again := o.seen[tid]
	if again {
		how = appends
	}
	f, err := openFile(name, how, 0o600)
	if err != nil {
		o.failed(quote(name), err)
		return nowhere{}
	}
	o.cut.limit.opened(f)
	own := &cutWriter{f, lineCutter{limit: o.cut.limit}}
	o.seen[tid] = true
	file := &threadFile{bufio.NewWriter(own), own, f, o}
	if again {
		file.WriteString(anotherThread(tid, o.json))
	}
	return file
}

// anotherThread is the line between the threads of a file.
func anotherThread(tid int, asJSON bool) string {
	text := fmt.Sprintf("another thread with the id %d begins", tid)
	if !asJSON {
		return "--- " + text + " ---\n"
	}
	row, err := json.Marshal(noticeRow{"notice", text})
	if err != nil {
		panic(err) // it has nothing but strings
	}
	return string(row) + "\n"
}

// failed keeps the first error, and reports it at once: a trace may run for
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
	defer o.cut.limit.close()
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
// that the exit status can report it.
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
