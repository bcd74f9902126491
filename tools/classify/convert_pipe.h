/* Standard input and output of a conversion, as files: readers look at their input more than once, and
 * writers replace a file when the whole of it is there. */
#ifndef CLASSIFY_CONVERT_PIPE_H
#define CLASSIFY_CONVERT_PIPE_H

#include <stdbool.h>

typedef struct pipe_files {
  char folder[64]; /* "" until one is needed */
  char *in, *out;  /* paths in it, or copies of those that are no "-" */
} pipe_files;

/* Finds the paths, and copies standard input to a file. Returns -1 to go on, or the status to exit
 * with after a message. Close it in both cases. */
int pipe_open(pipe_files *self, const char *in, const char *out);

/* Copies what was written for standard output to it. Returns as pipe_open(). */
int pipe_commit(const pipe_files *self);

/* Whether the output is standard output. */
bool pipe_is_out(const pipe_files *self);

void pipe_close(pipe_files *self);

#endif
