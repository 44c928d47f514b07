#include <linux/if_ether.h>
