/* What every example program opens before its long work, and closes after it. */
#ifndef EXAMPLES_SESSION_H
#define EXAMPLES_SESSION_H

#include <classify/context.h>
#include <stdio.h>

#include "options.h"
#include "progress.h"

typedef struct session {
  clf_context *context;
  FILE *json, *report; /* or NULL */
  progress_display progress;
} session;

/* The context by the shared options, with its progress shown. Returns -1 to go on, or the status to
 * exit with after a message. */
int session_begin(session *s, const shared_options *shared);

/* Opens what will be written. Returns as session_begin(). */
int session_open_outputs(session *s, const shared_options *shared);

void session_end(session *s);

#endif
