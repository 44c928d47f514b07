// Package suggest finds the name that a mistyped one most likely means.
package suggest

import (
	"slices"
	"strings"
)

// maxSuggest bounds the length of names that are compared; longer ones are no
// typing mistakes.
const maxSuggest = 64

// Nearest returns the candidate a mistyped name most likely means, "" if none is
// near. Near is a Damerau-Levenshtein distance (letters inserted, left out,
// replaced, or two neighbours swapped) of at most a third of the name, without
// regard to case, or being the start of one another with three letters at least.
// Of equally near candidates the first one is taken.
func Nearest(name string, candidates []string) string {
	if name == "" || len(name) > maxSuggest {
		return ""
	}
	if slices.Contains(candidates, name) {
		return name
	}
	lower := strings.ToLower(name)
	limit := min(max(len(lower)/3, 1), 3)
	best, bestScore := "", 1<<30
	for _, c := range candidates {
		if c == "" || len(c) > maxSuggest {
			continue
		}
		lc := strings.ToLower(c)
		// A common start makes a candidate more likely than one with as many
		// mistakes in front; the score counts half mistakes.
		score := 1 << 30
		if d := distance(lower, lc, limit); d <= limit {
			score = 2 * d
			if lower[0] != lc[0] {
				score++
			}
		}
		if prefixed(lower, lc) {
			// The more is missing, the less likely it is; but pread is pread64 and
			// clone, if it has to be, clone3: the C library hides such endings.
			score = min(score, 3+abs(len(lc)-len(lower))/4)
			if rest, ok := strings.CutPrefix(lc, lower); ok && strings.Trim(rest, "0123456789") == "" {
				score = 1
			}
		}
		if score < bestScore {
			best, bestScore = c, score
		}
	}
	return best
}

// prefixed reports whether one of the names is the start of the other and long
// enough to mean it.
func prefixed(a, b string) bool {
	return min(len(a), len(b)) >= 3 && (strings.HasPrefix(a, b) || strings.HasPrefix(b, a))
}

func abs(n int) int {
	if n < 0 {
		return -n
	}
	return n
}

// distance returns the restricted Damerau-Levenshtein distance of a and b, or a
// number above limit when it is larger. Both are at most maxSuggest bytes.
func distance(a, b string, limit int) int {
	if abs(len(a)-len(b)) > limit {
		return limit + 1
	}
	var rows [3][maxSuggest + 1]int // the current row and the two above it
	for j := range b {
		rows[0][j+1] = j + 1
	}
	for i := 1; i <= len(a); i++ {
		cur, prev, prev2 := &rows[i%3], &rows[(i+2)%3], &rows[(i+1)%3]
		cur[0] = i
		least := i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			d := min(prev[j]+1, cur[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				d = min(d, prev2[j-2]+1)
			}
			cur[j] = d
			least = min(least, d)
		}
		if least > limit {
			return limit + 1
		}
	}
	return rows[len(a)%3][len(b)]
}
