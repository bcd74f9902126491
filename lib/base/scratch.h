/* Files without a name: what does not fit in memory lies in them. Nobody else can change them, and
 * the system frees them with the last use, however the process ends. */
#ifndef CLF_BASE_SCRATCH_H
#define CLF_BASE_SCRATCH_H

#include "base/file.h"

typedef struct clf__scratch {
  const char *folder; /* borrowed, for messages; NULL if it is not open */
  int descriptor;
  size_t size;
} clf__scratch;

/* Returns CLF_ERROR_IO. */
clf_status clf__scratch_open(clf__scratch *out, const char *folder);
clf_status clf__scratch_write(clf__scratch *scratch, const void *bytes, size_t count);
/* Maps what was written, writable, and closes the file. Release the bytes by
 * clf__bytes_release(). */
clf_status clf__scratch_map(clf__bytes *out, clf__scratch *scratch);
/* Maps a new file of `size` bytes, all 0, whose space on the disk is reserved, so that no access
 * can fail for lack of it. Ended by munmap(). */
clf_status clf__scratch_reserve(void **out, const char *folder, size_t size);
void clf__scratch_close(clf__scratch *scratch); /* allowed if it is not open */

#endif
