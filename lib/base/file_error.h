/* What the system says of a failed call on a file, for the files of this folder alone. */
#ifndef CLF_BASE_FILE_ERROR_H
#define CLF_BASE_FILE_ERROR_H

#include <classify/status.h>

/* CLF_ERROR_IO with "cannot <action> '<path>': <reason of errno>"; CLF_ERROR_MEMORY when the system
 * had no memory. */
clf_status clf__file_fail(const char *action, const char *path);

#endif
