package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strconv"
	"strings"
	"sync"
)

// preludes are what a program might have included before a header. None fits
// all headers: some lack includes of their own, a few clash with others.
var preludes = []string{
	"#include <stddef.h>\n#include <stdint.h>\n#include <linux/types.h>\n#include <linux/ioctl.h>\n#include <sys/socket.h>\n",
	"",
	"#include <sys/types.h>\n#include <sys/socket.h>\n#include <sys/time.h>\n#include <netinet/in.h>\n#include <sys/ioctl.h>\n#include <linux/if.h>\n#include <linux/if_ether.h>\n",
	"#include <sys/types.h>\n#include <asm/signal.h>\n#include <asm/sigcontext.h>\n",
}

// macro is one object-like macro, or one enumerator, of a header.
type macro struct {
	name, body string // body "" for enumerators
	line       int
	value      uint64
	known      bool // value is valid
}

// result is all that was learnt from one header.
type result struct {
	header  string
	macros  []macro // in the order of the header
	structs map[string]*cstruct
	types   map[string]string // typedefs, also those it includes: the table's name of what they stand for
	wraps   map[string]bool   // function-like macros that make ioctl requests
	err     error             // why something could not be read
}

// scan reads all headers of an architecture, jobs at a time.
func (a *arch) scan(headers []string, jobs int) ([]*result, error) {
	dir, err := os.MkdirTemp("", "uapi-"+a.name)
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	results := make([]*result, len(headers))
	var wg sync.WaitGroup
	next := make(chan int)
	for j := range jobs {
		wg.Add(1)
		go func() {
			defer wg.Done()
			obj := filepath.Join(dir, strconv.Itoa(j)+".o")
			for i := range next {
				results[i] = a.header(headers[i], obj)
			}
		}()
	}
	for i := range headers {
		next <- i
	}
	close(next)
	wg.Wait()
	return results, nil
}

// header reads one header with each prelude until nothing is missing.
func (a *arch) header(h, obj string) *result {
	r := &result{header: h, structs: map[string]*cstruct{}, types: map[string]string{}, wraps: map[string]bool{}}
	// The architecture's own header of the same name decides what a generic
	// one means: it may define O_DIRECTORY and the like before including it.
	via := h
	if g, ok := strings.CutPrefix(h, "asm-generic/"); ok {
		if _, err := os.Stat(filepath.Join(a.headers, a.triplet, "asm", g)); err == nil {
			via = "asm/" + g
		}
	}
	values := map[string]uint64{}
	order := map[string]macro{}
	for _, p := range preludes {
		src := p + "#include <" + via + ">\n"
		macros, wraps, err := a.macros(src, h)
		if err != nil {
			r.err = errors.Join(r.err, err)
			continue
		}
		for w := range wraps {
			r.wraps[w] = true
		}
		enums, err := a.evaluate(src, h, macros, obj, values, r)
		if err != nil {
			r.err = errors.Join(r.err, err)
			continue
		}
		missing := false
		for _, m := range append(macros, enums...) {
			if _, ok := order[m.name]; !ok {
				order[m.name] = m
			}
			if _, ok := values[m.name]; !ok && strings.Contains(m.body, "_IO") {
				missing = true
			}
		}
		if !missing {
			r.err = nil
			break
		}
	}
	for name, m := range order {
		m.value, m.known = values[name]
		r.macros = append(r.macros, m)
	}
	sort.Slice(r.macros, func(i, j int) bool {
		if r.macros[i].line != r.macros[j].line {
			return r.macros[i].line < r.macros[j].line
		}
		return r.macros[i].name < r.macros[j].name
	})
	return r
}

var (
	lineMarker = regexp.MustCompile(`^# (\d+) "(.*?)"`)
	defineLine = regexp.MustCompile(`^#define (\w+)(\([^)]*\))? (.+)$`)
	undefLine  = regexp.MustCompile(`^#undef (\w+)`)
	ioctlMaker = regexp.MustCompile(`\b(_IOC?|_IOR|_IOW|_IOWR|_IO[RW]+_BAD)\s*\(`)
)

// macros preprocesses src and returns the object-like macros that stand in
// header h itself, and the function-like ones of any header that make ioctl
// requests.
func (a *arch) macros(src, h string) ([]macro, map[string]bool, error) {
	out, err := a.run(src, "-E", "-dD", "-x", "c", "-")
	if err != nil {
		return nil, nil, err
	}
	found := map[string]macro{}
	wraps := map[string]bool{}
	here, line := false, 0
	for text := range strings.Lines(out) {
		text = strings.TrimSuffix(text, "\n")
		if m := lineMarker.FindStringSubmatch(text); m != nil {
			here = a.relative(m[2]) == h
			line, _ = strconv.Atoi(m[1])
			continue
		}
		if m := defineLine.FindStringSubmatch(text); m != nil {
			switch {
			case m[2] != "":
				if ioctlMaker.MatchString(m[3]) {
					wraps[m[1]] = true
				}
			case here && !strings.HasPrefix(m[3], `"`):
				found[m[1]] = macro{name: m[1], body: m[3], line: line}
			}
		} else if m := undefLine.FindStringSubmatch(text); m != nil {
			delete(found, m[1])
		}
		line++
	}
	list := make([]macro, 0, len(found))
	for _, m := range found {
		list = append(list, m)
	}
	sort.Slice(list, func(i, j int) bool { return list[i].line < list[j].line })
	return list, wraps, nil
}

const valuePrefix = "luatrace_value_"

var errorLine = regexp.MustCompile(`(?m)^<stdin>:(\d+):\d+: error`)

// evaluate compiles one constant for each macro, leaves out the lines the
// compiler rejects (macros that are no integers) until it is content, and adds
// the values it finds in the object to values and the types to r. It
// returns the enumerators of the header. Nothing is executed.
func (a *arch) evaluate(src, h string, macros []macro, obj string, values map[string]uint64, r *result) ([]macro, error) {
	todo := make([]string, 0, len(macros))
	for _, m := range macros {
		todo = append(todo, m.name)
	}
	first := strings.Count(src, "\n") + 1
	for range 40 {
		var b strings.Builder
		b.WriteString(src)
		for _, name := range todo {
			fmt.Fprintf(&b, "const unsigned long long %s%s = (unsigned long long)(%s);\n", valuePrefix, name, name)
		}
		_, err := a.run(b.String(), "-g", "-fno-eliminate-unused-debug-types", "-x", "c", "-c", "-o", obj, "-")
		if err == nil {
			return a.readObject(obj, h, values, r)
		}
		var cc *ccError
		if !errors.As(err, &cc) {
			return nil, err
		}
		bad := map[int]bool{}
		for _, m := range errorLine.FindAllStringSubmatch(cc.text, -1) {
			n, _ := strconv.Atoi(m[1])
			if n >= first && n < first+len(todo) {
				bad[n-first] = true
			}
		}
		if len(bad) == 0 {
			return nil, err
		}
		kept := todo[:0]
		for i, name := range todo {
			if !bad[i] {
				kept = append(kept, name)
			}
		}
		todo = kept
	}
	return nil, fmt.Errorf("%s: the compiler is not content after 40 rounds", h)
}
