package printer

// paint is how a line stands out on a terminal.
type paint uint8

const (
	paintNone paint = iota
	paintFailure
	paintSignal
	paintEnd
)

// sgr are the parameters of the escape sequences, by paint (ECMA-48, SGR).
var sgr = [...]string{paintFailure: "31", paintSignal: "33", paintEnd: "2"}

// append colours a whole line.
func (c paint) append(line []byte) []byte {
	if c == paintNone {
		return line
	}
	begin := "\x1b[" + sgr[c] + "m"
	n := len(line)
	line = append(line, begin...)
	copy(line[len(begin):], line[:n])
	copy(line, begin)
	return append(line, "\x1b[m"...)
}
