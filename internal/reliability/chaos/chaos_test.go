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
		for _, row := range e.rows() {
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

// What a report says about an experiment is found in it again.
func TestOldTexts(t *testing.T) {
	t.Parallel()
	kills := heading("kills") + "Says.\n\n| user |\n"
	stops := heading("stops") + "Says.\n\n| root |\n"
	m := oldTexts(kills[1:] + stops + "\nFAIL \n\n    x\n")
	if len(m) != 2 || m["kills"] != kills || m["stops"] != stops {
		t.Errorf("%q", m)
	}
}
