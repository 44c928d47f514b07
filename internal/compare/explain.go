package main

import (
	"regexp"
	"strings"
)

// explanation tells why lines of a kind differ and always will: because of the
// program or of time, not of the tracers. The narrower, the better: what it
// fits is no longer looked at.
type explanation struct {
	program string // pattern of the whole name of the program, "" for all
	call    string // pattern of the whole name of the call
	fits    func(left, right string) bool
	why     string
}

var explanations = []*explanation{
	{call: `getrandom`, fits: otherStrings, why: "random bytes"},
	{program: `git-.*|sqlite|ps|curl|http|ssh-keygen|openssl|stat|ls|dd|tar|gzip|date|df|free|py-socket|py-select|ss|perl|gcc|make`,
		call: `(p?read|p?write)(64|v)?|recv(from|msg)|send(to|msg)|mmap|munmap|lseek`, fits: otherContents,
		why: "contents: random bytes, times, inodes, process ids and check sums of them, and how much arrived at once"},
	{call: `sysinfo|f?statfs|times|getrusage`, fits: otherNumbers, why: "time, memory, load and free space at that moment"},
	{call: `sched_getaffinity`, fits: otherNumbers, why: "luatrace lets a busy program share its CPU"},
	{call: `p?poll|p?select6?|epoll_p?wait2?|clock_nanosleep`, fits: otherResults, why: "how long it has waited, and what was ready by then"},
	{call: `rt_sigreturn`, fits: anyPair, why: "the signal came in another call"},
	{program: `git-.*|py-threads|py-subprocess|http|curl|make`, call: `futex`, fits: anyPair, why: "threads meet in another order"},
	{program: `xargs|git-clone|signals|jobs|timeout`, call: `wait4|rt_sigsuspend|p?poll`, fits: anyPair, why: "what happens first, or at the same time"},
	{program: `git-.*`, call: `getdents64`, fits: anyPair, why: "directories are in the order of the hashes of temporary names"},
	{call: `ioctl`, fits: func(l, r string) bool { return strings.Contains(l, "FICLONE") && anyPair(l, r) },
		why: "with -y: strace 6.1 does not know that the argument is a descriptor"},
	{call: `(send|recv)msg|sendto|recvfrom|ioctl|prctl|socket|.*sockopt`, fits: func(l, r string) bool {
		return strings.Contains(l, "_??? */") && strings.Count(l, "_??? */") > strings.Count(r, "_??? */")
	}, why: "names that are newer than the installed strace"},
	{program: `http|curl|git-clone|xargs`, call: `.*`, fits: otherNumbers, why: "threads and processes meet in another order, and get other descriptors and sizes"},
	{call: `newfstatat|statx|stat`, fits: func(l, r string) bool { return systemFile.MatchString(l) && otherNumbers(l, r) },
		why: "files that other programs change meanwhile"},
	{call: `.*`, fits: func(l, r string) bool { return l == "" || r == "" },
		why: "in one of the runs only: what comes first depends on time"},
}

var (
	systemFile = regexp.MustCompile(`"/(?:tmp|proc/[^"]*|run/[^"]*|dev/[^"]*)?"`)
	number10   = regexp.MustCompile(`\d+|\bT\b`)
)

func anyPair(l, r string) bool { return l != "" && r != "" }

// withoutNumbers is a line with its decimal numbers masked, and the blanks
// that come of their lengths.
func withoutNumbers(s string) string {
	return number10.ReplaceAllString(loose(s), "N")
}

func withoutStrings(s string) string {
	s = anyString.ReplaceAllString(loose(s), `""`)
	return strings.ReplaceAll(s, `""...`, `""`)
}

// otherStrings reports whether two lines differ only inside quotes.
func otherStrings(l, r string) bool { return withoutStrings(l) == withoutStrings(r) }

// otherNumbers reports whether two lines differ only in numbers.
func otherNumbers(l, r string) bool { return withoutNumbers(l) == withoutNumbers(r) }

// otherContents reports whether two lines differ only in numbers and inside quotes.
func otherContents(l, r string) bool {
	return withoutNumbers(withoutStrings(l)) == withoutNumbers(withoutStrings(r))
}

// otherResults reports whether two lines differ only in numbers and results.
func otherResults(l, r string) bool {
	l, _, ok := strings.Cut(loose(l), ") = ")
	r, _, ok2 := strings.Cut(loose(r), ") = ")
	return ok && ok2 && withoutNumbers(l) == withoutNumbers(r)
}

// explain returns what tells why a pair differs, nil if nobody knows.
func (d *difference) explain() *explanation {
	for _, e := range explanations {
		if whole(e.program, d.program) && whole(e.call, d.call) && e.fits(d.left, d.right) {
			return e
		}
	}
	return nil
}

// whole reports whether a pattern fits all of s; an empty one fits anything.
func whole(pattern, s string) bool {
	return pattern == "" || regexp.MustCompile("^(?:"+pattern+")$").MatchString(s)
}
