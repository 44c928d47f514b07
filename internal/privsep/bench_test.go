package privsep

import "testing"

// BenchmarkStart measures a helper's start with its first job, BenchmarkDo a job of one that runs.
func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		h := New(Bounds{})
		if _, err := h.Do(b.Context(), "echo", nil, nil); err != nil {
			b.Fatal(err)
		}
		h.Close()
	}
}

func BenchmarkDo(b *testing.B) {
	h := New(Bounds{})
	defer h.Close()
	for b.Loop() {
		if _, err := h.Do(b.Context(), "echo", nil, nil); err != nil {
			b.Fatal(err)
		}
	}
}
