/* The bytes of a data file, or of a caller: read, mapped or borrowed if they are plain, otherwise
 * decompressed: gzip data are recognized by their content and not by their name. */
#ifndef CLF_DATA_SOURCE_H
#define CLF_DATA_SOURCE_H

#include "base/file.h"

/* Examines the first `count` bytes of compressed data before the rest is decompressed: it refuses
 * data that do not meet the requirements, and returns how many bytes the whole has, or 0 if the
 * header does not say. Decompression goes no further than that, so that a few bytes cannot fill the
 * memory. */
typedef struct clf__head_check {
  clf_status (*measure)(size_t *size, const unsigned char *head, size_t count, const char *name,
                        const void *wanted);
  const void *wanted;
} clf__head_check;

/* Release it by clf__bytes_release. `map` applies to plain files only: mapped bytes may change
 * while they are read, and vanish if the file is truncated; bytes that were decompressed or read
 * belong to the library. `check` may be NULL. Returns CLF_ERROR_IO, CLF_ERROR_FORMAT,
 * CLF_ERROR_MEMORY or CLF_ERROR_CANCELLED. */
clf_status clf__source_open(clf__bytes *out, clf_context *context, const char *path, bool map,
                            const clf__head_check *check);

/* The same for bytes of the caller. Plain bytes are not copied: they are borrowed. Returns
 * CLF_ERROR_ARGUMENT for a size that cannot be a number of bytes, such as -1. */
clf_status clf__source_memory(clf__bytes *out, clf_context *context, const void *data, size_t size,
                              const clf__head_check *check);
#define CLF__SOURCE_MEMORY "data in memory" /* what messages call them */

/* Decompresses `from`: gzip data, or raw deflate data as in ZIP files. */
clf_status clf__inflate(clf__bytes *out, clf_context *context, const clf__bytes *from, bool gzip,
                        const clf__head_check *check, const char *name);

/* Makes bytes from a block of clf__alloc. */
clf__bytes clf__bytes_of_block(void *block, size_t size);
/* Makes a copy that belongs to the library. */
clf_status clf__bytes_copy(clf__bytes *out, clf_context *context, const clf__bytes *from);

#endif
