package decode

import (
	"strconv"
	"strings"

	"luatrace/tracer/syscalls"
)

// ioctlName returns the name of an ioctl request, or "". When several drivers
// use one number it is the first name.
func ioctlName(abi syscalls.ABI, req uint32) string {
	if names, _, _ := syscalls.IoctlFor(abi, req); len(names) > 0 {
		return names[0]
	}
	return ""
}

// ioctlArg returns the number of the argument that is an ioctl request, or -1.
func (c *Call) ioctlArg() int {
	for i := range c.params {
		if c.params[i].Kind == syscalls.KindIoctl {
			return i
		}
	}
	return -1
}

// appendIoctlParams prints what the macro of a request takes: EVIOCGBIT(EV_KEY,
// 96).
func appendIoctlParams(dst []byte, req uint32, name string) []byte {
	number, size := syscalls.IoctlParams(req)
	if number < 0 && size < 0 {
		return dst
	}
	dst = append(dst, '(')
	if number >= 0 {
		set := "evabs"
		if strings.HasSuffix(name, "BIT") {
			set = "evtype"
		}
		if number == 0 && size >= 0 {
			dst = append(dst, '0') // the types themselves
		} else {
			dst = appendEnum(dst, syscalls.SetByName(set).On(syscalls.Native()), uint64(number))
		}
		if size >= 0 {
			dst = append(dst, ", "...)
		}
	}
	if size >= 0 {
		dst = strconv.AppendInt(dst, int64(size), 10)
	}
	return append(dst, ')')
}
