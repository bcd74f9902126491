/* CLF_PROGRESS_STOP ends a call with what it has: at each report of each fit the result is a usable
 * model or a cancelled call, and where a solver counts its steps, the model is that of a fit which
 * was limited to so many. */
#include <math.h>
#include <pthread.h>

#include "failing_allocator.h"
#include "still_clock.h"

enum { ROWS = 240, COLUMNS = 8, FOLDS = 3, SEED = 5 };

static float x[ROWS * COLUMNS];
static int32_t two[ROWS], three[ROWS];

/* Answers from report `at` on, counted from 1 and within `stage` if that is given; 0 for never. */
typedef struct host {
  int64_t reports, at;
  bool once; /* answers report `at` alone */
  int32_t answer;
  const char *stage;
  pthread_t thread;
} host;

static int32_t answer(void *user, const clf_progress *progress) {
  host *own = user;
  ck_assert(pthread_equal(own->thread, pthread_self()));
  own->reports += own->stage == NULL || strcmp(own->stage, progress->stage) == 0;
  const bool now = own->once ? own->reports == own->at : own->reports >= own->at;
  return own->at > 0 && now ? own->answer : CLF_PROGRESS_GO;
}

static clf_context *context_of(host *own, const char *params) {
  clf_context *context = context_with(params);
  own->thread = pthread_self();
  ck_clf_ok(clf_context_set_progress(context, answer, own));
  return context;
}

/* Overlapping clouds of two or three classes, so that no solver ends soon. */
static clf_dataset *rows_of(clf_context *context, int classes) {
  int32_t *y = classes == 2 ? two : three;
  uint64_t state = 3;
  for (int64_t i = 0; i < ROWS; i++) {
    two[i] = (int32_t)(i % 2);
    three[i] = (int32_t)(i % 3);
    for (int64_t j = 0; j < COLUMNS; j++) {
      x[i * COLUMNS + j] =
          (float)((j < 3) * 0.4 * y[i] + (double)(j + 1) * 0.3 * random_normal(&state));
    }
  }
  return dataset_of(context, x, CLF_F32, ROWS, COLUMNS, y);
}

typedef struct fit {
  const char *kind, *params;
  int classes;
  const char *limit; /* the parameter that makes a fit end after so many steps, or NULL */
} fit;

static const fit fits[] = {
    {"ridge", "solver=cg tolerance=1e-12 alpha=1e-6", 3, "max_iterations"},
    {"ridge", "solver=cg tolerance=1e-12 precision=f64", 2, NULL}, /* refines */
    {"logistic", "C=1000 tolerance=1e-9", 2, "max_iterations"},
    {"logistic", "C=1000 tolerance=1e-12 precision=f64", 3, "max_iterations"},
    {"perceptron", "epochs=12", 3, "epochs"},
    {"perceptron", "epochs=12 averaged=false multiclass=one_vs_rest", 2, "epochs"},
    {"perceptron", "epochs=12 kernel=rbf gamma=0.1", 2, "epochs"},
    {"perceptron", "epochs=12 kernel=rbf gamma=0.1 budget=8 budget_policy=least_useful", 3,
     "epochs"},
    {"svm", "kernel=rbf gamma=0.1 C=1000", 2, "max_iterations"},
    {"svm", "kernel=rbf gamma=0.1 C=1000 cache_mb=0.01", 2, "max_iterations"},
    {"svm", "kernel=linear C=10", 2, "max_iterations"},
    {"network", "epochs=6 batch_size=64 layers='dense units=5 activation=tanh; dense units=3'", 3,
     "epochs"},
    {"network",
     "epochs=6 batch_size=64 averaging=0.9 layers='dense units=5; batch_norm; dense units=2'", 2,
     "epochs"},
    {"network", "epochs=6 batch_size=64 patience=2 validation_split=0.25", 3, NULL},
    {"svm", "kernel=rbf gamma=0.1 type=one_class nu=0.5", 2, "max_iterations"},
    {"logistic", "penalty=l1 C=1000 tolerance=1e-12 precision=f64", 3, "max_iterations"},
    {"svm", "kernel=rbf gamma=0.1 C=1000 tolerance=1e-9 divide=rows", 2, "max_iterations"},
};
enum { FITS = sizeof fits / sizeof fits[0] };

