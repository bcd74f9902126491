/* classify serve on a pipe. */
#ifndef CLASSIFY_SERVE_LINES_H
#define CLASSIFY_SERVE_LINES_H

#include "service.h"

/* Answers the lines of standard input, of at most `limit` bytes each, until it ends. Returns the
 * status to exit with. */
int serve_lines(const service *s, int64_t limit);

#endif
