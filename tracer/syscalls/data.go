package syscalls

import (
	_ "embed"

	"luatrace/tracer/syscalls/pack"
)

// The tables made by gen/uapi. Of each kind there is one for what nearly every
// program uses and one for drivers and other subsystems, both with amd64's
// facts, and one each for what i386 and arm64 have differently or in addition.
var (
	//go:embed data/constants.pack
	constantsFile string
	//go:embed data/constants-drivers.pack
	constantsDriversFile string
	//go:embed data/constants-i386.pack
	constantsI386File string
	//go:embed data/constants-arm64.pack
	constantsARM64File string

	//go:embed data/structs.pack
	structsFile string
	//go:embed data/structs-drivers.pack
	structsDriversFile string
	//go:embed data/structs-i386.pack
	structsI386File string
	//go:embed data/structs-arm64.pack
	structsARM64File string

	//go:embed data/ioctls.pack
	ioctlsFile string
	//go:embed data/ioctls-i386.pack
	ioctlsI386File string
	//go:embed data/ioctls-arm64.pack
	ioctlsARM64File string
)

var (
	coreConstants   = &pack.Table{File: constantsFile}
	driverConstants = &pack.Table{File: constantsDriversFile}
	coreStructs     = &pack.Table{File: structsFile}
	driverStructs   = &pack.Table{File: structsDriversFile}
	coreIoctls      = &pack.Table{File: ioctlsFile}

	i386Constants, i386Structs, i386Ioctls    = &pack.Table{File: constantsI386File}, &pack.Table{File: structsI386File}, &pack.Table{File: ioctlsI386File}
	arm64Constants, arm64Structs, arm64Ioctls = &pack.Table{File: constantsARM64File}, &pack.Table{File: structsARM64File}, &pack.Table{File: ioctlsARM64File}
)

// The tables of an ABI, those of its own facts first.
var (
	constantTables = [NumABI][]*pack.Table{
		AMD64: {coreConstants, driverConstants},
		I386:  {i386Constants, coreConstants, driverConstants},
		ARM64: {arm64Constants, coreConstants, driverConstants},
		X32:   {coreConstants, driverConstants},
	}
	structTables = [NumABI][]*pack.Table{
		AMD64: {coreStructs, driverStructs},
		I386:  {i386Structs, coreStructs, driverStructs},
		ARM64: {arm64Structs, coreStructs, driverStructs},
		X32:   {coreStructs, driverStructs},
	}
	ioctlTables = [NumABI][]*pack.Table{
		AMD64: {coreIoctls},
		I386:  {i386Ioctls, coreIoctls},
		ARM64: {arm64Ioctls, coreIoctls},
		X32:   {i386Ioctls, coreIoctls},
	}
)
