package syscalls

import (
	"fmt"
	"strings"
)

// parseCall makes the signature of one row of calls.tab as it is on an ABI.
func parseCall(abi ABI, l tableLine) (*Signature, error) {
	head, rest, ok := strings.Cut(l.text, "(")
	end := strings.LastIndexByte(rest, ')')
	if !ok || end < 0 {
		return nil, fmt.Errorf("want: NAME(ARGUMENT KIND, ...) RESULT")
	}
	name, _, _ := strings.Cut(head, "@")
	s := &Signature{Name: name, Ret: &Type{Kind: KindInt}}
	for _, a := range splitTop(rest[:end]) {
		p, err := parseParam(abi, a)
		if err != nil {
			return nil, err
		}
		s.Params = append(s.Params, p)
	}
	if len(s.Params) > 6 {
		return nil, fmt.Errorf("%d arguments", len(s.Params))
	}
	if _, twin := Number(I386, name+"32"); twin && abi == I386 {
		halveIDs(s.Params)
	}
	addShorthands(s.Params)
	ret, flag, _ := strings.Cut(rest[end+1:], " : ")
	switch strings.TrimSpace(flag) {
	case "unimplemented":
		s.Unimplemented = true
	case "sub", "":
	default:
		return nil, fmt.Errorf("unknown flag %q", strings.TrimSpace(flag))
	}
	if ret = strings.TrimSpace(ret); ret != "" {
		var err error
		if s.Ret, err = parseType(ret); err != nil {
			return nil, err
		}
	}
	for _, v := range l.more {
		if order, ok := strings.CutPrefix(v, "order:"); ok {
			for _, name := range strings.Fields(order) {
				i := s.Param(name)
				if i < 0 {
					return nil, fmt.Errorf("order: no argument %q", name)
				}
				s.Order = append(s.Order, i)
				s.Labels = append(s.Labels, name)
			}
			continue
		}
		if text, ok := strings.CutPrefix(v, "sub "); ok {
			if err := s.parseSub(abi, text); err != nil {
				return nil, err
			}
			continue
		}
		if err := s.parseVariant(abi, v); err != nil {
			return nil, fmt.Errorf("variant %q: %w", v, err)
		}
	}
	for i := range s.Params {
		if s.Params[i].Kind == KindIoctl && i+1 < len(s.Params) {
			s.ioctl = &ioctlArgs{abi: abi, base: s, req: i}
		}
	}
	return s, checkNames(s)
}

// parseVariant parses "VALUE..." or "arg=VALUE,... arg=..." before ": changes
// [-> ret]". Values without an argument belong to the first enumeration.
func (s *Signature) parseVariant(abi ABI, text string) error {
	when, change, ok := strings.Cut(text, ":")
	if !ok {
		return fmt.Errorf("no colon")
	}
	v := Variant{Params: append([]Param(nil), s.Params...), Ret: s.Ret}
	var bare Match
	for _, w := range strings.Fields(when) {
		name, values, named := strings.Cut(w, "=")
		m := &bare
		if !named {
			values = w
			m.Arg = s.firstEnum()
		} else {
			mask := ""
			name, mask, _ = strings.Cut(name, "&")
			v.When = append(v.When, Match{Arg: s.Param(name)})
			m = &v.When[len(v.When)-1]
			if mask != "" {
				m.Mask, ok = constOrNumber(abi, mask)
				if !ok {
					return fmt.Errorf("no constant %s", mask)
				}
			}
		}
		if m.Arg < 0 {
			return fmt.Errorf("no argument for %q", w)
		}
		if m.Mask == 0 {
			m.Mask = 0xffffffff // these arguments are ints
		}
		for _, name := range strings.Split(values, ",") {
			n, ok := constOrNumber(abi, name)
			if !ok {
				return fmt.Errorf("no constant %s", name)
			}
			m.Values = append(m.Values, n)
		}
	}
	if bare.Values != nil {
		v.When = append(v.When, bare)
	}
	change, ret, hasRet := strings.Cut(change, "->")
	if hasRet {
		t, err := parseType(strings.TrimSpace(ret))
		if err != nil {
			return err
		}
		v.Ret = t
	}
	for _, c := range splitTop(change) {
		p, err := parseParam(abi, c)
		if err != nil {
			return err
		}
		i := s.Param(p.Name)
		if i < 0 {
			return fmt.Errorf("no argument %q", p.Name)
		}
		if alias := p.Aliases; len(alias) > 0 {
			p.Name, p.Aliases = alias[0], append([]string{p.Name}, alias[1:]...)
		}
		p.Aliases = append(p.Aliases, v.Params[i].Aliases...)
		v.Params[i] = p
	}
	s.Variants = append(s.Variants, v)
	return nil
}

func (s *Signature) firstEnum() int {
	for i := range s.Params {
		switch s.Params[i].Kind {
		case KindEnum, KindFlags, KindIoctl, KindClock:
			return i
		}
	}
	return -1
}

// halveIDs makes user and group ids 16 bits wide.
func halveIDs(params []Param) {
	for i := range params {
		for t := params[i].Type; t != nil; t = t.Elem {
			t.Half = t.Kind == KindUID || t.Kind == KindGID
		}
	}
}

// addShorthands gives the first descriptor the alias "fd" and the first path
// the alias "path", so that scripts can use those for every call, and paths
// the names they had in older man pages.
func addShorthands(params []Param) {
	fd, path := false, false
	for i := range params {
		p := &params[i]
		switch p.Kind {
		case KindFD, KindDirFD:
			if !fd && p.Name != "fd" && FindParam(params, "fd") < 0 {
				p.Aliases = append(p.Aliases, "fd")
			}
			fd = true
		case KindPath:
			if !path {
				for _, alias := range []string{"path", "pathname", "filename"} {
					if FindParam(params, alias) < 0 {
						p.Aliases = append(p.Aliases, alias)
					}
				}
			}
			path = true
		}
	}
}

// checkNames finds names that lengths and conditions mention and that are no
// argument.
func checkNames(s *Signature) error {
	check := func(params []Param) error {
		for i := range params {
			p := &params[i]
			for _, l := range []Length{p.Len, p.Total} {
				if l.Name != "" && l.Kind != LenOwn && FindParam(params, l.Name) < 0 {
					return fmt.Errorf("%s: no argument %q", p.Name, l.Name)
				}
			}
			if p.Cond != nil && FindParam(params, p.Cond.Name) < 0 {
				return fmt.Errorf("%s: no argument %q", p.Name, p.Cond.Name)
			}
		}
		return nil
	}
	if err := check(s.Params); err != nil {
		return err
	}
	for i := range s.Variants {
		if err := check(s.Variants[i].Params); err != nil {
			return err
		}
	}
	return nil
}
