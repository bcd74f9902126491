/* Standard input and output, pipes and devices of a conversion, as files: readers look at their
 * input more than once, and writers replace a file when the whole of it is there. */
#ifndef CLASSIFY_CONVERT_PIPE_H
#define CLASSIFY_CONVERT_PIPE_H

#include <stdbool.h>

typedef struct pipe_files {
  char *folder;          /* NULL until one is needed */
  char *in, *out;        /* the files: in the folder, or those that the user named */
  const char *from, *to; /* the stream that `in` is a copy of, or that `out` is copied to; NULL for
                           * none */
} pipe_files;

/* Finds the files, and copies an input that is a stream. Both paths, of which "-" is standard input
 * or output, live as long. Returns -1 to go on, or the status to exit with after a message. Close
 * it in both cases. */
int pipe_open(pipe_files *self, const char *in, const char *out);

/* Makes the copy of a stream standard input, under whose name the library's messages speak of it.
 * Returns as pipe_open(). */
int pipe_rewind(const pipe_files *self);

/* Copies what was written for a stream to it. Returns as pipe_open(). */
int pipe_commit(const pipe_files *self);

void pipe_close(pipe_files *self);

#endif
