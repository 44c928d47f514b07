#ifndef LUATRACE_SYS_TYPES_H
#define LUATRACE_SYS_TYPES_H
#include <stddef.h>
#include <stdint.h>
#include <linux/types.h>
typedef __kernel_ssize_t ssize_t;
typedef __kernel_off_t off_t;
typedef __kernel_pid_t pid_t;
typedef __kernel_old_time_t time_t;
typedef __kernel_ulong_t ino_t;
typedef unsigned char u_char;
typedef unsigned short u_short;
typedef unsigned int u_int;
typedef unsigned long u_long;
#endif
