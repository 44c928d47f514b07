/*
 * closes: makes connections inside the machine and closes both ends of each.
 *
 * Usage: closes N
 */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t n = sizeof a;
	int l = socket(AF_INET, SOCK_STREAM, 0);
	if (bind(l, (void *)&a, n) || listen(l, 5) || getsockname(l, (void *)&a, &n))
		return 1;
	for (int i = argc > 1 ? atoi(argv[1]) : 0; i > 0; i--) {
		int c = socket(AF_INET, SOCK_STREAM, 0);
		if (connect(c, (void *)&a, n))
			return 1;
		int s = accept(l, NULL, NULL);
		if (s < 0 || close(s) || close(c))
			return 1;
	}
	return 0;
}
