package slot

import "testing"

// TestSlot: a slot is empty, or has a record of the one type that was put into it.
func TestSlot(t *testing.T) {
	t.Parallel()
	type mine struct{ n int }
	type other struct{}
	var s Slot
	if r := Of[mine](&s); r != nil {
		t.Errorf("an empty slot has %v", r)
	}
	r := &mine{1}
	Keep(&s, r)
	if got := Of[mine](&s); got != r {
		t.Errorf("kept %p, got %p", r, got)
	}
	defer func() {
		if recover() == nil {
			t.Error("a record is taken for one of another type")
		}
	}()
	Of[other](&s)
}
