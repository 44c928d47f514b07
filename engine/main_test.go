package engine

import (
	"testing"

	"luatrace/internal/leak"
	"luatrace/tracer"
)

func TestMain(m *testing.M) {
	tracer.CheckRules()
	leak.Main(m)
}
