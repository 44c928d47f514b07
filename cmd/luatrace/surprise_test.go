package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"luatrace/internal/fixture"
)

// planted are names under which other tools load code by themselves.
var planted = []string{
	"luatrace.lua", ".luatrace.lua", ".luatrace", "init.lua", ".luatracerc", "opensnoop.lua", "lib/columns.lua", "lib.lua", "columns.lua",
	"scripts/opensnoop.lua", "luatrace/scripts/opensnoop.lua", ".local/share/luatrace/scripts/opensnoop.lua", "lib/columns/init.lua", "bit.lua", "json.lua",
}

// TestNothingIsLoadedUnasked: neither the current directory nor the variables
// that other Luas look at bring code into any command.
func TestNothingIsLoadedUnasked(t *testing.T) {
	t.Parallel()
	dir := openDir(t)
	trap := filepath.Join(dir, "trap")
	code := `local f = io.open("` + trap + `", "a") if f then f:write("sprung ", ...) f:close() end meta {name = "trap", summary = "sprung trap"}`
	for _, name := range planted {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		writeFile(t, filepath.Join(dir, name), code)
	}
	bad := filepath.Join(dir, "luatrace.lua")
	home := filepath.Join(dir, "home")
	for _, args := range [][]string{
		{"true"}, {"-c", "true"}, {"-s", "opensnoop", "true"}, {"-s", "syscount", "true"}, {"-e", "print(1)", "true"}, {"-t", "openat", "-e", "print(ev)", "true"},
		{"list", "-v"}, {"info", "opensnoop"}, {"check", "opensnoop"}, {"test", "opensnoop"}, {"probes", "openat"}, {"types"}, {"help"},
		{"completion", "bash"}, {"__complete", "-s", "o"}, {"--plan", "-s", "opensnoop", "true"}, {"-s", "opensnoop", "--help"},
		{"-e", `assert(not pcall(require, "luatrace")) assert(require "lib.rules")`, "true"},
	} {
		cmd := exec.Command(fixture.Luatrace(t), args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "HOME="+home, "XDG_DATA_HOME=", "XDG_DATA_DIRS=share:./luatrace", "LUATRACE_PATH=.:scripts:./luatrace/scripts",
			"LUA_PATH="+dir+"/?.lua;./?.lua", "LUA_PATH_5_1="+dir+"/?.lua;;", "LUA_CPATH="+dir+"/?.so", "LUA_INIT=@"+bad, "LUA_INIT_5_1=@"+bad,
			"LUAROCKS_CONFIG="+bad, "LUATRACE="+bad, "LUATRACE_INIT="+bad, "LUATRACE_OPTIONS=-s "+bad)
		r := fixture.RunCmd(t, cmd)
		if r.Code != 0 || strings.Contains(r.Stdout, "sprung trap") {
			t.Errorf("%q: status %d, %q, %q", args, r.Code, r.Stdout, r.Stderr)
		}
		if b, err := os.ReadFile(trap); err == nil {
			t.Errorf("%q ran code that nobody asked for: %s", args, b)
			os.Remove(trap)
		}
	}
}

// TestFileOrScript: a file in the current directory that is called like a script
// of the collection is not taken for it, nor it for the file.
func TestFileOrScript(t *testing.T) {
	t.Parallel()
	dir := openDir(t)
	for _, name := range []string{"opensnoop.lua", "mine.lua"} {
		writeFile(t, filepath.Join(dir, name), `meta {name = "x", summary = "here"} print("ran")`)
	}
	run := func(args ...string) fixture.Result {
		cmd := exec.Command(fixture.Luatrace(t), args...)
		cmd.Dir = dir
		return fixture.RunCmd(t, cmd)
	}
	const refusal = `luatrace: "opensnoop.lua" may be a file here or the script of that name: say ./opensnoop.lua or opensnoop` + "\n"
	for _, args := range [][]string{{"-s", "opensnoop.lua", "true"}, {"info", "opensnoop.lua"}, {"check", "opensnoop.lua"}, {"test", "opensnoop.lua"}} {
		if r := run(args...); r.Code == 0 || !strings.HasSuffix("luatrace: "+strings.TrimPrefix(r.Stdout+r.Stderr, "luatrace: "), refusal) {
			t.Errorf("%q: status %d, %q, %q", args, r.Code, r.Stdout, r.Stderr)
		}
	}
	for _, name := range []string{"./opensnoop.lua", "mine.lua", filepath.Join(dir, "opensnoop.lua")} {
		if r := run("-s", name, "true"); r.Code != 0 || r.Stderr != "ran\n" {
			t.Errorf("%s: status %d, %q", name, r.Code, r.Stderr)
		}
	}
	if r := run("-s", "missing.lua", "true"); r.Code != exitUsage || r.Stderr != `luatrace: cannot read the script "missing.lua": no such file or directory`+"\n" {
		t.Errorf("status %d, %q", r.Code, r.Stderr)
	}
}

