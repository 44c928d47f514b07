package syscalls

import (
	_ "embed"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
)

//go:embed table/calls.tab
var callsText string

//go:embed table/net_calls.tab
var netCallsText string

//go:embed table/proc_calls.tab
var procCallsText string

//go:embed table/old_calls.tab
var oldCallsText string

//go:embed table/kern_calls.tab
var kernCallsText string

// A row is parsed when its call is first looked up: a trace of three calls
// never looks at the other rows.

// callIndex finds the row of a name. A row for certain ABIs only
// ("clone@arm64,i386") is filed under "clone@arm64" and "clone@i386".
var callIndex = sync.OnceValue(func() *tableIndex {
	return newTableIndex(callNames, tableFile{"calls.tab", callsText},
		tableFile{"net_calls.tab", netCallsText}, tableFile{"kern_calls.tab", kernCallsText},
		tableFile{"proc_calls.tab", procCallsText}, tableFile{"old_calls.tab", oldCallsText})
})

func callNames(line string, file func(string)) {
	head, _, _ := strings.Cut(line, "(")
	name, abis, limited := strings.Cut(head, "@")
	if !limited {
		file(name)
		return
	}
	for abi := range strings.SplitSeq(abis, ",") {
		file(name + "@" + abi)
	}
}

// slots hold the parsed signatures by ABI and number. A call without a row
// holds noRow.
var (
	slots     [NumABI][]atomic.Pointer[Signature]
	slotsOnce sync.Once
	noRow     Signature
	rowErrors struct {
		sync.Mutex
		list []error
	}
)

// Lookup returns the signature of a call, or nil when the table has no row for
// it. After the first use of a call it is two loads and does not allocate.
func Lookup(abi ABI, nr int) *Signature {
	abi, nr = base(abi, nr)
	if s := definedCall(abi, nr); s != nil {
		return s
	}
	slotsOnce.Do(func() {
		for a := range slots {
			slots[a] = make([]atomic.Pointer[Signature], len(ABI(a).table()))
		}
	})
	if abi >= NumABI || nr < 0 || nr >= len(slots[abi]) {
		return nil
	}
	slot := &slots[abi][nr]
	s := slot.Load()
	if s == nil {
		s = &noRow
		if Known(abi, nr) {
			if parsed := lookupRow(abi, Name(abi, nr)); parsed != nil {
				parsed.Classes = classesOf(Name(abi, nr))
				s = parsed
			}
		}
		if !slot.CompareAndSwap(nil, s) {
			s = slot.Load()
		}
	}
	if s == &noRow {
		return nil
	}
	return s
}

// LookupName returns the signature of a call by its name on the native ABI,
// or on the first ABI that has the call.
func LookupName(name string) *Signature {
	for _, abi := range []ABI{Native(), AMD64, ARM64, I386} {
		if nr, ok := Number(abi, name); ok {
			return Lookup(abi, nr)
		}
	}
	return nil
}

// lookupRow parses the row of a call. A row that does not parse counts as
// missing, so a user sees plain numbers; the tests fail on it.
func lookupRow(abi ABI, name string) *Signature {
	index := callIndex()
	l, ok := index.line(name + "@" + abi.String())
	if !ok {
		if l, ok = index.line(name); !ok {
			return nil
		}
	}
	s, err := parseCall(abi, l)
	if err != nil {
		rowErrors.Lock()
		rowErrors.list = append(rowErrors.list, fmt.Errorf("%s: %s: %w", l.where(), name, err))
		rowErrors.Unlock()
		return nil
	}
	return s
}
