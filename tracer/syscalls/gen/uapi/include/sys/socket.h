#ifndef LUATRACE_SYS_SOCKET_H
#define LUATRACE_SYS_SOCKET_H
#include <linux/types.h>
#include <linux/socket.h>
typedef __kernel_sa_family_t sa_family_t;
typedef unsigned int socklen_t;
struct sockaddr {
	sa_family_t sa_family;
	char sa_data[14];
};
struct sockaddr_storage {
	sa_family_t ss_family;
	char ss_data[126];
} __attribute__((aligned(sizeof(long))));
#define MSG_FIN 0x200
#endif
