#include <ctype.h>
#include "words.h"
#include "version.h"

int words(const char *text)
{
	int n = 0;
	for (int in = 0; *text; text++) {
		n += !in && !isspace((unsigned char)*text);
		in = !isspace((unsigned char)*text);
	}
	return n;
}

const char *version(void) { return VERSION; }
