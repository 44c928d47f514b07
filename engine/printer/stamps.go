package printer

import (
	"strconv"
	"time"
)

// Stamps say how lines are stamped with the time, and make the stamps. Those
// that share an output share one, so that relative stamps count from the line
// before, whoever wrote it. Its methods run on the engine's thread.
type Stamps struct {
	// Time is how lines are stamped with the time of day (-t), TimeDigits how
	// many digits stand behind the point: 0, 3, 6 or 9.
	Time       TimeFormat
	TimeDigits int
	// Relative stamps lines with the time since the line before (-r).
	Relative       bool
	RelativeDigits int

	last time.Time // of the line before
}

// TimeFormat is a format of time stamps.
type TimeFormat uint8

// The formats: none, 15:04:05, seconds since 1970.
const (
	TimeNone TimeFormat = iota
	TimeClock
	TimeUnix
)

// Any says whether lines are stamped at all.
func (s *Stamps) Any() bool { return s != nil && (s.Time != TimeNone || s.Relative) }

// Append appends the stamp of a line about something that happened at this time,
// with a space behind it; nothing without a format.
func (s *Stamps) Append(dst []byte, at time.Time) []byte {
	if !s.Any() {
		return dst
	}
	switch s.Time {
	case TimeClock:
		dst = appendFraction(at.AppendFormat(dst, "15:04:05"), int64(at.Nanosecond()), s.TimeDigits)
		dst = append(dst, ' ')
	case TimeUnix:
		dst = strconv.AppendInt(dst, at.Unix(), 10)
		dst = appendFraction(dst, int64(at.Nanosecond()), s.TimeDigits)
		dst = append(dst, ' ')
	}
	if !s.Relative {
		return dst
	}
	d := time.Duration(0)
	if !s.last.IsZero() {
		d = max(at.Sub(s.last), 0) // lines with only some results come at the exits, in their order
	}
	s.last = at
	if s.Time == TimeNone {
		return append(appendSeconds(dst, d, 6, s.RelativeDigits), ' ')
	}
	return append(appendSeconds(append(dst, "(+"...), d, 6, s.RelativeDigits), ") "...)
}

// Width is how many columns a stamp takes, without the space behind it.
func (s *Stamps) Width() int {
	sample := *s
	return len(sample.Append(nil, time.Unix(1e9, 0))) - 1
}
