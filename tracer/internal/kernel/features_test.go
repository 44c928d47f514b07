package kernel

import (
	"errors"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// On a made-up kernel that lacks a feature it is missing, and the error says which version has it;
// a refusal is not taken for that, and nobody is asked twice.
func TestFeaturesOfMadeUpKernels(t *testing.T) {
	t.Parallel()
	for _, f := range Features() {
		for _, c := range []struct {
			answer unix.Errno
			want   Presence
		}{{f.lacks, Missing}, {unix.EPERM, Refused}, {unix.EFAULT, There}, {0, There}} {
			asked := 0
			g := &Feature{Name: f.Name, Since: f.Since, Page: f.Page, lacks: f.lacks, probe: func() unix.Errno { asked++; return c.answer }}
			if g.Known() != Unasked {
				t.Errorf("%s is known before anybody asked", f.Name)
			}
			for range 2 {
				if got, _ := g.Look(); got != c.want || g.Known() != c.want || asked != 1 {
					t.Errorf("%s, answered with %v: %v, asked %d times; want %v", f.Name, c.answer, got, asked, c.want)
				}
			}
		}
		err := error(f.Missing())
		var m *MissingError
		if !errors.As(err, &m) || m.Feature != f || !errors.Is(err, f.lacks) || !strings.Contains(err.Error(), "Linux "+f.Since) || !strings.Contains(err.Error(), f.Name) {
			t.Errorf("%s: %v", f.Name, err)
		}
	}
}

// A feature that can't be asked for is there if the release is new enough.
func TestFeatureByVersion(t *testing.T) {
	t.Parallel()
	for release, want := range map[string]Presence{"6.6.0": There, "6.18.44-generic": There, "7.0": There, "6.5.9": Missing, "5.19": Missing, "?": Refused} {
		if got := byVersion(release, "6.6"); got != want {
			t.Errorf("%s: %v, want %v", release, got, want)
		}
	}
}
