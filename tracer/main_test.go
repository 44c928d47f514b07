package tracer

import (
	"testing"

	"luatrace/internal/leak"
	"luatrace/tracer/internal/kernel"
)

func TestMain(m *testing.M) {
	kernel.CheckRules()
	leak.Main(m)
}
