package engine

import (
	"path"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"luatrace/tracer/decode"
	"luatrace/tracer/syscalls"
)

// startup says which calls a process makes only because of how it was built and
// where it runs: those of the dynamic loader, also for libraries that are loaded
// later, and those by which the C library reads its locale.
type startup struct {
	looked   bool
	from, to uint64 // where the loader's code is; 0 if there is none
	locale   int    // so many calls on descriptors may still be on a locale file
}

// loaderName is the dynamic loader of glibc by the name of its file. That of musl is
// the C library too, and makes every call of the program.
var loaderName = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^ld(-linux[^/]*|-[0-9.]+|64)?\.so(\.[0-9]+)?$`)
})

// localeFile is what the C library reads for the locale.
var localeFile = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^/usr/(lib|share)/locale/|^/etc/locale\.alias$|^/usr/lib(/[^/]+)?/gconv/gconv-modules`)
})

// onLocale is how many calls after one on a locale file are looked at: files are
// read and closed at once.
const onLocale = 8

// ofStartup says whether the call that begins is one of those.
func (t *Task) ofStartup(ip uint64) bool {
	s := &t.Proc.startup
	if !s.looked {
		s.looked = true
		s.from, s.to = t.Proc.loader()
	}
	if ip > s.from && ip <= s.to { // behind the instruction
		return true
	}
	c := &t.decoded
	for i := range c.NumArgs() {
		switch p := c.Param(i); p.Kind {
		case syscalls.KindPath:
			v := c.Entry(i)
			if v == nil || v.Kind != decode.KindString || !startupPath(string(v.Str())) {
				continue
			}
			s.locale = onLocale
			return true
		case syscalls.KindFD, syscalls.KindDirFD:
			fd := int(int32(c.Word(i)))
			if s.locale == 0 || fd < 0 {
				continue
			}
			s.locale--
			if localeFile().MatchString(t.FD(fd)) {
				s.locale = onLocale
				return true
			}
		}
	}
	return false
}

// startupPath says whether nobody but the loader and the C library asks for a
// file.
func startupPath(name string) bool {
	return strings.HasPrefix(name, "/etc/ld.so.") || localeFile().MatchString(name)
}

// mostMaps is how much of the list of mappings is searched for the loader: a program
// may have any number.
const mostMaps = 4 << 20

// loader finds where the code of the dynamic loader is, 0 if it is not known.
func (p *Proc) loader() (from, to uint64) {
	read := 0
	p.ScanProcFile("maps", func(line []byte) bool {
		from, to = loaderIn(line)
		read += len(line)
		return to == 0 && read < mostMaps
	})
	return from, to
}

// loaderIn takes where the loader's code is from a line of /proc/PID/maps; 0 if it is
// about something else.
func loaderIn(line []byte) (from, to uint64) {
	f := strings.Fields(string(line))
	if len(f) < 6 || !strings.Contains(f[1], "x") || !loaderName().MatchString(path.Base(f[5])) {
		return 0, 0
	}
	start, end, _ := strings.Cut(f[0], "-")
	a, aerr := strconv.ParseUint(start, 16, 64)
	b, berr := strconv.ParseUint(end, 16, 64)
	if aerr != nil || berr != nil {
		return 0, 0
	}
	return a, b
}
