/* Reports a failed system call on a file; only this folder uses it. */
#ifndef CLF_BASE_FILE_ERROR_H
#define CLF_BASE_FILE_ERROR_H

#include <classify/status.h>

/* Returns CLF_ERROR_IO with "cannot <action> '<path>': <reason of errno>", or CLF_ERROR_MEMORY if
 * the system had no memory. */
clf_status clf__file_fail(const char *action, const char *path);

#endif
