package tracer

import "luatrace/tracer/procfs"

// letGo are the processes that Detach was called for, with the times of their start: a
// number alone may be another's by now.
type letGo map[int]uint64

// pruneLetGo is after how many more of them the dead ones are forgotten.
const pruneLetGo = 256

// noteLetGo remembers a process that is being detached.
func (t *Tracer) noteLetGo(p *Process) {
	if t.letGo == nil {
		t.letGo = letGo{}
	}
	if len(t.letGo)%pruneLetGo == pruneLetGo-1 {
		for pid, start := range t.letGo {
			if ticksOfStart(pid) != start {
				delete(t.letGo, pid)
			}
		}
	}
	t.letGo[p.PID] = ticksOfStart(p.PID)
}

// isLetGo says whether a process was detached, or made by one that was. If a parent
// is gone that can't be known: then it is taken for one.
func (t *Tracer) isLetGo(pid int) bool {
	if len(t.letGo) == 0 {
		return false
	}
	for pid > 1 {
		if start, there := t.letGo[pid]; there && ticksOfStart(pid) == start {
			return true
		}
		if pid = parentOf(pid); t.procs[pid] != nil {
			return false
		}
	}
	return true
}

// ticksOfStart is when a thread was started, in clock ticks; 0 if it is gone.
func ticksOfStart(tid int) uint64 {
	text, _ := proc().ReadFile(tid, "stat")
	ticks, _ := procfs.StartOf(text)
	return ticks
}
