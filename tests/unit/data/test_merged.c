/* The search for values that f32 merges gives the same result on any number of threads, and can be
 * cancelled. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/context.h"
#include "base/progress.h"
#include "data/build.h"
#include "support.h"
#include "tensor/rows_precision.h"

/* Every third column from number 31 on has rows that f32 merges, more and more of them. */
TEST(merged_rows__are_the_same_on_any_threads) {
  enum { ROWS = 3000, COLUMNS = 100, FIRST = 31, LAST = 97 };
  static const char *const threads[] = {"threads=1", "threads=2", "threads=5"};
  double *x = malloc(sizeof *x * ROWS * COLUMNS);
  for (int i = 0; i < ROWS; i++) {
    for (int j = 0; j < COLUMNS; j++) {
      const bool merged = j >= FIRST && j % 3 == FIRST % 3 && i % (200 - j) == 1;
      x[i * COLUMNS + j] = merged ? 5 + (j + 1) * 1e-12 : i % 2 == 0 ? 5 : i + 0.1;
    }
  }
  const clf__rows rows = {
      .rows = ROWS, .columns = COLUMNS, .dtype = CLF_F64, .scale = 1, .data = x, .stride = COLUMNS};
  for (int t = 0; t < 3; t++) {
    clf__merged merged;
    clf_context *context = NULL;
    ck_clf_ok(clf_context_create(&context, NULL, threads[t]));
    ck_clf_ok(clf__rows_merged(&merged, context, &rows, 1, INT64_MAX));
    ck_assert_int_eq(merged.column, LAST);
    ck_assert_int_eq(merged.rows, (ROWS - 2) / (200 - LAST) + 1);
    ck_assert_int_eq(merged.looked_at, ROWS);
    ck_clf_ok(clf__rows_merged(&merged, context, &rows, 1, 1));
    ck_assert_int_eq(merged.column, FIRST);
    ck_assert_int_eq(merged.rows, 1);
    clf_context_free(context);
  }
  free(x);
}

static int32_t stop(void *user, const clf_progress *progress) {
  ck_assert_str_eq(progress->stage, "csv");
  return ++*(int *)user;
}

static clf_status find_merged(clf_context *context, const clf__rows *x) {
  clf__merged merged;
  clf__call call;
  clf__call_begin(&call, context, "csv", x->rows);
  return clf__call_end(&call, clf__rows_merged(&merged, context, x, 1, 1));
}

/* All rows are the same one, by a stride of 0. Columns that f32 holds are read to their end, others
 * are put into the table. */
TEST_LOOP(looking_for_merged_rows__can_be_cancelled, 0, 4) {
  enum { COLUMNS = 1000 };
  double row[COLUMNS];
  int asked = 0;
  int64_t column = -1;
  clf_context *context = NULL;
  ck_clf_ok(clf_context_create(&context, NULL, _i % 2 == 0 ? "threads=1" : "threads=2"));
  ck_clf_ok(clf_context_set_progress(context, stop, &asked));
  for (int j = 0; j < COLUMNS; j++) {
    row[j] = _i / 2 == 0 ? 1 : 0.1;
  }
  clf__rows x = {.rows = 1000000, .columns = COLUMNS, .dtype = CLF_F64, .scale = 1, .data = row};
  ck_clf_fails(find_merged(context, &x), CLF_ERROR_CANCELLED);
  ck_assert_int_eq(asked, 1);
  asked = 0;
  x.rows = 1000000000; /* constant columns, which are looked at to the end, are not far from 0 */
  ck_clf_fails(clf__needs_f64(&column, context, "csv", &x), CLF_ERROR_CANCELLED);
  ck_assert_int_eq(asked, 1);
  ck_assert_uint_lt(clf_context_memory(context), 1 << 20);
  clf_context_free(context);
}

SUITE("merged")
