package syscalls

import (
	"fmt"
	"strconv"
	"strings"
)

// kindNames maps the words of the tables to kinds that take no parameter or an
// optional length; see the constants for their meaning.
var kindNames = map[string]TypeKind{
	"-": KindNone, "int": KindInt, "uint": KindUint, "long": KindLong,
	"size": KindSize, "off": KindOff, "s64": KindS64, "u64": KindU64,
	"u32": KindUint, "s32": KindInt, "u16": KindU16, "u8": KindU8,
	"hex": KindHex, "hex32": KindHex32, "cookie": KindCookie,
	"addr": KindAddr, "oct": KindOct, "mode": KindMode, "fmode": KindFmode,
	"dev": KindDev, "fd": KindFD, "dirfd": KindDirFD, "pid": KindPid,
	"uid": KindUID, "gid": KindGID, "signo": KindSignal, "key": KindKey,
	"handler": KindHandler, "rlim": KindRlim, "be16": KindNetPort,
	"be32": KindNetLong, "ip4": KindIPv4, "ip6": KindIPv6,
	"ioctl": KindIoctl, "path": KindPath, "strv": KindStrings, "env": KindEnv,
	"siginfo": KindSiginfo, "sigframe": KindSigframe, "ticks": KindTicks, "wstatus": KindWait, "off64": KindLow64, "high64": KindHigh64, "pages": KindPages,
	"str": KindString, "sigset": KindSigset,
	"bpfcode": KindBPFCode, "kver": KindVersion,
	"le16": KindLE16, "ifindex": KindIfindex, "errno": KindErrno, "xbyte": KindXByte, "hex8": KindHex8, "dyn": KindDyn,
	"ipaddr": KindIPAddr, "mac": KindMAC,
	"sigmask": KindSigmask, "ipccall": KindIPCCall,
	"ioprio": KindIoprio, "futexop": KindFutexOp, "qcmd": KindQuotaCmd, "caps": KindCaps, "negerrno": KindNegErrno,
	"residency": KindResidency, "hex08": KindHex08, "wordmask": KindWordMask, "userarea": KindUserArea,
}

// sizedKinds are the kinds that need a length.
var sizedKinds = map[string]TypeKind{
	"buf": KindBytes, "sockbuf": KindSockBuf, "hexbuf": KindHexBytes, "str": KindString,
	"sigset": KindSigset, "iovec": KindIovec, "iovaddr": KindIovecAddr,
	"sockaddr": KindSockaddr, "cmsgs": KindControl, "fdset": KindFDSet,
	"bits": KindBits, "dirents": KindDirents, "lsmctx": KindLSMContexts,
	"msgbuf": KindMsgbuf, "capdata": KindCapData, "nodemask": KindNodeMask, "keycaps": KindKeyCaps,
	"pollfds": KindPollResult, "struct": KindStruct,
}

// unknownWord is the error for a kind or a set that does not exist.
type unknownWord struct {
	word string
	set  bool
}

func (u *unknownWord) Error() string {
	if u.set {
		return fmt.Sprintf("unknown set %q", u.word)
	}
	return fmt.Sprintf("unknown kind %q", u.word)
}

