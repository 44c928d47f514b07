#include <stdio.h>
#include "words.h"

int main(void) { return printf("hello %s\n", version()) < 0; }
