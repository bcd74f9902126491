/* Files: reading or mapping them as a whole, reading them in order, writing them atomically. Only
 * regular files are read, so that no call waits for a pipe. Messages name the path. */
#ifndef CLF_BASE_FILE_H
#define CLF_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include <classify/context.h>

#include "base/text.h"

/* The bytes of a file, read or mapped. If all members are zero, there is nothing to release. */
typedef struct clf__bytes {
  const unsigned char *data; /* never NULL after a success, not even for an empty file */
  size_t size;
  bool mapped;
} clf__bytes;

/* Returns CLF_ERROR_IO, CLF_ERROR_CANCELLED, or CLF_ERROR_MEMORY if the context's limit does not
 * allow the bytes. */
clf_status clf__file_read(clf__bytes *out, clf_context *context, const char *path);
/* Maps a file read-only: nothing is allocated, and pages are loaded when they are touched. A
 * program that writes to the file changes the bytes; touching a byte beyond a new, earlier end
 * terminates the process. Returns CLF_ERROR_IO. */
clf_status clf__file_map(clf__bytes *out, const char *path);
void clf__bytes_release(clf__bytes *bytes); /* and sets the struct to zero */

/* Returns whether `path` is a regular file. */
bool clf__file_exists(const char *path);

/* A file that is read from its start to its end, for data that should not be in memory twice. */
typedef struct clf__file {
  const char *path; /* borrowed */
  int descriptor;
  size_t size;
} clf__file;

clf_status clf__file_open(clf__file *out, const char *path);
/* Reads the next `count` bytes. Returns CLF_ERROR_IO if the file has become shorter than `size`. */
clf_status clf__file_next(clf__file *file, void *to, size_t count);
void clf__file_close(clf__file *file);

/* A file that is written under a temporary name beside `path`, and replaces `path` only when it is
 * complete and on disk. Links are followed, even to a file that does not exist yet. The new file
 * has the permissions of the old one and, if the process may set it, its group; at no moment does
 * anyone have more permissions. A file that may not be written, or is not regular, is refused. */
typedef struct clf__output {
  const char *path; /* borrowed */
  char *target;     /* `path` after following links; owned */
  char *temporary;  /* owned; NULL if there is nothing to discard */
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
/* Writes the text and empties it once it is longer than `max` bytes; so long output is written in
 * pieces. Returns CLF_ERROR_MEMORY if the text has failed. */
clf_status clf__output_text(clf__output *output, clf__text *text, size_t max);
/* After a failure the old file is still there, and the temporary one is removed. */
clf_status clf__output_commit(clf__output *output);
/* Must be the last call; allowed after a commit, or when all members are zero. */
void clf__output_close(clf__output *output);

#endif
