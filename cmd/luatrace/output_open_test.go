package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"luatrace/internal/fixture"
)

// stranger is a user that none of the tests runs as.
const stranger = 1<<30 + 7

// must fails the test for the first error.
func must(t *testing.T, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}

// TestOutputGoesNowhereElse: where others may put files, what they have put there
// leads the trace nowhere: no link on the way, no file of theirs or of two names.
func TestOutputGoesNowhereElse(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		rooted bool                                   // needs root
		mode   os.FileMode                            // of the folder
		owner  [2]int                                 // of the folder
		put    func(t *testing.T, dir, victim string) // what is in it, and whose
		file   string
		want   string // in the message; "" if it is written
	}{
		{"link of a folder", false, 0o1777, [2]int{-1, -1}, func(t *testing.T, dir, victim string) { must(t, os.Symlink(filepath.Dir(victim), dir+"/d")) },
			"d/secret", `d" is a symbolic link in a directory where everybody may write`},
		{"link of a file", false, 0o777, [2]int{-1, -1}, func(t *testing.T, dir, victim string) { must(t, os.Symlink(victim, dir+"/f")) },
			"f", `it is a symbolic link in a directory where everybody may write`},
		{"dangling link", false, 0o1777, [2]int{-1, -1}, func(t *testing.T, dir, victim string) { must(t, os.Symlink(victim+"2", dir+"/f")) },
			"f", `it is a symbolic link in a directory where everybody may write`},
		{"link that a link leads to", false, 0o1777, [2]int{-1, -1}, func(t *testing.T, dir, victim string) {
			must(t, os.Symlink(victim, dir+"/f"), os.Mkdir(dir+"/own", 0o755), os.Symlink("../f", dir+"/own/l"))
		}, "own/l", `f" is a symbolic link in a directory where everybody may write`},
		{"hard link", false, 0o1777, [2]int{-1, -1}, func(t *testing.T, dir, victim string) { must(t, os.Link(victim, dir+"/f")) },
			"f", `it is a file with 2 names, in a directory where everybody may write`},
		{"own file", false, 0o1777, [2]int{-1, -1}, func(t *testing.T, dir, victim string) { must(t, os.WriteFile(dir+"/f", nil, 0o600)) }, "f", ""},
		{"own link in an own folder", false, 0o755, [2]int{-1, -1}, func(t *testing.T, dir, victim string) { must(t, os.Symlink(dir+"/g", dir+"/f")) }, "f", ""},
		{"own links of folders", false, 0o755, [2]int{-1, -1}, func(t *testing.T, dir, victim string) {
			must(t, os.Mkdir(dir+"/a", 0o755), os.Symlink("a", dir+"/b"), os.Symlink(dir+"/b/../b", dir+"/c"))
		}, "c/../b/./f", ""},
		{"another's file", true, 0o1777, [2]int{0, 0}, func(t *testing.T, dir, victim string) {
			must(t, os.WriteFile(dir+"/f", nil, 0o666), os.Chmod(dir+"/f", 0o666), os.Chown(dir+"/f", stranger, stranger))
		}, "f", `it belongs to 1073741831, in a directory where everybody may write; remove it, or write elsewhere`},
		{"another's FIFO", true, 0o1777, [2]int{0, 0}, func(t *testing.T, dir, victim string) {
			must(t, syscall.Mkfifo(dir+"/f", 0o666), os.Chown(dir+"/f", stranger, stranger))
		}, "f", `it belongs to 1073741831, in a directory where everybody may write`},
		{"folder of a group", true, 0o770, [2]int{0, stranger}, func(t *testing.T, dir, victim string) {
			must(t, os.Symlink(victim, dir+"/f"), os.Lchown(dir+"/f", stranger, stranger))
		},
			"f", `it is a symbolic link in a directory where the group 1073741831 may write`},
		{"another's folder", true, 0o755, [2]int{stranger, 0}, func(t *testing.T, dir, victim string) { must(t, os.Symlink(victim, dir+"/f")) },
			"f", `it is a symbolic link in a directory where 1073741831 may write`},
		{"hard link in another's folder", true, 0o755, [2]int{stranger, 0}, func(t *testing.T, dir, victim string) { must(t, os.Link(victim, dir+"/f")) },
			"f", `it is a file with 2 names, in a directory where 1073741831 may write`},
		{"new file in another's folder", true, 0o755, [2]int{stranger, 0}, func(*testing.T, string, string) {}, "f", ""},
		{"another's file in an own folder", true, 0o755, [2]int{0, 0}, func(t *testing.T, dir, victim string) {
			must(t, os.WriteFile(dir+"/f", nil, 0o600), os.Chown(dir+"/f", stranger, stranger))
		}, "f", ""},
	} {
		if c.rooted && !isRoot() {
			continue // nothing can be given to another user
		}
		for _, absolute := range []bool{true, false} {
			t.Run(fmt.Sprintf("%s/%v", c.name, absolute), func(t *testing.T) {
				t.Parallel()
				top := t.TempDir()
				dir, victim := filepath.Join(top, "shared"), filepath.Join(top, "victim/secret")
				must(t, os.Mkdir(dir, 0o755), os.Mkdir(filepath.Dir(victim), 0o755), os.WriteFile(victim, []byte("kept"), 0o600))
				c.put(t, dir, victim)
				must(t, os.Chown(dir, c.owner[0], c.owner[1]), unix.Chmod(dir, uint32(c.mode)))
				for _, options := range [][]string{{}, {"-A"}, {"-c"}, {"-j"}} {
					file := c.file
					if absolute {
						file = filepath.Join(dir, "") + "/" + file
					}
					cmd := exec.Command(fixture.Luatrace(t), append(options, "-o", file, "true")...)
					cmd.Dir = dir
					r := fixture.RunCmd(t, cmd)
					if c.want == "" && (r.Code != 0 || r.Stderr != "") ||
						c.want != "" && (r.Code != exitFailure || strings.Count(r.Stderr, "\n") != 1 || !strings.Contains(r.Stderr, c.want)) {
						t.Errorf("%q: status %d, %q, want %q", options, r.Code, r.Stderr, c.want)
					}
					if b, err := os.ReadFile(victim); err != nil || string(b) != "kept" {
						t.Errorf("%q: the other file has %q, %v", options, b, err)
					}
					if st, err := os.Stat(file); absolute && c.want == "" && (err != nil || st.Size() == 0) {
						t.Errorf("%q: nothing was written: %v", options, err)
					}
					if files, _ := os.ReadDir(filepath.Dir(victim)); len(files) != 1 {
						t.Errorf("%q: files were made elsewhere: %v", options, files)
					}
				}
			})
		}
	}
}

