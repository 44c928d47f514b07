package main

import (
	"bytes"
	"fmt"
	"io"
)

// outputLimit is --max-output. What the files of threads get counts together.
type outputLimit struct {
	max, used uint64 // bytes; max 0 is no limit
}

// lineCutter lets whole lines of one file through while there is room.
type lineCutter struct {
	limit *outputLimit
	begun []byte // the last line, while it has no end
}

// next returns what is to be written when b comes, and an error if that is the
// last of it.
func (c *lineCutter) next(b []byte) ([]byte, error) {
	l := c.limit
	if l.max == 0 {
		return b, nil
	}
	b = append(c.begun, b...)
	room := l.max - l.used
	end := 1 + bytes.LastIndexByte(b, '\n')
	var err error
	if uint64(len(b)) > room {
		end = 1 + bytes.LastIndexByte(b[:room], '\n')
		err = fmt.Errorf("it would be longer than --max-output, %d bytes", l.max)
	}
	l.used += uint64(end)
	c.begun = b[end:len(b):len(b)]
	return b[:end:end], err
}

// cutWriter is a file whose lines count for the limit.
type cutWriter struct {
	w io.Writer
	lineCutter
}

// Write writes the lines that have come to their end.
func (c *cutWriter) Write(b []byte) (int, error) {
	lines, tooLong := c.next(b)
	if _, err := c.w.Write(lines); err != nil {
		return 0, err
	}
	return len(b), tooLong
}
