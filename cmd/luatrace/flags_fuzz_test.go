package main

import (
	"strings"
	"testing"
	"unicode"
)

// FuzzFlags: whatever the command line is, there are options or one line that
// says what is wrong, without control characters.
func FuzzFlags(f *testing.F) {
	for _, line := range []string{
		"-t openat,%net true", "-e print(1) -p 1,2", "-s x -a n=1 --hook-timeout 5s true", "-O 5us -c true", "-e signal=!SIGINT true", "-s 32 -v -y true",
		"-ttt -T -r true", "-P /etc --status=failed true", "-X raw --summary-sort-by=time true", "-e fault=openat:error=EIO:when=3+ true", "-U name,count -c true", "-E A=b -E C -u nobody true",
		"-I 3 -b execve true", "--quiet=all --strings-in-hex=all true", "-a\x1b[2J true", "--=x", "-", "--", "-e", "-e inject=read:retval=-1:delay_enter=5 x",
		"--inject=a,%b:error=E:signal=9:delay_exit=1e3ms:poke_enter=@arg1=00:when=1..2+3 x", "--fault=?x:when=1 --lines -T x", "--color=always --width=80 --skip-startup x",
	} {
		f.Add(strings.ReplaceAll(line, " ", "\n"))
	}
	f.Fuzz(func(t *testing.T, text string) {
		args := strings.Split(text, "\n")
		o, err := parseFlags(args)
		if err == nil {
			if o.limits.hookTime < 0 {
				t.Errorf("%q: a hook timeout of %v", args, o.limits.hookTime)
			}
			return
		}
		// A line feed may part the lines of a longer explanation, and bytes that are no UTF-8 are not shown.
		if msg := err.Error(); msg == "" || strings.ContainsFunc(msg, func(r rune) bool { return r != '\n' && unicode.IsControl(r) }) {
			t.Errorf("%q: %q", args, msg)
		}
	})
}
