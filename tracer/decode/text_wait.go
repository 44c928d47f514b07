package decode

import "strconv"

// appendWait prints a wait status with the macros that take it apart.
func appendWait(dst []byte, status int) []byte {
	const (
		core      = 0x80
		continued = 0xffff
		stopped   = 0x7f
	)
	sig := status & 0x7f
	dst = append(dst, '{')
	rest := 0
	switch {
	case status == continued:
		dst = append(dst, "WIFCONTINUED(s)"...)
	case status&0xff == stopped:
		dst = append(dst, "WIFSTOPPED(s) && WSTOPSIG(s) == "...)
		if status>>8&0x80 != 0 { // PTRACE_O_TRACESYSGOOD
			dst = append(appendSignal(dst, int64(status>>8&0x7f)), " | 0x80"...)
		} else {
			dst = appendSignal(dst, int64(status>>8&0xff))
		}
		rest = status &^ 0xffff
	case sig == 0:
		dst = append(dst, "WIFEXITED(s) && WEXITSTATUS(s) == "...)
		dst = strconv.AppendInt(dst, int64(status>>8&0xff), 10)
		rest = status &^ 0xff00
	default:
		dst = append(dst, "WIFSIGNALED(s) && WTERMSIG(s) == "...)
		dst = appendSignal(dst, int64(sig))
		if status&core != 0 {
			dst = append(dst, " && WCOREDUMP(s)"...)
		}
		rest = status &^ (0x7f | core)
	}
	dst = append(dst, '}')
	if rest == 0 {
		return dst
	}
	return appendHex(append(dst, " | "...), uint64(uint32(rest)))
}
