#include "textflag.h"

// What stands here runs in a child that shares this process's memory, and has its
// stack pointer: it uses no stack. fork_shared_unsafe.go says what the numbers mean.

#define SYS_write	64
#define SYS_exit_group	94
#define SYS_clone3	435
#define EINTR	4
#define EACCES	13

// func cloneShared(args *cloneArgs, size uintptr, steps *childStep, failure *childFailure) (pid, errno uintptr)
TEXT ·cloneShared(SB),NOSPLIT,$0-48
	MOVD	args+0(FP), R0
	MOVD	size+8(FP), R1
	MOVD	steps+16(FP), R19
	MOVD	failure+24(FP), R20
	MOVD	$0, R21 // the step that has failed, and above it the errno
	MOVD	$SYS_clone3, R8
	SVC
	CMN	$4095, R0
	BCS	refused
	CBZ	R0, step
	MOVD	R0, pid+32(FP)
	MOVD	ZR, errno+40(FP)
	RET
refused:
	NEG	R0, R0
	MOVD	ZR, pid+32(FP)
	MOVD	R0, errno+40(FP)
	RET

step:
	MOVW	0(R19), R22
	CMPW	$3, R22 // stepMust: behind the gate
	BLT	call
	CBNZ	R21, fail
call:
	MOVD	8(R19), R8
	MOVD	16(R19), R0
	MOVD	24(R19), R1
	MOVD	32(R19), R2
	MOVD	40(R19), R3
	MOVD	48(R19), R4
	MOVD	56(R19), R5
	SVC
	CMPW	$2, R22 // stepWait
	BEQ	waited
	CMN	$4095, R0
	BCS	error
	CMPW	$4, R22 // stepFilter
	BNE	next
	ADD	$128, R19
next:
	ADD	$64, R19
	B	step

waited:
	CMN	$EINTR, R0
	BEQ	call
	CMP	$1, R0
	BEQ	next
	CBZ	R0, note // the tracer is gone
error:
	NEG	R0, R0
	CBZW	R22, next // stepTry
	CMPW	$4, R22
	BNE	note
	CMP	$EACCES, R0
	BEQ	next
note:
	CBNZ	R21, noted
	MOVWU	4(R19), R21
	ORR	R0<<32, R21
noted:
	CMPW	$3, R22
	BLT	next
fail:
	MOVD	R21, 0(R20)
	MOVD	8(R20), R0
	MOVD	R20, R1
	MOVD	$8, R2
	MOVD	$SYS_write, R8
	SVC
exit:
	MOVD	$127, R0
	MOVD	$SYS_exit_group, R8
	SVC
	B	exit
