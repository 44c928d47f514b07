package syscalls

import (
	"fmt"
	"slices"
	"strings"

	"luatrace/tracer/syscalls/pack"
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

// A record of an ioctl table is "VALUE DIR TYPE NAME", with eight digits of
// VALUE. What an ABI has in addition to amd64 is mostly requests whose value
// contains the size of a struct with longs in it.

// IoctlFor returns what is known about an ioctl request under an ABI: its
// names (several drivers may use one number; nil if no header has it), the type
// of its argument and the direction.
//
// The type is one of StructField's with an optional array length ("u8[6]"),
// or "long" or "ulong" of the ABI's word size. With a direction it is the type
// pointed to; with IoctlNone it is the type of the argument itself. It is ""
// if there is no argument or nothing is known. Of several names' types the
// first one known is returned. The names are shared and must not be changed.
// Safe for any goroutine; requests that were asked for before do not allocate.
func IoctlFor(abi ABI, req uint32) (names []string, argType string, dir IoctlDir) {
	if abi >= NumABI {
		abi = AMD64
	}
	if r := ioctlFound(abi, req); r != nil {
		return r.names, r.argType, r.dir
	}
	return variableIoctl(req)
}

// IoctlNumber returns the number of an ioctl request by its name under an ABI.
// Safe for any goroutine.
func IoctlNumber(abi ABI, name string) (req uint32, ok bool) {
	if n, ok := ConstantFor(abi, name); ok && n <= 1<<32-1 {
		if names, _, _ := IoctlFor(abi, uint32(n)); slices.Contains(names, name) {
			return uint32(n), true
		}
	}
	for req, names := range ioctlTab().extra {
		if slices.Contains(names, name) {
			return req, true
		}
	}
	return 0, false
}

// IoctlText returns all names of a request as strace prints them, "A or B", or
// "" when it has none.
func IoctlText(abi ABI, req uint32) string {
	if abi >= NumABI {
		abi = AMD64
	}
	if r := ioctlFound(abi, req); r != nil {
		return r.text
	}
	if names, _, _ := variableIoctl(req); names != nil {
		return names[0]
	}
	return ""
}

// ioctlFound returns what the tables say about a request, or nil. What they
// know is kept.
func ioctlFound(abi ABI, req uint32) *ioctlFacts {
	if r, ok := ioctlsFound[abi].load(req); ok {
		return r
	}
	r := &ioctlFacts{}
	for _, t := range ioctlTables[abi] {
		if r.names, r.argType, r.dir = findIoctl(t, req); r.names != nil {
			break
		}
	}
	r.names = append(r.names, ioctlTab().extra[req]...)
	if r.names == nil {
		return nil
	}
	sorted := slices.Clone(r.names)
	slices.Sort(sorted)
	r.text = strings.Join(sorted, " or ")
	ioctlsFound[abi].store(req, r)
	return r
}

// ioctlFacts are what the tables say about a request.
type ioctlFacts struct {
	names   []string // those of the headers first
	text    string   // in alphabetical order
	argType string
	dir     IoctlDir
}

// ioctlsFound keeps the requests that were asked for and are known.
var ioctlsFound [NumABI]numberMap[*ioctlFacts]

func findIoctl(t *pack.Table, req uint32) (names []string, argType string, dir IoctlDir) {
	want := fmt.Sprintf("%08x", req)
	for key, text := range t.Records(want) {
		if key != want {
			break
		}
		f := strings.Fields(text)
		if len(f) != 3 {
			panic("syscalls: damaged table: ioctl " + key)
		}
		switch f[0] {
		case "r":
			dir |= IoctlRead
		case "w":
			dir |= IoctlWrite
		case "rw":
			dir |= IoctlBoth
		}
		if argType == "" && f[1] != "-" {
			argType = f[1]
		}
		names = append(names, f[2])
	}
	return names, argType, dir
}
