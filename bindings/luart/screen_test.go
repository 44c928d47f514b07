package luart

import "testing"

// A picture that is higher than the terminal is cut, so that the cursor can go
// back to its first line.
func TestFitting(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		text   string
		height int
		want   string
	}{
		{"a\nb\nc\n", 0, "a\nb\nc\n"}, // not known
		{"a\nb\nc\n", 2, "a\nb\nc\n"}, // no room for anything
		{"a\nb\nc\n", 4, "a\nb\nc\n"},
		{"a\nb\nc\n", 3, "a\n...\n"},
		{"a\nb\nc\nd\ne\n", 4, "a\nb\n...\n"},
		{"", 5, ""},
	} {
		text := []byte(tt.text + "behind")[:len(tt.text)]
		if got := string(fitting(text, tt.height)); got != tt.want {
			t.Errorf("%q in %d lines: %q, want %q", tt.text, tt.height, got, tt.want)
		}
		if string(text) != tt.text {
			t.Errorf("%q was written over: %q", tt.text, text)
		}
	}
}
