/* Fits by iterations over the rows of several ranks: the saved bytes are the same for any number of
 * ranks and threads. */
#include "ranks.h"

SUITE("rank_solvers")

enum { CLASSES = 3 };

static clf_tensor *part(clf_context *context, const void *data, int32_t dtype, int64_t count,
                        int64_t columns) {
  const int64_t shape[] = {count, columns};
  clf_tensor *wrapped = NULL;
  ck_clf_ok(clf_tensor_wrap(&wrapped, context, data, dtype, columns > 0 ? 2 : 1, shape, NULL));
  return wrapped;
}

typedef struct saved {
  size_t size;
  char *bytes;
} saved;

static void save_model(saved *out, const clf_model *model) {
  ck_clf_ok(clf_model_save_memory(model, NULL, 0, &out->size));
  out->bytes = malloc(out->size);
  ck_clf_ok(clf_model_save_memory(model, out->bytes, out->size, &out->size));
}

/* Logistic regression on enough rows that its preconditioner draws from them, and on enough columns
 * that two classes of sparse rows have truncated Newton. */
enum { MANY_ROWS = 8400, MANY_COLUMNS = 3, WIDE_ROWS = 600, WIDE_COLUMNS = 500, WIDE_ENTRIES = 8 };
static struct many_rows {
  float x[MANY_ROWS * MANY_COLUMNS];
  int32_t labels[MANY_ROWS];
  int64_t row_start[WIDE_ROWS + 1];
  int32_t column[WIDE_ROWS * WIDE_ENTRIES];
  float value[WIDE_ROWS * WIDE_ENTRIES];
} large;

static void fill_many(void) {
  uint32_t state = 7;
  for (int64_t i = 0; i < MANY_ROWS; i++) {
    double sum = 0;
    for (int64_t j = 0; j < MANY_COLUMNS; j++) {
      state = state * 1664525u + 1013904223u;
      large.x[i * MANY_COLUMNS + j] = (float)(state >> 8) / 0x1p23F;
      sum += (double)large.x[i * MANY_COLUMNS + j];
    }
    large.labels[i] = (int32_t)(sum + (double)(i % 3) / 3) % CLASSES;
  }
  for (int64_t e = 0; e < WIDE_ROWS * WIDE_ENTRIES; e++) {
    const int64_t step = WIDE_COLUMNS / WIDE_ENTRIES;
    state = state * 1664525u + 1013904223u;
    large.column[e] = (int32_t)(e % WIDE_ENTRIES * step + (state >> 8) % step);
    large.value[e] = (float)(state >> 28) / 3;
  }
  for (int64_t i = 0; i <= WIDE_ROWS; i++) {
    large.row_start[i] = i * WIDE_ENTRIES;
  }
}

static clf_dataset *many_of(clf_context *context, bool wide, int32_t classes, int32_t rank,
                            int32_t ranks) {
  clf_dataset *data = NULL;
  clf_tensor *start = NULL, *column = NULL, *x = NULL, *y = NULL;
  int32_t labels[MANY_ROWS];
  int64_t first, count, row_start[WIDE_ROWS + 1];
  ck_clf_ok(clf_shard_range(context, wide ? WIDE_ROWS : MANY_ROWS, rank, ranks, &first, &count));
  for (int64_t i = 0; i < count; i++) {
    labels[i] = wide                ? large.column[(first + i) * WIDE_ENTRIES] % 2
                : classes > CLASSES ? (int32_t)(large.x[(first + i) * MANY_COLUMNS] * 20)
                                    : large.labels[first + i];
  }
  if (wide) {
    const int64_t at = first * WIDE_ENTRIES, entries = count * WIDE_ENTRIES;
    memcpy(row_start, large.row_start, (size_t)(count + 1) * sizeof *row_start);
    start = part(context, row_start, CLF_I64, count + 1, 0);
    column = part(context, large.column + at, CLF_I32, entries, 0);
    x = part(context, large.value + at, CLF_F32, entries, 0);
    ck_clf_ok(clf_dataset_create_sparse(&data, context, WIDE_COLUMNS, start, column, x, NULL));
  } else {
    x = part(context, large.x + first * MANY_COLUMNS, CLF_F32, count, MANY_COLUMNS);
    ck_clf_ok(clf_dataset_create(&data, context, x, NULL));
  }
  y = part(context, labels, CLF_I32, count, 0);
  ck_clf_ok(clf_dataset_set_labels(data, y));
  clf_tensor_free(start);
  clf_tensor_free(column);
  clf_tensor_free(x);
  clf_tensor_free(y);
  return data;
}

typedef struct fitting_many {
  const char *params;
  bool wide;
  int32_t classes; /* of rows that are not wide */
  saved saved[MAX_RANKS];
  double weights[CLASSES * WIDE_COLUMNS]; /* of rank 0 */
} fitting_many;

