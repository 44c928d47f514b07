package decode

import "luatrace/tracer/syscalls"

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
