package agg

import (
	"math"
	"strconv"
)

// format appends a value as people read it in the given unit.
func (u Unit) format(dst []byte, n Num) []byte {
	f := n.Float64()
	switch u {
	case UnitBytes:
		return scaled(dst, f, 1024, "KMGTPE")
	case UnitCount:
		return scaled(dst, f, 1000, "kMGTPE")
	case UnitSeconds:
		return appendSeconds(dst, f)
	case UnitMicros:
		return appendSeconds(dst, f*1e-6)
	case UnitNanos:
		return appendSeconds(dst, f*1e-9)
	}
	if !n.float {
		return n.append(dst)
	}
	return rounded(dst, f)
}

// formatPower is format for a bound of a histogram in powers of two. Those
// have binary suffixes even without a unit, since 4K says more than 4096.
func (u Unit) formatPower(dst []byte, f float64) []byte {
	if u == UnitNone && math.Abs(f) >= 1024 {
		u = UnitBytes
	}
	return u.format(dst, Float(f))
}

// scaled appends f divided by the power of base that leaves one to four digits
// before the point, and that power's letter.
func scaled(dst []byte, f, base float64, letters string) []byte {
	whole, i := f, -1
	for math.Abs(f) >= base && i+1 < len(letters) {
		f /= base
		i++
	}
	// Rounding may reach the next letter: 1023.96K is 1M.
	if math.Abs(significant(f)) >= base && i+1 < len(letters) {
		f /= base
		i++
	}
	if math.Abs(f) >= base {
		return rounded(dst, whole) // beyond the letters
	}
	dst = appendFloat(dst, significant(f))
	if i >= 0 {
		dst = append(dst, letters[i])
	}
	return dst
}

// appendSeconds appends a time with the unit that suits its size.
func appendSeconds(dst []byte, s float64) []byte {
	a := math.Abs(significant(s))
	switch {
	case a == 0:
		return append(dst, "0s"...)
	case a >= 1:
		return append(appendFloat(dst, significant(s)), 's')
	case math.Abs(significant(s*1e3)) >= 1:
		return append(appendFloat(dst, significant(s*1e3)), "ms"...)
	case math.Abs(significant(s*1e6)) >= 1:
		return append(appendFloat(dst, significant(s*1e6)), "us"...)
	}
	return append(appendFloat(dst, significant(s*1e9)), "ns"...)
}

// significant rounds to three significant digits, but never a digit before the
// point away.
func significant(f float64) float64 {
	a := math.Abs(f)
	switch {
	case a == 0 || math.IsInf(f, 0):
		return f
	case a >= 100:
		return math.Round(f)
	}
	v, err := strconv.ParseFloat(strconv.FormatFloat(f, 'g', 3, 64), 64)
	if err != nil {
		return f
	}
	return v
}

// rounded appends a fraction with six significant digits, or all those before
// the point.
func rounded(dst []byte, f float64) []byte {
	if a := math.Abs(f); a >= 1e5 && a < 1e15 {
		return appendFloat(dst, math.Round(f))
	}
	v, err := strconv.ParseFloat(strconv.FormatFloat(f, 'g', 6, 64), 64)
	if err != nil {
		v = f
	}
	return appendFloat(dst, v)
}
