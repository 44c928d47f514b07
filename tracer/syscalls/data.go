package syscalls

import (
	"compress/gzip"
	"embed"
	"io"
	"strings"
)

// dataFiles are the tables made by gen/uapi. Each is gzipped text whose first
// line is a comment that names what it was made from.
//
//go:embed data/*.txt.gz
var dataFiles embed.FS

// inflate returns the text of a generated table. The tables are part of the
// program, so a failure is a mistake in its making and panics.
func inflate(name string) string {
	f, err := dataFiles.Open("data/" + name)
	if err != nil {
		panic("syscalls: " + err.Error())
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		panic("syscalls: " + name + ": " + err.Error())
	}
	var b strings.Builder
	if _, err := io.Copy(&b, z); err != nil {
		panic("syscalls: " + name + ": " + err.Error())
	}
	return b.String()
}
