#include <stdio.h>
#include "words.h"

int main(int argc, char **argv) { return argc < 2 || printf("%d\n", words(argv[1])) < 0; }
