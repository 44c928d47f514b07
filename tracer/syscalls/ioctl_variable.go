package syscalls

import "strconv"

// The fields of an encoded request (asm-generic/ioctl.h, which amd64, i386 and
// arm64 all use).
const (
	ioctlSizeShift = 16
	ioctlSizeMask  = 0x3fff << ioctlSizeShift
)

// sizedIoctl is a family of requests: as many numbers as span says, from base.
type sizedIoctl struct {
	base, span uint32
	name, typ  string
	dir        IoctlDir
}

// sizedIoctls are the requests whose size the caller chooses, so that no
// constant can stand for them; base has a size of 0. typ is that of one element
// (linux/input.h, linux/hiddev.h, linux/hidraw.h, linux/uinput.h,
// linux/joystick.h).
var sizedIoctls = []sizedIoctl{
	{0x80004506, 1, "EVIOCGNAME", "char", IoctlRead},
	{0x80004507, 1, "EVIOCGPHYS", "char", IoctlRead},
	{0x80004508, 1, "EVIOCGUNIQ", "char", IoctlRead},
	{0x80004509, 1, "EVIOCGPROP", "u8", IoctlRead},
	{0x8000450a, 1, "EVIOCGMTSLOTS", "s32", IoctlRead},
	{0x80004518, 1, "EVIOCGKEY", "u8", IoctlRead},
	{0x80004519, 1, "EVIOCGLED", "u8", IoctlRead},
	{0x8000451a, 1, "EVIOCGSND", "u8", IoctlRead},
	{0x8000451b, 1, "EVIOCGSW", "u8", IoctlRead},
	{0x80004520, 32, "EVIOCGBIT", "u8", IoctlRead},
	{0x80004804, 1, "HIDIOCGRAWNAME", "char", IoctlRead},
	{0x80004805, 1, "HIDIOCGRAWPHYS", "char", IoctlRead},
	{0x80004806, 1, "HIDIOCGNAME", "char", IoctlRead},
	{0x80004808, 1, "HIDIOCGRAWUNIQ", "char", IoctlRead},
	{0x80004812, 1, "HIDIOCGPHYS", "char", IoctlRead},
	{0xc0004806, 1, "HIDIOCSFEATURE", "u8", IoctlBoth},
	{0xc0004807, 1, "HIDIOCGFEATURE", "u8", IoctlBoth},
	{0xc0004809, 1, "HIDIOCSINPUT", "u8", IoctlBoth},
	{0xc000480a, 1, "HIDIOCGINPUT", "u8", IoctlBoth},
	{0xc000480b, 1, "HIDIOCSOUTPUT", "u8", IoctlBoth},
	{0xc000480c, 1, "HIDIOCGOUTPUT", "u8", IoctlBoth},
	{0x8000552c, 1, "UI_GET_SYSNAME", "char", IoctlRead},
	{0x80006a13, 1, "JSIOCGNAME", "char", IoctlRead},
}

// numberedIoctls are requests that carry a second number, an axis, in theirs.
var numberedIoctls = []sizedIoctl{
	{0x80184540, 0x40, "EVIOCGABS", "input_absinfo", IoctlRead},
	{0x401845c0, 0x40, "EVIOCSABS", "input_absinfo", IoctlWrite},
}

// variableIoctl is IoctlFor for the requests that no table of values can have.
func variableIoctl(req uint32) (names []string, argType string, dir IoctlDir) {
	for _, s := range numberedIoctls {
		if req >= s.base && req-s.base < s.span {
			return []string{s.name}, s.typ, s.dir
		}
	}
	bare := req &^ ioctlSizeMask
	for _, s := range sizedIoctls {
		if bare >= s.base && bare-s.base < s.span {
			n := int(req&ioctlSizeMask>>ioctlSizeShift) / typeSize(AMD64, s.typ)
			return []string{s.name}, s.typ + "[" + strconv.Itoa(n) + "]", s.dir
		}
	}
	return nil, "", IoctlNone
}

// sizedIoctlBase returns the request without its size when the caller chooses
// the size, else 0.
func sizedIoctlBase(req uint32) uint32 {
	bare := req &^ ioctlSizeMask
	for _, s := range sizedIoctls {
		if bare >= s.base && bare-s.base < s.span {
			return bare
		}
	}
	return 0
}

// IoctlParams returns what a request's number holds besides the request: the
// size the caller chose, and a number (an axis, a type of events) of those that
// are a family. It is for the requests that the headers give as macros with
// parameters: EVIOCGBIT(ev, len).
func IoctlParams(req uint32) (number, size int) {
	for _, s := range numberedIoctls {
		if req >= s.base && req-s.base < s.span {
			return int(req - s.base), -1
		}
	}
	bare := req &^ ioctlSizeMask
	for _, s := range sizedIoctls {
		if bare >= s.base && bare-s.base < s.span {
			if s.span == 1 {
				return -1, IoctlSize(req)
			}
			return int(bare - s.base), IoctlSize(req)
		}
	}
	return -1, -1
}

// IoctlSize returns the size in the number of a request: the bytes of its
// argument.
func IoctlSize(req uint32) int { return int(req & ioctlSizeMask >> ioctlSizeShift) }
