/* Documents divided into tasks of about the same work, and lists of numbers that these fill. */
#include <math.h>

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
    bytes += documents->lengths[i] + 1;
  }
  first[count] = documents->count;
  out->documents = documents;
  out->first = first;
  out->count = count;
  out->progress = clf__progress_begin(context, stage, documents->count);
  atomic_init(&out->done, 0);
  atomic_init(&out->failed, false);
  return CLF_OK;
}

clf_status clf__text_runs_do(clf__text_runs *runs, int64_t tasks, clf__task task, void *argument) {
  atomic_store(&runs->done, 0);
  const double bytes = (double)runs->count * RUN_BYTES;
  clf_status status = clf__progress_parallel(&runs->progress, &runs->done, tasks,
                                             bytes * CLF__COST_ELEMENT, task, argument);
  if (status == CLF_OK && atomic_load(&runs->failed)) {
    clf__memory_refused(runs->progress.context);
    status = clf__fail_within(CLF_ERROR_MEMORY, "%s of %lld documents", runs->progress.stage,
                              (long long)runs->documents->count);
  }
  return status;
}

bool clf__text_runs_go(clf__text_runs *runs) {
  return !atomic_load_explicit(&runs->failed, memory_order_relaxed) &&
         clf__progress_step(&runs->progress, atomic_load(&runs->done), NAN, NAN) == CLF_OK;
}

void clf__ints_grow(clf__ints *ints) {
  const int64_t beyond = 2; /* readable behind the last, for clf__hash_bytes */
  int64_t room = ints->room > 0 ? 2 * ints->room : 1024 - beyond;
  int32_t *data = ints->failed
                      ? NULL
                      : clf__resize_array(ints->context, ints->data, room + beyond, sizeof *data);
  if (data == NULL) {
    ints->failed = true;
    return;
  }
  ints->data = data;
  ints->room = room;
}
