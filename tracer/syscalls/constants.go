package syscalls

import (
	"cmp"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"

	"luatrace/tracer/syscalls/pack"
)

// NamedValue is one integer macro or enumerator of the kernel's user-space
// headers. Negative values are in two's complement: AT_FDCWD is
// 0xffffffffffffff9c.
type NamedValue struct {
	Name  string
	Value uint64
}

// A record of a constant table is "NAME VALUE PLACE HEADER": the constant is the
// PLACEth that HEADER defines. Headers are named as they are included
// ("linux/fcntl.h"); what no kernel header has stands under the header a C
// library has it in ("sys/socket.h"). A name that several headers define has
// several records, sorted by header, and the first one counts.

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
// values are in two's complement. Safe for any goroutine.
func Constant(name string) (uint64, bool) { return ConstantFor(Native(), name) }

// ConstantFor is Constant for the headers of a given ABI. X32 has amd64's.
func ConstantFor(abi ABI, name string) (uint64, bool) {
	if abi >= NumABI {
		abi = AMD64
	}
	for _, t := range constantTables[abi] {
		if text, ok := t.Find(name); ok {
			value, _, _ := strings.Cut(text, " ")
			return parseValue(value), true
		}
	}
	return 0, false
}

// ConstantNames returns the names of all constants of the native ABI, sorted
// and without duplicates. The slice is shared and must not be changed. It reads
// every table, so it is for help and for suggestions after a mistyped name.
func ConstantNames() []string { return constantNames() }

var constantNames = sync.OnceValue(func() []string {
	var names []string
	for _, t := range constantTables[Native()] {
		for name := range t.Records("") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
})

// defined is a constant with the place of its definition.
type defined struct {
	NamedValue
	header string
	place  int
}

// constantsMatching returns the constants whose name matches a glob
// (path.Match, so "*" and "?" and "[a-z]"), with an ABI's values, in the order
// in which their header defines them; of several headers, in the order of their
// names. With header "" all headers are searched, those of drivers only if no
// other has a match. A name defined twice is returned once.
func constantsMatching(abi ABI, glob, header string) []NamedValue {
	found := matching(nil, coreConstants, glob, header)
	if len(found) == 0 {
		found = matching(nil, driverConstants, glob, header)
	}
	if own := constantTables[abi][0]; own != coreConstants {
		found = overlaid(found, own, glob, header)
	}
	values := make([]NamedValue, len(found))
	for i := range found {
		values[i] = found[i].NamedValue
	}
	return values
}

// matching appends the matching constants of a table to found.
func matching(found []defined, t *pack.Table, glob, header string) []defined {
	// Nearly all globs are PREFIX_*, which stand together.
	prefix := glob
	if i := strings.IndexAny(glob, `*?[\`); i >= 0 {
		prefix = glob[:i]
	}
	for name, text := range t.Records(prefix) {
		if !strings.HasPrefix(name, prefix) {
			break
		}
		if header != "" && !strings.HasSuffix(text, header) {
			continue
		}
		if ok, err := path.Match(glob, name); err != nil || !ok {
			continue
		}
		if n := len(found); n > 0 && found[n-1].Name == name {
			continue
		}
		value, rest, _ := strings.Cut(text, " ")
		place, in, _ := strings.Cut(rest, " ")
		if header == "" || in == header {
			found = append(found, defined{NamedValue{name, parseValue(value)}, in, atoi(place)})
		}
	}
	slices.SortStableFunc(found, func(a, b defined) int {
		return cmp.Or(strings.Compare(a.header, b.header), cmp.Compare(a.place, b.place))
	})
	return found
}

// overlaid puts an ABI's own values in place of amd64's, whichever of its
// headers they stand in (arm64 has O_DIRECTORY in asm/fcntl.h, amd64 in
// asm-generic/fcntl.h), and appends the constants only it has.
func overlaid(found []defined, own *pack.Table, glob, header string) []defined {
	seen := make(map[string]bool, len(found))
	for i := range found {
		seen[found[i].Name] = true
		if text, ok := own.Find(found[i].Name); ok {
			value, _, _ := strings.Cut(text, " ")
			found[i].Value = parseValue(value)
		}
	}
	for _, d := range matching(nil, own, glob, header) {
		if !seen[d.Name] {
			found = append(found, d)
		}
	}
	return found
}
