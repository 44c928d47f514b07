package printer

import (
	"luatrace/engine"
	"luatrace/tracer/syscalls"
)

// appendTamper appends strace's marks of what was changed of a call.
func appendTamper(dst []byte, t engine.Tamper) []byte {
	switch t & (engine.TamperArgs | engine.TamperResult) {
	case engine.TamperArgs:
		dst = append(dst, " (INJECTED: args)"...)
	case engine.TamperResult:
		dst = append(dst, " (INJECTED)"...)
	case engine.TamperArgs | engine.TamperResult:
		dst = append(dst, " (INJECTED: args, retval)"...)
	}
	if t&engine.TamperDelay != 0 {
		dst = append(dst, " (DELAYED)"...)
	}
	return dst
}

// appendSignalTamper appends what was made of a signal.
func appendSignalTamper(dst []byte, ev *engine.Event) []byte {
	switch ev.Signal {
	case ev.Arrived():
		return dst
	case 0:
		return append(dst, " (SUPPRESSED)"...)
	}
	dst = append(dst, " (INJECTED: "...)
	return append(append(dst, syscalls.SignalName(int(ev.Signal))...), ')')
}

// appendSignalTamperJSON appends the member that says what was made of a signal.
func appendSignalTamperJSON(dst []byte, ev *engine.Event) []byte {
	switch ev.Signal {
	case ev.Arrived():
		return dst
	case 0:
		return append(dst, `,"delivered":null`...)
	}
	return appendString(dst, "delivered", syscalls.SignalName(int(ev.Signal)))
}

// appendTamperJSON appends the members that say what was changed of a call.
func appendTamperJSON(dst []byte, t engine.Tamper) []byte {
	if t&(engine.TamperArgs|engine.TamperResult) != 0 {
		dst = append(dst, `,"injected":[`...)
		if t&engine.TamperArgs != 0 {
			dst = append(dst, `"args"`...)
		}
		if t&engine.TamperResult != 0 {
			if t&engine.TamperArgs != 0 {
				dst = append(dst, ',')
			}
			dst = append(dst, `"retval"`...)
		}
		dst = append(dst, ']')
	}
	if t&engine.TamperDelay != 0 {
		dst = appendBool(dst, "delayed", true)
	}
	return dst
}
