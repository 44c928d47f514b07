package main

import (
	_ "embed"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"sort"
	"strings"
)

// request is one ioctl request.
type request struct {
	value             uint32
	name, typ, header string
	dir               string // "-" none, "r" the kernel writes, "w" it reads, "rw"
}

// Encoding of a request (asm-generic/ioctl.h; the same on amd64, 386, arm64).
const (
	dirShift = 30
	dirWrite = 1
	dirRead  = 2
)

var (
	call     = regexp.MustCompile(`^\(?\s*(\w+)\s*\((.*)\)\s*\)?$`)
	sizeofIt = regexp.MustCompile(`^sizeof\s*\(?\s*(.*?)\s*\)?$`)
	ctype    = regexp.MustCompile(`^(?:const\s+)?(?:(?:struct|union|enum)\s+)?\w+(?:\s+\w+)*(?:\s*\[\s*\w+\s*\])?(?:\s*\*)?$`)
)

// basic are the C types that stand for a scalar.
var basic = map[string]string{
	"int": "s32", "unsigned int": "u32", "unsigned": "u32", "char": "char", "unsigned char": "u8",
	"short": "s16", "unsigned short": "u16", "long": "long", "unsigned long": "ulong",
	"long long": "s64", "unsigned long long": "u64", "size_t": "ulong", "dev_t": "u32",
	"u_int32_t": "u32", "uint32_t": "u32", "uint64_t": "u64", "int32_t": "s32", "uint16_t": "u16", "uint8_t": "u8",
	"__u8": "u8", "__u16": "u16", "__u32": "u32", "__u64": "u64", "__s8": "s8", "__s16": "s16", "__s32": "s32", "__s64": "s64",
	"loff_t": "s64", "__kernel_loff_t": "s64", "off_t": "long", "time_t": "long", "__kernel_time_t": "long", "__kernel_pid_t": "s32", "pid_t": "s32", "void": "-",
}

// legacyText lists the requests older than the encoding, and those whose
// encoding does not say what they take; it goes before what a macro says.
//
//go:embed legacy.txt
var legacyText string

// ioctls finds the requests among the macros of one architecture's headers:
// those whose text is a use of _IO, _IOR, _IOW, _IOWR or _IOC, or of a macro
// that is made from them, and the listed old ones.
func ioctls(results []*result, constants map[string]uint64) ([]request, error) {
	wraps := map[string]bool{"_IO": true, "_IOC": true, "_IOR": true, "_IOW": true, "_IOWR": true, "_IOR_BAD": true, "_IOW_BAD": true, "_IOWR_BAD": true}
	for _, r := range results {
		maps.Copy(wraps, r.wraps)
	}
	var list []request
	listed := map[string]bool{}
	for line := range strings.Lines(legacyText) {
		if f := strings.Fields(line); len(f) > 0 {
			listed[f[0]] = true
		}
	}
	for _, r := range results {
		for _, m := range r.macros {
			if listed[m.name] {
				continue
			}
			c := call.FindStringSubmatch(m.body)
			if c == nil || !m.known || !wraps[c[1]] || !wanted(m.name) || m.value > 1<<32-1 && m.value>>31 != 1<<33-1 {
				continue
			}
			v := uint32(m.value)
			list = append(list, request{v, m.name, argType(c[2], constants, r.types), r.header, direction(v)})
		}
	}
	for line := range strings.Lines(legacyText) {
		f := strings.Fields(line)
		if len(f) == 0 || f[0][0] == '#' {
			continue
		}
		if len(f) != 3 {
			return nil, fmt.Errorf("legacy.txt: %q is not NAME DIR TYPE", strings.TrimSpace(line))
		}
		v, ok := constants[f[0]]
		if !ok {
			return nil, fmt.Errorf("legacy.txt: no header has %s", f[0])
		}
		list = append(list, request{uint32(v), f[0], f[2], "-", f[1]})
	}
	sort.SliceStable(list, func(i, j int) bool {
		if list[i].value != list[j].value {
			return list[i].value < list[j].value
		}
		return list[i].name < list[j].name
	})
	return slices.CompactFunc(list, func(a, b request) bool { return a.value == b.value && a.name == b.name }), nil
}

// direction reads the direction bits of an encoded request.
func direction(v uint32) string {
	switch v >> dirShift {
	case dirWrite:
		return "w"
	case dirRead:
		return "r"
	case dirRead | dirWrite:
		return "rw"
	}
	return "-"
}

// argType takes the type of the argument out of the arguments of the macro:
// the last of them, if it looks like a C type.
func argType(args string, constants map[string]uint64, types map[string]string) string {
	depth, start := 0, 0
	for i, c := range args {
		switch c {
		case '(', '[':
			depth++
		case ')', ']':
			depth--
		case ',':
			if depth == 0 {
				start = i + 1
			}
		}
	}
	if start == 0 {
		return "-"
	}
	t := strings.TrimSpace(args[start:])
	if m := sizeofIt.FindStringSubmatch(t); m != nil {
		t = m[1]
	}
	if !ctype.MatchString(t) {
		return "-"
	}
	t = strings.Join(strings.Fields(strings.TrimPrefix(t, "const ")), " ")
	count := ""
	if i := strings.IndexByte(t, '['); i >= 0 {
		t, count = strings.TrimSpace(t[:i]), t[i:]
		if v, ok := constants[strings.Trim(count, "[] ")]; ok {
			count = fmt.Sprintf("[%d]", v)
		}
	}
	if strings.HasSuffix(t, "*") {
		return "ptr" + count
	}
	for _, kind := range []string{"struct ", "union "} {
		if name, ok := strings.CutPrefix(t, kind); ok {
			return name + count
		}
	}
	if strings.HasPrefix(t, "enum ") {
		return "u32" + count
	}
	if b, ok := basic[t]; ok {
		if b == "-" {
			return b
		}
		return b + count
	}
	// A number or a command is no type; a typedef is.
	if strings.ToUpper(t) == t || strings.Contains(t, " ") || t[0] >= '0' && t[0] <= '9' {
		return "-"
	}
	if base, ok := types[t]; ok && count == "" {
		return base
	}
	return t + count
}

// ioctlRecords returns a record "VALUE DIR TYPE NAME" for each request.
func ioctlRecords(list []request) []string {
	var records []string
	for _, r := range list {
		records = append(records, fmt.Sprintf("%08x %s %s %s\n", r.value, r.dir, r.typ, r.name))
	}
	return records
}

// ioctlOverlay returns the requests of own that common does not have.
func ioctlOverlay(common, own []request) []request {
	have := map[request]bool{}
	for _, r := range common {
		r.header = ""
		have[r] = true
	}
	var list []request
	for _, r := range own {
		k := r
		k.header = ""
		if !have[k] {
			list = append(list, r)
		}
	}
	return list
}
