// Package reports orders the reports of wait4(2) until the tracer handles them. It makes no
// system call and reads no clock, so tests drive it alone.
//
// Reports do not come in the order of what they report:
//
//   - A thread id is free after its death report, and another thread's after an exec by a thread
//     that is not the leader. A stop of the former owner that still waits then is over, so the
//     later report overtakes it.
//   - The kernel makes a new child and its parent runnable at the same time, so the child's first
//     stop, and even its death, may come before the parent's fork event. Reports of threads that
//     the tracer has no record of are held until that event gives them one.
//   - A parent that is killed between making the child and reporting it never reports it. So held
//     children that live are adopted in the end: they get a record without that event, which may
//     still come, even after the child's death.
package reports

import (
	"slices"
	"time"
)

// Report is one report of wait4(2).
type Report struct {
	TID    int
	Status uint32    // the wait status, as the kernel gave it
	At     time.Time // when it was collected
}

// IsDeath says whether the thread is dead: its record ends, and its id is free.
func (r Report) IsDeath() bool { return r.Status&0xff != 0x7f && r.Status != 0xffff }

// FreesID says whether the thread's id, or the one that it had before an execve, is free after
// this report, or another thread's.
func (r Report) FreesID() bool {
	const eventExec = 4 // PTRACE_EVENT_EXEC
	return r.IsDeath() || r.Status>>16 == eventExec
}

// How long things last that only a clock can end.
const (
	// Patience is how long a parent's event is waited for when nothing else is reported. It is
	// on its way, except for a parent that was killed between making the child and reporting it.
	Patience = 50 * time.Millisecond
	// adoptedMemory is how long after the death of an adopted thread a parent's event with its
	// id is still about that thread. Some time later the id is another thread's.
	adoptedMemory = time.Second
	// staleAfter is how long after the last look for reports another look is due, although some
	// wait: a report has the time at which it was collected.
	staleAfter = 100 * time.Microsecond
)

// Queue holds the reports that were collected and not handled yet. The zero Queue is empty and
// ready for use. It belongs to the tracer's thread.
type Queue struct {
	waiting []Report // those from head on, oldest first
	head    int
	held    []held
	// adopted has the threads that were adopted and whose parents have not reported them: the
	// zero time for one that lives, else when its record ended.
	adopted map[int]time.Time
	drained time.Time // when everything that was ready had been collected
}

// held is a report of a thread without a record.
type held struct {
	Report
	since time.Time
}

// Enqueue appends a report. If it frees the thread's id, stops of that id that wait, or are held,
// are over: no request may go to the id's new owner in their name.
func (q *Queue) Enqueue(r Report) {
	if r.FreesID() {
		over := func(o Report) bool { return o.TID == r.TID && !o.IsDeath() }
		q.held = slices.DeleteFunc(q.held, func(h held) bool { return over(h.Report) })
		q.waiting = q.waiting[:q.head+len(slices.DeleteFunc(q.waiting[q.head:], over))]
	}
	if q.head == len(q.waiting) {
		q.waiting, q.head = q.waiting[:0], 0
	}
	q.waiting = append(q.waiting, r)
}

// Next takes the oldest report; ok is false if none waits.
func (q *Queue) Next() (r Report, ok bool) {
	if q.head == len(q.waiting) {
		return Report{}, false
	}
	r = q.waiting[q.head]
	q.head++
	return r, true
}

// Waiting returns the reports that Next will return, oldest first. It is valid until the next
// change of the queue.
func (q *Queue) Waiting() []Report { return q.waiting[q.head:] }

// Drained notes that everything that was ready has been collected by now.
func (q *Queue) Drained(now time.Time) { q.drained = now }

// Stale says whether the last collection was so long ago that another one is due.
func (q *Queue) Stale(now time.Time) bool { return now.Sub(q.drained) > staleAfter }

// Hold keeps a report of a thread without a record until Release or Adopt.
func (q *Queue) Hold(r Report, now time.Time) {
	delete(q.adopted, r.TID) // that was a former owner of the id
	q.held = append(q.held, held{r, now})
}

// Holds says whether any report is held.
func (q *Queue) Holds() bool { return len(q.held) > 0 }

// HeldLong says whether the oldest held report has waited for Patience.
func (q *Queue) HeldLong(now time.Time) bool {
	return len(q.held) > 0 && now.Sub(q.held[0].since) > Patience
}

// Held returns the reports that are held, oldest first.
func (q *Queue) Held() []Report {
	list := make([]Report, 0, len(q.held))
	for _, h := range q.held {
		list = append(list, h.Report)
	}
	return list
}

// Release makes the oldest held report of a thread the next one, before all that were collected
// later: the child may be dead, and the id that of another thread whose birth is next. ok is
// false if none is held.
func (q *Queue) Release(tid int) (r Report, ok bool) {
	i := slices.IndexFunc(q.held, func(h held) bool { return h.TID == tid })
	if i < 0 {
		return Report{}, false
	}
	r = q.held[i].Report
	q.held = slices.Delete(q.held, i, i+1)
	q.waiting = slices.Insert(q.waiting, q.head, r)
	return r, true
}

// Adopt appends the held reports of threads that live to the queue. bear makes the record of such
// a thread; it returns false if there is one already. Deaths stay held.
func (q *Queue) Adopt(bear func(tid int) bool) {
	list := q.held
	q.held = nil
	for _, h := range list {
		if h.IsDeath() {
			q.held = append(q.held, h)
			continue
		}
		if bear(h.TID) {
			if q.adopted == nil {
				q.adopted = map[int]time.Time{}
			}
			q.adopted[h.TID] = time.Time{}
		}
		q.waiting = append(q.waiting, h.Report)
	}
}

// DropHeld forgets what is held. After Adopt these are deaths of threads whose births nobody has
// reported.
func (q *Queue) DropHeld() { q.held = nil }

// Adopted says whether a thread was adopted and not reported by its parent yet: one that lives, or
// one whose record has ended.
func (q *Queue) Adopted(tid int) (lives, ended bool) {
	at, ok := q.adopted[tid]
	return ok && at.IsZero(), ok && !at.IsZero()
}

// Born notes that a thread's parent has reported it. gone says that the report is about an adopted
// thread that died a short time ago: there is nobody to make a record of.
func (q *Queue) Born(tid int, now time.Time) (gone bool) {
	ended, ok := q.adopted[tid]
	delete(q.adopted, tid)
	return ok && !ended.IsZero() && now.Sub(ended) < adoptedMemory
}

// Ended notes that the record of a thread has ended.
func (q *Queue) Ended(tid int, now time.Time) {
	if lives, _ := q.Adopted(tid); lives {
		q.adopted[tid] = now
	}
}

// Renamed notes that a thread which had this id has its leader's since an execve. Its parent was a
// thread of the same group, is dead, and never reports it.
func (q *Queue) Renamed(former int) { delete(q.adopted, former) }
