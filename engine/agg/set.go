package agg

import "errors"

// Set is the aggregations of one trace, by title. The zero Set is empty and
// ready for use.
type Set struct {
	byTitle map[string]*Agg
	order   []*Agg
	maxKeys int
	maxSize int
}

// SetMaxKeys sets the bound on the number of rows of aggregations that have no
// Options.MaxKeys, those that exist too; 0 means DefaultMaxKeys.
func (s *Set) SetMaxKeys(n int) error {
	if n < 0 {
		return errors.New("the bound on aggregation keys must be 0 (the default) or more")
	}
	s.maxKeys = n
	return nil
}

// SetMaxSize sets the bound on the bytes of an aggregation's keys; 0 means
// DefaultMaxSize.
func (s *Set) SetMaxSize(n int) { s.maxSize = n }

func (s *Set) sizeLimit() int {
	if s.maxSize > 0 {
		return s.maxSize
	}
	return DefaultMaxSize
}

// Get returns the aggregation with that title, which is made on first use.
func (s *Set) Get(title string) *Agg {
	if a := s.byTitle[title]; a != nil {
		return a
	}
	if s.byTitle == nil {
		s.byTitle = map[string]*Agg{}
	}
	a := &Agg{title: title, set: s, rows: map[string]*row{}}
	s.byTitle[title] = a
	s.order = append(s.order, a)
	return a
}

// AppendText appends the report: the tables of all aggregations that have a
// record, with an empty line between them. See Agg.AppendText.
func (s *Set) AppendText(dst []byte) []byte {
	first := true
	for _, a := range s.order {
		if a.empty() {
			continue
		}
		if !first {
			dst = append(dst, '\n')
		}
		first = false
		dst = a.AppendText(dst)
	}
	return dst
}

// AppendJSON appends the report as JSON lines: one object and a newline for
// each aggregation that has a record. See Agg.AppendJSON.
func (s *Set) AppendJSON(dst []byte) []byte {
	for _, a := range s.order {
		if a.empty() {
			continue
		}
		dst = append(a.AppendJSON(dst), '\n')
	}
	return dst
}

func (a *Agg) empty() bool { return len(a.rows) == 0 && a.other == nil }
