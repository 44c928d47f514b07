package agg

import (
	"math"
	"strconv"
)

// Num is a value to be recorded or a result: an exact 64-bit integer or a
// float64. The zero Num is the integer 0.
type Num struct {
	i     int64
	f     float64
	float bool
}

// Int returns an integer value.
func Int(v int64) Num { return Num{i: v} }

// Uint returns an integer value, as a float64 from 2^63 on.
func Uint(v uint64) Num {
	if v > math.MaxInt64 {
		return Num{f: float64(v), float: true}
	}
	return Num{i: int64(v)}
}

// Float returns a value given as a float64. Whole numbers that an int64 can
// hold become integers, so that the sums of a script whose only numbers are
// doubles are exact too. NaN and infinities are kept; recording them is an
// error.
func Float(v float64) Num {
	// -2^63 is a float64 and so is 2^63, which is the first one too large.
	if v == math.Trunc(v) && v >= -(1<<63) && v < 1<<63 {
		return Num{i: int64(v)}
	}
	return Num{f: v, float: true}
}

// Float64 returns the value as a float64, rounded when it is a larger integer
// than 2^53.
func (n Num) Float64() float64 {
	if n.float {
		return n.f
	}
	return float64(n.i)
}

// String returns integers in full and other values in the shortest form that
// reads back as the same float64.
func (n Num) String() string { return string(n.append(nil)) }

func (n Num) append(dst []byte) []byte {
	if !n.float {
		return strconv.AppendInt(dst, n.i, 10)
	}
	return appendFloat(dst, n.f)
}

// finite reports whether n may be recorded.
func (n Num) finite() bool {
	return !n.float || !math.IsNaN(n.f) && !math.IsInf(n.f, 0)
}

// add returns a+b: as an integer if both are and the sum fits.
func (n Num) add(b Num) Num {
	if !n.float && !b.float {
		sum := n.i + b.i
		// Overflow is when both operands have the sign the sum has not.
		if (n.i^sum)&(b.i^sum) >= 0 {
			return Num{i: sum}
		}
	}
	f := n.Float64() + b.Float64()
	if math.IsInf(f, 0) {
		// Two finite values have a finite sum in every report.
		f = math.Copysign(math.MaxFloat64, f)
	}
	return Num{f: f, float: true}
}

// compare orders values by size: -1, 0 or 1.
func (n Num) compare(b Num) int {
	if !n.float && !b.float {
		switch {
		case n.i < b.i:
			return -1
		case n.i > b.i:
			return 1
		}
		return 0
	}
	x, y := n.Float64(), b.Float64()
	switch {
	case x < y:
		return -1
	case x > y:
		return 1
	}
	return 0
}

// appendFloat writes a finite float64 as a number JSON accepts: no exponent for
// the sizes people meet, and no trailing zeros.
func appendFloat(dst []byte, f float64) []byte {
	if f == 0 {
		return append(dst, '0') // not "-0"
	}
	if a := math.Abs(f); a >= 1e-6 && a < 1e21 {
		return strconv.AppendFloat(dst, f, 'f', -1, 64)
	}
	return strconv.AppendFloat(dst, f, 'e', -1, 64)
}
