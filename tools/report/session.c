#include "session.h"

#include <classify.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "files.h"
#include "text.h"

int session_begin(session *s, const shared_options *shared) {
  char params[96];
  int length = snprintf(params, sizeof params, "seed=%" PRId64, shared->seed);
  if (shared->threads > 0) {
    snprintf(params + length, sizeof params - (size_t)length, " threads=%" PRId64, shared->threads);
  }
  clf_status status = clf_context_create(&s->context, NULL, params);
  if (status == CLF_ERROR_ARGUMENT) { /* more threads than the library takes */
    report_failure(status);
    return EXIT_USAGE;
  }
  status = status == CLF_OK ? progress_start(&s->progress, s->context, shared->quiet) : status;
  return status == CLF_OK ? -1 : report_failure(status);
}

int session_open_outputs(session *s, const shared_options *shared, const char *save) {
  const bool failed = !save_possible(save) ||
                      (shared->json != NULL && (s->json = output_open(shared->json)) == NULL) ||
                      (shared->report != NULL && (s->report = output_open(shared->report)) == NULL);
  return failed ? EXIT_FAILURE : -1;
}

static int close_output(FILE *out, const char *path, int status) {
  const bool written = out == NULL || output_close(out, path) == 0;
  return written || status != EXIT_SUCCESS ? status : EXIT_FAILURE;
}

int session_close_outputs(session *s, const shared_options *shared, int status) {
  if (s->json != NULL && ftell(s->json) == 0) {
    fputs("[]\n", s->json);
  }
  status = close_output(s->json, shared->json, status);
  status = close_output(s->report, shared->report, status);
  s->json = s->report = NULL;
  return status;
}

run_facts session_facts(const session *s, const shared_options *shared, const char *data) {
  return (run_facts){.data = data,
                     .cpu = clf_context_cpu(s->context),
                     .threads = clf_context_threads(s->context),
                     .seed = shared->seed};
}

int session_end(session *s, int status) {
  clf_context_free(s->context);
  if ((fflush(stdout) != 0 || ferror(stdout)) && status == EXIT_SUCCESS) {
    complain("cannot write to standard output: %s", strerror(errno));
    return EXIT_FAILURE;
  }
  return status;
}

int report_failure(clf_status status) {
  if (progress_interrupted()) {
    complain("interrupted");
    return EXIT_INTERRUPTED;
  }
  const char *message = clf_last_error();
  const bool limited = strstr(message, "memory limit: ") != NULL;
  complain("%s%s", status == CLF_ERROR_MEMORY && !limited ? "out of memory" : message,
           status == CLF_ERROR_MEMORY && limited ? "; --memory allows more" : "");
  return EXIT_FAILURE;
}
