package scripts

import (
	"io/fs"
	"syscall"
)

// owner returns the user and group that a file really has.
func owner(info fs.FileInfo) (uid, gid int) {
	st := info.Sys().(*syscall.Stat_t)
	return int(st.Uid), int(st.Gid)
}
