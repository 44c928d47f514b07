package chaos

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"luatrace/internal/reliability/trial"
)

var sequencing = Experiment{
	Name: "events",
	Says: "Threads number their calls, also in a handler of a 2 kHz signal; hooks, of which some take their time, see each number once and in order, while all threads are moved from CPU to CPU at random. " +
		"In the row filtered the hook is on another call, and only the program's own count is checked.",
	Small: 1500, Large: 100000,
	run: func(l *Lab, n int) {
		const threads = 4
		c := l.command(append(l.Row.With(l.Luatrace, l.numbers()), l.fixture("sequence"), strconv.Itoa(threads), strconv.Itoa(n), "signals")...)
		c.Timeout = time.Minute + time.Duration(n)*10*time.Millisecond
		p := l.start(c)
		if p == nil {
			return
		}
		quit := make(chan struct{})
		var pinning sync.WaitGroup
		pinning.Go(func() { pin(p, rand.New(rand.NewPCG(l.Seed, 1)), quit) })
		var made, handled, wrong int64
		o := l.wait(p)
		close(quit)
		pinning.Wait()
		if _, err := fmt.Sscanf(o.Stdout, "calls %d handled %d wrong %d\n", &made, &handled, &wrong); err != nil || o.Ended() != "exit 0" || made != int64(threads*n) || wrong != 0 {
			l.problem("ended with %s, stdout %s, stderr %s", o.Ended(), trial.Short(o.Stdout), trial.Short(o.Stderr))
		}
		l.count("calls made", made+handled)
		var seen [2]int64
		var lost, again int64
		if _, err := fmt.Sscanf(o.Stderr, "entries %d exits %d lost %d again %d\n", &seen[0], &seen[1], &lost, &again); err != nil {
			l.problem("luatrace says %s", trial.Short(o.Stderr))
		}
		want := [2]int64{made + handled, 0}
		if l.Row.Exits {
			want[1] = want[0]
		}
		if l.Row.Name == "filtered" {
			want = [2]int64{}
		}
		if seen != want || lost != 0 || again != 0 {
			l.problem("hooks saw %d entries and %d exits, want %d; %d lost, %d again", seen[0], seen[1], want, lost, again)
		}
		l.count("events checked", seen[0]+seen[1])
		l.count("events lost", want[0]-seen[0]+want[1]-seen[1]+lost)
		l.count("events twice or in another order", again)
	},
}

// numbers is a script that checks the numbers of the sequence fixture's calls.
func (l *Lab) numbers() string {
	script := `
local lost, again, seen = 0, 0, { 0, 0 }
local last = { {}, {} }
local rnd = rng(` + strconv.FormatUint(l.Seed%1000, 10) + `)
local function look(side, ev)
  if ev.fd ~= -1 then return end
  seen[side] = seen[side] + 1
  local key = ev.tid * 2 + tonumber(ev.raw[3])
  local n, before = tonumber(ev.offset), last[side][key] or 0
  if n > before + 1 then lost = lost + n - before - 1 elseif n <= before then again = again + 1 end
  last[side][key] = n
  if seen[side] % 97 == 0 then local x = 0 for i = 1, rnd:int(0, 20000) do x = x + i end end
end
on("end", function() print(string.format("entries %d exits %d lost %d again %d", seen[1], seen[2], lost, again)) end)
`
	if l.Row.Name == "filtered" {
		return script + `on("lookup_dcookie", function(ev) look(1, ev) end)`
	}
	script += `on("lseek:enter", function(ev) look(1, ev) end)` + "\n"
	if l.Row.Exits {
		script += `on("lseek:exit", function(ev) look(2, ev) if ev.err ~= "EBADF" then lost = lost + 1 end end)` + "\n"
	}
	return script
}

// pin moves the threads of a process and of its tracer from one CPU to another until quit.
func pin(p *trial.Process, rnd *rand.Rand, quit <-chan struct{}) {
	var all unix.CPUSet
	if unix.SchedGetaffinity(0, &all) != nil {
		return
	}
	var cpus []int
	for cpu := 0; len(cpus) < all.Count(); cpu++ {
		if all.IsSet(cpu) {
			cpus = append(cpus, cpu)
		}
	}
	for {
		select {
		case <-quit:
			return
		case <-time.After(time.Duration(1+rnd.IntN(10)) * time.Millisecond):
		}
		for _, pid := range p.PIDs() {
			for _, tid := range threads(pid) {
				set := all
				if rnd.IntN(3) > 0 {
					set = unix.CPUSet{}
					set.Set(cpus[rnd.IntN(len(cpus))])
				}
				unix.SchedSetaffinity(tid, &set) // it may have ended, or be another user's
			}
		}
	}
}