// TestOutputOfAllKinds: what is no file is written to as before: devices, standard
// streams, pipes of the shell's, and FIFOs whoever opens them first.
func TestOutputOfAllKinds(t *testing.T) {
	t.Parallel()
	const script = `
		same() { [ "$2" = "$3" ] || echo "$1: $2"; }
		trace="$0 -t exit_group:enter -o"; line="exit_group(0)"
		$trace /dev/null true 2>&1 || echo "null: $?"
		same stdout "$($trace /dev/stdout true 2>/dev/null | head -c 13)" "$line"
		same stderr "$($trace /dev/stderr true 2>&1 >/dev/null | head -c 13)" "$line"
		$trace /dev/stdout true >file; same "file on stdout" "$(head -c 13 file)" "$line"
		$trace /proc/self/fd/7 true 7>>file; same descriptor "$(head -c 13 file)" "$line"
		$trace >(cat >sub) true; wait $!; same process "$(head -c 13 sub)" "$line"
		mkfifo first later; mkdir -m 1777 open; mkfifo open/own
		cat first >got1 & $trace first true; wait; same "reader first" "$(head -c 13 got1)" "$line"
		$trace later true & cat later >got2; wait; same "writer first" "$(head -c 13 got2)" "$line"
		cat open/own >got3 & $trace open/own true; wait; same "in an open folder" "$(head -c 13 got3)" "$line"
		$trace open/own true & cat open/own >got4; wait; same "in an open folder, writer first" "$(head -c 13 got4)" "$line"
		for name in . open open/ /dev/null/x none/ ""; do "$0" -o "$name" true 2>&1; done`
	cmd := exec.Command("bash", "-c", script, fixture.Luatrace(t))
	cmd.Dir = t.TempDir()
	const want = `luatrace: cannot write to ".": is a directory
luatrace: cannot write to "open": is a directory
luatrace: cannot write to "open/": is a directory
luatrace: cannot write to "/dev/null/x": not a directory
luatrace: cannot write to "none/": no such file or directory
luatrace: -o: the name of a file is wanted
`
	r := fixture.RunCmd(t, cmd)
	if r.Stdout != want || r.Stderr != "" {
		t.Errorf("%s%s", r.Stdout, r.Stderr)
	}
}

