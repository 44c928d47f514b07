package syscalls

import (
	"maps"
	"slices"
	"strconv"
	"sync"
)

// kindWords are the words of the tables by kind, without a length. Of several
// for one kind it is the plainer.
var kindWords = sync.OnceValue(func() map[TypeKind]string {
	words := map[TypeKind]string{KindFlags: "flags", KindEnum: "enum", KindClock: "enum", KindLow64: "off64", KindTime: "time", KindOpt: "opt"}
	for _, names := range []map[string]TypeKind{kindNames, sizedKinds} {
		for _, word := range slices.Sorted(maps.Keys(names)) {
			if k := names[word]; words[k] == "" || word == "int" || word == "uint" {
				words[k] = word
			}
		}
	}
	return words
})

// KindNames returns the words for kinds that parseType knows, sorted: for
// suggestions and help.
func KindNames() []string {
	words := append(slices.Collect(maps.Keys(kindNames)), slices.Collect(maps.Keys(sizedKinds))...)
	words = append(words, "flags", "enum", "lflags", "lenum", "flags64", "ptr", "word")
	slices.Sort(words)
	return slices.Compact(words)
}

// String returns the type as the tables spell it, without its direction:
// "flags:open", "buf:count", "[struct:pollfd;nfds]".
func (t *Type) String() string {
	if t == nil {
		return "-"
	}
	switch t.Kind {
	case KindRef:
		return "&" + t.Elem.String()
	case KindArray, KindPtrArray:
		star, index := "", ""
		if t.Kind == KindPtrArray {
			star = "*"
		}
		if t.Index != nil {
			index = ";" + t.Index.Name
		}
		return "[" + star + t.Elem.String() + ";" + t.Len.String() + index + "]"
	}
	s := kindWords()[t.Kind]
	switch {
	case t.Raw && t.Kind == KindAddr:
		return "ptr"
	case t.Raw:
		return "word"
	case t.Word:
		s = "l" + s
	case t.Kind == KindOpt:
		s += ":" + t.Len.String()
		if t.Elem != nil {
			s += ":" + t.Elem.String()
		}
		return s
	case t.Kind == KindDirents && t.Struct != "":
		return "old" + s + ":" + t.Len.String()
	case t.Kind == KindString && t.Whole:
		return "pathbuf:" + t.Len.String()
	case t.Kind == KindFlags && t.Wide:
		s = "flags64"
	}
	switch {
	case t.Set != nil:
		s += ":" + t.Set.Name
		if t.Low != nil {
			s += "+" + t.Low.String()
		}
	case t.Struct != "":
		s += ":" + t.Struct
	}
	if t.Len.Kind != LenNone || t.Min > 0 {
		s += ":" + t.Len.String()
	}
	if t.Min > 0 {
		s += ":" + strconv.FormatUint(t.Min, 10)
	}
	if t.Total.Kind != LenNone {
		s += ":" + t.Total.String()
	}
	return s
}

// String returns the length as the tables spell it: "ret", "count", "*addrlen",
// "16"; "" if there is none.
func (l Length) String() string {
	s := ""
	switch l.Kind {
	case LenConst:
		s = strconv.FormatUint(l.N, 10)
	case LenRet:
		s = "ret"
	case LenName:
		s = l.Name
	case LenField:
		s = l.Name + "." + l.Of
	case LenDeref:
		s = "*" + l.Name
	case LenIoctl:
		s = "iocsize"
	case LenArg:
		s = "$" + l.Name
	case LenOwn:
		s = "@" + l.Name
	}
	if l.Div > 0 {
		s += "/" + strconv.FormatUint(uint64(l.Div), 10)
	}
	return s
}

// String returns the direction as the tables spell it: "", ">", "=" or ">~".
func (d Dir) String() string {
	switch d {
	case Out:
		return ">"
	case InOut:
		return "="
	case OutIntr:
		return ">~"
	}
	return ""
}
