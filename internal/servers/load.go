package servers

import (
	"regexp"
	"strconv"
	"testing"

	"luatrace/internal/fixture"
)

// AB makes n requests to a URL, c at a time, with Apache's ab, each on a connection of its own
// unless options has -k. The test fails if one fails; the result is what ab prints.
func AB(t testing.TB, url string, n, c int, options ...string) string {
	t.Helper()
	program := find(t, "apache2-utils", "ab")
	r := fixture.Run(t, program, append(options, "-q", "-n", strconv.Itoa(n), "-c", strconv.Itoa(c), url)...)
	number := func(name string) int {
		m := regexp.MustCompile(name + `: +(\d+)`).FindStringSubmatch(r.Stdout)
		if m == nil {
			return -1
		}
		v, _ := strconv.Atoi(m[1])
		return v
	}
	if r.Code != 0 || number("Complete requests") != n || number("Failed requests") != 0 {
		t.Errorf("ab %s: %s%s", url, r.Stdout, r.Stderr)
	}
	return r.Stdout
}
