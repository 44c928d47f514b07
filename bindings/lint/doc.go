// Package lint is what `luatrace check` says of a script, and of the code of -e before the
// command starts: specs and fields of events that do not exist, options and durations that
// are none, arguments that nobody reads, acts that meta does not mention. It looks at the
// syntax tree, and runs no more of a script than its meta.
package lint
