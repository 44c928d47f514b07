package bindings

import (
	"fmt"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

	"luatrace/bindings/luart"
	"luatrace/engine/trust"
)

// reader is who runs scripts: root must not run what others can change. The party is
// whose files root runs wherever they lie, and the groups that may write to them.
type reader struct {
	euid int
	trust.Party
}

// thisReader is who runs this process.
func thisReader() reader { return reader{os.Geteuid(), trust.Caller()} }

// openScript opens a script file, if it is one that may be run.
func openScript(name string) (*os.File, error) {
	var st unix.Stat_t
	if err := unix.Stat(name, &st); err != nil {
		return nil, &os.PathError{Op: "open", Path: name, Err: err}
	}
	// Whoever opens a FIFO waits for its writer; so others than the named kinds are not even opened.
	if err := scriptKind(&st, name); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(name, os.O_RDONLY|unix.O_NONBLOCK|unix.O_NOCTTY, 0)
	if err != nil {
		return nil, err
	}
	if err := thisReader().trusts(f, name); err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// scriptKind refuses what is no script by its kind. A pipe is read where its name
// stands for a descriptor, as /dev/fd/63 does, which shells make of <(COMMAND): somebody has opened it.
func scriptKind(st *unix.Stat_t, name string) error {
	switch st.Mode & unix.S_IFMT {
	case unix.S_IFREG, unix.S_IFCHR:
		return nil
	case unix.S_IFDIR:
		return fmt.Errorf("%s is a directory, not a script", luart.EscapeName(name))
	case unix.S_IFIFO:
		descriptor := false
		trust.Walk(name, func(s *trust.Step) error {
			descriptor = s.Kernel && s.Last
			return nil
		})
		if descriptor {
			return nil
		}
		return fmt.Errorf("%s is a FIFO, not a script; what a command writes is read with -s - or -s <(COMMAND)", luart.EscapeName(name))
	}
	return fmt.Errorf("%s is a socket or a device, not a script", luart.EscapeName(name))
}

// readScript is the text of a script file that may be run.
func readScript(name string) ([]byte, error) {
	f, err := openScript(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return luart.ReadSource(f, name)
}

// trusts refuses what is no script, and, if it is root who runs it, one that
// others can change or could have put in the place of another one.
func (r reader) trusts(f *os.File, name string) error {
	fd := int(f.Fd())
	var st unix.Stat_t
	if err := unix.Fstat(fd, &st); err != nil {
		return err
	}
	if err := scriptKind(&st, name); err != nil {
		return err
	}
	if r.euid != 0 {
		return nil
	}
	if st.Mode&unix.S_IFMT == unix.S_IFREG {
		if who, mend := r.Writers(&st, trust.FileACL(fd)); who != "" {
			return fmt.Errorf("%s can be written by %s; as root luatrace doesn't run it (%s %s)", luart.EscapeName(name), who, mend, luart.EscapeName(name))
		}
	}
	opened := ""
	err := trust.Walk(name, func(s *trust.Step) error {
		if s.Kernel && s.Last {
			opened, _ = os.Readlink(s.Path())
		}
		return r.trustsStep(s, name)
	})
	if err != nil {
		return err
	}
	// The file of a descriptor lies somewhere too, if it still has its name.
	var there unix.Stat_t
	if filepath.IsAbs(opened) && unix.Stat(opened, &there) == nil && there.Dev == st.Dev && there.Ino == st.Ino {
		return trust.Walk(opened, func(s *trust.Step) error { return r.trustsStep(s, name) })
	}
	return nil
}

// trustsStep looks at a folder on the way to a script. In one where others may write,
// they could put another file into the place of this one, unless the folder is
// sticky: there what they have put is refused.
func (r reader) trustsStep(s *trust.Step, name string) error {
	who, mend := r.Writers(&s.Folder, s.ACL())
	switch {
	case who == "":
		return nil
	case s.Folder.Mode&unix.S_ISVTX == 0:
		return fmt.Errorf("the folder of %s can be written by %s; as root luatrace doesn't run it (%s %s)", luart.EscapeName(name), who, mend, luart.EscapeName(s.Dir))
	case !r.Owns(&s.Entry):
		return fmt.Errorf("%s belongs to another user, and in %s %s may put files; as root luatrace doesn't run %s", luart.EscapeName(s.Path()), luart.EscapeName(s.Dir), who, luart.EscapeName(name))
	}
	return nil
}

// TrustsFolder says, if this process is root's, whether a folder is one in which scripts
// may be looked up by their name alone: nobody but root can put one there, nor put
// another folder into its place. The error says who can.
func TrustsFolder(dir string) error {
	if os.Geteuid() != 0 {
		return nil
	}
	r := reader{0, trust.Root()}
	return trust.Walk(filepath.Join(dir, "*"), func(s *trust.Step) error {
		who, mend := r.Writers(&s.Folder, s.ACL())
		switch {
		case !r.Owns(&s.Folder):
			return fmt.Errorf("%s belongs to %s, and only root's scripts are found by their names", luart.EscapeName(s.Dir), trust.UserName(int(s.Folder.Uid)))
		case who == "", s.Folder.Mode&unix.S_ISVTX != 0 && !s.Last && r.Owns(&s.Entry):
			return nil
		}
		return fmt.Errorf("%s can be written by %s (%s %s)", luart.EscapeName(s.Dir), who, mend, luart.EscapeName(s.Dir))
	})
}
