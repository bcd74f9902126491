#ifndef CLF_OPS_LINALG_MIRROR_H
#define CLF_OPS_LINALG_MIRROR_H

#include <classify/context.h>

/* Copies the upper triangle of a [n, n] to the lower one. */
void clf__mirror_upper(clf_context *context, double *a, int64_t n);

/* Sets a [count] to 0. Threads share large arrays, whose pages the system clears as they are first
 * written, which takes several times as long as writing them. */
void clf__zero_f64(clf_context *context, double *a, int64_t count);

#endif
