/* Fits of several ranks that fail on one of them, or whose ranks differ. */
#include <math.h>

#include "rank_rows.h"

SUITE("rank_failures")

/* What the last rank does differently. */
enum {
  BAD_VALUE,
  OTHER_KIND,
  OTHER_PARAMS,
  CANCELS,
  NO_LABELS,
  OTHER_STORAGE,
  OTHER_STAGE,
  FAILURES
};

typedef struct failing {
  int what;
  clf_status status[MAX_RANKS];
  char message[MAX_RANKS][512];
} failing;

static int32_t cancel(void *user, const clf_progress *progress) {
  (void)user, (void)progress;
  return CLF_PROGRESS_CANCEL;
}

static void fail_rank(struct rank *rank) {
  failing *f = rank->user;
  const bool odd = rank->index == rank->all->count - 1;
  const int what = odd ? f->what : FAILURES;
  const fit_case plain = {.regression = what == NO_LABELS};
  clf_model *model = NULL;
  int64_t first, count;
  ck_clf_ok(clf_shard_range(rank->context, ROWS, rank->index, rank->all->count, &first, &count));
  clf_dataset *data =
      rows_of(rank->context, &plain, what == OTHER_STORAGE ? U8 : F32, false, first, count);
  const char *const kind = f->what == OTHER_STAGE ? "perceptron" : "ridge"; /* a whole fit */
  ck_clf_ok(clf_model_create(&model, rank->context, what == OTHER_KIND ? "fisher" : kind,
                             what == OTHER_PARAMS ? "alpha=2" : NULL));
  if (f->what == OTHER_STAGE) {
    ck_clf_ok(clf_model_add_transform(model, odd ? "min_max" : "standardize", NULL));
  }
  float *const value = &rows.x[first * COLUMNS + 2], before = *value;
  *value = what == BAD_VALUE ? NAN : before;
  if (what == CANCELS) {
    ck_clf_ok(clf_context_set_progress(rank->context, cancel, NULL));
  }
  f->status[rank->index] = clf_model_fit(model, data, NULL, NULL);
  snprintf(f->message[rank->index], sizeof f->message[0], "%s", clf_last_error());
  *value = before;
  ck_assert_int_eq(clf_model_outcome(model), CLF_ERROR_NOT_FITTED);
  clf_model_free(model);
  clf_dataset_free(data);
}

TEST_LOOP(fit__that_fails_on_one_rank_fails_on_all, 0, FAILURES) {
  static const clf_status statuses[] = {CLF_ERROR_DATA,      CLF_ERROR_PEER, CLF_ERROR_PEER,
                                        CLF_ERROR_CANCELLED, CLF_ERROR_PEER, CLF_ERROR_PEER,
                                        CLF_ERROR_PEER};
  static const char *const parts[] = {
      "rank 2: ridge: ",          "'fit of ridge' and rank 2 in 'fit of",
      "differ in 'fit of ridge'", "rank 2: ",
      "labels or targets",        "types of features",
      "pipeline and optimizer"};
  failing f = {.what = _i};
  struct ranks all;
  fill_rows();
  open_ranks(&all, 3, "threads=1", false);
  run_ranks(&all, fail_rank, &f);
  for (int32_t rank = 0; rank < 2; rank++) {
    ck_assert_int_eq(f.status[rank], CLF_ERROR_PEER);
    ck_assert_msg(strstr(f.message[rank], parts[_i]) != NULL, "%s", f.message[rank]);
  }
  ck_assert_int_eq(f.status[2], statuses[_i]);
  close_ranks(&all);
}

static void fit_apart(struct rank *rank) {
  const fit_case plain = {.regression = false};
  clf_model *model = NULL;
  clf_dataset *data = rows_of(rank->context, &plain, F32, false, 0, ROWS);
  ck_clf_ok(clf_model_create(&model, rank->context, "ridge", NULL));
  ck_assert_int_eq(clf_model_fit(model, data, NULL, NULL), CLF_ERROR_PEER);
  ck_assert_ptr_nonnull(strstr(clf_last_error(), "callbacks"));
  clf_model_free(model);
  clf_dataset_free(data);
}

