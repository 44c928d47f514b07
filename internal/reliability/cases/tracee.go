package cases

import (
	"fmt"
	"os"
	"runtime"
	"sync"
)

// goTracee is the variable that makes the program which runs the cases a traced one.
const goTracee = "GO_TRACEE"

// Tracee is a Go program to be traced: where it is asked for it never returns. A program that
// runs cases calls it first.
func Tracee() {
	if os.Getenv(goTracee) == "" {
		return
	}
	// a hundred goroutines that only the runtime's signals can preempt, and as many that
	// allocate, on more threads than CPUs
	runtime.GOMAXPROCS(4)
	sums := make([]uint64, 100)
	var wg sync.WaitGroup
	for i := range sums {
		wg.Go(func() {
			x := uint64(i) + 1
			for range 1_000_000 {
				x = x*6364136223846793005 + 1442695040888963407
			}
			sums[i] = x
		})
		wg.Go(func() {
			for range 20 {
				_ = fmt.Sprint(make([]byte, 500))
			}
		})
	}
	wg.Wait()
	total := uint64(0)
	for _, s := range sums {
		total ^= s
	}
	fmt.Printf("sum %x\n", total)
	os.Exit(0)
}
