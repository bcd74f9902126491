/* Files: reading or mapping them as a whole, and reading them in order. Only regular files are
 * read, so that no call waits for a pipe. Messages name the path. */
#ifndef CLF_BASE_FILE_H
#define CLF_BASE_FILE_H

#include <stdbool.h>
#include <stddef.h>

#include <classify/context.h>

/* Whose bytes are: a block of the library, a mapping, or the caller's for the time of a call. */
typedef enum clf__bytes_owner {
  CLF__BYTES_BLOCK,
  CLF__BYTES_MAPPED,
  CLF__BYTES_BORROWED
} clf__bytes_owner;

/* The bytes of a file, or of a caller. If all members are zero, there is nothing to release. */
typedef struct clf__bytes {
  const unsigned char *data; /* never NULL after a success, not even for an empty file */
  size_t size;
  clf__bytes_owner owner;
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

/* Writes all of the bytes to a descriptor; `path` is for messages. Returns CLF_ERROR_IO. */
clf_status clf__descriptor_write(int descriptor, const char *path, const void *bytes, size_t count);

#endif
