package trial

import (
	"os"
	"sync"
)

// scratches has the directories of Scratch that are not removed yet.
var scratches sync.Map // string -> nil

// Scratch makes a directory for temporary files, whose name begins with prefix. The caller ends
// it by RemoveScratch; CleanUp does for a program that is interrupted. Any thread may call it.
func Scratch(prefix string) (string, error) {
	dir, err := os.MkdirTemp("", prefix)
	if err == nil {
		scratches.Store(dir, nil)
	}
	return dir, err
}

// RemoveScratch removes a directory of Scratch with all that is in it. Any thread may call it.
func RemoveScratch(dir string) {
	os.RemoveAll(dir)
	scratches.Delete(dir)
}

// CleanUp kills all commands that run, with what they started, and removes the directories of
// Scratch, for a program that ends before them. Any thread may call it.
func CleanUp() {
	started.Range(func(p, _ any) bool {
		p.(*Process).killAll()
		return true
	})
	scratches.Range(func(dir, _ any) bool {
		RemoveScratch(dir.(string))
		return true
	})
}