// parseType parses a kind of the tables, without its direction.
func parseType(s string) (*Type, error) {
	switch {
	case s == "":
		return nil, fmt.Errorf("no kind")
	case s[0] == '&':
		elem, err := parseType(s[1:])
		if err != nil {
			return nil, err
		}
		return &Type{Kind: KindRef, Elem: elem}, nil
	case s[0] == '[':
		return parseArray(s)
	case s == "ptr":
		return &Type{Kind: KindAddr, Raw: true}, nil
	case s == "word":
		return &Type{Kind: KindHex, Raw: true}, nil
	}
	if k, ok := kindNames[s]; ok {
		return &Type{Kind: k}, nil
	}
	word, arg, _ := strings.Cut(s, ":")
	switch word {
	case "flags", "enum":
		return parseSetKind(word, arg)
	case "lflags", "lenum":
		t, err := parseSetKind(word[1:], arg)
		if err == nil {
			t.Word = true
		}
		return t, err
	case "flags64":
		t, err := parseSetKind("flags", arg)
		if err == nil {
			t.Wide = true
		}
		return t, err
	case "time":
		return &Type{Kind: KindTime, Len: parseLength(arg)}, nil
	case "olddirents":
		return &Type{Kind: KindDirents, Struct: "linux_dirent", Len: parseLength(arg)}, nil
	case "be16", "le16":
		set := SetByName(arg)
		if set == nil {
			return nil, fmt.Errorf("no set %q", arg)
		}
		return &Type{Kind: kindNames[word], Set: set}, nil
	case "opt":
		size, elem, typed := strings.Cut(arg, ":")
		t := &Type{Kind: KindOpt, Len: parseLength(size)}
		if !typed {
			return t, nil
		}
		var err error
		t.Elem, err = parseType(elem)
		return t, err
	case "struct":
		name, size, _ := strings.Cut(arg, ":")
		if name == "" {
			return nil, fmt.Errorf("kind %q: want struct:NAME", s)
		}
		size, least, _ := strings.Cut(size, ":")
		t := &Type{Kind: KindStruct, Struct: name, Len: parseLength(size)}
		if least != "" {
			var err error
			if t.Min, err = strconv.ParseUint(least, 0, 16); err != nil {
				t.Total = parseLength(least)
			}
		}
		return t, nil
	}
	if word == "pathbuf" && arg != "" {
		return &Type{Kind: KindString, Whole: true, Len: parseLength(arg)}, nil
	}
	k, ok := sizedKinds[word]
	if !ok || arg == "" {
		if ok {
			return nil, fmt.Errorf("kind %q needs a length: %s:LENGTH, where LENGTH is an argument, *argument, ret or a number", s, word)
		}
		return nil, &unknownWord{word: word}
	}
	size, total, _ := strings.Cut(arg, ":")
	return &Type{Kind: k, Len: parseLength(size), Total: parseLength(total)}, nil
}

func parseArray(s string) (*Type, error) {
	body, ok := strings.CutSuffix(s[1:], "]")
	elem, count, ok2 := strings.Cut(body, ";")
	if !ok || !ok2 {
		return nil, fmt.Errorf("kind %q: want [KIND;LENGTH]", s)
	}
	count, index, indexed := strings.Cut(count, ";")
	t := &Type{Kind: KindArray, Len: parseLength(count)}
	if indexed {
		if t.Index = SetByName(index); t.Index == nil {
			return nil, fmt.Errorf("kind %q: no set %q", s, index)
		}
	}
	if strings.HasPrefix(elem, "*") {
		t.Kind, elem = KindPtrArray, elem[1:]
	}
	var err error
	t.Elem, err = parseType(elem)
	return t, err
}

func parseSetKind(word, arg string) (*Type, error) {
	t := &Type{Kind: KindEnum}
	name, low, hasLow := strings.Cut(arg, "+")
	if word == "flags" {
		t.Kind = KindFlags
	} else if name == "clockid" {
		t.Kind = KindClock
	}
	if t.Set = SetByName(name); t.Set == nil {
		return nil, &unknownWord{word: name, set: true}
	}
	if hasLow {
		var err error
		if t.Low, err = parseType(low); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// parseLength parses "", "123", "ret", "iocsize", "name", "name.field", "*name",
// "$argument" or "@field", each with "/BYTES" for a count of elements.
func parseLength(s string) Length {
	if name, div, ok := strings.Cut(s, "/"); ok {
		l := parseLength(name)
		l.Div, _ = strconv.ParseUint(div, 0, 32)
		return l
	}
	if name, field, ok := strings.Cut(s, "."); ok {
		return Length{Kind: LenField, Name: name, Of: field}
	}
	switch {
	case s == "":
		return Length{}
	case s == "ret":
		return Length{Kind: LenRet}
	case s == "iocsize":
		return Length{Kind: LenIoctl}
	case s[0] == '$':
		return Length{Kind: LenArg, Name: s[1:]}
	case s[0] == '@':
		return Length{Kind: LenOwn, Name: s[1:]}
	case s[0] == '*':
		return Length{Kind: LenDeref, Name: s[1:]}
	}
	if n, err := strconv.ParseUint(s, 0, 32); err == nil {
		return Length{Kind: LenConst, N: n}
	}
	return Length{Kind: LenName, Name: s}
}
