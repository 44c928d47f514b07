package main

import (
	"os/exec"
	"strings"
	"testing"

	"luatrace/internal/fixture"
)

// TestUser runs id as other users, by name and by number: with the groups that
// /etc/group names them in.
func TestUser(t *testing.T) {
	t.Parallel()
	for _, who := range []string{"daemon", "www-data", "65534", "12345:678"} {
		out, err := exec.Command(fixture.Luatrace(t), "-q", "-o", "/dev/null", "-u", who, "--", "sh", "-c", "id -u; id -g; id -G").CombinedOutput()
		if !isRoot() {
			if want := "only root can run a command as another user"; err == nil || !strings.Contains(string(out), want) {
				t.Errorf("%s: %v\n%s", who, err, out)
			}
			continue
		}
		want := "12345\n678\n678\n"
		if !strings.Contains(who, ":") {
			b, err := exec.Command("sh", "-c", "id -u $0; id -g $0; id -G $0", who).Output()
			if err != nil {
				t.Fatal(err)
			}
			want = string(b)
		}
		if err != nil || string(out) != want {
			t.Errorf("%s: %v\n%s\nwant\n%s", who, err, out, want)
		}
	}
}

// TestUserNumbers: what the kernel would take for "leave it as it is", or cut to
// 32 bits, is no user, and neither is no text at all.
func TestUserNumbers(t *testing.T) {
	t.Parallel()
	for _, who := range []string{
		"4294967295:1", "1:4294967295", "4294967295:4294967295", "4294967296:4294967296", "18446744073709551616:0", "-1:0", "0:-1",
		"", ":", "1:", "1:2:3", "0x1:1", "1e3:1", "4294967295", "4294967296", "-1", "99999999999999999999",
	} {
		r := fixture.RunCmd(t, exec.Command(fixture.Luatrace(t), "-o", "/dev/null", "-u", who, "id"))
		if r.Code != exitUsage || r.Stdout != "" || strings.Count(r.Stderr, "\n") != 1 ||
			!strings.Contains(r.Stderr, "numbers go from 0 to 4294967294") && !strings.Contains(r.Stderr, "a user name, a number or UID:GID is wanted") {
			t.Errorf("%s: status %d, %q, %q", who, r.Code, r.Stdout, r.Stderr)
		}
	}
	if !isRoot() {
		return
	}
	r := fixture.RunCmd(t, exec.Command(fixture.Luatrace(t), "-o", "/dev/null", "-u", "4294967294:4294967294", "id"))
	if want := "uid=4294967294 gid=4294967294 groups=4294967294\n"; r.Code != 0 || r.Stdout != want {
		t.Errorf("status %d, %q, %q", r.Code, r.Stdout, r.Stderr)
	}
}

// TestUserWhateverIsHooked: no fault of a script's makes -u keep root's rights, or
// fail: the calls that change the user are luatrace's own.
func TestUserWhateverIsHooked(t *testing.T) {
	t.Parallel()
	if !isRoot() {
		return // -u is refused
	}
	const ids = `id -u; id -g; id -G; grep -E '^(CapPrm|CapEff|CapAmb|NoNewPrivs)' /proc/self/status`
	const want = "65534\n65534\n65534\nCapPrm:\t0000000000000000\nCapEff:\t0000000000000000\nCapAmb:\t0000000000000000\nNoNewPrivs:\t0\n"
	const calls = "setresuid,setresgid,setgroups,getresuid,getresgid,getgroups,capget,capset,keyctl"
	for _, args := range [][]string{
		{"-o", "/dev/null"}, {"-c", "-o", "/dev/null"}, {"--attachable", "-o", "/dev/null"},
		{"-e", `fault("` + calls + `", {ret = 0})`},
		{"-e", `fault("` + calls + `", "EIO")`},
		{"-e", `on("` + calls + `:enter", function(ev) ev:skip(0) end)`},
		{"-e", `on("` + calls + `:exit", function(ev) ev.ret = 0 end)`},
	} {
		for _, way := range [][]string{nil, {"--no-notify"}} {
			cmd := exec.Command(fixture.Luatrace(t), append(append(append([]string{"-q", "-u", "nobody"}, way...), args...), "sh", "-c", ids)...)
			r := fixture.RunCmd(t, cmd)
			if strings.Contains(strings.Join(args, " "), "get") { // id is told nonsense, /proc is not
				if _, r.Stdout, _ = strings.Cut(r.Stdout, "Cap"); !strings.HasSuffix(want, "Cap"+r.Stdout) || r.Stdout == "" {
					t.Errorf("%q: status %d, %q, %q", cmd.Args, r.Code, r.Stdout, r.Stderr)
				}
				continue
			}
			if r.Code != 0 || r.Stdout != want {
				t.Errorf("%q: status %d, %q, %q", cmd.Args, r.Code, r.Stdout, r.Stderr)
			}
		}
	}
}

// TestUserEnvironment: what depends on who runs a program is the user's, as with
// su and sudo, unless -E says otherwise.
func TestUserEnvironment(t *testing.T) {
	t.Parallel()
	if !isRoot() {
		return // -u is refused
	}
	const show = `echo "$HOME $USER $LOGNAME $SHELL $OTHER"`
	www := "/var/www www-data www-data /usr/sbin/nologin kept\n"
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{"-u", "www-data"}, www},
		{[]string{"-u", "33"}, www},
		{[]string{"-u", "33:65534"}, www},
		{[]string{"-u", "12345:678"}, "/   /bin/sh kept\n"},
		{[]string{"-u", "www-data", "-E", "HOME=/srv", "-E", "USER"}, "/srv  www-data /usr/sbin/nologin kept\n"},
		{[]string{"-u", "root"}, "/roots root rooted /bin/false kept\n"},
		{nil, "/roots root rooted /bin/false kept\n"},
	} {
		cmd := exec.Command(fixture.Luatrace(t), append(append([]string{"-o", "/dev/null"}, c.args...), "/bin/sh", "-c", show)...)
		cmd.Env = []string{"PATH=/usr/bin:/bin", "HOME=/roots", "USER=root", "LOGNAME=rooted", "SHELL=/bin/false", "OTHER=kept"}
		if r := fixture.RunCmd(t, cmd); r.Code != 0 || r.Stdout != c.want {
			t.Errorf("%q: status %d, %q, %q; want %q", c.args, r.Code, r.Stdout, r.Stderr, c.want)
		}
	}
}

// TestUserKeyring: the keys of who runs luatrace are not those of the command of -u,
// which can keep its own.
func TestUserKeyring(t *testing.T) {
	t.Parallel()
	keyring := fixture.Build(t, "keyring")
	run := func(args ...string) string {
		t.Helper()
		args = append([]string{"hold", "luatrace-test", fixture.Luatrace(t), "-o", "/dev/null"}, args...)
		r := fixture.Run(t, keyring, append(args, keyring, "find", "luatrace-test")...)
		if r.Code != 0 && r.Stdout != "no keys\n" || r.Stderr != "" {
			t.Fatalf("%q: status %d, %q", args, r.Code, r.Stderr)
		}
		return r.Stdout
	}
	same := run()
	if same == "no keys\n" {
		return // there is nothing to share
	}
	if same != "found\nown\n" {
		t.Errorf("the same user: %q", same)
	}
	if !isRoot() {
		return
	}
	for _, args := range [][]string{{"-u", "nobody"}, {"--attachable", "-u", "nobody"}} {
		if got := run(args...); got != "not found\nown\n" {
			t.Errorf("%q: %q", args, got)
		}
	}
	if got := run("-u", "root"); got != "found\nown\n" {
		t.Errorf("root: %q", got)
	}
}