/* One rank would exchange, and the other gather. */
TEST(ranks_with_other_callbacks__are_refused) {
  struct ranks all;
  fill_rows();
  open_ranks(&all, 2, "threads=1", false);
  clf_communicator calls = communicator_of(&all.rank[1]);
  calls.exchange = NULL;
  ck_clf_ok(clf_context_set_communicator(all.rank[1].context, &calls));
  run_ranks(&all, fit_apart, NULL);
  close_ranks(&all);
}

static int32_t leave(void *user, const clf_progress *progress) {
  (void)progress;
  ck_clf_fails(clf_context_set_communicator(user, NULL), CLF_ERROR_ARGUMENT);
  return CLF_PROGRESS_GO;
}

static void leaving_rank(struct rank *rank) {
  const fit_case plain = {.regression = false};
  clf_model *model = NULL;
  clf_dataset *data = rows_of(rank->context, &plain, F32, false, 0, ROWS);
  ck_clf_ok(clf_model_create(&model, rank->context, "ridge", NULL));
  ck_clf_ok(clf_context_set_progress(rank->context, leave, rank->context));
  ck_clf_ok(clf_model_fit(model, data, NULL, NULL));
  clf_model_free(model);
  clf_dataset_free(data);
}

TEST(communicator__stays_during_a_call) {
  struct ranks all;
  fill_rows();
  open_ranks(&all, 2, "threads=1", false);
  run_ranks(&all, leaving_rank, NULL);
  close_ranks(&all);
}

/* A fit of rank 0 by another thread, while its own is in one with the other rank. */
typedef struct second {
  clf_context *context;
  bool other; /* than that of the fit, with the same ranks */
  int64_t in_call;
  clf_status status;
  char message[200];
} second;

static void *fit_second(void *argument) {
  second *s = argument;
  const fit_case plain = {.regression = false};
  clf_model *model = NULL;
  clf_dataset *data = rows_of(s->context, &plain, F32, false, 0, ROWS);
  ck_clf_ok(clf_model_create(&model, s->context, "ridge", NULL));
  s->status = clf_model_fit(model, data, NULL, NULL);
  snprintf(s->message, sizeof s->message, "%s", clf_last_error());
  clf_model_free(model);
  clf_dataset_free(data);
  return NULL;
}

static int32_t begin_second(void *user, const clf_progress *progress) {
  second *s = user;
  pthread_t thread;
  (void)progress;
  if (s->status == CLF_OK) {
    ck_assert_int_eq(pthread_create(&thread, NULL, fit_second, s), 0);
    pthread_join(thread, NULL);
  }
  return CLF_PROGRESS_GO;
}

static void two_fits(struct rank *rank) {
  second *s = rank->user;
  const fit_case plain = {.regression = false};
  clf_model *model = NULL;
  clf_dataset *data = rows_of(rank->context, &plain, F32, false, 0, ROWS);
  ck_clf_ok(clf_model_create(&model, rank->context, "ridge", NULL));
  if (rank->index == 0) {
    clf_communicator calls = communicator_of(rank);
    calls.in_call = &s->in_call;
    ck_clf_ok(clf_context_set_communicator(rank->context, &calls));
    s->context = rank->context;
    if (s->other) {
      ck_clf_ok(clf_context_create(&s->context, NULL, "threads=1"));
      ck_clf_ok(clf_context_set_communicator(s->context, &calls));
    }
    ck_clf_ok(clf_context_set_progress(rank->context, begin_second, s));
  }
  ck_clf_ok(clf_model_fit(model, data, NULL, NULL));
  if (rank->index == 0) {
    ck_assert_int_eq(s->in_call, 0);
  }
  clf_model_free(model);
  clf_dataset_free(data);
}

