package main

import (
	"errors"
	"fmt"
	"math"
	"os"
	"path"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"

	"luatrace/bindings"
	"luatrace/engine/agg"
	"luatrace/tracer/procfs"
)

// limits are the bounds on what scripts and the trace may take; 0 is none.
type limits struct {
	hookTime time.Duration
	memory   uint64 // kept by scripts
	output   uint64 // length of the trace
	read     uint64 // read by a script at once
	keys     int    // rows of an aggregation
	trace    time.Duration
	seed     uint64 // of chance in scripts
}

// defaultLimits are the bounds without an option.
func defaultLimits() limits {
	return limits{hookTime: 5 * time.Second, memory: defaultMemory(), read: bindings.DefaultMaxRead, keys: agg.DefaultMaxKeys}
}

func (o *options) checkLimits() error {
	switch l := &o.limits; {
	case l.hookTime < 0:
		return fmt.Errorf("--hook-timeout: a time from 0 (no limit) on is wanted")
	case l.keys < 1:
		return fmt.Errorf("--max-keys: a number from 1 on is wanted")
	case l.read == 0:
		return fmt.Errorf("--max-read: a size from 1 on is wanted")
	}
	return nil
}

// parseTime reads a time with its unit, or seconds.
func parseTime(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	if err != nil {
		d, err = time.ParseDuration(s + "s")
	}
	if err != nil || d <= 0 {
		return 0, errors.New("a time is wanted: 10s, 1m30s, 500ms, or seconds")
	}
	return d, nil
}

// parseSize reads bytes with K, M or G, powers of 1024, behind them.
func parseSize(s string) (uint64, error) {
	digits, shift := s, 0
	if n := len(s) - 1; n > 0 {
		if i := strings.IndexByte("KMG", s[n]&^0x20); i >= 0 && s[n] >= 'A' {
			digits, shift = s[:n], 10*(i+1)
		}
	}
	n, err := strconv.ParseUint(digits, 10, 64)
	if err != nil || n > math.MaxInt64>>shift {
		return 0, errors.New("a size is wanted, in bytes or as 64K, 512M or 2G; 0 is no limit")
	}
	return n << shift, nil
}

// defaultMemory is 1 GiB, or a quarter of what this process can get if that is
// less.
func defaultMemory() uint64 {
	limit := uint64(4 << 30)
	var si unix.Sysinfo_t
	if unix.Sysinfo(&si) == nil {
		limit = min(limit, si.Totalram*uint64(si.Unit))
	}
	var r unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_AS, &r) == nil && r.Cur != unix.RLIM_INFINITY {
		if used := addressSpace(); r.Cur > used {
			limit = min(limit, r.Cur-used)
		}
	}
	return min(limit, groupMemory()) / 4
}

// addressSpace is how much of it this process has taken: a Go program reserves
// more than a gigabyte at its start.
func addressSpace() uint64 {
	text, _ := procfs.Default().Self("statm")
	pages, _, _ := strings.Cut(string(text), " ")
	n, _ := strconv.ParseUint(pages, 10, 64)
	return n * uint64(os.Getpagesize())
}

// groupMemory is the least memory.max of the control groups (version 2) that
// this process is in.
func groupMemory() uint64 {
	least := uint64(math.MaxUint64)
	text, _ := procfs.Default().Self("cgroup")
	for line := range strings.Lines(string(text)) {
		dir, ok := strings.CutPrefix(strings.TrimSpace(line), "0::")
		if !ok {
			continue
		}
		for dir = path.Clean("/" + dir); ; dir = path.Dir(dir) {
			if b, err := os.ReadFile("/sys/fs/cgroup" + dir + "/memory.max"); err == nil {
				if n, err := strconv.ParseUint(strings.TrimSpace(string(b)), 10, 64); err == nil {
					least = min(least, n)
				}
			}
			if dir == "/" {
				break
			}
		}
	}
	return least
}
