package suggest

import "testing"

func TestNearest(t *testing.T) {
	t.Parallel()
	calls := []string{"openat", "open", "openat2", "read", "readv", "write", "close", "pread64", "rt_sigaction", "newfstatat", "clone3"}
	tests := []struct {
		name       string
		candidates []string
		want       string
	}{
		{"opnat", calls, "openat"},
		{"opneat", calls, "openat"}, // two letters swapped
		{"oepn", calls, "open"},
		{"opena", calls, "openat"},
		{"OPENAT", calls, "openat"},
		{"raed", calls, "read"},
		{"reed", calls, "read"},
		{"pread", calls, "pread64"},
		{"clone", calls, "clone3"},
		{"xyzzy", calls, ""},
		{"", calls, ""},
		{"q", calls, ""},
		{"r", []string{"w"}, "w"}, // one letter: everything is one mistake away
		{"sigterm", []string{"SIGHUP", "SIGTERM"}, "SIGTERM"},
		{"flgas", []string{"flags", "path"}, "flags"},
		{"pth", []string{"dirfd", "path", "flags", "mode"}, "path"},
		{"ENOTENT", []string{"EPERM", "ENOENT"}, "ENOENT"},
		{"ab", nil, ""},
		{"bread", []string{"tread", "breed"}, "breed"}, // a common first letter counts
		{"same", []string{"sane", "sale"}, "sane"},     // first of equals
		{string(make([]byte, 500)), []string{string(make([]byte, 500))}, ""},
	}
	for _, tt := range tests {
		if got := Nearest(tt.name, tt.candidates); got != tt.want {
			t.Errorf("Nearest(%q) = %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestDistance(t *testing.T) {
	t.Parallel()
	tests := []struct {
		a, b  string
		limit int
		want  int
	}{
		{"", "", 3, 0},
		{"abc", "abc", 3, 0},
		{"abc", "acb", 3, 1},
		{"abc", "abcd", 3, 1},
		{"abc", "ab", 3, 1},
		{"abc", "xyz", 3, 3},
		{"kitten", "sitting", 3, 3},
		{"kitten", "sitting", 2, 3},
		{"a", "abcdef", 3, 4},
		{"ca", "abc", 3, 3}, // restricted: no edit between swapped letters
	}
	for _, tt := range tests {
		if got := distance(tt.a, tt.b, tt.limit); got != tt.want {
			t.Errorf("distance(%q, %q, %d) = %d, want %d", tt.a, tt.b, tt.limit, got, tt.want)
		}
		if got := distance(tt.b, tt.a, tt.limit); got != tt.want {
			t.Errorf("distance(%q, %q, %d) = %d, want %d", tt.b, tt.a, tt.limit, got, tt.want)
		}
	}
}