TEST_LOOP(communicator__is_for_one_thread_at_a_time, 0, 2) {
  struct ranks all;
  second s = {.status = CLF_OK, .other = _i == 1};
  fill_rows();
  open_ranks(&all, 2, "threads=1", false);
  run_ranks(&all, two_fits, &s);
  ck_assert_int_eq(s.status, CLF_ERROR_ARGUMENT);
  ck_assert_ptr_nonnull(strstr(s.message, s.other
                                              ? "another context with the same ranks is in a call"
                                              : "another thread is in a call of all ranks"));
  if (s.other) {
    clf_context_free(s.context);
  }
  close_ranks(&all);
}

static void refuse_rank(struct rank *rank) {
  static const char *const kinds_refused[][2] = {
      {"ridge", "incremental=true"},
      {"svm", "warm_start=true"},
      {"network", "precision=bf16 checkpoint=x layers='dense units=3'"},
      {"network", "calibration=sigmoid checkpoint=x layers='dense units=3'"}};
  const fit_case plain = {.regression = false};
  clf_dataset *data = rows_of(rank->context, &plain, F32, false, 0, ROWS);
  for (int i = 0; i < 4; i++) {
    clf_model *model = NULL;
    ck_clf_ok(clf_model_create(&model, rank->context, kinds_refused[i][0], kinds_refused[i][1]));
    ck_assert_int_eq(clf_model_fit(model, data, NULL, NULL), CLF_ERROR_UNSUPPORTED);
    ck_assert_ptr_nonnull(strstr(clf_last_error(), "the rows of 2 ranks"));
    clf_model_free(model);
  }
  clf_dataset_free(data);
}

TEST(what_is_not_distributed__is_refused) {
  struct ranks all;
  fill_rows();
  open_ranks(&all, 2, "threads=1", false);
  run_ranks(&all, refuse_rank, NULL);
  close_ranks(&all);
}

typedef struct refusing {
  failing_allocator from; /* of rank 1 */
  const char *model, *params;
  bool teaches; /* the fitted model, by held-out rows */
  int64_t nth;  /* allocation of the fit, or of that, that is refused */
  bool refused;
  clf_status status[MAX_RANKS];
  char message[MAX_RANKS][512];
} refusing;

static void refused_rank(struct rank *rank) {
  refusing *r = rank->user;
  const fit_case plain = {.regression = false};
  clf_model *model = NULL;
  int64_t first, count;
  ck_clf_ok(clf_shard_range(rank->context, ROWS, rank->index, rank->all->count, &first, &count));
  clf_dataset *data = rows_of(rank->context, &plain, F32, true, first, count);
  ck_clf_ok(clf_model_create(&model, rank->context, r->model, r->params));
  ck_clf_ok(clf_model_add_transform(model, "standardize", NULL));
  if (r->teaches) {
    ck_clf_ok(clf_model_fit(model, data, NULL, NULL));
  }
  if (rank->index == 1) {
    r->from.refuse = r->from.asked + r->nth;
  }
  r->status[rank->index] = r->teaches ? clf_model_calibrate(model, data, "method=temperature")
                                      : clf_model_fit(model, data, NULL, NULL);
  snprintf(r->message[rank->index], sizeof r->message[0], "%s", clf_last_error());
  if (rank->index == 1) {
    r->refused = r->from.asked >= r->from.refuse;
    r->from.refuse = 0;
  }
  if (r->teaches) { /* all models have changed, or none */
    clf_tensor *taught = NULL;
    const clf_status found = clf_model_tensor(&taught, model, "decision_temperature");
    ck_assert_int_eq(found == CLF_OK, r->status[rank->index] == CLF_OK);
    clf_tensor_free(taught);
  }
  clf_model_free(model);
  clf_dataset_free(data);
}

