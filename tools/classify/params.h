/* Parameter texts, "name=value name='two words'", taken apart. */
#ifndef CLASSIFY_PARAMS_H
#define CLASSIFY_PARAMS_H

#include <stdbool.h>

/* Returns the parameters whose names are among "|label|weight|", or those that are not; to be freed, and
 * NULL when memory runs out. */
char *params_among(const char *params, const char *names, bool among);

/* Returns the value of a parameter without its quotes, to be freed; NULL where it is not given. */
char *params_value(const char *params, const char *name);

#endif
