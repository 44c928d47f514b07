int words(const char *text);
const char *version(void);