static clf_model *model_of(clf_context *context, const fit *f) {
  clf_model *model = NULL;
  ck_clf_ok(clf_model_create(&model, context, f->kind, f->params));
  return model;
}

static void decide(const clf_model *model, const clf_dataset *data, float *values) {
  ck_clf_ok(clf_model_decision_function(model, data, values, ROWS * 3));
  for (int64_t i = 0; i < ROWS * clf_model_outputs(model); i++) {
    ck_assert(isfinite(values[i]));
  }
}

/* The model decides, and so does its copy from a file. */
static void check_usable(const clf_model *model, const clf_dataset *data, float *values) {
  float again[ROWS * 3] = {0};
  size_t size = 0;
  clf_model *copy = NULL;
  memset(values, 0, sizeof again);
  decide(model, data, values);
  ck_clf_ok(clf_model_save_memory(model, NULL, 0, &size));
  void *bytes = malloc(size);
  ck_clf_ok(clf_model_save_memory(model, bytes, size, &size));
  ck_clf_ok(clf_model_load_memory(&copy, NULL, bytes, size));
  decide(copy, data, again);
  ck_assert_mem_eq(values, again, sizeof again);
  ck_assert_int_eq(clf_model_outcome(copy), clf_model_outcome(model));
  clf_model_free(copy);
  free(bytes);
}

static int64_t iterations_of(const clf_model *model) {
  clf_tensor *tensor = NULL;
  const int64_t count = *(const int64_t *)fitted_data(model, "iterations", &tensor);
  clf_tensor_free(tensor);
  return count;
}

/* A fit that nobody stops, but that ends after so many steps, decides the same. */
static void check_limited(const fit *f, const clf_dataset *data, int64_t steps,
                          const float *values) {
  float limited[ROWS * 3] = {0};
  clf_context *context = context_with("threads=1 seed=3");
  clf_model *model = model_of(context, f);
  ck_clf_ok(clf_model_set_i64(model, f->limit, steps));
  ck_clf_ok(clf_model_fit(model, data, NULL, NULL));
  ck_assert_int_eq(iterations_of(model), steps);
  decide(model, data, limited);
  ck_assert_mem_eq(values, limited, sizeof limited);
  clf_model_free(model);
  clf_context_free(context);
}

/* Stops a fit at a report, and from then on whenever it is asked again. Returns whether it kept
 * something. */
static bool stop_at(const fit *f, const char *params, int64_t at, int64_t *iterations) {
  host own = {.at = at, .answer = CLF_PROGRESS_STOP};
  clf_context *context = context_of(&own, params);
  clf_dataset *data = rows_of(context, f->classes);
  clf_model *model = model_of(context, f);
  float values[ROWS * 3], whole[ROWS * 3] = {0};
  bool unfinished = false;
  ck_clf_fails(clf_model_set_i64(model, "none", 1), CLF_ERROR_ARGUMENT);
  char before[512];
  snprintf(before, sizeof before, "%s", clf_last_error());
  const clf_status status = clf_model_fit(model, data, NULL, NULL);
  const bool kept = status == CLF_OK;
  own.at = 0;
  if (kept) {
    ck_assert_str_eq(clf_last_error(), before);
    unfinished = clf_model_outcome(model) == CLF_NOT_CONVERGED;
    check_usable(model, data, values);
    *iterations = iterations_of(model);
    ck_assert_int_ge(*iterations, 1);
    /* In the middle of an epoch a perceptron has learned more rows than its epochs say. */
    const bool at_end = strcmp(f->kind, "perceptron") != 0 || at == 1 + *iterations;
    if (f->limit != NULL && at_end) {
      check_limited(f, data, *iterations, values);
    }
  } else {
    ck_assert_int_eq(status, CLF_ERROR_CANCELLED);
    ck_clf_says("cancelled");
    ck_clf_fails(clf_model_outcome(model), CLF_ERROR_NOT_FITTED);
  }
  ck_clf_ok(clf_model_fit(model, data, NULL, NULL));
  decide(model, data, whole);
  /* A stop that comes when the solver has ended changes nothing. */
  ck_assert(!kept || unfinished || memcmp(values, whole, sizeof whole) == 0);
  clf_model_free(model);
  clf_dataset_free(data);
  clf_context_free(context);
  return kept;
}

