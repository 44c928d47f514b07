package main

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"luatrace/tracer/syscalls"
)

// coverageTarget is the table of calls that is written, from the top of the tree.
const coverageTarget = "docs/syscalls.md"

// The degrees of decoding.
const (
	full          = "full"
	partial       = "partial"
	raw           = "raw"
	unimplemented = "none"
)

const coverageIntro = `<!-- Made by: go run ./internal/docs. Change the tables in tracer/syscalls/table. -->

# System calls and how far they are decoded

A line a call. Arguments have their kind behind the colon, with > for what the kernel writes and = for what it reads and writes; the kinds are explained in
` + "`tracer/syscalls/signature_type.go`" + `, and ` + "`luatrace probes NAME`" + ` says the same for one call.

- **full**: everything an argument says is decoded. Addresses and numbers in hexadecimal among the arguments are those that say no more than that.
- **partial**: so for most values of the argument that decides what the others are (an operation, an option), but for some of them something
  that has more to say is shown as an address or a number.
- **raw**: so for all of them, or the call has no row in the tables. (An ioctl request that no table knows shows its argument as a number.)
- **none**: the kernel has the number and no call behind it. The arguments are shown as words.

x32 has amd64's calls, with bit 30 of the number set; 36 of them have a number of their own from 512 on.

`

// coverage returns the text of docs/syscalls.md.
func coverage() []byte {
	abis := []syscalls.ABI{syscalls.AMD64, syscalls.I386, syscalls.ARM64}
	var names []string
	for _, abi := range abis {
		names = append(names, syscalls.Names(abi)...)
	}
	slices.Sort(names)
	names = slices.Compact(names)

	counts := map[syscalls.ABI]map[string]int{}
	var rows bytes.Buffer
	for _, name := range names {
		var sig *syscalls.Signature
		numbers, degree := "", full
		for _, abi := range abis {
			nr, ok := syscalls.Number(abi, name)
			if !ok {
				numbers += " - |"
				continue
			}
			s := syscalls.Lookup(abi, nr)
			d := decoding(s)
			if counts[abi] == nil {
				counts[abi] = map[string]int{}
			}
			counts[abi][d]++
			numbers += fmt.Sprintf(" %d |", nr)
			if sig == nil {
				sig, degree = s, d
			}
		}
		fmt.Fprintf(&rows, "| %s | %s | %s |%s %s |\n", name, degree, arguments(sig), numbers, strings.Join(classNames(sig), " "))
	}

	var b bytes.Buffer
	b.WriteString(coverageIntro)
	b.WriteString("| | calls | full | partial | raw | none |\n| --- | --- | --- | --- | --- | --- |\n")
	for _, abi := range abis {
		c := counts[abi]
		fmt.Fprintf(&b, "| %s | %d | %d | %d | %d | %d |\n", abi, c[full]+c[partial]+c[raw]+c[unimplemented], c[full], c[partial], c[raw], c[unimplemented])
	}
	b.WriteString("\n| call | decoding | arguments | amd64 | i386 | arm64 | classes |\n| --- | --- | --- | --- | --- | --- | --- |\n")
	rows.WriteTo(&b)
	return b.Bytes()
}

// decoding says how far a signature decodes its call.
func decoding(s *syscalls.Signature) string {
	switch {
	case s == nil:
		return raw
	case s.Unimplemented:
		return unimplemented
	}
	undecoded := 0
	if hasRaw(s.Params) {
		undecoded++
	}
	for i := range s.Variants {
		if hasRaw(s.Variants[i].Params) {
			undecoded++
		}
	}
	switch undecoded {
	case 0:
		return full
	case len(s.Variants) + 1:
		return raw
	}
	return partial
}

func hasRaw(params []syscalls.Param) bool {
	return slices.ContainsFunc(params, func(p syscalls.Param) bool { return !p.Hidden && p.Type != nil && p.Type.Raw })
}

// arguments lists the arguments with directions and kinds. Where variants
// differ, it is the general form.
func arguments(s *syscalls.Signature) string {
	if s == nil {
		return ""
	}
	var list []string
	for i := range s.Params {
		p := &s.Params[i]
		if !p.Hidden {
			list = append(list, fmt.Sprintf("%s:%s%s", p.Name, p.Dir, p.Type))
		}
	}
	text := strings.Join(list, ", ")
	if n := len(s.Variants); n > 0 {
		text += fmt.Sprintf("; %d variants", n)
	}
	return text
}

func classNames(s *syscalls.Signature) []string {
	if s == nil {
		return nil
	}
	return s.Classes
}