// TestScriptsAreTrusted: as root, every command that takes a script refuses one
// that everybody may write, however it is found.
func TestScriptsAreTrusted(t *testing.T) {
	t.Parallel()
	dir := openDir(t)
	for _, sub := range []string{"own", "shared", "group"} {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o755); err != nil {
			t.Fatal(err)
		}
		writeFile(t, filepath.Join(dir, sub, "open-"+sub+".lua"), `meta {name = "x", summary = "SEEN"} test("t", function(t) t:expect(true) end)`)
	}
	file := filepath.Join(dir, "own/open-own.lua")
	group := filepath.Join(dir, "group") // of games
	if isRoot() {
		if err := os.Chown(group, 0, 60); err != nil {
			t.Fatal(err)
		}
	}
	for name, mode := range map[string]os.FileMode{file: 0o666, filepath.Join(dir, "shared"): 0o777, group: 0o775} {
		if err := os.Chmod(name, mode); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{file, filepath.Join(dir, "shared/open-shared.lua"), "open-own", "open-shared", filepath.Join(group, "open-group.lua"), "open-group"} {
		for _, args := range [][]string{{"-s", name, "true"}, {"info", name}, {"check", name}, {"test", name}, {"-s", name, "--help"}, {"list", "open-*"}} {
			cmd := exec.Command(fixture.Luatrace(t), args...)
			cmd.Env = append(os.Environ(), "LUATRACE_PATH="+filepath.Join(dir, "own")+":"+filepath.Join(dir, "shared")+":"+group)
			r := fixture.RunCmd(t, cmd)
			seen := r.Code == 0 && !strings.Contains(r.Stdout, "broken")
			told := strings.Contains(r.Stdout+r.Stderr, "as root luatrace doesn't run it") || strings.Contains(r.Stdout+r.Stderr, "there is no script") ||
				strings.Contains(r.Stdout+r.Stderr, "no script is of the category")
			if seen == isRoot() || told != isRoot() || isRoot() && strings.Contains(r.Stdout, "SEEN") {
				t.Errorf("%q: status %d, %q, %q", args, r.Code, r.Stdout, r.Stderr)
			}
		}
	}
}

// TestFoldersThatAreNotUsed: why a folder of scripts is not looked at is said, once.
func TestFoldersThatAreNotUsed(t *testing.T) {
	t.Parallel()
	dir := openDir(t)
	scripts := filepath.Join(dir, "data/luatrace/scripts")
	if err := os.MkdirAll(scripts, 0o755); err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(scripts, "foreign.lua"), `meta {name = "foreign", summary = "FOREIGN"} print "FOREIGN"`)
	if isRoot() {
		if err := os.Chown(filepath.Join(dir, "data"), 65534, 65534); err != nil { // and what lies below is root's
			t.Fatal(err)
		}
	}
	why := "luatrace: " + filepath.Join(dir, "data") + " belongs to nobody, and only root's scripts are found by their names\n"
	for _, args := range [][]string{{"list"}, {"info", "foreign"}, {"-s", "foreign", "true"}, {"check", "foreign"}, {"__complete", "-s", "fore"}} {
		cmd := exec.Command(fixture.Luatrace(t), args...)
		cmd.Env = append(os.Environ(), "XDG_DATA_HOME="+filepath.Join(dir, "data"), "LUATRACE_PATH=", "XDG_DATA_DIRS=/none")
		r := fixture.RunCmd(t, cmd)
		found := strings.Contains(strings.ToLower(r.Stdout+r.Stderr), "foreign") && !strings.Contains(r.Stdout+r.Stderr, "there is no script")
		if args[0] == "check" {
			found = r.Code == 0
		}
		if found == isRoot() {
			t.Errorf("%q: status %d, %q, %q", args, r.Code, r.Stdout, r.Stderr)
		}
		if isRoot() && args[0] == "list" && r.Stderr != why {
			t.Errorf("%q: %q", args, r.Stderr)
		}
		if isRoot() && args[0] == "info" && (!strings.Contains(r.Stderr, strings.TrimSpace(why[len("luatrace: "):])) || strings.Count(r.Stderr, "\n") != 1) {
			t.Errorf("%q: %q", args, r.Stderr)
		}
	}
}

