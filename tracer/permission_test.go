package tracer

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"luatrace/tracer/procfs"
)

// fakeProc makes a /proc: our own status with the capabilities caps, and the
// files that are given by their paths.
func fakeProc(t *testing.T, caps uint64, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	write := func(name, text string) {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if link, ok := strings.CutPrefix(text, "->"); ok {
			if err := os.Symlink(link, path); err != nil {
				t.Fatal(err)
			}
		} else if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write(fmt.Sprintf("%d/status", os.Getpid()), fmt.Sprintf("Name:\tluatrace\nCapPrm:\t%016x\nCapEff:\t%016x\n", caps, caps))
	for name, text := range files {
		write(name, text)
	}
	return dir
}

// TestReasons: each reason for a refusal that the files of /proc show has its words.
func TestReasons(t *testing.T) {
	t.Parallel()
	const all = 1<<capSysPtrace | 1
	own := "Name:\tx\nState:\tS (sleeping)\nTracerPid:\t0\nUid:\t1000\t1000\t1000\t1000\nCapPrm:\t0000000000000000\n"
	with := func(old, new string) string { return strings.Replace(own, old, new, 1) }
	status := func(text string, more ...string) map[string]string {
		files := map[string]string{"77/status": text, "77/exe": "->/bin/x"}
		for i := 0; i < len(more); i += 2 {
			files[more[i]] = more[i+1]
		}
		return files
	}
	const scope = "sys/kernel/yama/ptrace_scope"
	for name, c := range map[string]struct {
		r     refusal
		caps  uint64
		files map[string]string
		want  string
	}{
		"profile":         {r: refusal{errno: unix.EPERM, forbidden: unix.EPERM}, files: status(own), want: "a seccomp profile forbids ptrace(2) here (operation not permitted), as containers may; run the container with --cap-add=SYS_PTRACE (docker, podman), "},
		"profile, ENOSYS": {r: refusal{errno: unix.ENOSYS, forbidden: unix.ENOSYS, child: true}, files: status(own), want: "a seccomp profile forbids ptrace(2) here (function not implemented)"},
		"an emulator": {r: refusal{errno: unix.ENOSYS, forbidden: unix.ENOSYS, child: true}, files: map[string]string{fmt.Sprintf("%d/status", os.Getpid()): "Name:\tluatrace\nSeccomp:\t0\n"},
			want: "ptrace(2) is not implemented here (function not implemented): an emulator, such as qemu-user"},
		"traced":           {r: refusal{errno: unix.EPERM}, files: status(with("TracerPid:\t0", "TracerPid:\t89"), "89/status", "Name:\tg\x1bdb\nTgid:\t88\n", "88/status", "Name:\tgdb\nTgid:\t88\n"), want: "it is traced already, by process 88 (gdb); a process can have only one tracer"},
		"child is traced":  {r: refusal{errno: unix.EPERM, child: true}, files: status(with("TracerPid:\t0", "TracerPid:\t88"), "88/status", "Name:\ts\x1btrace\nTgid:\t88\n"), want: `process 88 (s\x1btrace) traces luatrace and what it starts`},
		"zombie":           {r: refusal{errno: unix.EPERM}, files: status(with("S (sleeping)", "Z (zombie)")), want: "it has ended already (a zombie"},
		"kernel thread":    {r: refusal{errno: unix.EPERM}, files: map[string]string{"77/status": own}, want: "it is a kernel thread"},
		"kernel thread 2":  {r: refusal{errno: unix.EPERM}, files: status(own + "Kthread:\t1\n"), want: "it is a kernel thread"},
		"another user":     {r: refusal{errno: unix.EPERM, uid: 1001}, files: status(own), want: "it belongs to another user (uid 1000, you are 1001); run luatrace as that user or as root"},
		"root without cap": {r: refusal{errno: unix.EPERM}, caps: 1, files: status(own), want: "it belongs to another user (uid 1000), and root lacks CAP_SYS_PTRACE here"},
		"not dumpable": {r: refusal{errno: unix.EPERM, uid: 1000}, files: status(own, "77/mem", ""),
			want: map[bool]string{true: "it does not let itself be traced (PR_SET_DUMPABLE", false: "not permitted: CAP_SYS_PTRACE is missing"}[os.Getuid() == 0]},
		"capabilities":       {r: refusal{errno: unix.EPERM, uid: 1000}, files: status(with("CapPrm:\t0000000000000000", "CapPrm:\t0000000000002000")), want: "it has capabilities that luatrace lacks"},
		"outside":            {r: refusal{errno: unix.EPERM}, caps: all, files: status(own), want: "not permitted, although luatrace has CAP_SYS_PTRACE"},
		"security module":    {r: refusal{errno: unix.EACCES, uid: 1000}, files: status(own), want: "not permitted: CAP_SYS_PTRACE is missing, or a security module"},
		"yama 0":             {r: refusal{errno: unix.EPERM, uid: 1001}, files: status(own, scope, "0\n"), want: "it belongs to another user"},
		"yama 1":             {r: refusal{errno: unix.EPERM, uid: 1000}, files: status(own, scope, "1\n"), want: "kernel.yama.ptrace_scope is 1: only own children may be traced; start the program through luatrace"},
		"yama 1, capability": {r: refusal{errno: unix.EPERM}, caps: all, files: status(own, scope, "1\n"), want: "not permitted, although"},
		"yama 1, child":      {r: refusal{errno: unix.EPERM, uid: 1000, child: true}, files: status(own, scope, "1\n"), want: "not permitted: CAP_SYS_PTRACE"},
		"yama 2":             {r: refusal{errno: unix.EPERM, uid: 1000, child: true}, files: status(own, scope, "2\n"), want: "kernel.yama.ptrace_scope is 2: CAP_SYS_PTRACE is needed; run luatrace as root"},
		"yama 3":             {r: refusal{errno: unix.EPERM, child: true}, caps: all, files: status(own, scope, "3\n"), want: "kernel.yama.ptrace_scope is 3: nobody may trace, and only a reboot changes that"},
		"gone":               {r: refusal{errno: unix.ESRCH}, files: map[string]string{"self": fmt.Sprintf("->%d", os.Getpid())}, want: "there is no such process"},
		"other errors":       {r: refusal{errno: unix.EIO}, files: status(own), want: ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := c.r
			fs, err := procfs.At(fakeProc(t, c.caps, c.files))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { fs.Close() })
			r.pid, r.proc = 77, fs
			got := r.reason()
			if !strings.HasPrefix(got, c.want) || c.want == "" && got != "" {
				t.Errorf("%q, want %q", got, c.want)
			}
			if strings.ContainsAny(got, "\n\x1b") {
				t.Errorf("%q is not one clean line", got)
			}
		})
	}
}
