/* What every program opens before its long work, and closes after it. */
#ifndef REPORT_SESSION_H
#define REPORT_SESSION_H

#include <classify/context.h>
#include <stdio.h>

#include "options.h"
#include "progress.h"
#include "results.h"

typedef struct session {
  clf_context *context;
  FILE *json, *report; /* or NULL */
  progress_display progress;
} session;

/* The context by the shared options, with its progress shown. Returns -1 to go on, or the status to
 * exit with after a message. */
int session_begin(session *s, const shared_options *shared);

/* Opens what will be written, and checks that a file can be saved as `save` (NULL for none).
 * Returns as session_begin(). */
int session_open_outputs(session *s, const shared_options *shared, const char *save);

/* Closes them; a JSON file without anything in it gets an empty array. Returns `status`, or
 * EXIT_FAILURE after a message where that was a success and something could not be written. */
int session_close_outputs(session *s, const shared_options *shared, int status);

/* What the results of the session share; `data` is where its data came from. */
run_facts session_facts(const session *s, const shared_options *shared, const char *data);

/* Closes the session, and checks that standard output has been written. Returns `status`, or
 * EXIT_FAILURE after a message where that was a success and something could not be written. */
int session_end(session *s, int status);

/* Complains of a call that failed, or of Ctrl-C. Returns the status to exit with: EXIT_INTERRUPTED
 * or EXIT_FAILURE. */
int report_failure(clf_status status);

#endif
