package main

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"sync"
)

// straceQualifier is what strace's -e takes, and no Lua that does anything.
var straceQualifier = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(trace|abbrev|verbose|raw|signals?|reads?|writes?|fault|inject|status|silent|silence|quiet|kvm|namespace|decode-fds?|decode-pids?|trace-fds?|fds?)=([!?%/\w][-!?%/\w,@:=+.*|]*)$`)
})

// checkStrace says what the letters that mean something else in strace are
// called here.
func (o *options) checkStrace() error {
	for _, code := range o.codes {
		if _, _, ok := strings.Cut(code, "="); !ok {
			continue
		}
		m := straceQualifier().FindStringSubmatch(code)
		switch {
		case m == nil:
		case m[1] == "trace":
			return fmt.Errorf("-e %s is strace's: here it is -t %s; -e takes Lua code", quote(code), shellWord(m[2]))
		case m[1] == "fault" || m[1] == "inject":
			return fmt.Errorf("-e %s is strace's: here it is --%s=%s; -e takes Lua code", quote(code), m[1], shellWord(m[2]))
		default:
			return fmt.Errorf("-e %s is strace's: here it is --%s=%s; -e takes Lua code", quote(code), m[1], shellWord(m[2]))
		}
	}
	for _, s := range o.scripts {
		if _, err := strconv.Atoi(s); err == nil {
			return fmt.Errorf("-s %s is strace's: here it is --string-limit=%s; -s takes the name of a script", s, s)
		}
	}
	for _, a := range o.scriptArgs {
		if _, err := strconv.Atoi(a); err == nil {
			return fmt.Errorf("-a %s is strace's: here it is --columns=%s; -a takes NAME=VALUE", a, a)
		}
	}
	return nil
}

// shellWord quotes a word for a shell if it has to be.
func shellWord(s string) string {
	if regexp.MustCompile(`^[-%/\w,@:=+.]+$`).MatchString(s) {
		return s
	}
	return "'" + s + "'"
}
