package trial

import (
	"slices"
	"syscall"

	"golang.org/x/sys/unix"
)

// PIDs lists the living processes of the command.
func (p *Process) PIDs() []int { return p.own() }

// SignalOne sends a signal to one of the command's processes, and surely to no other that got
// its number meanwhile. ESRCH means that it has ended.
func (p *Process) SignalOne(pid int, sig syscall.Signal) error {
	fd, err := unix.PidfdOpen(pid, 0)
	if err != nil {
		return err
	}
	defer unix.Close(fd)
	// who has the number now has it as long as the descriptor means a living process
	if !slices.Contains(p.own(), pid) {
		return unix.ESRCH
	}
	return unix.PidfdSendSignal(fd, sig, nil, 0)
}
