package main

import (
	"regexp"
	"sort"
	"strings"
)

// maskStamp replaces the digits of a time stamp, so that its form can still be
// compared. One of -r has as many blanks as the seconds leave.
func maskStamp(stamp string) string {
	return digits.ReplaceAllString(strings.TrimLeft(stamp, " "), "T")
}

var digits = regexp.MustCompile(`\d`)

// rule replaces what no two runs have in common. The groups stay.
type rule struct {
	pattern *regexp.Regexp
	with    string
}

// rules are applied in order, after the ids of processes.
var rules = []rule{
	// how long a call took (-T)
	{regexp.MustCompile(` <\d+\.(\d+)>$`), ` <time>`},
	{regexp.MustCompile(`0x[0-9a-f]{6,}`), `0xADDR`},
	// dates, with the seconds they stand for
	{regexp.MustCompile(`\d{9,}(\.?)\d* /\* \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.?)\d*([+-]\d+) \*/`), `T$1 /* date$2$3 */`},
	{regexp.MustCompile(`/\* \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.?)\d*([+-]\d+) \*/`), `/* date$1$2 */`},
	{regexp.MustCompile(`((?:tv_sec|st_[amc]time|stx_[a-z]*time|tv_sec)=)\d{9,}`), `${1}T`},
	{regexp.MustCompile(`(time\(.*\) += )\d{10}( |$)`), `${1}T${2}`},
	// parts of a second that nobody chose
	{regexp.MustCompile(`(tv_nsec=|_nsec=)\d*[1-9]\d{0,5}\b`), `${1}T`},
	{regexp.MustCompile(`(tv_usec=)\d*[1-9]\d{0,2}\b`), `${1}T`},
	{regexp.MustCompile(`((?:si|tms)_c?[us]time=)\d+(?: /\* \d+\.\d\d s \*/)?`), `${1}T`},
	{regexp.MustCompile(`(nlmsg_seq=)\d{9,}`), `${1}T`}, // often a time
	// files made anew for each run
	{regexp.MustCompile(`((?:st_ino|stx_ino|d_ino|d_off|stx_mnt_id)=)\d+`), `${1}N`},
	{regexp.MustCompile(`((?:pipe|socket|TCP|TCPv6|UDP|UDPv6|UNIX|UNIX-STREAM|UNIX-DGRAM|UNIX-SEQPACKET|NETLINK|RAW|PING|mnt|net|pid|user|uts|ipc|cgroup|time):\[)\d+(->\d+)?`), `${1}N`},
	// ports chosen by the kernel (from 32768), and ids netlink sockets get
	{regexp.MustCompile(`(htons\()(?:3276[89]|327[7-9]\d|32[89]\d\d|3[3-9]\d{3}|[4-6]\d{4})\)`), `${1}PORT)`},
	{regexp.MustCompile(`(\d\.\d+\.\d+\.\d+:)(?:3276[89]|327[7-9]\d|32[89]\d\d|3[3-9]\d{3}|[4-6]\d{4})\b`), `${1}PORT`},
}

// masker knows the ids of a trace's processes, and the names of the files it made.
type masker struct {
	names map[string]string
	files map[string]bool
	temp  *regexp.Regexp // those that the other trace doesn't have, or nil
}

var (
	number = regexp.MustCompile(`\b[1-9]\d+\b`)
	// results that are ids of others than the tasks of the trace
	idResult = regexp.MustCompile(`^(?:getppid|getpgrp|getpgid|getsid|setsid|getpid|gettid|set_tid_address|fork|vfork|clone|clone3|wait4)\(.*\) += (\d+)(?: <\d+\.\d+>)?$`)
	// calls whose numbers are sizes, though some process has the same one for its id
	noIDs = regexp.MustCompile(`^(?:mmap|munmap|mprotect|mremap|madvise|p?(?:read|write)(?:64|v|v2)?|lseek|(?:new)?f?stat(?:at|x)?|lstat|getdents64|getrandom|ftruncate)\(`)
	// strings, and what descriptors stand for
	names = regexp.MustCompile(`"(?:[^"\\]|\\.)*"|<[^>]*>`)
	// the last part of the name of a file that must not exist yet
	made = regexp.MustCompile(`^(?:open(?:at)?\(.*?"(?:[^"]*/)?([^"/]+)", [^"]*O_EXCL|(?:mkdir(?:at)?|mknod(?:at)?)\(.*?"(?:[^"]*/)?([^"/]+)"|(?:sym)?link\(".*", "(?:[^"]*/)?([^"/]+)")`)
	pgrp = regexp.MustCompile(`(?:TIOCGPGRP|TIOCSPGRP|TIOCGSID|st_pid|nl_pid|si_pid|l_pid|tgkill\(|kill\()[^0-9]{0,4}(\d+)`)
)

func newMasker(paths map[string]string) *masker {
	m := &masker{names: map[string]string{}, files: map[string]bool{}}
	for id, path := range paths {
		m.names[id] = "<task " + path + ">"
	}
	return m
}

// learn looks for ids in a line: those that the tasks of the trace don't have.
func (m *masker) learn(l string) {
	for _, p := range []*regexp.Regexp{idResult, pgrp} {
		for _, f := range p.FindAllStringSubmatch(l, -1) {
			if len(f[1]) > 1 && m.names[f[1]] == "" {
				m.names[f[1]] = "<other task>"
			}
		}
	}
	if f := made.FindStringSubmatch(l); f != nil {
		if name := f[1] + f[2] + f[3]; len(name) >= 6 {
			m.files[name] = true
		}
	}
}

// compareFiles finds the files that only one of the traces made: they have
// names chosen at random.
func (m *masker) compareFiles(other *masker) {
	m.temp, other.temp = without(m.files, other.files), without(other.files, m.files)
}

func without(a, b map[string]bool) *regexp.Regexp {
	var only []string
	for name := range a {
		if !b[name] {
			only = append(only, regexp.QuoteMeta(name))
		}
	}
	if len(only) == 0 {
		return nil
	}
	sort.Strings(only)
	return regexp.MustCompile(strings.Join(only, "|"))
}

// mask replaces what no two runs have in common.
func (m *masker) mask(l string) string {
	name := func(s string) string {
		if name := m.names[s]; name != "" {
			return name
		}
		return s
	}
	ids := func(s string) string { return number.ReplaceAllStringFunc(s, name) }
	if noIDs.MatchString(l) {
		l = names.ReplaceAllStringFunc(l, ids)
	} else {
		l = ids(l)
	}
	if m.temp != nil {
		l = m.temp.ReplaceAllString(l, "<temporary>")
	}
	for _, r := range rules {
		l = r.pattern.ReplaceAllString(l, r.with)
	}
	return l
}