static int64_t reports_of(const fit *f, const char *params) {
  host own = {.at = 0};
  clf_context *context = context_of(&own, params);
  clf_dataset *data = rows_of(context, f->classes);
  clf_model *model = model_of(context, f);
  ck_clf_ok(clf_model_fit(model, data, NULL, NULL));
  clf_model_free(model);
  clf_dataset_free(data);
  clf_context_free(context);
  return own.reports;
}

TEST_LOOP(fit__stopped_at_any_step_is_usable_or_cancelled, 0, FITS) {
  const int64_t tried = SLOW ? 4 : 12;
  static const char *const threads[] = {"threads=1 seed=3", "threads=2 seed=3"};
  const fit *f = &fits[_i];
  atomic_store(&clock_stands, true);
  for (int t = 0; t < 2; t++) {
    const int64_t reports = reports_of(f, threads[t]), step = 1 + reports / tried;
    int64_t iterations = 0, kept = 0;
    ck_assert_int_ge(reports, 5);
    for (int64_t at = 1; at <= reports; at += step) {
      const int64_t before = iterations;
      const bool keeps = stop_at(f, threads[t], at, &iterations);
      ck_assert(keeps || kept == 0); /* once there is something, there always is */
      ck_assert_int_ge(iterations, before);
      kept += keeps;
    }
    ck_assert_int_gt(kept, 0);
    ck_assert(!stop_at(f, threads[t], 1, &iterations));
  }
  atomic_store(&clock_stands, false);
}

/* An evaluation may take seconds: the host is asked in it, also before the first step. */
TEST(logistic__asks_within_evaluations) {
  static const fit asked[] = {
      {"logistic", "C=1000 tolerance=1e-9", 2, "max_iterations"},
      {"logistic", "C=1000 tolerance=1e-9", 3, "max_iterations"},
      {"logistic", "C=1000 tolerance=1e-12 precision=f64", 3, "max_iterations"},
      {"logistic", "penalty=l1 C=1000 tolerance=1e-12 precision=f64", 3, "max_iterations"},
  };
  for (size_t i = 0; i < sizeof asked / sizeof asked[0]; i++) {
    int64_t iterations = 0;
    atomic_store(&clock_stands, true);
    const int64_t steps = reports_of(&asked[i], "threads=2 seed=3");
    atomic_store(&clock_stands, false);
    atomic_store(&clock_leaps, true);
    const int64_t reports = reports_of(&asked[i], "threads=2 seed=3");
    ck_assert_int_ge(reports, 2 * steps);
    ck_assert(!stop_at(&asked[i], "threads=2 seed=3", 1, &iterations));
    ck_assert(stop_at(&asked[i], "threads=2 seed=3", reports / 2, &iterations));
    atomic_store(&clock_leaps, false);
  }
}

/* Layers make the optimizer's step themselves. Between two of them some have made it, so nothing of
 * such a step is kept. */
