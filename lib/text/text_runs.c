/* Documents divided into tasks of about the same work, and lists of numbers that these fill. */
#include <math.h>

#include "base/progress.h"
#include "base/status.h"
#include "text/vocabulary.h"

enum { RUN_BYTES = 1 << 18 };

clf_status clf__text_runs_of(clf__text_runs *out, clf_context *context,
                             const clf_documents *documents, const char *stage) {
  int64_t *first = clf__alloc_array(context, documents->count + 1, sizeof *first);
  if (first == NULL) {
    return CLF_ERROR_MEMORY;
  }
  int64_t count = 0, bytes = RUN_BYTES;
  for (int64_t i = 0; i < documents->count; i++) {
    if (bytes >= RUN_BYTES) {
      first[count++] = i;
      bytes = 0;
    }
    bytes += (int64_t)documents->sizes[i] + 1;
  }
  first[count] = documents->count;
  out->documents = documents;
  out->first = first;
  out->count = count;
  out->progress = clf__progress_begin(context, stage, documents->count);
  atomic_init(&out->done, 0);
  return CLF_OK;
}

clf_status clf__text_runs_do(clf__text_runs *runs, int64_t count, clf__job job, void *argument) {
  const double bytes = (double)runs->count * RUN_BYTES;
  atomic_store(&runs->done, 0);
  const clf_status status = clf__jobs_run(&runs->progress, &runs->done, count, 1,
                                          bytes * CLF__COST_ELEMENT, job, argument);
  return status != CLF_ERROR_MEMORY
             ? status
             : clf__fail_within(status, "%s of %lld documents", runs->progress.stage,
                                (long long)runs->documents->count);
}

clf_status clf__text_runs_step(clf__text_runs *runs) {
  return clf__progress_step(&runs->progress, atomic_load(&runs->done), NAN, NAN);
}

void clf__ints_grow(clf__ints *ints) {
  const int64_t beyond = 2; /* readable behind the last number, for clf__hash_bytes */
  int64_t capacity = ints->capacity > 0 ? 2 * ints->capacity : 1024 - beyond;
  int32_t *data =
      ints->failed ? NULL
                   : clf__resize_array(ints->context, ints->data, capacity + beyond, sizeof *data);
  if (data == NULL) {
    ints->failed = true;
    return;
  }
  ints->data = data;
  ints->capacity = capacity;
}
