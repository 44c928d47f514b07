package privsep

// legacyCalls are allowed calls that arm64 does not have.
var legacyCalls []uint32
