/* Parameter texts, "name=value name='two words'", taken apart and put together. */
#ifndef CLASSIFY_PARAMS_H
#define CLASSIFY_PARAMS_H

#include <stdbool.h>

/* Returns the parameters whose names are among "|label|weight|", or those that are not; to be
 * freed, and NULL when memory runs out. */
char *params_among(const char *params, const char *names, bool among);

/* Returns the value of a parameter without its quotes, to be freed; NULL where it is not given, or
 * memory runs out. */
char *params_value(const char *params, const char *name);

/* Whether a parameter is given, and whether it has this value. */
bool params_has(const char *params, const char *name);
bool params_is(const char *params, const char *name, const char *value);

/* The parameters and others, which take the place of those of the same names. To be freed; NULL
 * without memory. */
char *params_with(const char *params, const char *others);

/* Whether a parameter that is true or false is given as false. */
bool params_no(const char *params, const char *name);

/* "a b", where either may be empty; to be freed, and NULL when memory runs out. */
char *params_join(const char *a, const char *b);

/* Splits "svm C=5" into the kind, of which it keeps as many bytes as names of kinds have, and the
 * parameters, which it returns. */
enum { KIND_BYTES = 64 };
const char *params_split(char kind[KIND_BYTES], const char *text);

/* Whether a name is one of a list that commas separate. */
bool list_has(const char *list, const char *name);

#endif