// TestNoScriptByItsKind: a FIFO among scripts holds nothing up. A pipe of the shell's is
// read, and so is what comes on standard input.
func TestNoScriptByItsKind(t *testing.T) {
	t.Parallel()
	dir := openDir(t)
	fifo := filepath.Join(dir, "pipe.lua")
	if err := syscall.Mkfifo(fifo, 0o644); err != nil {
		t.Fatal(err)
	}
	writeFile(t, filepath.Join(dir, "good.lua"), `require "pipe"`)
	if err := os.Symlink("pipe.lua", filepath.Join(dir, "linked.lua")); err != nil {
		t.Fatal(err)
	}
	const refusal = "is a FIFO, not a script; what a command writes is read with -s - or -s <(COMMAND)\n"
	for _, c := range []struct {
		args []string
		want string // at the end
		code int
	}{
		{[]string{"-s", fifo, "true"}, refusal, exitUsage},
		{[]string{"-s", filepath.Join(dir, "linked.lua"), "true"}, refusal, exitUsage},
		{[]string{"info", fifo}, refusal, exitUsage},
		{[]string{"check", fifo}, refusal, exitFailure},
		{[]string{"test", fifo}, refusal, exitUsage},
		{[]string{"-s", filepath.Join(dir, "good.lua"), "true"}, refusal, exitUsage},
		{[]string{"-e", `assert(loadfile "` + fifo + `")`, "true"}, refusal, exitUsage},
		{[]string{"-s", "pipe", "true"}, "(a file is named with its path: -s ./pipe.lua; luatrace list shows the collection)\n", exitUsage},
		{[]string{"info", "linked"}, "(a file is named with its path: -s ./linked.lua; luatrace list shows the collection)\n", exitUsage},
		{[]string{"__complete", "-s", "p"}, "policy\npstree\n", 0},
		{[]string{"__complete", "-s", fifo, "-a", ""}, "", 0},
	} {
		cmd := exec.Command(fixture.Luatrace(t), c.args...)
		cmd.Env = append(os.Environ(), "LUATRACE_PATH="+dir)
		r := fixture.RunCmd(t, cmd)
		out := r.Stdout + r.Stderr
		if r.Code != c.code || !strings.HasSuffix(out, c.want) || strings.Count(out, "\n") != strings.Count(c.want, "\n") {
			t.Errorf("%q: status %d, %q", c.args, r.Code, out)
		}
	}
	cmd := exec.Command(fixture.Luatrace(t), "list")
	cmd.Env = append(os.Environ(), "LUATRACE_PATH="+dir)
	if r := fixture.RunCmd(t, cmd); r.Code != 0 || !strings.Contains(r.Stdout, "\ngood ") || strings.Contains(r.Stdout, "linked") || strings.Contains(r.Stdout, "\npipe ") {
		t.Errorf("list: status %d, %q, %q", r.Code, r.Stdout, r.Stderr)
	}
	cmd = exec.Command("bash", "-c", `"$0" -s <(echo 'print "of a pipe"') true && echo 'print "of input"' | "$0" -s - true && "$0" -s /dev/stdin true <<<'print "of a descriptor"'`, fixture.Luatrace(t))
	if r := fixture.RunCmd(t, cmd); r.Code != 0 || r.Stderr != "of a pipe\nof input\nof a descriptor\n" {
		t.Errorf("status %d, %q", r.Code, r.Stderr)
	}
}

// TestFilesAreOwn: what luatrace writes for people is readable for them only,
// and never goes through a link in a directory where everybody may write.
func TestFilesAreOwn(t *testing.T) {
	t.Parallel()
	const script = `
		umask 0; mkdir -m 1777 open
		for kind in "-o trace" "-ff -o each" "-c -o table" "-j -o json" "-A -o more" "-o script -e print(1)"; do
			"$0" $kind true 2>err || echo "$kind: $?: $(cat err)"
		done
		stat -c '%a' trace each.* table json more script | sort -u
		cd open
		for name in trace table json more; do ln -s ../stolen.$name $name; done
		for kind in "-o trace" "-c -o table" "-j -o json" "-A -o more"; do
			"$0" $kind true 2>/dev/null && echo "$kind went through a link"
		done
		sh -c 'read x' <&3 & p=$!
		ln -s ../stolen.each each.$p
		{ "$0" -ff -o each -p $p 2>&1 || echo failed; } | tail -1 &
		until grep -q 'TracerPid:.*[1-9]' /proc/$p/status; do sleep 0.01; done
		echo x >&4; wait
		ls ..`
	cmd := exec.Command("sh", "-c", script, fixture.Luatrace(t))
	cmd.Dir = t.TempDir()
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	defer write.Close()
	cmd.ExtraFiles = []*os.File{read, write}
	r := fixture.RunCmd(t, cmd)
	if !strings.HasPrefix(r.Stdout, "600\nfailed\n") || strings.Contains(r.Stdout, "stolen") || strings.Contains(r.Stdout, "link") || strings.Contains(r.Stdout, ": ") {
		t.Errorf("%s%s", r.Stdout, r.Stderr)
	}
}
