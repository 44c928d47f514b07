package main

import (
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"syscall"
	"time"
)

// subject is one of the commands of a case.
type subject struct {
	name string
	argv []string
	per  int // calls it makes, by which its time is divided
	// inside takes the time a call took from what the program prints: without
	// start-up and the making of threads.
	inside bool
}

// target is a bound of the ratio of luatrace's time to another subject's, or, with
// more, of the difference in microseconds.
type target struct {
	to   string
	max  float64
	more float64
}

// benchCase compares luatrace, its first subject, with the others.
type benchCase struct {
	name     string
	before   func() error // runs before each subject, not measured
	subjects []subject
	targets  []target
	maxRSS   int64 // KiB of the first subject, 0: no bound
}

// result is what a case gave.
type result struct {
	Name   string             `json:"name"`
	Median map[string]float64 `json:"median_us"` // microseconds a call (or a run), by subject
	CPU    map[string]float64 `json:"cpu_us"`    // the same of CPU time, of the subject and what it ran
	Ratio  map[string]ratio   `json:"ratio"`     // of luatrace to the other subjects
	RSS    int64              `json:"peak_rss_kib,omitempty"`

	order  []string
	maxRSS int64
}

type ratio struct {
	Median float64 `json:"median"`
	Min    float64 `json:"min"`
	Max    float64 `json:"max"`
	CPU    float64 `json:"cpu"`           // the median of CPU time: other work on the machine disturbs it less
	More   float64 `json:"difference_us"` // the median of the differences
	Target float64 `json:"target,omitempty"`
	Most   float64 `json:"target_us,omitempty"` // of the difference
}

// missed says whether the target was.
func (q ratio) missed() bool {
	return q.Target > 0 && q.Median > q.Target || q.Most > 0 && q.More > q.Most
}

// measure runs the subjects in turn. A first round is not counted.
func (c *benchCase) measure(rounds int) (result, error) {
	r := result{Name: c.name, Median: map[string]float64{}, CPU: map[string]float64{}, Ratio: map[string]ratio{}, maxRSS: c.maxRSS}
	times, cpus := map[string][]float64{}, map[string][]float64{}
	for round := range rounds + 1 {
		for _, s := range c.subjects {
			if c.before != nil {
				if err := c.before(); err != nil {
					return r, err
				}
			}
			us, cpu, rss, err := s.run()
			if err != nil {
				return r, fmt.Errorf("%s: %w", s.name, err)
			}
			if round > 0 {
				times[s.name] = append(times[s.name], us)
				cpus[s.name] = append(cpus[s.name], cpu)
			}
			if s.name == c.subjects[0].name && c.maxRSS > 0 {
				r.RSS = max(r.RSS, rss)
			}
		}
	}
	first, firstCPU := times[c.subjects[0].name], cpus[c.subjects[0].name]
	for i, s := range c.subjects {
		r.order = append(r.order, s.name)
		r.Median[s.name], r.CPU[s.name] = median(times[s.name]), median(cpus[s.name])
		if i == 0 {
			continue
		}
		var rs, cs, more []float64
		for k, t := range times[s.name] {
			rs, cs, more = append(rs, first[k]/t), append(cs, firstCPU[k]/cpus[s.name][k]), append(more, first[k]-t)
		}
		q := ratio{Median: median(rs), Min: slices.Min(rs), Max: slices.Max(rs), CPU: median(cs), More: median(more)}
		for _, t := range c.targets {
			if t.to == s.name {
				q.Target, q.Most = t.max, t.more
			}
		}
		r.Ratio[s.name] = q
	}
	return r, nil
}

// run runs a subject once and returns the microseconds a call, on the clock and of the
// CPUs, and the peak memory in KiB.
func (s *subject) run() (us, cpu float64, rss int64, err error) {
	cmd := exec.Command(s.argv[0], s.argv[1:]...)
	start := time.Now()
	out, err := cmd.CombinedOutput()
	d := time.Since(start)
	if err != nil {
		return 0, 0, 0, fmt.Errorf("%s: %w\n%s", strings.Join(s.argv, " "), err, out)
	}
	cpu = float64((cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Microseconds()) / float64(s.per)
	if u, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		rss = u.Maxrss
	}
	if s.inside {
		var ns float64
		if _, err := fmt.Sscan(string(out), &ns); err != nil {
			return 0, 0, 0, fmt.Errorf("%s: %w in %q", strings.Join(s.argv, " "), err, out)
		}
		return ns / 1000, cpu, rss, nil
	}
	return float64(d.Microseconds()) / float64(s.per), cpu, rss, nil
}

func median(v []float64) float64 {
	v = slices.Clone(v)
	slices.Sort(v)
	n := len(v)
	if n%2 == 1 {
		return v[n/2]
	}
	return (v[n/2-1] + v[n/2]) / 2
}

// met says whether all targets were met.
func (r *result) met() bool {
	for _, q := range r.Ratio {
		if q.missed() {
			return false
		}
	}
	return r.maxRSS == 0 || r.RSS <= r.maxRSS
}

func (r *result) print() {
	fmt.Println(r.Name)
	for i, name := range r.order {
		fmt.Printf("  %-28s %12.2f us %12.2f us CPU", name, r.Median[name], r.CPU[name])
		if i > 0 {
			q := r.Ratio[name]
			fmt.Printf("   ratio %7.3f  (%.3f to %.3f), CPU %.3f", q.Median, q.Min, q.Max, q.CPU)
			verdict := map[bool]string{false: "met", true: "MISSED"}[q.missed()]
			switch {
			case q.Target > 0:
				fmt.Printf("  target %.3g %s", q.Target, verdict)
			case q.Most > 0:
				fmt.Printf("  %+.0f us, target %.0f %s", q.More, q.Most, verdict)
			}
		}
		fmt.Println()
	}
	if r.maxRSS > 0 {
		fmt.Printf("  peak memory %d KiB, bound %d\n", r.RSS, r.maxRSS)
	}
	fmt.Println()
}

// keepBusy occupies n CPUs until stop is called.
func keepBusy(n int) (stop func()) {
	var cmds []*exec.Cmd
	for range n {
		cmd := exec.Command("sh", "-c", "while :; do :; done")
		if cmd.Start() == nil {
			cmds = append(cmds, cmd)
		}
	}
	return func() {
		for _, c := range cmds {
			c.Process.Kill()
			c.Wait()
		}
	}
}
