/* The results of `test`, for people and for machines. */
#ifndef CLASSIFY_TEST_PRINT_H
#define CLASSIFY_TEST_PRINT_H

#include "measures.h"

/* Writes them to standard output as the options say; `data` is the path of the rows. Returns -1 to
 * go on, or the status to exit with after a message. */
int test_print(const graded *g, const measures *m, const tool *t, const char *data);

#endif