static void keep_weights(const clf_model *model, double *weights) {
  clf_tensor *tensor = NULL;
  ck_clf_ok(clf_model_tensor(&tensor, model, "weights_f64"));
  memcpy(weights, clf_tensor_data(tensor), (size_t)clf_tensor_count(tensor) * sizeof *weights);
  clf_tensor_free(tensor);
}

static void fit_many(struct rank *rank) {
  fitting_many *f = rank->user;
  clf_model *model = NULL;
  clf_dataset *data = many_of(rank->context, f->wide, f->classes, rank->index, rank->all->count);
  ck_clf_ok(clf_model_create(&model, rank->context, "logistic", f->params));
  ck_clf_ok(clf_model_fit(model, data, NULL, NULL));
  save_model(&f->saved[rank->index], model);
  if (rank->index == 0) {
    keep_weights(model, f->weights);
  }
  clf_model_free(model);
  clf_dataset_free(data);
}

/* Without a communicator all rows are one shard, whose sums are rounded otherwise. */
static void compare_alone(const fitting_many *f) {
  fitting_many alone = {.params = f->params, .wide = f->wide, .classes = f->classes};
  struct ranks all;
  open_ranks(&all, 1, "threads=1", false);
  ck_clf_ok(clf_context_set_communicator(all.rank[0].context, NULL));
  run_ranks(&all, fit_many, &alone);
  close_ranks(&all);
  ck_assert(memcmp(alone.saved[0].bytes, f->saved[0].bytes, f->saved[0].size) != 0);
  for (int i = 0; i < CLASSES * WIDE_COLUMNS; i++) {
    ck_assert_double_eq_tol(alone.weights[i], f->weights[i], 1e-3);
  }
  free(alone.saved[0].bytes);
}

TEST_LOOP(logistic_of_many_rows__has_the_same_bytes_on_any_number_of_ranks, 0, 3) {
  fitting_many one = {.params = "C=10", .wide = _i == 1, .classes = _i == 2 ? 40 : CLASSES};
  fitting_many f = one;
  struct ranks all;
  fill_many();
  open_ranks(&all, 1, "threads=1", false);
  run_ranks(&all, fit_many, &one);
  close_ranks(&all);
  compare_alone(&one);
  for (int n = 0; n < RANK_COUNTS; n++) {
    open_ranks(&all, rank_counts[n], n % 2 == 0 ? "threads=2" : "threads=1", n == 3);
    run_ranks(&all, fit_many, &f);
    close_ranks(&all);
    for (int32_t rank = 0; rank < rank_counts[n]; rank++) {
      ck_assert_uint_eq(f.saved[rank].size, one.saved[0].size);
      ck_assert_mem_eq(f.saved[rank].bytes, one.saved[0].bytes, one.saved[0].size);
      free(f.saved[rank].bytes);
    }
  }
  free(one.saved[0].bytes);
}

typedef struct differing {
  bool stops; /* rank 1; otherwise it has another model */
  clf_status status[MAX_RANKS];
} differing;

static int32_t stop(void *user, const clf_progress *progress) {
  (void)user;
  return progress->step > 2 ? CLF_PROGRESS_STOP : CLF_PROGRESS_GO;
}

static void differ(struct rank *rank) {
  differing *d = rank->user;
  clf_model *model = NULL;
  clf_dataset *data = many_of(rank->context, false, CLASSES, rank->index, rank->all->count);
  ck_clf_ok(clf_model_create(&model, rank->context, "logistic", "warm_start=true C=0.1"));
  if (d->stops && rank->index == 1) {
    ck_clf_ok(clf_context_set_progress(rank->context, stop, NULL));
  }
  d->status[rank->index] = clf_model_fit(model, data, NULL, NULL);
  if (!d->stops) {
    ck_clf_ok(d->status[rank->index]);
    ck_clf_ok(clf_model_fit(model, data, NULL, NULL)); /* both go on from the same weights */
    ck_clf_ok(clf_context_set_communicator(rank->context, NULL));
    ck_clf_ok(rank->index == 1 ? clf_model_fit(model, data, NULL, NULL) : CLF_OK);
    const clf_communicator calls = communicator_of(rank);
    ck_clf_ok(clf_context_set_communicator(rank->context, &calls));
    d->status[rank->index] = clf_model_fit(model, data, NULL, NULL);
    ck_assert_ptr_nonnull(strstr(clf_last_error(), "differ in 'what the fit continues from'"));
  }
  clf_model_free(model);
  clf_dataset_free(data);
}

TEST_LOOP(ranks_that_stop_or_go_on_from_other_weights__end_the_call, 0, 2) {
  differing d = {.stops = _i == 1};
  struct ranks all;
  fill_many();
  open_ranks(&all, 2, "threads=1", false);
  run_ranks(&all, differ, &d);
  close_ranks(&all);
  ck_assert_int_eq(d.status[0], CLF_ERROR_PEER);
  ck_assert_int_eq(d.status[1], d.stops ? CLF_ERROR_CANCELLED : CLF_ERROR_PEER);
}
