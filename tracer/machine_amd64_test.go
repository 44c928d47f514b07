package tracer

import "luatrace/tracer/syscalls"

const nativeAudit = syscalls.AuditX8664
