package bindings

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"

	"luatrace/engine/accounts"
)

// reader is who runs scripts: root must not run what others can change.
type reader struct {
	euid int
	uids []int // whose files root runs wherever they lie: its own, and those of who called sudo
	gids []int // groups that may write to them
}

// thisReader is who runs this process.
func thisReader() reader {
	r := reader{os.Geteuid(), []int{0}, []int{0}}
	for _, c := range []struct {
		name string
		list *[]int
	}{{"SUDO_UID", &r.uids}, {"SUDO_GID", &r.gids}} {
		if id, err := strconv.Atoi(os.Getenv(c.name)); err == nil && id > 0 {
			*c.list = append(*c.list, id)
		}
	}
	return r
}

// openScript opens a script file, if it is one that may be run.
func openScript(name string) (*os.File, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	if err := thisReader().trusts(f, name); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// readScript is the text of a script file that may be run.
func readScript(name string) ([]byte, error) {
	f, err := openScript(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readSource(f, name)
}

// trusts refuses, if it is root who runs it, a script that others can change or
// could have put in the place of another one.
func (r reader) trusts(f *os.File, name string) error {
	st, err := f.Stat()
	if err != nil {
		return err
	}
	path, err := filepath.Abs(name)
	if err != nil {
		return err
	}
	name = escape(name)
	if st.IsDir() {
		return fmt.Errorf("%s is a directory, not a script", name)
	}
	if r.euid != 0 {
		return nil
	}
	if st.Mode().IsRegular() {
		switch gid := int(st.Sys().(*syscall.Stat_t).Gid); {
		case st.Mode().Perm()&0o002 != 0:
			return fmt.Errorf("%s can be written by everybody; as root luatrace doesn't run it (chmod o-w %s)", name, name)
		case st.Mode().Perm()&0o020 != 0 && !r.ownGroup(st, gid):
			return fmt.Errorf("%s can be written by the group %s; as root luatrace doesn't run it (chmod g-w %s)", name, accounts.GroupName(gid), name)
		}
	}
	paths := []string{path}
	if real, err := filepath.EvalSymlinks(path); err == nil && real != path {
		paths = append(paths, real)
	}
	for _, p := range paths {
		if err := r.trustsPath(p, name); err != nil {
			return err
		}
	}
	return nil
}

// trustsPath looks at the folders that a path goes through. In one where
// everybody may write, others could put another file into the place of this
// one, unless the folder is sticky: there what others have put is refused.
func (r reader) trustsPath(path, name string) error {
	for entry := path; entry != "/"; entry = filepath.Dir(entry) {
		dir := filepath.Dir(entry)
		st, err := os.Stat(dir)
		if err != nil || st.Mode().Perm()&0o002 == 0 {
			continue
		}
		if st.Mode()&fs.ModeSticky == 0 {
			return fmt.Errorf("the folder of %s can be written by everybody; as root luatrace doesn't run it (chmod o-w %s)", name, escape(dir))
		}
		if st, err := os.Lstat(entry); err == nil && !slices.Contains(r.uids, int(st.Sys().(*syscall.Stat_t).Uid)) {
			return fmt.Errorf("%s belongs to another user, and in %s everybody may put files; as root luatrace doesn't run %s", escape(entry), escape(dir), name)
		}
	}
	return nil
}

// ownGroup says whether a group is root's, that of who called sudo, or one that
// only the file's owner is in, as far as its number or the user's entry tells.
func (r reader) ownGroup(st fs.FileInfo, gid int) bool {
	uid := int(st.Sys().(*syscall.Stat_t).Uid)
	if slices.Contains(r.gids, gid) || uid == gid {
		return true
	}
	u, err := accounts.ByUID(uid)
	return err == nil && u.GID == gid && accounts.GroupName(gid) == u.Name
}
