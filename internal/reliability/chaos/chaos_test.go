package chaos

import (
	"flag"
	"testing"
	"time"

	"luatrace/internal/fixture"
	"luatrace/internal/leak"
	"luatrace/internal/reliability/trial"
)

func TestMain(m *testing.M) { leak.Main(m) }

var long = flag.Bool("long", false, "experiments in their large sizes, for an hour and more, with other random numbers each time, and as root as nobody too")

// Each experiment in every row.
func TestChaos(t *testing.T) {
	t.Parallel()
	luatrace := fixture.Luatrace(t)
	users, seed := []trial.User{trial.Current()}, uint64(1)
	if *long {
		users, seed = trial.Users(), uint64(time.Now().UnixNano())
	}
	for _, e := range Experiments {
		size := e.Small
		if *long {
			size = e.Large
		}
		for _, user := range users {
			for _, row := range e.rows() {
				t.Run(e.Name+"/"+row.Name+"/"+user.Name, func(t *testing.T) {
					if !*long {
						t.Parallel() // the large sizes fill the machine one by one
					}
					counts, problems, err := e.Run(Where{Luatrace: luatrace, User: user, Row: row, Seed: seed}, size)
					if err != nil {
						t.Fatal(err)
					}
					for _, p := range problems {
						t.Errorf("seed %d: %s\nWhat is right: %s", seed, p, e.Says)
					}
					t.Log(counts)
				})
			}
		}
	}
}
