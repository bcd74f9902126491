#include <classify/catalog.h>
