package wire_test

import (
	"testing"

	"luatrace/internal/leak"
)

func TestMain(m *testing.M) { leak.Main(m) }
