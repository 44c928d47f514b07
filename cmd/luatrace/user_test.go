package main

import (
	"os/exec"
	"strings"
	"testing"

	"luatrace/internal/fixture"
)

// TestUser runs id as other users, by name and by number: with the groups that
// /etc/group names them in.
func TestUser(t *testing.T) {
	t.Parallel()
	for _, who := range []string{"daemon", "www-data", "65534", "12345:678"} {
		out, err := exec.Command(fixture.Luatrace(t), "-q", "-o", "/dev/null", "-u", who, "--", "sh", "-c", "id -u; id -g; id -G").CombinedOutput()
		if !isRoot() {
			if want := "only root can run a command as another user"; err == nil || !strings.Contains(string(out), want) {
				t.Errorf("%s: %v\n%s", who, err, out)
			}
			continue
		}
		want := "12345\n678\n678\n"
		if !strings.Contains(who, ":") {
			b, err := exec.Command("sh", "-c", "id -u $0; id -g $0; id -G $0", who).Output()
			if err != nil {
				t.Fatal(err)
			}
			want = string(b)
		}
		if err != nil || string(out) != want {
			t.Errorf("%s: %v\n%s\nwant\n%s", who, err, out, want)
		}
	}
}
