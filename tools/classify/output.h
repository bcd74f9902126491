/* A file of results, written so that its name always refers to the old bytes or to all of the new
 * ones. */
#ifndef CLASSIFY_OUTPUT_H
#define CLASSIFY_OUTPUT_H

#include <classify/context.h>
#include <stdbool.h>
#include <stdio.h>

typedef struct output_file {
  FILE *file;       /* to write to */
  const char *path; /* as the user gave it */
  char *target;     /* the file that will be replaced, behind all links; NULL for what is written
                       directly: standard output ("-"), a pipe or a device */
  char *temporary;  /* the file next to it that is being written */
} output_file;

/* Makes signals that end the program remove what is being written first. Called once, at its
 * beginning. */
void output_guard(void);

/* Notes a file or an empty folder to remove then, in place of `before`: NULL for none of them. The
 * name lives until it is replaced. */
void output_note(char *before, char *path);

/* Between these, such a signal waits: while a file gets its name and its note. */
void output_hold(void);
void output_release(void);

/* Between these, the library writes a file. Ctrl-C, SIGTERM and SIGHUP cancel its call, which
 * removes what it has written, and the last two end the program then; the second one, or the third
 * Ctrl-C, ends it at once. Returns the status of the call, or that it was cancelled where Ctrl-C
 * came too late for it. */
void output_begin_call(void);
clf_status output_end_call(clf_status status);

/* Opens a file to write in place of `path`, which lives as long. False after a message. */
bool output_begin(output_file *out, const char *path);

/* Closes it under its name. False after a message; the old file is then as it was. */
bool output_commit(output_file *out);

/* Closes and removes what was written, unless it has been committed. */
void output_discard(output_file *out);

#endif
