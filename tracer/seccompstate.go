package tracer

// seccompState is what the tracer knows of seccomp in a task, beside our own filter.
type seccompState struct {
	own      *ownFilter // the filters that it has installed, or inherited from who did
	strict   strictness
	confined confinement
}

// strictness says whether a task is in strict mode, which the tracer enforces, see strict.go.
type strictness uint8

const (
	strictNot      strictness = iota
	strictEntering            // the call in progress enters it
	strictOn
)

// confinement says whether seccomp looks at the calls of a task without our filter.
type confinement uint8

const (
	confinedUnknown confinement = iota
	confinedNot
	confinedYes
)

// inherit makes s that of a child: the kernel copies filters. A task in strict mode makes no child.
func (s *seccompState) inherit(parent *seccompState) { *s = seccompState{own: parent.own} }

// install notes a filter that a task has installed, or has got by another's
// SECCOMP_FILTER_FLAG_TSYNC.
func (s *seccompState) install(f *ownFilter) { s.own, s.confined = f, confinedUnknown }

// confinesItself says whether a task is in strict mode, or about to enter it: the process must stay
// ours then.
func (s *seccompState) confinesItself() bool { return s.strict != strictNot }

// isConfined says whether seccomp looks at the calls of a task without our filter. It asks, by a
// function that returns the field Seccomp of /proc/TID/status, unless nothing has changed since.
func (s *seccompState) isConfined(ask func() string) bool {
	if s.confined == confinedUnknown {
		s.confined = confinedYes
		if ask() == "0" {
			s.confined = confinedNot
		}
	}
	return s.confined == confinedYes
}
