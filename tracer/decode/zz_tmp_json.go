package decode

import "strconv"

func AppendJSONString(dst []byte, s string) []byte { return strconv.AppendQuote(dst, s) }
func (c *Call) AppendJSONArgs(dst []byte) []byte   { return append(dst, "{}"...) }