TEST_LOOP(network__stopped_between_layers_keeps_whole_epochs, 0, 2) {
  static const fit stopped[] = {
      {"network",
       "epochs=3 batch_size=64 layers='dense units=5 activation=tanh; dropout; dense units=3'", 3,
       "epochs"},
      {"network",
       "epochs=3 batch_size=64 averaging=0.9 layers='dense units=5; batch_norm; dense units=2'", 2,
       "epochs"}};
  const fit *f = &stopped[_i];
  int64_t kept = 0, iterations = 0;
  atomic_store(&clock_stands, true);
  const int64_t steps = reports_of(f, "threads=1 seed=3");
  atomic_store(&clock_stands, false);
  atomic_store(&clock_leaps, true);
  const int64_t reports = reports_of(f, "threads=1 seed=3");
  ck_assert_int_ge(reports, 4 * steps);
  for (int64_t at = 1; at <= reports; at += 1 + reports / 60) {
    kept += stop_at(f, "threads=1 seed=3", at, &iterations);
  }
  atomic_store(&clock_leaps, false);
  ck_assert_int_gt(kept, 10);
}

/* Of several machines, some would not have begun; and nothing is left of a fit in one step. */
TEST(stop__without_anything_to_keep_leaves_the_model) {
  enum { MANY = 6000 };
  static const fit nothing[] = {{"svm", "kernel=rbf gamma=0.1 C=1000", 3, NULL},
                                {"fisher", "kernel=rbf gamma=0.1", 3, NULL}};
  float *many = malloc(MANY * COLUMNS * sizeof *many);
  int32_t *labels = malloc(MANY * sizeof *labels);
  uint64_t state = 7;
  for (int64_t i = 0; i < MANY * COLUMNS; i++) {
    many[i] = (float)random_normal(&state);
    labels[i % MANY] = (int32_t)(i % 3);
  }
  for (size_t i = 0; i < 2; i++) {
    host own = {.answer = CLF_PROGRESS_STOP};
    clf_context *context = context_of(&own, "threads=2 cpu=generic");
    clf_dataset *few = rows_of(context, 3);
    clf_dataset *all = dataset_of(context, many, CLF_F32, MANY, COLUMNS, labels);
    clf_model *model = model_of(context, &nothing[i]);
    float before[ROWS * 3] = {0}, after[ROWS * 3] = {0};
    ck_clf_ok(clf_model_fit(model, few, NULL, NULL));
    decide(model, few, before);
    own.at = own.reports + 1;
    ck_clf_fails(clf_model_fit(model, all, NULL, NULL), CLF_ERROR_CANCELLED);
    own.at = 0;
    decide(model, few, after);
    ck_assert_mem_eq(before, after, sizeof before);
    clf_model_free(model);
    clf_dataset_free(few);
    clf_dataset_free(all);
    clf_context_free(context);
  }
  free(many);
  free(labels);
}

/* An epoch that was not finished is not learned. */
TEST(partial_fit__that_is_stopped_is_cancelled) {
  static const fit parts[] = {{"network", "batch_size=64", 3, NULL}, {"perceptron", NULL, 3, NULL}};
  for (size_t i = 0; i < sizeof parts / sizeof parts[0]; i++) {
    host own = {.at = 1, .answer = CLF_PROGRESS_STOP};
    clf_context *context = context_of(&own, "threads=1");
    clf_dataset *data = rows_of(context, 3);
    clf_model *model = model_of(context, &parts[i]);
    ck_clf_fails(clf_model_partial_fit(model, data), CLF_ERROR_CANCELLED);
    ck_clf_fails(clf_model_outcome(model), CLF_ERROR_NOT_FITTED);
    own.at = 0;
    ck_clf_ok(clf_model_partial_fit(model, data));
    ck_assert_int_eq(clf_model_outcome(model), CLF_OK);
    clf_model_free(model);
    clf_dataset_free(data);
    clf_context_free(context);
  }
}

TEST(answers__other_than_go_and_stop_cancel) {
  static const int32_t answers[] = {CLF_PROGRESS_CANCEL, 3, -1, INT32_MAX, INT32_MIN};
  for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
    host own = {.at = 6, .answer = answers[i]};
    clf_context *context = context_of(&own, "threads=1");
    clf_dataset *data = rows_of(context, 2);
    clf_model *model = model_of(context, &fits[2]);
    ck_clf_fails(clf_model_fit(model, data, NULL, NULL), CLF_ERROR_CANCELLED);
    ck_clf_fails(clf_model_outcome(model), CLF_ERROR_NOT_FITTED);
    clf_model_free(model);
    clf_dataset_free(data);
    clf_context_free(context);
  }
}

