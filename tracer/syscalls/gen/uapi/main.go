// Command uapi makes the tables in ../../data out of the kernel's user-space
// headers. See ../README.md for how to run it.
package main

import (
	"bufio"
	"crypto/sha256"
	"flag"
	"fmt"
	"io"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"luatrace/tracer/syscalls/pack"
)

func main() {
	log.SetFlags(0)
	log.SetPrefix("uapi: ")
	headers := flag.String("headers", "/usr/include", "`directory` that holds linux/ and the asm/ directories of each architecture")
	version := flag.String("version", "", "package and version of the headers, for the first line of the tables (default: the installed linux-libc-dev)")
	list := flag.String("arch", "amd64,arm64,386", "architectures; amd64 is always made, the others are written as differences from it")
	out := flag.String("out", "data", "directory for the tables")
	jobs := flag.Int("jobs", runtime.NumCPU(), "number of compilers run at once")
	verbose := flag.Bool("v", false, "also say which headers could not be read, and which names have several values")
	show := flag.String("print", "", "write the records of this `table` to standard output, and do nothing else")
	flag.Parse()
	if *show != "" {
		if err := printTable(os.Stdout, *show); err != nil {
			log.Fatal(err)
		}
		return
	}
	if err := run(*headers, *version, strings.Split(*list, ","), *out, *jobs, *verbose); err != nil {
		log.Fatal(err)
	}
}

// facts is what was found for one architecture.
type facts struct {
	constants table
	structs   map[string]*cstruct
	ioctls    []request
}

func run(headers, version string, names []string, out string, jobs int, verbose bool) error {
	tmp, err := os.MkdirTemp("", "uapi-stubs")
	if err != nil {
		return err
	}
	defer os.RemoveAll(tmp)
	if err := writeStubs(tmp); err != nil {
		return err
	}
	if version == "" {
		if version, err = installed(); err != nil {
			return err
		}
	}
	var sum string
	var common *facts
	order := []string{"amd64"}
	for _, n := range names {
		if n != "amd64" {
			order = append(order, n)
		}
	}
	for _, name := range order {
		a := arches[name]
		if a == nil {
			return fmt.Errorf("unknown architecture %q: amd64, arm64 and 386 are known", name)
		}
		if err := a.prepare(headers, tmp); err != nil {
			return err
		}
		start := time.Now()
		f, err := a.facts(name, jobs, verbose)
		if err != nil {
			return err
		}
		log.Printf("%s: %d constants, %d structs, %d ioctls in %.0f s", a.name, f.constants.count(), len(f.structs), len(f.ioctls), time.Since(start).Seconds())
		if common == nil {
			common = f
			if sum, err = a.digest(); err != nil {
				return err
			}
		}
		_, xversion, err := xsys(name)
		if err != nil {
			return err
		}
		comment := fmt.Sprintf("%s (sha256 of the amd64 headers %s), %s %s", version, sum, xsysModule, xversion)
		if err := f.write(out, comment, a.name, common); err != nil {
			return err
		}
	}
	return nil
}

// printTable writes the text of a table.
func printTable(w io.Writer, file string) error {
	b, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	t := &pack.Table{File: string(b)}
	out := bufio.NewWriter(w)
	fmt.Fprintf(out, "# %s\n", t.Comment())
	for key, text := range t.Records("") {
		fmt.Fprintf(out, "%s %s\n", key, text)
	}
	return out.Flush()
}

// installed asks dpkg for the version of the default headers.
func installed() (string, error) {
	b, err := exec.Command("dpkg-query", "-W", "-f", "${Package} ${Version}", "linux-libc-dev").Output()
	if err != nil {
		return "", fmt.Errorf("dpkg-query linux-libc-dev: %w; give -version", err)
	}
	return string(b), nil
}

// facts reads the headers of an architecture and fills the gaps they leave.
func (a *arch) facts(goarch string, jobs int, verbose bool) (*facts, error) {
	list, err := a.list()
	if err != nil {
		return nil, err
	}
	results, err := a.scan(append(list, extraHeader), jobs)
	if err != nil {
		return nil, err
	}
	f := &facts{constants: constants(results), structs: map[string]*cstruct{}}
	last := results[len(results)-1]
	if last.err != nil {
		return nil, fmt.Errorf("%s: %w", extraHeader, last.err)
	}
	failed := 0
	for _, r := range append(results[len(results)-1:], results...) {
		if r.err != nil && len(r.macros) == 0 && len(r.structs) == 0 {
			failed++
			if verbose {
				text, _, _ := strings.Cut(r.err.Error(), "\n")
				log.Printf("%s: %s: %s", a.name, r.header, text)
			}
		}
		merge(f.structs, r.structs)
	}
	log.Printf("%s: %d headers, %d of them unreadable", a.name, len(list), failed)

	x, _, err := xsys(goarch)
	if err != nil {
		return nil, err
	}
	e, err := extra()
	if err != nil {
		return nil, err
	}
	f.constants.fill(e)
	log.Printf("%s: %d constants only in x/sys", a.name, f.constants.fill(x))
	if verbose {
		for _, c := range f.constants.conflicts() {
			log.Printf("%s: %s", a.name, c)
		}
	}
	if f.ioctls, err = ioctls(results, f.constants.names()); err != nil {
		return nil, err
	}
	return f, nil
}

// merge adds the structs of one header. Where two headers have a struct of the
// same name, ours come first, then the core headers.
func merge(all, own map[string]*cstruct) {
	for name, s := range own {
		old := all[s.name]
		if old == nil || old.header != extraHeader && !core(old.header) && core(s.header) {
			all[s.name] = own[name]
		}
	}
}

// digest identifies the headers the tables were made from.
func (a *arch) digest() (string, error) {
	list, err := a.list()
	if err != nil {
		return "", err
	}
	h := sha256.New()
	for _, name := range list {
		p := filepath.Join(a.headers, name)
		if strings.HasPrefix(name, "asm/") {
			p = filepath.Join(a.headers, a.triplet, name)
		}
		f, err := os.Open(p)
		if err != nil {
			return "", err
		}
		fmt.Fprintln(h, name)
		_, err = io.Copy(h, f)
		f.Close()
		if err != nil {
			return "", err
		}
	}
	return fmt.Sprintf("%x", h.Sum(nil)), nil
}

// write writes the tables of one architecture: all of amd64, and what the
// others have differently.
func (f *facts) write(dir, comment, name string, common *facts) error {
	files := map[string][]string{}
	if f == common {
		files["constants"] = f.constants.records(core)
		files["constants-drivers"] = f.constants.records(func(h string) bool { return !core(h) })
		files["structs"] = structRecords(f.structs, func(s *cstruct) bool { return core(s.header) })
		files["structs-drivers"] = structRecords(f.structs, func(s *cstruct) bool { return !core(s.header) })
		files["ioctls"] = ioctlRecords(f.ioctls)
	} else {
		files["constants-"+name] = overlay(common.constants, f.constants).records(func(string) bool { return true })
		files["structs-"+name] = structRecords(structOverlay(common.structs, f.structs), func(*cstruct) bool { return true })
		files["ioctls-"+name] = ioctlRecords(ioctlOverlay(common.ioctls, f.ioctls))
	}
	for file, records := range files {
		b, err := pack.Write(comment, records)
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, file+".pack"), b, 0o644); err != nil {
			return err
		}
	}
	return nil
}