// TestSeparateFilesOfTheSameID: when a thread has the id of one that has ended, its
// calls stand behind the other's, in every form.
func TestSeparateFilesOfTheSameID(t *testing.T) {
	t.Parallel()
	sameid := fixture.Build(t, "sameid")
	for _, c := range []struct {
		options []string
		form    string // of the child's file, X for its id
	}{
		{nil, `write\(3, "one", 3\) += 3\nexit_group\(0\) += \?\n\+\+\+ exited with 0 \+\+\+\n--- another thread with the id X begins ---\nwrite\(3, "two", 3\) += 3\nexit_group\(0\) += \?\n\+\+\+ exited with 0 \+\+\+\n`},
		{[]string{"-j"}, `(.*\n)*\{.*"buf":"one".*\n(.*\n)*\{"type":"notice","text":"another thread with the id X begins"\}\n(.*\n)*\{.*"buf":"two".*\n(.*\n)*`},
		{[]string{"-j", "-A"}, `(.*\n)*\{.*"buf":"one".*\n(.*\n)*\{"type":"notice","text":"another thread with the id X begins"\}\n(.*\n)*\{.*"buf":"two".*\n(.*\n)*`},
	} {
		dir := t.TempDir()
		cmd := exec.Command(fixture.Luatrace(t), append(append([]string{"-ff", "-o", "t", "-t", "write,exit_group"}, c.options...), sameid)...)
		cmd.Dir = dir
		r := fixture.RunCmd(t, cmd)
		if r.Code == 3 && r.Stdout == "refused\n" {
			return // only some users may choose ids: the next test has no need of it
		}
		id, _, _ := strings.Cut(r.Stdout, "\n")
		text := readFile(t, filepath.Join(dir, "t."+id))
		if r.Code != 0 || r.Stderr != "" || !regexp.MustCompile("^"+strings.ReplaceAll(c.form, "X", id)+"$").MatchString(text) {
			t.Errorf("%q: status %d, %q; file of %s:\n%s", c.options, r.Code, r.Stderr, id, text)
		}
		for line := range strings.Lines(text) {
			if len(c.options) > 0 && !json.Valid([]byte(line)) {
				t.Errorf("no JSON: %q", line)
			}
		}
	}
}

// TestFilesOfThreads: the second file of an id in a run is the first one, which a
// run before is not.
func TestFilesOfThreads(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	name := filepath.Join(dir, "t")
	write := func(out *output, tid int, text string) {
		w := out.forThread(tid)
		_, err := w.Write([]byte(text))
		must(t, err, w.Close(), out.err)
	}
	for range 2 {
		o := flagSet()
		o.output, o.separate = name, true
		out, err := openOutput(o, newPatient(os.Stderr))
		must(t, err)
		write(out, 5, "a\n")
		write(out, 6, "b\n")
		write(out, 5, "c\n")
		must(t, out.close())
		if a, b := readFile(t, name+".5"), readFile(t, name+".6"); a != "a\n--- another thread with the id 5 begins ---\nc\n" || b != "b\n" {
			t.Errorf("%q, %q", a, b)
		}
	}
}
