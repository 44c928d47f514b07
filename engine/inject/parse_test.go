package inject

import (
	"strings"
	"testing"
	"time"
)

// The invocations that each form of when= chooses, of the first twelve.
func TestWhen(t *testing.T) {
	t.Parallel()
	for text, want := range map[string][]uint64{
		"1":      {1},
		"3":      {3},
		"1+":     {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12},
		"10+":    {10, 11, 12},
		"2+4":    {2, 6, 10},
		"2..4":   {2, 3, 4},
		"2..4+":  {2, 3, 4},
		"2..9+3": {2, 5, 8},
		"5..5":   {5},
	} {
		w, err := parseWhen(text)
		if err != nil {
			t.Errorf("%s: %v", text, err)
		}
		var got []uint64
		for n := range uint64(13) {
			if n > 0 && w.has(n) {
				got = append(got, n)
			}
		}
		if len(got) != len(want) {
			t.Errorf("%s chooses %v, want %v", text, got, want)
			continue
		}
		for i := range got {
			if got[i] != want[i] {
				t.Errorf("%s chooses %v, want %v", text, got, want)
				break
			}
		}
	}
}

// Times have strace's units, microseconds where none is given.
func TestDelays(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]time.Duration{
		"10": 10 * time.Microsecond, "1.5ms": 1500 * time.Microsecond, "2s": 2 * time.Second, "1e3ns": time.Microsecond, "7us": 7 * time.Microsecond, "0": 0,
	} {
		if d, err := parseDelay(text); err != nil || *d != want {
			t.Errorf("%s is %v (%v), want %v", text, d, err, want)
		}
	}
	for _, text := range []string{"", "s", "-1", "1h", "nan", "inf", "1e300s"} {
		if d, err := parseDelay(text); err == nil {
			t.Errorf("%q is %v, want an error", text, *d)
		}
	}
}

// FuzzParse gives --inject and --fault any text.
func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"getppid:error=EPERM:when=2..4+2", "chdir:poke_enter=@arg1=2f00,@arg2=00", "%file:signal=9", "/^a:b/:retval=1", "!a,b:syscall=getpid:error=1",
		"write:delay_exit=1e3ms:when=1:when=2", "signal,read:error=EIO", "::=:=", "a:when=..",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, parse := range []func(string) (*Rule, error){Parse, ParseFault} {
			r, err := parse(text)
			if (r == nil) != (err != nil) {
				t.Errorf("%q: a rule and an error, or neither: %v", text, err)
			}
			if err == nil && r.done() == "" {
				t.Errorf("%q does nothing", text)
			}
			if err != nil && strings.TrimSpace(err.Error()) == "" {
				t.Errorf("%q: an empty error", text)
			}
		}
	})
}
