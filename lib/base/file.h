/* Files: read or mapped whole, read in order, written atomically. Only regular files are read, so
 * that nothing waits on a pipe. Messages name the path. */
#ifndef CLF_BASE_FILE_H
#define CLF_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include <classify/context.h>

/* The bytes of a file, in memory or mapped. All zero: nothing to release. */
typedef struct clf__bytes {
  const unsigned char *data; /* never NULL after a success, for an empty file either */
  size_t size;
  bool mapped;
} clf__bytes;

/* CLF_ERROR_IO, CLF_ERROR_CANCELLED, or CLF_ERROR_MEMORY when the context has no room for it. */
clf_status clf__file_read(clf__bytes *out, clf_context *context, const char *path);
/* Maps it read-only: nothing is allocated, and pages come as they are touched. Whoever writes to
 * the file changes the bytes; touching one beyond its new end ends the process. CLF_ERROR_IO. */
clf_status clf__file_map(clf__bytes *out, const char *path);
void clf__bytes_release(clf__bytes *bytes); /* leaves it all zero */

/* Whether `path` is a regular file. */
bool clf__file_exists(const char *path);

/* A file read from its start on, for what should not be in memory twice. */
typedef struct clf__file {
  const char *path; /* borrowed */
  int descriptor;
  size_t size;
} clf__file;

clf_status clf__file_open(clf__file *out, const char *path);
/* The next `count` bytes; CLF_ERROR_IO when the file has become shorter than `size`. */
clf_status clf__file_next(clf__file *file, void *to, size_t count);
void clf__file_close(clf__file *file);

/* A file written beside `path` under another name, that takes its place only when it is complete
 * and on disk. A link is followed, also where it leads to no file yet. An existing file keeps its
 * permissions, which nobody has beyond them at any moment, and its group where the process may set
 * that; one that may not be written, or is no regular file, is refused. */
typedef struct clf__output {
  const char *path; /* borrowed */
  char *target;     /* `path` with links followed; owned */
  char *temporary;  /* owned; NULL when there is nothing to discard */
  int descriptor;
} clf__output;

clf_status clf__output_open(clf__output *out, clf_context *context, const char *path);
clf_status clf__output_write(clf__output *output, const void *bytes, size_t count);
/* Writes a text that has grown beyond `max` bytes, and empties it: what is long is written piece
 * by piece. CLF_ERROR_MEMORY when the text has failed. */
struct clf__text;
clf_status clf__output_text(clf__output *output, struct clf__text *text, size_t max);
/* After a failure the old file is still there and the temporary one is not. */
clf_status clf__output_commit(clf__output *output);
/* Always the last call; fine after a commit, or when all zero. */
void clf__output_close(clf__output *output);

#endif
