package tracer

const nativeAudit = auditX8664
