package syscalls

import (
	"path"
	"sort"
	"strconv"
	"strings"
	"sync"
)

// NamedValue is one integer macro or enumerator of the kernel's user-space
// headers. Negative values are in two's complement: AT_FDCWD is
// 0xffffffffffffff9c.
type NamedValue struct {
	Name  string
	Value uint64
}

// A constant table is text: a line "@header" starts the constants that header
// defines, each on a line "NAME VALUE" in the order of the header. Headers are
// sorted and named as they are included ("linux/fcntl.h"). What no kernel
// header has stands under the header a C library has it in ("sys/socket.h").
//
// The constants nearly every program uses are in one file, those of drivers
// and other subsystems in a second, which is several times as long and is only
// inflated when the first doesn't have what is asked for. Both hold amd64
// values; the overlays hold what arm64 and i386 have differently or in
// addition. The first also names the headers of its part that define nothing,
// so that looking into one does not inflate the second.
var (
	coreConstants   = constantFile{name: "constants.txt.gz"}
	driverConstants = constantFile{name: "constants-drivers.txt.gz"}
	overlays        = [NumABI]*constantFile{
		I386:  {name: "constants-i386.txt.gz"},
		ARM64: {name: "constants-arm64.txt.gz"},
		X32:   nil,
	}
)

// constantFile is one constant table; everything in it is made on first use.
type constantFile struct {
	name string

	textOnce sync.Once
	headers  []string          // sorted
	sections map[string]string // header: its lines

	indexOnce sync.Once
	index     map[string]uint64
}

// load inflates the file and notes where its headers start.
func (f *constantFile) load() {
	f.textOnce.Do(func() {
		f.sections = map[string]string{}
		text := inflate(f.name)
		for {
			_, rest, ok := strings.Cut(text, "\n@")
			if !ok {
				return
			}
			text = ""
			if end := strings.Index(rest, "\n@"); end >= 0 {
				rest, text = rest[:end], rest[end:]
			}
			header, body, _ := strings.Cut(rest, "\n")
			f.headers = append(f.headers, header)
			f.sections[header] = body
		}
	})
}

// each calls yield for the constants of one section, in order.
func (f *constantFile) each(header string, yield func(name, value string)) {
	for line := range strings.Lines(f.sections[header]) {
		if name, value, ok := strings.Cut(strings.TrimSuffix(line, "\n"), " "); ok {
			yield(name, value)
		}
	}
}

// lookup finds a constant by name. If several headers of one file define the
// name, the first one counts: the generator lists them in order of preference.
func (f *constantFile) lookup(name string) (uint64, bool) {
	f.indexOnce.Do(func() {
		f.load()
		n := 0
		for _, s := range f.sections {
			n += strings.Count(s, "\n") + 1
		}
		f.index = make(map[string]uint64, n)
		for _, h := range f.headers {
			f.each(h, func(name, value string) {
				if _, dup := f.index[name]; !dup {
					f.index[name] = parseValue(value)
				}
			})
		}
	})
	v, ok := f.index[name]
	return v, ok
}

// parseValue reads a value of the generated tables: decimal, hexadecimal with
// 0x, or negative decimal.
func parseValue(s string) uint64 {
	if strings.HasPrefix(s, "-") {
		v, err := strconv.ParseInt(s, 10, 64)
		if err != nil {
			panic("syscalls: damaged table: value " + s)
		}
		return uint64(v)
	}
	v, err := strconv.ParseUint(s, 0, 64)
	if err != nil {
		panic("syscalls: damaged table: value " + s)
	}
	return v
}

// Constant returns the value a constant of the kernel's headers has on the
// native ABI: "O_CREAT", "AF_INET", "EAGAIN", "SIGTERM", "TCGETS". Negative
// values are in two's complement. The first call inflates and indexes the
// table (milliseconds); later ones are a map access. Safe for any goroutine.
func Constant(name string) (uint64, bool) { return ConstantFor(Native(), name) }

// ConstantFor is Constant for the headers of a given ABI. X32 has amd64's.
func ConstantFor(abi ABI, name string) (uint64, bool) {
	if abi < NumABI && overlays[abi] != nil {
		if v, ok := overlays[abi].lookup(name); ok {
			return v, true
		}
	}
	if v, ok := coreConstants.lookup(name); ok {
		return v, true
	}
	return driverConstants.lookup(name)
}

// ConstantNames returns the names of all constants, sorted and without
// duplicates. The slice is shared and must not be changed. It loads every
// table, so it is for help and for suggestions after a mistyped name.
func ConstantNames() []string { return constantNames() }

var constantNames = sync.OnceValue(func() []string {
	files := []*constantFile{&coreConstants, &driverConstants}
	if o := overlays[Native()]; o != nil {
		files = append(files, o)
	}
	seen := map[string]bool{}
	for _, f := range files {
		f.lookup("") // makes the index
		for name := range f.index {
			seen[name] = true
		}
	}
	names := make([]string, 0, len(seen))
	for name := range seen {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
})

// constantsMatching returns the constants whose name matches a glob
// (path.Match, so "*" and "?" and "[a-z]"), with the native ABI's values, in
// the order in which their header defines them. With header "" all headers are
// searched, sorted by name; drivers' headers only if no other has a match.
// A name defined twice is returned once.
func constantsMatching(glob, header string) []NamedValue {
	coreConstants.load()
	if header != "" {
		f := &coreConstants
		if _, ok := f.sections[header]; !ok {
			driverConstants.load()
			f = &driverConstants
		}
		return overlaid(f.matching(nil, glob, []string{header}), glob, header)
	}
	values := coreConstants.matching(nil, glob, coreConstants.headers)
	if len(values) == 0 {
		driverConstants.load()
		values = driverConstants.matching(nil, glob, driverConstants.headers)
	}
	return overlaid(values, glob, "")
}

// matching appends the matching constants of the headers to values.
func (f *constantFile) matching(values []NamedValue, glob string, headers []string) []NamedValue {
	// Nearly all globs are PREFIX_*: look at the prefix before the matcher.
	prefix := glob
	if i := strings.IndexAny(glob, `*?[\`); i >= 0 {
		prefix = glob[:i]
	}
	seen := make(map[string]bool, len(values))
	for _, v := range values {
		seen[v.Name] = true
	}
	for _, h := range headers {
		if !strings.Contains(f.sections[h], prefix) {
			continue
		}
		f.each(h, func(name, value string) {
			if !strings.HasPrefix(name, prefix) || seen[name] {
				return
			}
			if ok, err := path.Match(glob, name); err != nil || !ok {
				return
			}
			seen[name] = true
			values = append(values, NamedValue{name, parseValue(value)})
		})
	}
	return values
}

// overlaid puts the native ABI's own values in place of amd64's, whichever of
// its headers they stand in (arm64 has O_DIRECTORY in asm/fcntl.h, amd64 in
// asm-generic/fcntl.h), and appends the constants only it has.
func overlaid(values []NamedValue, glob, header string) []NamedValue {
	o := overlays[Native()]
	if o == nil {
		return values
	}
	seen := make(map[string]bool, len(values))
	for i := range values {
		seen[values[i].Name] = true
		if v, ok := o.lookup(values[i].Name); ok {
			values[i].Value = v
		}
	}
	o.load()
	headers := o.headers
	if header != "" {
		headers = []string{header}
	}
	for _, own := range o.matching(nil, glob, headers) {
		if !seen[own.Name] {
			values = append(values, own)
		}
	}
	return values
}
