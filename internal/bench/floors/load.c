/*
 * load: makes N system calls of one kind and nothing else: the program under
 * test.
 *
 * Usage: load getppid|write|open N [IDLE]     IDLE threads wait meanwhile
 *        load threads N THREADS               that many make N getppid in all
 *        load births N                        N threads that end at once
 *        load signals N                       N signals to itself, which it ignores
 * Prints the nanoseconds a call (a birth, a signal) took, as it saw them.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static void *wait_forever(void *unused) {
	(void)unused;
	for (;;)
		pause();
	return NULL;
}

static long each;

static void *busy(void *unused) {
	(void)unused;
	for (long i = 0; i < each; i++)
		syscall(SYS_getppid);
	return NULL;
}

/* run lets n threads run f, all at once or one after the other. */
static void run(int n, void *(*f)(void *), int at_once, pthread_attr_t *attr) {
	pthread_t *t = calloc(n, sizeof *t);
	for (int i = 0; i < n; i++) {
		if (pthread_create(&t[i], attr, f, NULL))
			exit(1);
		if (!at_once)
			pthread_join(t[i], NULL);
	}
	for (int i = 0; at_once && i < n; i++)
		pthread_join(t[i], NULL);
}

int main(int argc, char **argv) {
	if (argc < 3)
		return 2;
	long n = atol(argv[2]);
	int others = argc > 3 ? atoi(argv[3]) : 0;
	int idle = strcmp(argv[1], "threads") ? others : 0;
	pthread_attr_t small;
	pthread_attr_init(&small);
	pthread_attr_setstacksize(&small, 64 << 10);
	for (int i = 0; i < idle; i++) {
		pthread_t t;
		if (pthread_create(&t, &small, wait_forever, NULL))
			return 1;
	}
	int out = open("/dev/null", O_WRONLY);
	struct timespec a, b;
	clock_gettime(CLOCK_MONOTONIC, &a);
	if (!strcmp(argv[1], "getppid"))
		for (long i = 0; i < n; i++)
			syscall(SYS_getppid);
	else if (!strcmp(argv[1], "write"))
		for (long i = 0; i < n; i++)
			syscall(SYS_write, out, "x", 1);
	else if (!strcmp(argv[1], "threads") && others > 0) {
		each = n / others;
		run(others, busy, 1, &small);
	} else if (!strcmp(argv[1], "births"))
		run(n, busy, 0, &small);
	else if (!strcmp(argv[1], "signals"))
		for (long i = 0; i < n; i++)
			raise(SIGURG);
	else
		for (long i = 0; i < n; i++)
			syscall(SYS_openat, AT_FDCWD, "/nonexistent/file", O_RDONLY);
	clock_gettime(CLOCK_MONOTONIC, &b);
	printf("%.1f\n", ((b.tv_sec - a.tv_sec) * 1e9 + (b.tv_nsec - a.tv_nsec)) / n);
	fflush(stdout);
	_exit(0);
}
