package decode

import (
	"fmt"
	"math"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"
	"time"

	"luatrace/tracer/syscalls"
)

// coldCalls are what true(1) and then ls(1) do first, the calls a trace of
// nearly any program begins with.
var coldCalls = []struct {
	name string
	args [6]uint64
}{
	{"execve", [6]uint64{0x1000, 0x1100, 0x1100}},
	{"brk", [6]uint64{0}},
	{"mmap", [6]uint64{0, 8192, 3, 0x22, 0xffffffff}},
	{"access", [6]uint64{0x1000, 4}},
	{"openat", [6]uint64{0xffffff9c, 0x1000, 0o2000000}},
	{"newfstatat", [6]uint64{3, 0x1080, 0x1200, 0x1000}},
	{"close", [6]uint64{3}},
	{"read", [6]uint64{3, 0x1000, 832}},
	{"pread64", [6]uint64{3, 0x1000, 784, 64}},
	{"arch_prctl", [6]uint64{0x1002, 0x7000}},
	{"set_tid_address", [6]uint64{0x7000}},
	{"set_robust_list", [6]uint64{0x7000, 24}},
	{"rseq", [6]uint64{0x7000, 32, 0, 0x53053053}},
	{"mprotect", [6]uint64{0x7000, 4096, 1}},
	{"prlimit64", [6]uint64{0, 3, 0, 0x1200}},
	{"munmap", [6]uint64{0x7000, 4096}},
	{"exit_group", [6]uint64{0}},
	{"statfs", [6]uint64{0x1000, 0x1200}},
	{"ioctl", [6]uint64{1, 0x5401, 0x1200}},
	{"getdents64", [6]uint64{3, 0x1200, 0}},
	{"write", [6]uint64{1, 0x1000, 5}},
}

// TestColdChild is the child of BenchmarkCold: it prints how long it took to
// find and format the lines of the calls named in its environment, in
// nanoseconds.
func TestColdChild(t *testing.T) {
	n, err := strconv.Atoi(os.Getenv("LUATRACE_COLD"))
	if err != nil {
		return // an ordinary run of the tests
	}
	mem := &block{0x1000, append([]byte("/etc/ld.so.cache\x00"), make([]byte, 4096)...)}
	var line []byte
	start := time.Now()
	for _, c := range coldCalls[:n] {
		found := time.Now()
		nr, _ := syscalls.Number(syscalls.AMD64, c.name)
		call := &Call{ABI: syscalls.AMD64, NR: nr, Sig: syscalls.Lookup(syscalls.AMD64, nr), Mem: mem, Args: c.args, Exited: true}
		at := time.Now()
		line = DefaultText.AppendCall(line[:0], call)
		if os.Getenv("LUATRACE_COLD_LINES") != "" {
			fmt.Printf("%9s %9s %s\n", at.Sub(found), time.Since(at), line)
		}
	}
	fmt.Printf("cold %d\n", time.Since(start))
}

// BenchmarkCold measures what the tables cost a process that has used nothing
// of them: ns/cold is the time in the tables, ns/best the least of all runs,
// ns/op the time of the whole process.
func BenchmarkCold(b *testing.B) {
	for _, c := range []struct {
		what  string
		calls int
	}{{"none", 0}, {"execve", 1}, {"openat", 5}, {"true", 17}, {"ls", len(coldCalls)}} {
		b.Run(c.what, func(b *testing.B) {
			total, best := 0, math.MaxInt
			for b.Loop() {
				cmd := exec.Command(os.Args[0], "-test.run=^TestColdChild$")
				cmd.Env = append(os.Environ(), "LUATRACE_COLD="+strconv.Itoa(c.calls))
				out, err := cmd.Output()
				if err != nil {
					b.Fatal(err)
				}
				_, rest, _ := strings.Cut(string(out), "cold ")
				ns, err := strconv.Atoi(strings.TrimSpace(strings.SplitN(rest, "\n", 2)[0]))
				if err != nil {
					b.Fatalf("%q: %v", out, err)
				}
				total, best = total+ns, min(best, ns)
			}
			b.ReportMetric(float64(total)/float64(b.N), "ns/cold")
			b.ReportMetric(float64(best), "ns/best")
		})
	}
}
