/* The sums for Fisher's shrinkage over many rows end when the host says so. */
#include <stdlib.h>

#include "models/fisher/fisher_shrinkage.h"
#include "support.h"

static int32_t stop(void *user, const clf_progress *progress) {
  ck_assert_str_eq(progress->stage, "fisher");
  return ++*(int *)user;
}

/* All rows are the same one, by a stride of 0; pages of calloc() that are never written cost no
 * memory. One thread has 16 parts of 0.2 s and more. */
TEST_LOOP(sums_over_many_rows__can_be_cancelled, 0, 2) {
  enum { ROWS = 100000000, COLUMNS = 64 };
  float row[COLUMNS];
  double mean[COLUMNS] = {0}, offsets[COLUMNS] = {0}, scatter[COLUMNS * COLUMNS] = {0};
  double ones[COLUMNS], out[COLUMNS];
  int asked = 0;
  clf_context *context = NULL;
  int32_t *labels = calloc(ROWS, sizeof *labels);
  ck_assert_ptr_nonnull(labels);
  for (int j = 0; j < COLUMNS; j++) {
    row[j] = (float)j;
    ones[j] = 1;
  }
  const clf__rows x = clf__rows_of_f32(row, ROWS, COLUMNS, 0);
  const clf__training training = {.x = &x, .labels = labels, .classes = 1};
  const clf__gram gram = {.weight = ROWS, .mean = mean, .scatter = scatter};
  ck_clf_ok(clf_context_create(&context, NULL, _i == 0 ? "threads=1" : "threads=2"));
  ck_clf_ok(clf_context_set_progress(context, stop, &asked));
  ck_clf_fails(clf__fisher_variances(out, context, &training, &gram, offsets, ones),
               CLF_ERROR_CANCELLED);
  ck_assert_int_eq(asked, 1);
  ck_clf_fails(clf__fisher_shrinkage(out, context, &training, &gram, offsets, ones),
               CLF_ERROR_CANCELLED);
  ck_assert_int_eq(asked, 2);
  ck_assert_uint_lt(clf_context_memory(context), 1 << 20);
  clf_context_free(context);
  free(labels);
}

SUITE("fisher_shrinkage")