/* Each allocation of one rank is refused in turn. */
TEST_LOOP(fit__without_memory_on_one_rank_fails_on_all, 0, 10) {
  static const char *const kinds_tried[][2] = {
      {"ridge"},
      {"svm"},
      {"svm", "divide=rows tolerance=0.1"},
      {"logistic", "tolerance=0.1"},
      {"network", "epochs=1 batch_size=120 layers='dense units=4; batch_norm; dense units=3'"},
      {"perceptron", "epochs=1"},
      {"perceptron", "epochs=2 mixed=true"},
      {"fisher", "kernel=rbf landmarks=10"},
      {"ridge", "solver=cg"},
      {"logistic", "tolerance=0.5"}};
  enum { TEACHES = 9 };
  bool refused = true;
  fill_rows();
  for (int64_t nth = 1; refused; nth += SLOW ? 7 : 1) {
    refusing r = {.model = kinds_tried[_i][0],
                  .params = kinds_tried[_i][1],
                  .teaches = _i == TEACHES,
                  .nth = nth};
    struct ranks all;
    open_ranks(&all, 3, "threads=1", nth % 2 == 0);
    const clf_communicator calls = communicator_of(&all.rank[1]);
    clf_context_free(all.rank[1].context);
    all.rank[1].context = failing_context("threads=1", &r.from);
    ck_clf_ok(clf_context_set_communicator(all.rank[1].context, &calls));
    if (nth % 2 == 0) { /* its communicator has what those of the others have */
      clf_communicator few = calls;
      few.all_sum = NULL;
      few.exchange = NULL;
      ck_clf_ok(clf_context_set_communicator(all.rank[1].context, &few));
    }
    run_ranks(&all, refused_rank, &r);
    refused = r.refused;
    ck_assert(r.status[1] == CLF_OK || (r.status[1] == CLF_ERROR_MEMORY && refused));
    for (int32_t rank = 0; rank < 3; rank += 2) {
      ck_assert_int_eq(r.status[rank], r.status[1] == CLF_OK ? CLF_OK : CLF_ERROR_PEER);
      ck_assert_msg(r.status[1] == CLF_OK || strstr(r.message[rank], "rank 1: ") != NULL,
                    "allocation %lld: %s", (long long)nth, r.message[rank]);
    }
    close_ranks(&all);
    ck_assert_int_eq(r.from.held, 0);
  }
}

typedef struct losing {
  int64_t nth; /* callback of the call, at which rank 1 is lost */
  clf_status status[MAX_RANKS];
} losing;

static void lost_rank(struct rank *rank) {
  losing *l = rank->user;
  const fit_case plain = {.regression = false};
  clf_model *model = NULL;
  clf_tensor *taught = NULL;
  int64_t first, count;
  ck_clf_ok(clf_shard_range(rank->context, ROWS, rank->index, 2, &first, &count));
  clf_dataset *data = rows_of(rank->context, &plain, F32, true, first, count);
  ck_clf_ok(clf_model_create(&model, rank->context, "ridge", NULL));
  ck_clf_ok(clf_model_fit(model, data, NULL, NULL));
  rank->fails_at = rank->index == 1 ? rank->callbacks + l->nth : 0;
  const clf_status status = clf_model_calibrate(model, data, "method=temperature");
  l->status[rank->index] = status;
  ck_assert_int_eq(clf_model_tensor(&taught, model, "decision_temperature") == CLF_OK,
                   status == CLF_OK);
  clf_tensor_free(taught);
  clf_model_free(model);
  clf_dataset_free(data);
}

TEST(models_that_are_taught__change_only_without_an_error) {
  losing l = {.nth = 0};
  fill_rows();
  do {
    struct ranks all;
    l.nth++;
    open_ranks(&all, 2, "threads=1", false);
    run_ranks(&all, lost_rank, &l);
    close_ranks(&all);
  } while (l.status[1] < 0);
  ck_assert_int_gt(l.nth, 5);
}

