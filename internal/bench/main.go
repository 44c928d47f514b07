// Command bench measures what tracing costs, side by side: native, the least
// that the kernel's mechanisms can cost (C programs of its own), luatrace, and
// the installed strace. The commands of a case run in turn, round after round,
// so that a machine whose speed drifts is fair to all of them; medians and
// ratios of each round's pair are printed, for single times mean little.
//
//	go run ./internal/bench [-rounds 7] [-only REGEXP] [-before BINARY] [-busy] [-slow] [-json FILE]
//
// -before also runs the luatrace of another tree, to show what a change costs.
// -busy keeps all CPUs but one at work, as on a machine that does something
// else: strace is faster then, because the scheduler can't spread its stops.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

func main() {
	rounds := flag.Int("rounds", 7, "rounds of each case")
	only := flag.String("only", "", "only cases whose name matches")
	before := flag.String("before", "", "also run this luatrace, of a tree before a change")
	slow := flag.Bool("slow", false, "also the cases that take minutes: a build")
	busy := flag.Bool("busy", false, "keep all CPUs but one at work")
	jsonFile := flag.String("json", "", "write the results to this file as well")
	serve := flag.Bool("serve", false, "for bench itself: REQUESTS DIR [TRACER...] measures nginx under ab")
	flag.Parse()
	if *serve {
		if err := served(flag.Args()); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			os.Exit(1)
		}
		return
	}
	if err := run(*rounds, *only, *before, *busy, *slow, *jsonFile); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// machine says where the figures come from.
type machine struct {
	Kernel string `json:"kernel"`
	CPUs   int    `json:"cpus"`
	Busy   bool   `json:"busy"`
	Go     string `json:"go"`
	Strace string `json:"strace"`
}

type results struct {
	Machine machine  `json:"machine"`
	Rounds  int      `json:"rounds"`
	Cases   []result `json:"cases"`
}

func run(rounds int, only, before string, busy, slow bool, jsonFile string) error {
	pattern, err := regexp.Compile(only)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "luatrace-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	tools, err := build(dir)
	if err != nil {
		return err
	}
	m := describeMachine(busy)
	fmt.Printf("%d CPUs, Linux %s, %s, %s, %d rounds, other CPUs %s\n\n", m.CPUs, m.Kernel, m.Go, m.Strace, rounds,
		map[bool]string{true: "busy", false: "idle"}[busy])
	if busy {
		stop := keepBusy(m.CPUs - 1)
		defer stop()
	}
	res := results{Machine: m, Rounds: rounds}
	failed := 0
	for _, c := range cases(tools, busy, slow) {
		if !pattern.MatchString(c.name) {
			continue
		}
		if first := c.subjects[0]; before != "" && first.argv[0] == tools.luatrace {
			first.name, first.argv = "before", append([]string{before}, first.argv[1:]...)
			c.subjects = append(c.subjects, first)
		}
		r, err := c.measure(rounds)
		if err != nil {
			return fmt.Errorf("%s: %w", c.name, err)
		}
		r.print()
		if !r.met() {
			failed++
		}
		res.Cases = append(res.Cases, r)
	}
	fmt.Printf("%d cases, %d with a target missed\n", len(res.Cases), failed)
	if jsonFile == "" {
		return nil
	}
	b, err := json.MarshalIndent(res, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(jsonFile, append(b, '\n'), 0o644)
}

func describeMachine(busy bool) machine {
	var u unix.Utsname
	unix.Uname(&u)
	m := machine{Kernel: unix.ByteSliceToString(u.Release[:]), CPUs: runtime.NumCPU(), Busy: busy, Go: runtime.Version(), Strace: "no strace"}
	if out, err := exec.Command("strace", "--version").Output(); err == nil {
		first, _, _ := strings.Cut(string(out), "\n")
		m.Strace = strings.Replace(first, " -- version", "", 1)
	}
	return m
}

// tools are the programs that the cases run.
type tools struct{ luatrace, empty, load, notify, stops, closes, dir string }

// build compiles luatrace, a program that does nothing, and the C programs.
func build(dir string) (*tools, error) {
	t := &tools{dir: dir, luatrace: filepath.Join(dir, "luatrace"), empty: filepath.Join(dir, "empty")}
	nothing := filepath.Join(dir, "empty.go")
	if err := os.WriteFile(nothing, []byte("package main\n\nfunc main() {}\n"), 0o644); err != nil {
		return nil, err
	}
	for path, source := range map[string]string{t.luatrace: "luatrace/cmd/luatrace", t.empty: nothing} {
		cmd := exec.Command("go", "build", "-o", path, source)
		cmd.Env = append(os.Environ(), "CGO_ENABLED=0") // as the README says
		if out, err := cmd.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("go build: %w\n%s", err, out)
		}
	}
	for name, path := range map[string]*string{"load": &t.load, "notify": &t.notify, "stops": &t.stops, "closes": &t.closes} {
		text, err := floors.ReadFile("floors/" + name + ".c")
		if err != nil {
			return nil, err
		}
		source := filepath.Join(dir, name+".c")
		if err := os.WriteFile(source, text, 0o644); err != nil {
			return nil, err
		}
		*path = filepath.Join(dir, name)
		if out, err := exec.Command("cc", "-O2", "-pthread", "-o", *path, source).CombinedOutput(); err != nil {
			return nil, fmt.Errorf("cc %s.c: %w\n%s", name, err, out)
		}
	}
	return t, nil
}
