/* The bytes of a data file: read or mapped when plain, inflated when they are gzip data, which the
 * content says and not the name. */
#ifndef CLF_DATA_SOURCE_H
#define CLF_DATA_SOURCE_H

#include "base/file.h"

/* Examines the first `count` bytes of compressed data before the rest is inflated: refuses what is
 * not wanted, and says how many bytes the whole has; 0 when the header does not say. Inflating goes
 * no further than that, so that a few bytes cannot fill the memory. */
typedef struct clf__head_check {
  clf_status (*measure)(size_t *size, const unsigned char *head, size_t count, const char *name,
                        const void *wanted);
  const void *wanted;
} clf__head_check;

/* Release with clf__bytes_release. `map` is about plain files: mapped bytes may change while they
 * are looked at, and are gone when the file is truncated; what is inflated or read is ours.
 * `check` may be NULL. CLF_ERROR_IO, CLF_ERROR_FORMAT, CLF_ERROR_MEMORY, CLF_ERROR_CANCELLED. */
clf_status clf__source_open(clf__bytes *out, clf_context *context, const char *path, bool map,
                            const clf__head_check *check);

/* Inflates `from`: gzip data, or raw deflate data as they are in ZIP files. */
clf_status clf__inflate(clf__bytes *out, clf_context *context, const clf__bytes *from, bool gzip,
                        const clf__head_check *check, const char *name);

/* Hands out a block of clf__alloc as bytes. */
clf__bytes clf__bytes_of_block(void *block, size_t size);

#endif
