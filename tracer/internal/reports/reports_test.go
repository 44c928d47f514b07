package reports

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// Statuses as wait4(2) gives them.
const (
	stopped = 0x857f // a syscall-stop
	exec    = 4<<16 | 0x57f
	exited  = 3 << 8
	killed  = 9
)

func TestReport(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		status       uint32
		death, frees bool
	}{
		{stopped, false, false},
		{0x137f, false, false},
		{128<<16 | 0x57f, false, false},
		{exec, false, true},
		{exited, true, true},
		{0, true, true},
		{killed, true, true},
		{0x8b, true, true},
		{0xffff, false, false}, // continued
	} {
		r := Report{Status: c.status}
		if r.IsDeath() != c.death || r.FreesID() != c.frees {
			t.Errorf("%#x: death %v, frees its id %v", c.status, r.IsDeath(), r.FreesID())
		}
	}
}

// script is what happens to a queue, one letter and an id for each step:
//
//	s7 a stop of 7 is collected, x7 its exec, d7 its death
//	n  the oldest report is taken: if there is no record of the thread, it is held
//	b7 the parent's event of 7 comes
//	a  what is held is adopted
//	e7 the record of 7 ends
//	r7 a thread that had the id 7 has another since an execve
//	w  a long time goes by
//
// The result has a word for each step that has one: what n took ("s7", "-" for none, "held"), what
// b found ("born", "known", "gone").
func script(steps string) string {
	var q Queue
	var words []string
	now := time.Unix(1, 0)
	records := map[int]bool{1: true}
	for _, step := range strings.Fields(steps) {
		var tid int
		fmt.Sscan(step[1:], &tid)
		now = now.Add(time.Millisecond)
		status := map[byte]uint32{'s': stopped, 'x': exec, 'd': exited}[step[0]]
		switch step[0] {
		case 's', 'x', 'd':
			q.Enqueue(Report{TID: tid, Status: status, At: now})
		case 'n':
			r, ok := q.Next()
			switch {
			case !ok:
				words = append(words, "-")
				continue
			case !records[r.TID]:
				q.Hold(r, now)
				words = append(words, "held")
				continue
			}
			letter := "s"
			if r.IsDeath() {
				letter = "d"
				delete(records, r.TID)
				q.Ended(r.TID, now)
			} else if r.FreesID() {
				letter = "x"
			}
			words = append(words, fmt.Sprint(letter, r.TID))
		case 'b':
			lives, _ := q.Adopted(tid)
			known := records[tid] && lives
			switch gone := q.Born(tid, now); {
			case gone:
				words = append(words, "gone")
			case known:
				words = append(words, "known")
			default:
				records[tid] = true
				words = append(words, "born")
			}
			q.Release(tid)
		case 'a':
			q.Adopt(func(tid int) bool {
				had := records[tid]
				records[tid] = true
				return !had
			})
		case 'e':
			delete(records, tid)
			q.Ended(tid, now)
		case 'r':
			delete(records, tid)
			q.Renamed(tid)
		case 'w':
			now = now.Add(time.Minute)
		}
	}
	return strings.Join(words, " ")
}

func TestQueue(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, steps, want string }{
		{"the oldest first", "s1 s1 n n n s1 n", "s1 s1 - s1"},
		{"a death overtakes stops of its thread", "s1 s1 d1 n n", "d1 -"},
		{"and no others", "b2 s2 s1 d1 n n n", "born s2 d1 -"},
		{"an exec overtakes stops of the leader", "s1 x1 s1 n n n", "x1 s1 -"},
		{"deaths stay", "b2 d2 d2 n n", "born d2 held"},
		{"a stop is held until the birth", "s2 n n b2 n n", "held - born s2 -"},
		{"held reports go first", "s2 s1 s1 n n b2 n n", "held s1 born s2 s1"},
		{"a death is held too", "d2 n b2 n", "held born d2"},
		{"a death overtakes a held stop", "s2 n d2 n b2 n n", "held held born d2 -"},
		{"two owners of an id", "d2 n s2 n b2 n b2 n", "held held born d2 born s2"},
		{"adopted", "s2 n a n d2 n", "held s2 d2"},
		{"adopted at the end of the queue", "s2 n s1 a n n", "held s1 s2"},
		{"deaths are not adopted", "d2 n a n b2 n", "held - born d2"},
		{"adopted and reported then", "s2 n a n b2 d2 n b2", "held s2 known d2 born"},
		{"adopted, dead, reported", "s2 n a n d2 n b2 b2", "held s2 d2 gone born"},
		{"adopted, dead, the id another's for long", "s2 n a n d2 n w b2", "held s2 d2 born"},
		{"adopted, dead, another's first stop", "s2 n a n d2 n s2 n b2 n", "held s2 d2 held born s2"},
		{"adopted, let go, reported", "s2 n a n e2 b2", "held s2 gone"},
		{"adopted, another's by an execve", "s2 n a n r2 b2", "held s2 born"},
		{"not adopted, dead", "b2 d2 n b2", "born d2 born"},
		{"a second report of an adopted thread", "s2 n s2 n a n n", "held held s2 s2"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			if got := script(c.steps); got != c.want {
				t.Errorf("%s: %q, want %q", c.steps, got, c.want)
			}
		})
	}
}

// TestHeld: who is held, and for how long.
func TestHeld(t *testing.T) {
	t.Parallel()
	var q Queue
	begun := time.Unix(1, 0)
	if q.Holds() || q.HeldLong(begun) || len(q.Held()) > 0 {
		t.Error("an empty queue holds something")
	}
	q.Hold(Report{TID: 2, Status: stopped}, begun)
	q.Hold(Report{TID: 3, Status: killed}, begun.Add(time.Second))
	if got := q.Held(); len(got) != 2 || got[0].TID != 2 || got[1].TID != 3 {
		t.Errorf("held: %v", got)
	}
	if q.HeldLong(begun.Add(Patience)) || !q.HeldLong(begun.Add(Patience+1)) {
		t.Error("the oldest held report does not decide")
	}
	q.Adopt(func(int) bool { return true })
	adopted := func(tid int, wantLives, wantEnded bool) {
		t.Helper()
		if lives, ended := q.Adopted(tid); lives != wantLives || ended != wantEnded {
			t.Errorf("%d: adopted and alive %v, adopted and gone %v", tid, lives, ended)
		}
	}
	adopted(2, true, false)
	adopted(3, false, false)
	q.Ended(2, begun)
	adopted(2, false, true)
	q.Born(2, begun)
	adopted(2, false, false)
	q.DropHeld()
	if q.Holds() {
		t.Error("a dropped report is held")
	}
	if _, ok := q.Release(3); ok {
		t.Error("a dropped report was released")
	}
}

// TestStale: a queue that was not refilled for long is stale.
func TestStale(t *testing.T) {
	t.Parallel()
	var q Queue
	now := time.Unix(1, 0)
	q.Drained(now)
	if q.Stale(now.Add(staleAfter)) || !q.Stale(now.Add(staleAfter+1)) {
		t.Error("stale too early or too late")
	}
}

// TestQueueAllocatesOnce: the room of reports that were taken is used again.
func TestQueueAllocatesOnce(t *testing.T) {
	var q Queue
	n := testing.AllocsPerRun(100, func() {
		for tid := range 8 {
			q.Enqueue(Report{TID: tid, Status: stopped})
		}
		for range 8 {
			q.Next()
		}
		if len(q.Waiting()) > 0 {
			t.Error("reports are left")
		}
	})
	if n > 0 {
		t.Errorf("%v allocations", n)
	}
}
