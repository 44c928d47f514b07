package tracer

import "luatrace/tracer/syscalls"

const nativeAudit = syscalls.AuditAArch64
