/*
 * notify: the least that a user notification can cost: one thread receives the
 * notifications of one system call and lets each run.
 *
 * Usage: notify NR COMMAND...
 */
#define _GNU_SOURCE
#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef SECCOMP_IOCTL_NOTIF_SET_FLAGS
#define SECCOMP_IOCTL_NOTIF_SET_FLAGS SECCOMP_IOW(4, __u64)
#endif

int main(int argc, char **argv) {
	if (argc < 3)
		return 2;
	volatile int *number = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	*number = -1;
	pid_t child = fork();
	if (child == 0) {
		struct sock_filter code[] = {
			BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
			BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (unsigned)atoi(argv[1]), 0, 1),
			BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
			BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		};
		struct sock_fprog program = {4, code};
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		*number = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER, &program);
		while (*number != -2)
			usleep(100);
		execvp(argv[2], argv + 2);
		_exit(127);
	}
	while (*number == -1)
		usleep(100);
	int pidfd = syscall(SYS_pidfd_open, child, 0);
	int listener = syscall(SYS_pidfd_getfd, pidfd, *number, 0);
	if (listener < 0) {
		perror("listener");
		return 1;
	}
	ioctl(listener, SECCOMP_IOCTL_NOTIF_SET_FLAGS, 1UL); /* wake up on the same CPU; Linux 6.6 */
	*number = -2;
	for (;;) {
		struct seccomp_notif n;
		struct seccomp_notif_resp r;
		memset(&n, 0, sizeof n);
		if (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &n)) {
			if (errno == EINTR)
				continue;
			break;
		}
		memset(&r, 0, sizeof r);
		r.id = n.id;
		r.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
		ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &r);
	}
	int status;
	waitpid(child, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 1;
}
