package tracer

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// TestNearMachine lives lives much like those that once showed a fault: some of
// their bytes are others, pieces are missing, come twice, or are another one's.
// What is wrong near a situation that chance hardly ever makes is found so.
func TestNearMachine(t *testing.T) {
	t.Parallel()
	seeds := keptInputs(t, "FuzzMachine")
	var data []byte
	defer func() {
		if t.Failed() {
			t.Logf("the input: %q", data)
		}
	}()
	for n := range uint64(2000) {
		r := rand.New(rand.NewPCG(n, 4))
		data = near(r, seeds[r.IntN(len(seeds))], seeds[r.IntN(len(seeds))])
		runMachine(t, data)
	}
}

// near changes data a little, or takes its end from another.
func near(r *rand.Rand, data, other []byte) []byte {
	data = append([]byte{}, data...)
	for range 1 + r.IntN(6) {
		data[r.IntN(len(data))] = byte(r.Uint32())
	}
	from, to := r.IntN(len(data)), r.IntN(len(data))
	from, to = min(from, to), max(from, to)
	switch r.IntN(6) {
	case 0:
		data = data[:to]
	case 1:
		data = append(data[:from], data[to:]...)
	case 2:
		data = append(data[:to:to], data[from:]...)
	case 3:
		data = append(data[:from], other[r.IntN(len(other)):]...)
	}
	return data
}

// keptInputs are those that the repository has for a fuzz target of one []byte.
func keptInputs(t *testing.T, target string) (inputs [][]byte) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("testdata", "fuzz", target, "*"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%d inputs of %s: %v", len(files), target, err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		_, value, _ := strings.Cut(strings.TrimSpace(string(text)), "\n[]byte(")
		input, err := strconv.Unquote(strings.TrimSuffix(value, ")"))
		if err != nil || input == "" {
			t.Fatalf("%s: %v", file, err)
		}
		inputs = append(inputs, []byte(input))
	}
	return inputs
}