/* The machine of two classes is there before its probabilities are. */
TEST(svm__that_is_stopped_has_no_probabilities) {
  static const fit f = {"svm", "kernel=rbf gamma=0.1 C=100 probability=true", 2, NULL};
  const int64_t reports = reports_of(&f, "threads=1");
  float values[ROWS * 3] = {0};
  int64_t kept = 0;
  for (int64_t at = 2; at <= reports; at++) {
    host own = {.at = at, .answer = CLF_PROGRESS_STOP};
    clf_context *context = context_of(&own, "threads=1");
    clf_dataset *data = rows_of(context, 2);
    clf_model *model = model_of(context, &f);
    const clf_status status = clf_model_fit(model, data, NULL, NULL);
    ck_assert(status == CLF_OK || status == CLF_ERROR_CANCELLED);
    own.at = 0;
    if (status == CLF_OK && clf_model_outcome(model) == CLF_NOT_CONVERGED) {
      kept++;
      check_usable(model, data, values);
      ck_clf_fails(clf_model_predict_proba(model, data, values, ROWS * 3), CLF_ERROR_UNSUPPORTED);
      ck_clf_says("fit it to its end");
    }
    clf_model_free(model);
    clf_dataset_free(data);
    clf_context_free(context);
  }
  ck_assert_int_gt(kept, 0);
}

/* What follows the solver is not ended: the fit has all that it will have. */
TEST(stop__while_validation_rows_are_scored_is_ignored) {
  enum { MANY = 400000 };
  host own = {.at = 1, .answer = CLF_PROGRESS_STOP, .stage = "predict"};
  clf_context *context = context_of(&own, "threads=1 cpu=generic");
  clf_dataset *data = rows_of(context, 2);
  float *many = calloc((size_t)MANY * COLUMNS, sizeof *many);
  int32_t *labels = calloc(MANY, sizeof *labels);
  clf_dataset *validation = dataset_of(context, many, CLF_F32, MANY, COLUMNS, labels);
  clf_model *model = model_of(context, &fits[8]);
  ck_clf_ok(clf_model_fit(model, data, NULL, validation));
  ck_assert_int_ge(own.reports, 1);
  ck_assert_int_eq(clf_model_outcome(model), CLF_OK);
  double score = -1;
  ck_clf_fails(clf_model_score(model, validation, &score), CLF_ERROR_CANCELLED);
  ck_assert_double_eq(score, -1);
  clf_model_free(model);
  clf_dataset_free(data);
  clf_dataset_free(validation);
  clf_context_free(context);
  free(many);
  free(labels);
}

/* A cancellation that follows a stop still cancels. */
static int32_t stop_then_cancel(void *user, const clf_progress *progress) {
  host *own = user;
  (void)progress;
  own->reports++;
  return own->reports < own->at    ? CLF_PROGRESS_GO
         : own->reports == own->at ? CLF_PROGRESS_STOP
                                   : CLF_PROGRESS_CANCEL;
}

TEST(cancel__after_a_stop_cancels) {
  host own = {.at = 20};
  clf_context *context = context_with("threads=1");
  ck_clf_ok(clf_context_set_progress(context, stop_then_cancel, &own));
  clf_dataset *data = rows_of(context, 2);
  /* statistics are measured after the last epoch, and reported */
  clf_model *model = model_of(context, &fits[12]);
  const clf_status status = clf_model_fit(model, data, NULL, NULL);
  ck_assert_int_eq(status, own.reports > own.at ? CLF_ERROR_CANCELLED : CLF_OK);
  clf_model_free(model);
  clf_dataset_free(data);
  clf_context_free(context);
}

