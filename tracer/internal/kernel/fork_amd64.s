#include "textflag.h"

// What stands here runs in a child that shares this process's memory, and has its
// stack pointer: it uses no stack. fork_shared_unsafe.go says what the numbers mean.

#define SYS_write	1
#define SYS_exit_group	231
#define SYS_clone3	435
#define EINTR	4
#define EACCES	13
#define MAX_ERRNO	$-4095

// func cloneShared(args *cloneArgs, size uintptr, steps *childStep, failure *childFailure) (pid, errno uintptr)
TEXT ·cloneShared(SB),NOSPLIT,$0-48
	MOVQ	args+0(FP), DI
	MOVQ	size+8(FP), SI
	MOVQ	steps+16(FP), BX
	MOVQ	failure+24(FP), R15
	XORL	R12, R12 // the step that has failed, and above it the errno
	MOVL	$SYS_clone3, AX
	SYSCALL
	CMPQ	AX, MAX_ERRNO
	JCC	refused
	TESTQ	AX, AX
	JZ	step
	MOVQ	AX, pid+32(FP)
	MOVQ	$0, errno+40(FP)
	RET
refused:
	NEGQ	AX
	MOVQ	$0, pid+32(FP)
	MOVQ	AX, errno+40(FP)
	RET

step:
	MOVL	0(BX), R13
	CMPL	R13, $3 // stepMust: behind the gate
	JCS	call
	TESTQ	R12, R12
	JNZ	fail
call:
	MOVQ	8(BX), AX
	MOVQ	16(BX), DI
	MOVQ	24(BX), SI
	MOVQ	32(BX), DX
	MOVQ	40(BX), R10
	MOVQ	48(BX), R8
	MOVQ	56(BX), R9
	SYSCALL
	CMPL	R13, $2 // stepWait
	JEQ	waited
	CMPQ	AX, MAX_ERRNO
	JCC	error
	CMPL	R13, $4 // stepFilter
	JNE	next
	ADDQ	$128, BX
next:
	ADDQ	$64, BX
	JMP	step

waited:
	CMPQ	AX, $-EINTR
	JEQ	call
	CMPQ	AX, $1
	JEQ	next
	TESTQ	AX, AX
	JZ	note // the tracer is gone
error:
	NEGQ	AX
	TESTL	R13, R13 // stepTry
	JZ	next
	CMPL	R13, $4
	JNE	note
	CMPQ	AX, $EACCES
	JEQ	next
note:
	TESTQ	R12, R12
	JNZ	noted
	SHLQ	$32, AX
	MOVL	4(BX), R12
	ORQ	AX, R12
noted:
	CMPL	R13, $3
	JCS	next
fail:
	MOVQ	R12, 0(R15)
	MOVQ	8(R15), DI
	MOVQ	R15, SI
	MOVL	$8, DX
	MOVL	$SYS_write, AX
	SYSCALL
exit:
	MOVL	$127, DI
	MOVL	$SYS_exit_group, AX
	SYSCALL
	JMP	exit
