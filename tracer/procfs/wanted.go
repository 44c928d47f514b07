package procfs

import "sync"

var blind struct {
	sync.Mutex
	report func(why string)
	told   bool
}

// OnBlind sets the function that is told, once, that somebody has wanted what a
// /proc that is of no use would know: nobody is to take the silence for an
// answer.
func OnBlind(report func(why string)) {
	blind.Lock()
	defer blind.Unlock()
	blind.report = report
}

// Wanted is called before something is looked up that a script or a line of
// output wants; what luatrace looks up for itself is not told about.
func (f *FS) Wanted() {
	if f.view != None {
		return
	}
	blind.Lock()
	report := blind.report
	if blind.told {
		report = nil
	}
	if report != nil {
		blind.told = true
	}
	blind.Unlock()
	if report != nil {
		report(f.why)
	}
}
