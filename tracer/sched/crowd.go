package sched

// A crowd is many tracees that stop at the same time. wait4(-1) walks the
// list of all tracees from its beginning for each report, and takes a lock of
// each that is stopped and was reported already: to collect the stops of n busy
// threads that way is n²/2 locks, most of the time of a trace of a thousand. So
// while it is crowded, each tracee is asked for by its id, which the kernel
// looks up (since Linux 5.13; before, it walks the list, but takes no locks).

// crowdStops is where the one way costs as much as the other: to ask a tracee
// costs as much as ten steps of the kernel's walk.
const crowdStops = 12

// Ready is that of Scheduler.
func (w *Waiting) Ready(reports int) { w.crowded = reports >= w.Crowd }

// Each is that of Scheduler.
func (w *Waiting) Each(tracees int) bool {
	if !w.crowded || tracees < w.Many {
		return false
	}
	w.counts.Turns++
	return true
}
