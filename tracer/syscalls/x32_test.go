package syscalls

import "testing"

// TestX32Structs has the sizes the kernel's compat code and its 64-bit calls use.
func TestX32Structs(t *testing.T) {
	t.Parallel()
	for name, size := range map[string]int{
		"iovec": 8, "msghdr": 28, "sigaction": 20, "sigaltstack": 12, "robust_list_head": 12, "cmsghdr": 12,
		"timespec": 16, "timeval": 16, "stat": 144, "rlimit": 16, "epoll_event": 12, "siginfo_chld": 40,
		"siginfo_kill": 20, "siginfo_segv": 16, "sysinfo": 112, "kexec_segment": 16,
	} {
		s := StructByName(X32, name)
		if s == nil || s.Size != size {
			t.Errorf("%s: %+v, want %d bytes", name, s, size)
		}
	}
	if f := StructByName(X32, "siginfo_chld").Field("si_utime"); StructByName(X32, "siginfo_chld").Fields[f].Offset != 24 {
		t.Error("si_utime of siginfo_chld")
	}
	for name := range x32Compat {
		if _, err := layoutOf(I386, name); err != nil {
			t.Error(err)
		}
	}
}