/* A fit within a callback is a call of its own, that nobody asks about. */
static int32_t fit_then_stop(void *user, const clf_progress *progress) {
  const clf_dataset *data = user;
  clf_model *model = fitted(NULL, "logistic", NULL, data);
  clf_model_free(model);
  return progress->step >= 4 ? CLF_PROGRESS_STOP : CLF_PROGRESS_GO;
}

TEST(callback__may_fit_and_then_stop) {
  clf_context *context = context_with("threads=2");
  clf_dataset *data = rows_of(context, 2);
  ck_clf_ok(clf_context_set_progress(context, fit_then_stop, data));
  clf_model *model = fitted(context, "logistic", "C=1000 tolerance=1e-9", data);
  ck_assert_int_eq(clf_model_outcome(model), CLF_NOT_CONVERGED);
  ck_assert_int_eq(iterations_of(model), 4);
  clf_model_free(model);
  clf_dataset_free(data);
  clf_context_free(context);
}

/* A search keeps the folds on which all combinations were scored, or, before the end of the first
 * one, the combinations that were scored on it. Its fits keep nothing. */
typedef struct grid {
  const char *kind, *text;
  const char *params[4];
} grid;

static const grid grids[] = {
    {"logistic", "C=0.01|1|100|1000", {"C=0.01", "C=1", "C=100", "C=1000"}},
    {"svm", "C=0.1|1|10|100", {"C=0.1", "C=1", "C=10", "C=100"}}, /* shares kernel values */
};

static void check_scores(const clf_search *search, double scores[4][FOLDS]) {
  int64_t used = 0, there = 0;
  for (int64_t i = 0; i < 4; i++) {
    there += !isnan(clf_search_mean(search, i));
  }
  ck_assert_int_gt(there, 0);
  for (int64_t folds = 1; folds <= FOLDS && used == 0; folds++) {
    bool same = true;
    for (int64_t i = 0; i < 4; i++) {
      double sum = 0;
      for (int64_t k = 0; k < folds; k++) {
        sum += scores[i][k];
      }
      const double mean = clf_search_mean(search, i);
      same = same && (isnan(mean) ? folds == 1 : fabs(mean - sum / (double)folds) < 1e-12);
    }
    used = same ? folds : 0;
  }
  ck_assert_int_gt(used, 0);
  const double best = clf_search_mean(search, clf_search_best(search));
  for (int64_t i = 0; i < 4; i++) {
    const double mean = clf_search_mean(search, i);
    ck_assert(isnan(mean) == (bool)isnan(clf_search_deviation(search, i)));
    ck_assert(isnan(mean) || mean <= best);
  }
}

TEST_LOOP(search__that_is_stopped_keeps_what_is_scored, 0, 4) {
  const grid *g = &grids[_i / 2];
  const char *threads = _i % 2 == 0 ? "threads=1" : "threads=2";
  double scores[4][FOLDS];
  host own = {.answer = CLF_PROGRESS_STOP};
  clf_context *context = context_of(&own, threads);
  clf_dataset *data = rows_of(context, 3);
  clf_model *model = NULL;
  ck_clf_ok(clf_model_create(&model, context, g->kind, NULL));
  for (int i = 0; i < 4; i++) {
    clf_model *variant = NULL;
    ck_clf_ok(clf_model_create(&variant, context, g->kind, g->params[i]));
    ck_clf_ok(clf_cross_validate(variant, data, FOLDS, SEED, scores[i]));
    clf_model_free(variant);
  }
  clf_search *search = NULL;
  own.reports = 0;
  atomic_store(&clock_stands, true); /* each run has the same reports */
  ck_clf_ok(clf_search_create(&search, model, data, FOLDS, SEED, g->text, NULL));
  const int64_t reports = own.reports, step = 1 + reports / 40;
  clf_search_free(search);
  int64_t kept = 0, cancelled = 0;
  for (int64_t at = 1; at <= reports; at += step) {
    const uint64_t held = clf_context_memory(context);
    own.at = at;
    own.reports = 0;
    search = NULL;
    const clf_status status = clf_search_create(&search, model, data, FOLDS, SEED, g->text, NULL);
    if (status == CLF_OK) {
      clf_model *best = NULL;
      check_scores(search, scores);
      ck_clf_ok(clf_search_model(&best, search));
      clf_model_free(best);
      kept++;
    } else {
      ck_assert_int_eq(status, CLF_ERROR_CANCELLED);
      ck_assert_ptr_null(search);
      cancelled++;
    }
    clf_search_free(search);
    ck_assert_uint_le(clf_context_memory(context), held);
  }
  atomic_store(&clock_stands, false);
  ck_assert_int_gt(kept, 0);
  ck_assert(cancelled > 0 || _i % 2 == 1); /* with two threads, the only report may be the last */
  clf_model_free(model);
  clf_dataset_free(data);
  clf_context_free(context);
}