/* What rank 1 does not pass. */
static clf_status call_without(struct rank *rank, int what, const clf_model *model,
                               const clf_dataset *data) {
  const bool odd = rank->index == 1;
  double scores[3] = {0};
  clf_dataset *made = NULL;
  clf_search *search = NULL;
  clf_transform *transform = NULL;
  clf_optimizer *optimizer = NULL;
  clf_tensor *rows_of_all = NULL;
  clf_status status = CLF_OK;
  if (what == 4) {
    clf_tensor *mine = part(rank->context, scores, CLF_F64, 3, 0);
    status = clf_gather_rows(&rows_of_all, rank->context, odd ? NULL : mine);
    clf_tensor_free(mine);
  } else if (what == 0) {
    status = clf_cross_validate(model, data, 3, 1, odd ? NULL : scores);
  } else if (what == 1) {
    status = clf_search_create(&search, model, data, 3, 1, odd ? NULL : "alpha=1,2", NULL);
  } else if (what == 2) {
    ck_clf_ok(clf_transform_create(&transform, rank->context, "standardize", NULL));
    status = clf_transform_fit_apply(odd ? NULL : &made, transform, data);
  } else {
    clf_model *own = NULL;
    ck_clf_ok(clf_model_clone(&own, model));
    ck_clf_ok(clf_optimizer_create(&optimizer, rank->context, "adam", NULL));
    status = clf_model_fit(own, data, odd ? optimizer : NULL, NULL);
    clf_model_free(own);
  }
  clf_search_free(search);
  clf_transform_free(transform);
  clf_optimizer_free(optimizer);
  return status;
}

static void rank_without(struct rank *rank) {
  const fit_case plain = {.regression = false};
  clf_model *model = NULL;
  clf_dataset *data = rows_of(rank->context, &plain, F32, false, 0, ROWS);
  ck_clf_ok(clf_model_create(&model, rank->context, "ridge", NULL));
  const clf_status status = call_without(rank, *(const int *)rank->user, model, data);
  ck_assert_int_lt(status, 0);
  ck_assert(rank->index == 1 || status == CLF_ERROR_PEER);
  ck_assert(rank->index != 1 || status != CLF_ERROR_PEER);
  clf_model_free(model);
  clf_dataset_free(data);
}

/* No rank waits for one whose arguments are refused. */
TEST_LOOP(arguments_of_one_rank__fail_on_all, 0, 5) {
  struct ranks all;
  fill_rows();
  open_ranks(&all, 3, "threads=1", false);
  run_ranks(&all, rank_without, &_i);
  for (int32_t i = 0; i < 3; i++) {
    ck_assert_int_lt(all.rank[i].callbacks, 30);
  }
  close_ranks(&all);
}

/* All values of rank 1 are too small for f32; those of rank 0 are not. */
static void fit_small(struct rank *rank) {
  const bool small = rank->index == 1 || *(const bool *)rank->user;
  double x[40 * 2];
  clf_dataset *data = NULL;
  clf_transform *transform = NULL;
  for (int i = 0; i < 80; i++) {
    x[i] = sin(i * i + rank->index) * (small ? 1e-150 : 1);
  }
  clf_tensor *wrapped = part(rank->context, x, CLF_F64, 40, 2);
  ck_clf_ok(clf_dataset_create(&data, rank->context, wrapped, NULL));
  ck_clf_ok(clf_transform_create(&transform, rank->context, "pca", NULL));
  const clf_status status = clf_transform_fit(transform, data);
  ck_assert_msg(*(const bool *)rank->user ? status < 0 : status == CLF_OK, "%s", clf_last_error());
  clf_transform_free(transform);
  clf_tensor_free(wrapped);
  clf_dataset_free(data);
}

TEST_LOOP(rows_too_small_for_f32__are_those_of_all_ranks, 0, 2) {
  bool all_small = _i == 1;
  struct ranks all;
  open_ranks(&all, 2, "threads=1", false);
  run_ranks(&all, fit_small, &all_small);
  close_ranks(&all);
}
