#include "session.h"

#include <classify.h>
#include <inttypes.h>
#include <stdlib.h>

#include "results.h"

int session_begin(session *s, const shared_options *shared) {
  char params[96];
  int length = snprintf(params, sizeof params, "seed=%" PRId64, shared->seed);
  if (shared->threads > 0) {
    snprintf(params + length, sizeof params - (size_t)length, " threads=%" PRId64, shared->threads);
  }
  if (clf_context_create(&s->context, params, NULL) < 0 ||
      progress_start(&s->progress, s->context, shared->quiet) < 0) {
    complain("%s", clf_last_error());
    return EXIT_FAILURE;
  }
  return -1;
}

int session_open_outputs(session *s, const shared_options *shared) {
  const bool failed = (shared->json != NULL && (s->json = output_open(shared->json)) == NULL) ||
                      (shared->report != NULL && (s->report = output_open(shared->report)) == NULL);
  return failed ? EXIT_FAILURE : -1;
}

void session_end(session *s) {
  clf_context_free(s->context);
}
