package engine

import "testing"

// A call that is ignored at its entry has no exit, whatever the plan; others
// have.
func TestIgnore(t *testing.T) {
	t.Parallel()
	for _, row := range rowsOfPlan {
		t.Run(row.name, func(t *testing.T) {
			t.Parallel()
			wanted, left := 0, 0
			runCommand(t, row.opts, func(e *Engine) {
				hook(t, e, "umask:enter", func(ev *Event) error {
					if ev.Call().Args[0] == 0o22 {
						wanted++
					} else {
						ev.Ignore()
					}
					return nil
				})
				hook(t, e, "umask", func(ev *Event) error {
					if left++; ev.Call().Args[0] != 0o22 {
						t.Errorf("the exit of umask(%#o)", ev.Call().Args[0])
					}
					return nil
				})
			}, "sh", "-c", "umask 077; umask 022; umask 077; umask 022")
			if wanted < 2 || left != wanted {
				t.Errorf("%d entries, %d exits", wanted, left)
			}
		})
	}
}
