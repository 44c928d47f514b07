package syscalls

import (
	"sort"
	"strconv"
	"strings"
	"sync"
)

// IoctlDir says how an ioctl request uses the memory its argument points to,
// from the caller's point of view.
type IoctlDir uint8

// The directions. They are what the request's number or its documentation
// says; a few drivers' numbers are wrong about it, so treat them as a hint.
const (
	IoctlNone  IoctlDir = 0                      // no argument, or the argument is a number itself
	IoctlRead  IoctlDir = 1                      // the kernel writes, the caller reads
	IoctlWrite IoctlDir = 2                      // the caller writes, the kernel reads
	IoctlBoth           = IoctlRead | IoctlWrite // both
)

// An ioctl table is text, one request a line, sorted by value: VALUE DIR TYPE
// NAME. The overlays hold what an ABI has in addition; mostly requests whose
// value contains the size of a struct with longs in it.
var ioctlTables = [NumABI]func() []ioctlRow{
	AMD64: sync.OnceValue(func() []ioctlRow { return parseIoctls("ioctls.txt.gz") }),
	I386:  sync.OnceValue(func() []ioctlRow { return parseIoctls("ioctls-i386.txt.gz") }),
	ARM64: sync.OnceValue(func() []ioctlRow { return parseIoctls("ioctls-arm64.txt.gz") }),
}

type ioctlRow struct {
	req       uint32
	dir       IoctlDir
	typ, name string
}

var ioctlDirs = map[string]IoctlDir{"-": IoctlNone, "r": IoctlRead, "w": IoctlWrite, "rw": IoctlBoth}

func parseIoctls(file string) []ioctlRow {
	text := inflate(file)
	rows := make([]ioctlRow, 0, strings.Count(text, "\n"))
	for line := range strings.Lines(text) {
		if line[0] == '#' {
			continue
		}
		f := strings.Fields(line)
		v, err := strconv.ParseUint(f[0], 0, 32)
		if err != nil || len(f) != 4 {
			panic("syscalls: damaged table: " + file + ": " + line)
		}
		if f[2] == "-" {
			f[2] = ""
		}
		rows = append(rows, ioctlRow{uint32(v), ioctlDirs[f[1]], f[2], f[3]})
	}
	return rows
}

// Ioctl returns the names of an ioctl request on the native ABI, see IoctlFor.
func Ioctl(req uint32) (names []string, argType string, dir IoctlDir) {
	return IoctlFor(Native(), req)
}

// IoctlFor returns what is known about an ioctl request under an ABI: its
// names (several drivers may use one number; nil if no header has it), the type
// of its argument and the direction.
//
// The type is one of StructField's with an optional array length ("u8[6]"),
// or "long" or "ulong" of the ABI's word size. With a direction it is the type
// pointed to; with IoctlNone it is the type of the argument itself. It is ""
// if there is no argument or nothing is known. Of several names' types the
// first one known is returned. Safe for any goroutine.
func IoctlFor(abi ABI, req uint32) (names []string, argType string, dir IoctlDir) {
	switch abi {
	case I386, X32:
		names, argType, dir = findIoctl(I386, req)
	case ARM64:
		names, argType, dir = findIoctl(ARM64, req)
	}
	if names == nil {
		names, argType, dir = findIoctl(AMD64, req)
	}
	if names == nil {
		names, argType, dir = variableIoctl(req)
	}
	return names, argType, dir
}

func findIoctl(abi ABI, req uint32) (names []string, argType string, dir IoctlDir) {
	rows := ioctlTables[abi]()
	first := sort.Search(len(rows), func(i int) bool { return rows[i].req >= req })
	for _, r := range rows[first:] {
		if r.req != req {
			break
		}
		names = append(names, r.name)
		if argType == "" {
			argType = r.typ
		}
		dir |= r.dir
	}
	return names, argType, dir
}
