package syscalls

import (
	"fmt"
	"strings"
)

// splitTop splits s at commas that are not inside brackets and trims the
// parts. An empty s gives no parts.
func splitTop(s string) []string {
	if strings.TrimSpace(s) == "" {
		return nil
	}
	var parts []string
	depth, start := 0, 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '(', '[', '{':
			depth++
		case ')', ']', '}':
			depth--
		case ',':
			if depth == 0 {
				parts = append(parts, strings.TrimSpace(s[start:i]))
				start = i + 1
			}
		}
	}
	return append(parts, strings.TrimSpace(s[start:]))
}

// parseParam parses "name[/alias...] [dir]kind [=> kind] [!> kind] [if COND]".
func parseParam(abi ABI, s string) (Param, error) {
	decl, cond, hasCond := strings.Cut(s, " if ")
	name, kind, ok := strings.Cut(strings.TrimSpace(decl), " ")
	if !ok {
		return Param{}, fmt.Errorf("%q: want a name and a kind", s)
	}
	names := strings.Split(name, "/")
	p := Param{Name: names[0], Aliases: names[1:]}
	kind = strings.TrimSpace(kind)
	switch kind[0] {
	case '>':
		p.Dir, kind = Out, kind[1:]
		if cut, ok := strings.CutPrefix(kind, "~"); ok {
			p.Dir, kind = OutIntr, cut
		}
	case '<':
		kind, p.Late = strings.CutPrefix(kind[1:], "~")
	case '=':
		p.Dir = InOut
		kind, p.Late = strings.CutPrefix(kind[1:], "~")
	}
	kind, failed, hasFailed := strings.Cut(kind, "!>")
	kind, after, hasAfter := strings.Cut(kind, "=>")
	t, err := parseType(strings.TrimSpace(kind))
	if err != nil {
		return Param{}, fmt.Errorf("%s: %w", p.Name, err)
	}
	p.Type = t
	if hasAfter {
		if p.After, err = parseType(strings.TrimSpace(after)); err != nil {
			return Param{}, fmt.Errorf("%s: %w", p.Name, err)
		}
	}
	if hasFailed {
		if p.Failed, err = parseType(strings.TrimSpace(failed)); err != nil {
			return Param{}, fmt.Errorf("%s: %w", p.Name, err)
		}
	}
	p.Hidden = t.Kind == KindNone
	if hasCond {
		if p.Cond, err = parseCond(abi, strings.TrimSpace(cond)); err != nil {
			return Param{}, fmt.Errorf("%s: %w", p.Name, err)
		}
	}
	return p, nil
}

// parseCond parses "name", "name&A|B", "name!A|B", "name=A|B", "name#A|B" and
// "name/MASK=A|B".
func parseCond(abi ABI, s string) (*Cond, error) {
	i := strings.IndexAny(s, "&!=#")
	if i < 0 {
		return &Cond{Name: s, Op: '#', Mask: ^uint64(0), Bits: []uint64{0}}, nil
	}
	c := &Cond{Op: s[i], Mask: 0xffffffff}
	name, mask, masked := strings.Cut(s[:i], "/")
	c.Name = name
	if masked {
		var ok bool
		if c.Mask, ok = constOrNumber(abi, mask); !ok {
			return nil, fmt.Errorf("condition %q: no constant %s", s, mask)
		}
	}
	for _, name := range strings.Split(s[i+1:], "|") {
		v, ok := constOrNumber(abi, name)
		if !ok {
			return nil, fmt.Errorf("condition %q: no constant %s", s, name)
		}
		c.Bits = append(c.Bits, v)
	}
	return c, nil
}
