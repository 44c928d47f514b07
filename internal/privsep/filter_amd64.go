package privsep

import "golang.org/x/sys/unix"

// legacyCalls are allowed calls that arm64 does not have.
var legacyCalls = []uint32{unix.SYS_POLL}
