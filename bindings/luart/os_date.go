package luart

import (
	"fmt"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"
)

// luaDate is os.date; gopher-lua's writes "mon" for each weekday, the time for
// the date (%x), 0 for the day of the year, and leaves conversions out.
func (r *Runtime) luaDate(L *lua.LState) int {
	when := time.Now()
	if L.Get(2) != lua.LNil {
		when = time.Unix(int64(L.CheckNumber(2)), 0)
	}
	format, utc := strings.CutPrefix(L.OptString(1, "%c"), "!")
	if utc {
		when = when.UTC()
	}
	if !strings.HasPrefix(format, "*t") {
		L.Push(lua.LString(strftime(when, format)))
		return 1
	}
	tb := L.NewTable()
	for name, n := range map[string]int{
		"year": when.Year(), "month": int(when.Month()), "day": when.Day(), "hour": when.Hour(), "min": when.Minute(), "sec": when.Second(),
		"wday": int(when.Weekday()) + 1, "yday": when.YearDay(),
	} {
		tb.RawSetString(name, lua.LNumber(n))
	}
	tb.RawSetString("isdst", lua.LBool(when.IsDST()))
	L.Push(tb)
	return 1
}

// strftime formats a time as strftime(3) does in the locale C.
func strftime(t time.Time, format string) string {
	var out strings.Builder
	for i := 0; i < len(format); i++ {
		if format[i] != '%' || i+1 == len(format) {
			out.WriteByte(format[i])
			continue
		}
		i++
		switch c := format[i]; c {
		case 'n':
			out.WriteByte('\n')
		case 't':
			out.WriteByte('\t')
		case '%':
			out.WriteByte('%')
		case 'C':
			fmt.Fprintf(&out, "%02d", t.Year()/100)
		case 'e':
			fmt.Fprintf(&out, "%2d", t.Day())
		case 'j':
			fmt.Fprintf(&out, "%03d", t.YearDay())
		case 's':
			fmt.Fprint(&out, t.Unix())
		case 'w':
			fmt.Fprint(&out, int(t.Weekday()))
		case 'u':
			fmt.Fprint(&out, (int(t.Weekday())+6)%7+1)
		case 'U':
			fmt.Fprintf(&out, "%02d", (t.YearDay()+6-int(t.Weekday()))/7)
		case 'W':
			fmt.Fprintf(&out, "%02d", (t.YearDay()+6-(int(t.Weekday())+6)%7)/7)
		case 'G':
			year, _ := t.ISOWeek()
			fmt.Fprint(&out, year)
		case 'g':
			year, _ := t.ISOWeek()
			fmt.Fprintf(&out, "%02d", year%100)
		case 'V':
			_, week := t.ISOWeek()
			fmt.Fprintf(&out, "%02d", week)
		default:
			if layout, ok := strftimeLayouts[c]; ok {
				out.WriteString(t.Format(layout))
			} else {
				out.WriteString(format[i-1 : i+1])
			}
		}
	}
	return out.String()
}

// strftimeLayouts are the conversions that package time knows too.
var strftimeLayouts = map[byte]string{
	'a': "Mon", 'A': "Monday", 'b': "Jan", 'B': "January", 'h': "Jan", 'c': "Mon Jan _2 15:04:05 2006", 'd': "02", 'D': "01/02/06",
	'F': "2006-01-02", 'H': "15", 'I': "03", 'm': "01", 'M': "04", 'p': "PM", 'P': "pm", 'r': "03:04:05 PM", 'R': "15:04", 'S': "05",
	'T': "15:04:05", 'x': "01/02/06", 'X': "15:04:05", 'y': "06", 'Y': "2006", 'z': "-0700", 'Z': "MST",
}
