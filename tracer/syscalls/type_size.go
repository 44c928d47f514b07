package syscalls

// SiginfoSize is sizeof(siginfo_t), in bytes, on every ABI.
const SiginfoSize = 128

// RegisterSize returns how many bytes of a register word count for a kind. The
// kernel ignores the upper half for int arguments, so it holds anything.
func RegisterSize(k TypeKind, abi ABI) int {
	switch k {
	case KindInt, KindUint, KindHex32, KindOct,
		KindDev, KindFD,
		KindDirFD, KindPid, KindUID, KindGID,
		KindSignal, KindFlags, KindEnum,
		KindKey, KindClock, KindIoctl,
		KindU8, KindU16, KindSigmask, KindIPCCall,
		KindIoprio, KindFutexOp, KindQuotaCmd, KindNegErrno, KindHex08, KindResidency,
		KindIfindex, KindErrno, KindNetPort, KindLE16:
		return 4
	case KindMode, KindFmode: // umode_t
		return 2
	case KindS64, KindU64, KindCookie, KindLow64, KindHigh64, KindPages:
		return 8
	}
	if k == KindLong {
		return abi.RegisterSize() // x32's long is the kernel's
	}
	return abi.WordSize()
}

// MemSize returns how many bytes a scalar of a kind takes behind a pointer.
func (t *Type) MemSize(abi ABI) int {
	if t.Half {
		return 2
	}
	switch t.Kind {
	case KindU8, KindXByte, KindHex8, KindResidency:
		return 1
	case KindU16, KindNetPort, KindLE16:
		return 2
	case KindOff, KindCaps:
		return 8
	case KindSiginfo:
		return SiginfoSize
	case KindIPv6:
		return 16
	case KindNetLong, KindIPv4:
		return 4
	case KindStruct:
		if l := t.Layout(abi); l != nil {
			return l.Size
		}
		return 0
	}
	if t.Word {
		return abi.WordSize()
	}
	if t.Wide {
		return 8
	}
	return RegisterSize(t.Kind, abi)
}
