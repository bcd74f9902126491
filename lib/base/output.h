/* Writing files atomically, and writing the same to memory. Messages name the path. */
#ifndef CLF_BASE_OUTPUT_H
#define CLF_BASE_OUTPUT_H

#include <stddef.h>

#include <classify/context.h>

#include "base/text.h"

/* A file that is written in the folder of `path`, without a name where the system can do that and
 * under a temporary one elsewhere, and replaces `path` only when it is complete and on disk. A file
 * without a name vanishes with a process that is killed. Links are followed, even to a file that
 * does not exist yet. The new file has the permissions of the old one and, if the process may set
 * it, its group; at no moment does anyone have more permissions. A file that may not be written, or
 * is not regular, is refused. */
typedef struct clf__output {
  const char *path; /* borrowed */
  char *target;     /* `path` after following links; owned */
  char *temporary;  /* owned; NULL if the file has no name, or its own */
  int descriptor;
  /* Of an output to memory, where `size` is not NULL. */
  clf__text kept; /* the bytes so far, unless buffer is NULL */
  size_t count;   /* of them */
  void *buffer;
  size_t capacity, *size;
} clf__output;

clf_status clf__output_open(clf__output *out, clf_context *context, const char *path);
/* An output to the caller's buffer, by the convention of clf_model_save_memory(): the commit copies
 * the bytes and writes *size. `name` stands in messages in place of a path. */
clf_status clf__output_memory(clf__output *out, clf_context *context, const char *name,
                              void *buffer, size_t capacity, size_t *size);
clf_status clf__output_write(clf__output *output, const void *bytes, size_t count);
/* Overwrites bytes of a file that were written before. */
clf_status clf__output_overwrite(clf__output *output, size_t offset, const void *bytes,
                                 size_t count);
/* Writes the text and empties it once it is longer than `max` bytes; so long output is written in
 * pieces. Returns CLF_ERROR_MEMORY if the text has failed. */
clf_status clf__output_text(clf__output *output, clf__text *text, size_t max);
/* After a failure the old file is still there, and the temporary one is removed. */
clf_status clf__output_commit(clf__output *output);
/* Must be the last call; allowed after a commit, or when all members are zero. */
void clf__output_close(clf__output *output);

#endif
