#include "textflag.h"

// The handlers of arrivals_unsafe.go. They run on the thread's signal stack, with
// all signals blocked, and know nothing of Go: no stack check, no g.

// void arrive(int sig): write(signalPipe, &sig, 1). Its error has nobody to go to.
TEXT ·arrive(SB),NOSPLIT|NOFRAME,$0
	SUBQ	$8, SP
	MOVB	DI, (SP)
	MOVL	·signalPipe(SB), DI
	MOVQ	SP, SI
	MOVL	$1, DX
	MOVL	$1, AX // SYS_write
	SYSCALL
	ADDQ	$8, SP
	RET

// void forget(int sig)
TEXT ·forget(SB),NOSPLIT|NOFRAME,$0
	RET

DATA	·arrivePC(SB)/8, $·arrive(SB)
GLOBL	·arrivePC(SB), RODATA, $8
DATA	·forgetPC(SB)/8, $·forget(SB)
GLOBL	·forgetPC(SB), RODATA, $8