/* Also a host that answers only once: no fold's score is that of a fit which was stopped. */
TEST_LOOP(cross_validation__that_is_stopped_is_cancelled, 0, 4) {
  const char *params = _i < 2 ? "progress_interval=0 threads=1" : "progress_interval=0 threads=2";
  host own = {.once = _i % 2 == 0, .answer = CLF_PROGRESS_STOP};
  clf_context *context = context_of(&own, params);
  clf_dataset *data = rows_of(context, 2);
  clf_model *model = NULL;
  double scores[FOLDS];
  atomic_store(&clock_stands, true); /* each run has the same reports */
  ck_clf_ok(clf_model_create(&model, context, "perceptron", "epochs=4"));
  ck_clf_ok(clf_cross_validate(model, data, FOLDS, SEED, scores));
  const int64_t reports = own.reports;
  for (int64_t at = 1; at <= (_i < 2 ? reports : 1); at++) {
    own.at = at;
    own.reports = 0;
    memset(scores, 0, sizeof scores);
    ck_clf_fails(clf_cross_validate(model, data, FOLDS, SEED, scores), CLF_ERROR_CANCELLED);
    ck_assert(scores[0] == 0 && scores[1] == 0 && scores[2] == 0);
  }
  atomic_store(&clock_stands, false);
  clf_model_free(model);
  clf_dataset_free(data);
  clf_context_free(context);
}

/* The end of a stopped fit needs memory, too. */
static clf_status stopped_life(clf_context *context, const void *argument) {
  const fit *f = argument;
  host own = {.at = 11, .answer = CLF_PROGRESS_STOP, .thread = pthread_self()};
  clf_dataset *data = NULL;
  clf_model *model = NULL;
  clf_tensor *rows = NULL, *labels = NULL;
  clf_status status = CLF_OK;
  TRY(clf_context_set_progress(context, answer, &own));
  TRY(clf_tensor_wrap(&rows, context, x, CLF_F32, 2, (int64_t[]){ROWS, COLUMNS}, NULL));
  TRY(clf_tensor_wrap(&labels, context, f->classes == 2 ? two : three, CLF_I32, 1,
                      (int64_t[]){ROWS}, NULL));
  TRY(clf_dataset_create(&data, context, rows, labels));
  TRY(clf_model_create(&model, context, f->kind, f->params));
  TRY(clf_model_fit(model, data, NULL, NULL));
  ck_assert_int_eq(clf_model_outcome(model), CLF_NOT_CONVERGED);
done:
  clf_model_free(model);
  clf_dataset_free(data);
  clf_tensor_free(rows);
  clf_tensor_free(labels);
  return status;
}

TEST_LOOP(each_allocation__of_a_stopped_fit_may_be_refused, 0, FITS) {
  if (THREAD_SANITIZER || EMULATED) { /* of one thread, and the same there */
    return;
  }
  clf_dataset_free(rows_of(NULL, fits[_i].classes));
  atomic_store(&clock_stands, true);
  check_every_allocation("threads=1", stopped_life, &fits[_i]);
  atomic_store(&clock_stands, false);
}

SUITE("stop", .timeout = 300)
