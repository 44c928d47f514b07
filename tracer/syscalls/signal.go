package syscalls

import (
	"strconv"
	"strings"
	"sync"
)

// The kernel's range of real-time signals. C libraries keep the first two or
// three for themselves, so their SIGRTMIN is higher (34 in glibc); strace and
// this package count from the kernel's.
const (
	SIGRTMIN = 32
	SIGRTMAX = 64
)

// realtimeNames is indexed by signal number - SIGRTMIN.
var realtimeNames = sync.OnceValue(func() *[SIGRTMAX - SIGRTMIN + 1]string {
	var names [SIGRTMAX - SIGRTMIN + 1]string
	names[0] = "SIGRTMIN"
	for i := 1; i < len(names); i++ {
		names[i] = "SIGRT_" + strconv.Itoa(i)
	}
	return &names
})

// SignalName returns the name of a signal number: "SIGTERM" for 15, "SIGRTMIN"
// for 32 and "SIGRT_1" to "SIGRT_32" for the real-time signals after it, as
// strace names them; "" for any other number, 0 included. It does not allocate
// after the first real-time signal.
func SignalName(n int) string {
	switch {
	case n > 0 && n < len(signals):
		return signals[n]
	case n >= SIGRTMIN && n <= SIGRTMAX:
		return realtimeNames()[n-SIGRTMIN]
	}
	return ""
}

// signalAliases are second names of signals (asm/signal.h).
var signalAliases = map[string]int{"IOT": 6, "CLD": 17, "POLL": 29}

// Signal returns the number of a signal: "SIGTERM", "TERM", "term", "15",
// "SIGRT_1", "RTMIN", "SIGRTMIN+1", "RTMAX-1". Numbers must be in 1..64.
func Signal(name string) (int, bool) {
	if n, err := strconv.Atoi(name); err == nil {
		return n, n >= 1 && n <= SIGRTMAX
	}
	s := strings.TrimPrefix(strings.ToUpper(name), "SIG")
	for n, full := range signals {
		if full != "" && full[3:] == s {
			return n, true
		}
	}
	if n, ok := signalAliases[s]; ok {
		return n, true
	}
	return realtime(s)
}

// realtime parses the name of a real-time signal without "SIG".
func realtime(s string) (int, bool) {
	n := 0
	switch {
	case s == "RTMIN":
		return SIGRTMIN, true
	case s == "RTMAX":
		return SIGRTMAX, true
	case strings.HasPrefix(s, "RT_"):
		n = offset(SIGRTMIN, s[3:], 1)
	case strings.HasPrefix(s, "RTMIN+"):
		n = offset(SIGRTMIN, s[6:], 1)
	case strings.HasPrefix(s, "RTMAX-"):
		n = offset(SIGRTMAX, s[6:], -1)
	}
	return n, n >= SIGRTMIN && n <= SIGRTMAX
}

// offset returns from plus or minus an unsigned decimal number, or 0 if s is
// not one.
func offset(from int, s string, sign int) int {
	d, err := strconv.ParseUint(s, 10, 8)
	if err != nil {
		return 0
	}
	return from + sign*int(d)
}

// SignalNames returns the names of all signals in the order of their numbers,
// for suggestions and help.
func SignalNames() []string {
	var names []string
	for n := 1; n <= SIGRTMAX; n++ {
		if s := SignalName(n); s != "" {
			names = append(names, s)
		}
	}
	return names
}
