#include "textflag.h"

// func getrlimit(resource int64, lim *Rlimit) (result int64)
TEXT ·getrlimit(SB), NOSPLIT, $0-24
	MOVQ $302, AX // prlimit64
	MOVQ $0, DI
	MOVQ resource+0(FP), SI
	MOVQ $0, DX
	MOVQ lim+8(FP), R10
	SYSCALL
	MOVQ AX, result+16(FP)
	RET
