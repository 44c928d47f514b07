package leak

import (
	"fmt"
	"os"
	"strings"
)

// Field returns a field of /proc/TID/status, "" if there is none or the thread is gone.
func Field(tid int, name string) string {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", tid))
	if err != nil {
		return ""
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}
