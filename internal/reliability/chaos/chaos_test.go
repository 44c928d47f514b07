package chaos

import (
	"testing"

	"luatrace/internal/fixture"
	"luatrace/internal/leak"
	"luatrace/internal/reliability/trial"
)

func TestMain(m *testing.M) { leak.Main(m) }

// Each experiment, small, in every row.
func TestChaos(t *testing.T) {
	t.Parallel()
	luatrace := fixture.Luatrace(t)
	for _, e := range Experiments {
		for _, row := range trial.Rows {
			if e.Attaches && !row.Unfiltered {
				continue
			}
			t.Run(e.Name+"/"+row.Name, func(t *testing.T) {
				t.Parallel()
				counts, problems, err := e.Run(Where{Luatrace: luatrace, User: trial.Current(), Row: row, Seed: 1}, e.Small)
				if err != nil {
					t.Fatal(err)
				}
				for _, p := range problems {
					t.Error(p)
				}
				t.Log(counts)
			})
		}
	}
}
