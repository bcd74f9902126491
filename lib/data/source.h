/* The bytes of a data file: mapped or read when plain, inflated when they are gzip data, which is
 * told by content and not by name. */
#ifndef CLF_DATA_SOURCE_H
#define CLF_DATA_SOURCE_H

#include "base/file.h"

/* How many bytes a whole file has, by its first `count` bytes; 0 when they do not say. Inflating
 * goes no further than that, so that a few bytes cannot fill the memory. */
typedef clf_status (*clf__measure)(size_t *size, const unsigned char *head, size_t count,
                                   const char *name);

/* Release with clf__bytes_release. `map` is about plain files; `measure` may be NULL.
 * CLF_ERROR_IO, CLF_ERROR_FORMAT, CLF_ERROR_MEMORY. */
clf_status clf__source_open(clf__bytes *out, clf_context *context, const char *path, bool map,
                            clf__measure measure);

/* Inflates `from`: gzip data, or raw deflate data as they are in ZIP files. */
clf_status clf__inflate(clf__bytes *out, clf_context *context, const clf__bytes *from, bool gzip,
                        clf__measure measure, const char *name);

/* Hands out a block of clf__alloc as bytes. */
clf__bytes clf__bytes_of_block(void *block, size_t size);

#endif
