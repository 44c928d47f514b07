package accounts

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"luatrace/internal/leak"
)

func TestMain(m *testing.M) { leak.Main(m) }

// TestMadeUp is not parallel to the other tests, which read the machine's files.
func TestMadeUp(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	defer func(p, g string) { passwd, group = p, g }(passwd, group)
	passwd = write("passwd", `# people
root:x:0:0:root:/root:/bin/sh

+@staff::::::
ann:x:1000:1001:Ann, Room 3:/home/ann:/bin/bash
plain:x:4294967294:1::/:
none:x:4294967295:1::/:/bin/sh
wide:x:4294967296:1::/:/bin/sh
short:x:1002:1002
odd:x:many:1002::/:/bin/sh
second:x:1000:1003::/:/bin/sh
7:x:1007:1007::/:/bin/sh`)
	if want := []string{"root", "ann", "plain", "none", "wide", "odd", "second", "7"}; !slices.Equal(Names(), want) {
		t.Errorf("names %q, want %q", Names(), want)
	}
	group = write("group", "root:x:0:\nstaff:x:50:bob,ann\nanna:x:51:anna\nann:x:1001:ann\nbad:x:no:ann\ncdrom:x:24:ann\n+:::\n")

	for name, want := range map[string]User{
		"root": {"root", 0, 0, "/root", "/bin/sh"}, "ann": {"ann", 1000, 1001, "/home/ann", "/bin/bash"}, "7": {"7", 1007, 1007, "/", "/bin/sh"},
		"plain": {"plain", 4294967294, 1, "/", "/bin/sh"},
	} {
		if u, err := ByName(name); err != nil || u != want {
			t.Errorf("%s: %+v, %v", name, u, err)
		}
	}
	for _, name := range []string{"", "short", "odd", "none", "wide", "+@staff", "# people", "an"} {
		if u, err := ByName(name); !errors.Is(err, ErrUnknown) {
			t.Errorf("%q: %+v, %v", name, u, err)
		}
	}
	u, err := ByUID(1000)
	if err != nil || u.Name != "ann" {
		t.Errorf("1000: %+v, %v", u, err)
	}
	if gids, err := u.Groups(); err != nil || !slices.Equal(gids, []int{1001, 50, 24}) {
		t.Errorf("groups %v, %v", gids, err)
	}
	if a, b := GroupName(50), GroupName(52); a != "staff" || b != "52" {
		t.Errorf("%q, %q", a, b)
	}
	passwd = filepath.Join(dir, "nothing")
	if _, err := ByUID(0); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("without the file: %v", err)
	}
}

// TestAsID compares with id(1).
func TestAsID(t *testing.T) {
	for _, name := range []string{"root", "daemon", "nobody", "www-data"} {
		u, err := ByName(name)
		if err != nil {
			t.Fatal(err)
		}
		gids, err := u.Groups()
		if err != nil {
			t.Fatal(err)
		}
		var text []string
		for _, g := range gids {
			text = append(text, strconv.Itoa(g))
		}
		out, err := exec.Command("sh", "-c", "id -u $0; id -G $0", name).Output()
		if want := strconv.Itoa(u.UID) + "\n" + strings.Join(text, " ") + "\n"; err != nil || string(out) != want {
			t.Errorf("%s: id says %q, %v; want %q", name, out, err, want)
		}
	}
}
