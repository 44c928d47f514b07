package tracer

import (
	"testing"

	"luatrace/internal/leak"
)

func TestMain(m *testing.M) {
	CheckRules()
	leak.Main(m)
}
