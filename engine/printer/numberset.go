package printer

import (
	"fmt"
	"strconv"
	"strings"
)

// NumberSet is a set of descriptors. A nil set is empty.
type NumberSet struct {
	numbers map[int]bool
	others  bool // the numbers are those that are not in the set
}

// Has says whether n is in the set.
func (s *NumberSet) Has(n int) bool { return s != nil && s.numbers[n] != s.others }

// ParseNumberSet parses "all", "none" or numbers from 0 on with commas between
// them; a "!" before the whole turns it round.
func ParseNumberSet(text string) (*NumberSet, error) {
	s := &NumberSet{numbers: map[int]bool{}}
	rest, not := strings.CutPrefix(text, "!")
	s.others = not
	switch rest {
	case "all":
		s.others = !not
		return s, nil
	case "none":
		return s, nil
	}
	for word := range strings.SplitSeq(rest, ",") {
		n, err := strconv.ParseUint(word, 10, 31)
		if err != nil {
			return nil, fmt.Errorf("%q is no descriptor: numbers from 0 on, all or none are wanted", word)
		}
		s.numbers[int(n)] = true
	}
	return s, nil
}
