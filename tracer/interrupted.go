package tracer

// The kernel's restart codes of include/linux/errno.h that matter here.
const (
	erestartsys    = 512 // restarted unless a handler without SA_RESTART runs
	erestartnointr = 513 // restarted always
	erestartBlock  = 516 // restart_syscall goes on with it
)

// interruptedAsking says whether an exit stop is not that of the call itself: a
// call that waits for its notification to be received can be interrupted by a
// signal, whatever call it is, and then ends with ERESTARTSYS without having
// run. Here it is the second notification of an upgraded call.
func (t *Tracer) interruptedAsking(task *Task, s *syscallInfo) bool {
	u := task.upgrade
	if u == nil || !u.entered || s.rval() != -erestartsys || t.filter == nil {
		return false
	}
	action, _ := t.filter.Decide(s.arch, uint32(task.Call.NR), &task.Call.Args)
	return action == FilterNotify
}

// askAgain makes the call that interruptedAsking found be restarted, after the
// signal's handler if there is one; its entry stop is then shown once more.
func (t *Tracer) askAgain(task *Task) {
	task.upgrade.entered = false
	task.inCall = false
	var r Registers
	if getRegs(task.TID, &r) == 0 {
		restart := -int64(erestartnointr)
		r.setResult(uint64(restart))
		setRegs(task.TID, &r)
	}
	t.Resume(task)
}

// changedCall says whether a notification is that of a call which was changed
// at its entry stop: the kernel asks the filter again about what it became.
func (t *Task) changedCall(n *Notification) bool {
	return t.inCall && t.made != nil && n.ip == t.Call.IP
}
