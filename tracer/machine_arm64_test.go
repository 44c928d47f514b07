package tracer

const nativeAudit = auditAArch64
