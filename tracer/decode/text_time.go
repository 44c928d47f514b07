package decode

import (
	"strconv"
	"time"
)

// Values of tv_nsec that utimensat(2) gives a meaning of their own.
const (
	utimeNow  = 1<<30 - 1
	utimeOmit = 1<<30 - 2
)

// fileTime prints one of the times of utimes and utimensat, with a date.
func (o *Text) fileTime(dst []byte, v *Value) []byte {
	sec, frac := v.FieldAt(0), v.FieldAt(1)
	name, layout := ", tv_usec=", ".000000"
	scale := int64(1000)
	if v.lay.Name != "utimeval" {
		name, layout, scale = ", tv_nsec=", ".000000000", 1
		switch frac.num {
		case utimeNow:
			return append(dst, "UTIME_NOW"...)
		case utimeOmit:
			return append(dst, "UTIME_OMIT"...)
		}
	}
	dst = strconv.AppendInt(append(dst, "{tv_sec="...), sec.Int(), 10)
	dst = strconv.AppendInt(append(dst, name...), frac.Int(), 10)
	dst = append(dst, '}')
	if n := frac.Int(); n < 0 || n*scale >= 1e9 {
		return dst
	}
	return appendTimeComment(dst, sec.Int(), frac.Int()*scale, layout)
}

// appendTimeComment prints a time in the local zone as a comment.
func appendTimeComment(dst []byte, sec, nsec int64, fraction string) []byte {
	if sec == 0 && nsec == 0 {
		return dst
	}
	if nsec == 0 {
		fraction = ""
	}
	t := time.Unix(sec, nsec)
	if y := t.Year(); y < 0 || y > 9999 {
		return dst
	}
	dst = t.AppendFormat(append(dst, " /* "...), "2006-01-02T15:04:05"+fraction+"-0700")
	return append(dst, " */"...)
}

// appendDate prints a time in the local zone.
func appendDate(dst []byte, sec int64) []byte {
	return time.Unix(sec, 0).AppendFormat(dst, "2006-01-02T15:04:05-0700")
}

// appendTicks prints a clock_t with the seconds it stands for. The kernel
// counts a hundred of them a second for programs (USER_HZ) on every
// architecture here.
func appendTicks(dst []byte, n int64) []byte {
	dst = strconv.AppendInt(dst, n, 10)
	if n == 0 {
		return dst
	}
	dst = strconv.AppendFloat(append(dst, " /* "...), float64(n)/100, 'f', 2, 64)
	return append(dst, " s */"...)
}
