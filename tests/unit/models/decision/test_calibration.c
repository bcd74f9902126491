/* Calibrations: each fit against its definition, computed in another way; rows of a fold are scored
 * by a model without them; weights, files, refusals. */
#include <math.h>

#include "log.h"
#include "ops_support.h"

#include "base/context.h"
#include "base/random.h"
#include "models/decision/decision.h"
#include "models/decision/isotonic.h"
#include "models/decision/sigmoid.h"
#include "models/decision/temperature.h"

enum { ROWS = 120, COLUMNS = 5, CLASSES = 3, CELLS = ROWS * CLASSES, TWICE = 2 * ROWS };

static float x[TWICE * COLUMNS];
static int32_t labels[TWICE];
static float weights[TWICE];

/* Overlapping clouds. */
static void fill(int classes) {
  uint64_t state = 11;
  for (int i = 0; i < ROWS; i++) {
    labels[i] = (i * 7) % classes;
    weights[i] = (float)(1 + (i / 3) % 2);
    for (int j = 0; j < COLUMNS; j++) {
      x[i * COLUMNS + j] = (float)(random_normal(&state) + (j == labels[i] ? 1.2 : 0));
    }
  }
}

static clf_dataset *rows_of(clf_context *context, int64_t rows) {
  return dataset_of(context, x, CLF_F32, rows, COLUMNS, labels);
}

static double entropy(const double *f, const bool *positive, const double *w, int64_t count,
                      const double ab[2]) {
  long double sum = 0, n[2] = {0, 0};
  for (int64_t i = 0; i < count; i++) {
    n[positive[i]] += (long double)w[i];
  }
  const long double target[2] = {1 / (n[0] + 2), (n[1] + 1) / (n[1] + 2)};
  for (int64_t i = 0; i < count; i++) {
    const long double z = (long double)ab[0] * (long double)f[i] + (long double)ab[1];
    const long double t = target[positive[i]];
    sum += (long double)w[i] * (t * log1pl(expl(z)) + (1 - t) * log1pl(expl(-z)));
  }
  return (double)sum;
}

/* Scores that are better than chance, in some unit. */
static void fill_scores(double *f, bool *positive, double *w, double unit, double shift) {
  uint64_t state = 3;
  for (int i = 0; i < ROWS; i++) {
    positive[i] = i % 3 == 0;
    w[i] = 1 + i % 4;
    f[i] = shift + unit * (random_normal(&state) + (positive[i] ? 1 : -1));
  }
}

TEST(sigmoid__minimizes_the_cross_entropy) {
  static double f[ROWS], w[ROWS], scratch[ROWS];
  static bool positive[ROWS];
  const double steps[][2] = {{1e-3, 0}, {-1e-3, 0}, {0, 1e-3}, {0, -1e-3}, {1e-3, 1e-3}};
  double ab[2];
  fill_scores(f, positive, w, 1, 0.5);
  const clf__sigmoid_rows rows = {f, positive, w, ROWS};
  clf__sigmoid_fit_scaled(&rows, scratch, ab);
  const double best = entropy(f, positive, w, ROWS, ab);
  ck_assert(ab[0] < 0);
  for (int i = 0; i < 5; i++) {
    const double other[2] = {ab[0] + steps[i][0], ab[1] + steps[i][1]};
    ck_assert(entropy(f, positive, w, ROWS, other) > best);
  }
}

TEST(sigmoid__does_not_depend_on_the_unit_of_the_scores) {
  static double f[ROWS], g[ROWS], w[ROWS], scratch[ROWS];
  static bool positive[ROWS];
  double plain[2], other[2];
  fill_scores(f, positive, w, 1, 0);
  const clf__sigmoid_rows rows = {f, positive, w, ROWS};
  clf__sigmoid_fit_scaled(&rows, scratch, plain);
  const double units[][2] = {{1e-30, 0}, {1e30, 0}, {1, 1e4}};
  for (int u = 0; u < 3; u++) {
    fill_scores(g, positive, w, units[u][0], units[u][1]);
    const clf__sigmoid_rows same = {g, positive, w, ROWS};
    clf__sigmoid_fit_scaled(&same, scratch, other);
    for (int i = 0; i < ROWS; i++) {
      ck_assert_double_eq_tol(clf__sigmoid_value(plain[0] * f[i] + plain[1]),
                              clf__sigmoid_value(other[0] * g[i] + other[1]), 1e-7);
    }
  }
}

TEST(sigmoid__of_equal_scores_is_the_share_of_the_positive_rows) {
  static double f[ROWS], w[ROWS], scratch[ROWS];
  static bool positive[ROWS];
  double ab[2];
  fill_scores(f, positive, w, 0, 7);
  const clf__sigmoid_rows rows = {f, positive, NULL, ROWS};
  clf__sigmoid_fit_scaled(&rows, scratch, ab);
  const double n = ROWS / 3, m = ROWS - n, t = n * (n + 1) / (n + 2) + m / (m + 2);
  ck_assert_double_eq_tol(clf__sigmoid_value(ab[0] * 7 + ab[1]), t / ROWS, 1e-6);
}

/* -sum w ln p, and one prior row. */
static double loss_at(const clf__scored *rows, double temperature) {
  long double sum = 0, smallest = INFINITY;
  for (int64_t i = 0; i < rows->rows; i++) {
    const float *z = rows->scores + i * rows->classes;
    const long double own = (long double)z[rows->labels[i]];
    long double all = 0, margin = INFINITY;
    for (int64_t k = 0; k < rows->classes; k++) {
      all += expl((long double)z[k] / (long double)temperature);
      margin = k != rows->labels[i] ? fminl(margin, own - (long double)z[k]) : margin;
    }
    smallest = margin > 0 ? fminl(smallest, margin) : smallest;
    sum += (long double)rows->weights[i] * (logl(all) - own / (long double)temperature);
  }
  return (double)(sum + log1pl(expl(smallest / (long double)temperature)));
}

TEST(temperature__minimizes_the_cross_entropy) {
  static float scores[CELLS];
  uint64_t state = 4;
  fill(CLASSES);
  for (int i = 0; i < CELLS; i++) {
    scores[i] = (float)(3 * random_normal(&state) + (i % CLASSES == labels[i / CLASSES] ? 4 : 0));
  }
  const clf__scored rows = {scores, labels, weights, ROWS, CLASSES};
  const double found = clf__temperature_fit(&rows), best = loss_at(&rows, found);
  ck_assert(found > 0.5 && found < 20);
  ck_assert(loss_at(&rows, found * 1.001) > best && loss_at(&rows, found / 1.001) > best);
  for (double t = 0.2; t < 50; t *= 1.1) {
    ck_assert(loss_at(&rows, t) >= best);
  }
}

TEST(temperature__is_finite_for_perfect_and_for_useless_scores) {
  static float scores[CELLS];
  const float units[] = {1, 1e-20F, 1e20F};
  fill(CLASSES);
  for (int u = 0; u < 3; u++) {
    for (int sign = -1; sign < 2; sign++) {
      for (int i = 0; i < CELLS; i++) {
        scores[i] = (float)sign * units[u] * (i % CLASSES == labels[i / CLASSES] ? 1.0F : 0.0F);
      }
      const clf__scored rows = {scores, labels, NULL, ROWS, CLASSES};
      const double found = clf__temperature_fit(&rows);
      ck_assert(isfinite(found) && found > 0);
      if (sign > 0) { /* 2 n x / (1 + 2 x) = 1 / (1 + x), x = exp(-1 / T) */
        const double n = ROWS, x_ = (1 - n + sqrt((n - 1) * (n - 1) + 2 * n)) / (2 * n);
        ck_assert_double_eq_tol(exp(-(double)units[u] / found), x_, 1e-9);
      }
    }
  }
}

static int by_score(const void *a, const void *b) {
  const clf__isotonic_row *first = a, *second = b;
  return (first->x > second->x) - (first->x < second->x);
}

/* max over a <= i of min over b >= i of the mean of rows a … b, which are in order. */
static double max_min(const clf__isotonic_row *rows, int64_t count, int64_t i) {
  double best = -1;
  for (int64_t a = 0; a <= i; a++) {
    double sum = 0, weight = 0, least = 2;
    for (int64_t b = a; b < count; b++) {
      sum += rows[b].weight * rows[b].y;
      weight += rows[b].weight;
      least = b >= i ? fmin(least, sum / weight) : least;
    }
    best = fmax(best, least);
  }
  return best;
}

TEST_LOOP(isotonic__is_the_maximum_of_minima_of_means, 0, 20) {
  enum { POINTS = 60 };
  static clf__isotonic_row rows[POINTS], sorted[POINTS];
  static double px[POINTS], py[POINTS];
  uint64_t state = (uint64_t)_i + 1;
  for (int i = 0; i < POINTS; i++) {
    const double score = random_normal(&state);
    rows[i] = (clf__isotonic_row){score, random_unit(&state) < 1 / (1 + exp(-2 * score)),
                                  1 + floor(3 * random_unit(&state))};
  }
  memcpy(sorted, rows, sizeof rows);
  qsort(sorted, POINTS, sizeof *sorted, by_score);
  const int64_t count = clf__isotonic_fit(rows, POINTS);
  ck_assert(count > 1 && count <= POINTS);
  for (int64_t i = 0; i < count; i++) {
    px[i] = rows[i].x;
    py[i] = rows[i].y;
    ck_assert(i == 0 || (px[i] > px[i - 1] && py[i] >= py[i - 1]));
  }
  for (int i = 0; i < POINTS; i++) {
    ck_assert_double_eq_tol(clf__isotonic_value(px, py, count, sorted[i].x),
                            max_min(sorted, POINTS, i), 1e-12);
  }
  ck_assert_double_eq(clf__isotonic_value(px, py, count, -1e300), py[0]);
  ck_assert_double_eq(clf__isotonic_value(px, py, count, 1e300), py[count - 1]);
}

TEST(isotonic__of_equal_scores_is_their_mean) {
  clf__isotonic_row rows[4] = {{2, 1, 1}, {2, 0, 3}, {2, 1, 0}, {1, 0.5, 0}};
  ck_assert_int_eq(clf__isotonic_fit(rows, 4), 1);
  ck_assert(rows[0].x == 2 && rows[0].y == 0.25);
}

TEST(cross_fit__scores_rows_by_models_without_them) {
  enum { FOLDS = 3 };
  static float scores[CELLS], own[CELLS];
  fill(CLASSES);
  clf_context *context = context_with("seed=5");
  clf_dataset *data = rows_of(context, ROWS);
  clf_model *whole = fitted(context, "ridge", "alpha=2", data);
  ck_clf_ok(clf_model_add_transform(whole, "standardize", NULL));
  ck_clf_ok(clf_model_fit(whole, data, NULL, NULL));
  ck_clf_ok(clf__cross_fit(whole, data, &(clf__cross_fits){.folds = FOLDS}, scores));
  int64_t seen = 0;
  for (int64_t fold = 0; fold < FOLDS; fold++) {
    clf_dataset *train = NULL, *test = NULL;
    clf_model *model = NULL;
    ck_clf_ok(clf_dataset_fold(&train, &test, data, FOLDS, fold, 5));
    ck_clf_ok(clf_model_clone(&model, whole));
    ck_clf_ok(clf_model_fit(model, train, NULL, NULL));
    const int64_t rows = clf_dataset_rows(test);
    ck_clf_ok(clf_model_decision_function(model, test, own, CELLS));
    for (int64_t i = 0; i < rows; i++) { /* each is among the scores of all rows */
      int64_t at = 0;
      while (at < ROWS &&
             memcmp(own + i * CLASSES, scores + at * CLASSES, sizeof(float[CLASSES]))) {
        at++;
      }
      ck_assert_int_lt(at, ROWS);
      seen++;
    }
    clf_model_free(model);
    clf_dataset_free(train);
    clf_dataset_free(test);
  }
  ck_assert_int_eq(seen, ROWS);
  clf_model_free(whole);
  clf_dataset_free(data);
  clf_context_free(context);
}

/* The folds of an svm share kernel values and begin at its solution; the temperature is that of scores
 * by fits to the other rows alone. */
TEST(cross_fit__of_an_svm_shares_its_folds) {
  static const char *const params[] = {
      "kernel=rbf gamma=0.2 C=2", "kernel=linear C=0.5",
      "kernel=polynomial degree=2 gamma=0.3 coef0=1 multiclass=one_vs_rest",
      "type=nu_svc kernel=rbf gamma=0.2 nu=0.4", "kernel=sigmoid gamma=0.05 C=0.7 reject=0.1"};
  static float scores[CELLS];
  fill(CLASSES);
  weights[5] = weights[77] = 0;
  clf_context *context = context_with("seed=5");
  clf_dataset *data = rows_of(context, ROWS);
  set_weights(data, weights);
  for (size_t i = 0; i < sizeof params / sizeof *params; i++) {
    char text[200];
    snprintf(text, sizeof text, "tolerance=1e-6 %s calibration=temperature", params[i]);
    clf_model *model = fitted(context, "svm", text, data);
    ck_assert(clf__decision_folds_share(model));
    ck_clf_ok(clf__cross_fit(model, data, &(clf__cross_fits){.folds = 5}, scores));
    const clf__scored rows = {scores, labels, weights, ROWS, CLASSES};
    const double expected = clf__temperature_fit(&rows);
    ck_assert_double_eq_tol(*model->decision.temperature, expected, 1e-3 * expected);
    clf_model_free(model);
  }
  clf_dataset_free(data);
  clf_context_free(context);
}

/* With as many iterations as the whole fit needs, some fold needs one more. */
TEST(cross_fit__says_that_folds_have_not_converged) {
  static const char *const strengths[] = {"C=1", "C=3", "C=10", "C=30", "C=100", "C=300"};
  static float scores[CELLS];
  int open = 0;
  fill(CLASSES);
  clf_context *context = context_with("seed=5");
  clf_dataset *data = rows_of(context, ROWS);
  for (size_t i = 0; i < sizeof strengths / sizeof *strengths; i++) {
    clf_model *model = fitted(context, "logistic", strengths[i], data);
    ck_assert_int_eq(clf_model_outcome(model), CLF_OK);
    const int64_t enough = *(const int64_t *)clf__state_data(model->state, "iterations");
    ck_clf_ok(clf_model_set_i64(model, "max_iterations", enough));
    const clf_status folds = clf__cross_fit(model, data, &(clf__cross_fits){.folds = 5}, scores);
    ck_clf_ok(clf_model_set_text(model, "calibration", "isotonic"));
    ck_clf_ok(clf_model_fit(model, data, NULL, NULL));
    ck_assert_int_eq(clf_model_outcome(model), folds);
    open += folds == CLF_NOT_CONVERGED;
    clf_model_free(model);
  }
  ck_assert_int_gt(open, 0);
  clf_dataset_free(data);
  clf_context_free(context);
}

/* The sigmoid of an svm of two classes, from fits without the rows of each fold: the folds are dealt
 * to the rows of class 0 and then of class 1, in an order that is drawn. */
static void sigmoid_of_folds(clf_context *context, const char *params, double ab[2]) {
  enum { FOLDS = 5 };
  static double f[ROWS], scratch[ROWS];
  static bool positive[ROWS];
  static float kept[ROWS], values[2 * ROWS];
  int64_t order[ROWS], row[ROWS], fold[ROWS], next[2] = {0, 0}, at = 0;
  clf__random random = clf__random_seed(clf__context_seed(context), ROWS);
  for (int k = 0; k < 2; k++) {
    for (int i = 0; i < ROWS; i++) {
      if (labels[i] == k) {
        order[at] = at;
        row[at++] = i;
      }
    }
  }
  clf__random_shuffle(&random, order, ROWS);
  for (int i = 0; i < ROWS; i++) {
    fold[row[order[i]]] = next[labels[row[order[i]]]]++ % FOLDS;
  }
  clf_dataset *all = rows_of(context, ROWS);
  for (int64_t k = 0; k < FOLDS; k++) {
    for (int i = 0; i < ROWS; i++) {
      kept[i] = fold[i] != k;
    }
    clf_dataset *rest = rows_of(context, ROWS);
    set_weights(rest, kept);
    clf_model *model = fitted(context, "svm", params, rest);
    ck_clf_ok(clf_model_decision_function(model, all, values, 2 * ROWS));
    for (int i = 0; i < ROWS; i++) {
      f[i] = fold[i] == k ? (double)values[2 * i] : f[i];
      positive[i] = labels[i] == 0;
    }
    clf_model_free(model);
    clf_dataset_free(rest);
  }
  const clf__sigmoid_rows rows = {f, positive, NULL, ROWS};
  clf__sigmoid_fit_scaled(&rows, scratch, ab);
  clf_dataset_free(all);
}

TEST_LOOP(svm__calibrates_by_values_of_machines_without_the_rows, 0, 4) {
  static const char *const params[] = {"kernel=linear", "kernel=rbf gamma=0.2 C=3",
                                       "kernel=polynomial degree=2 gamma=0.2 coef0=1",
                                       "kernel=sigmoid gamma=0.05"};
  char more[100];
  double expected[2];
  snprintf(more, sizeof more, "%s tolerance=1e-5 probability=true", params[_i]);
  fill(2);
  clf_context *context = context_with("seed=3");
  clf_dataset *data = rows_of(context, ROWS);
  clf_model *model = fitted(context, "svm", more, data);
  snprintf(more, sizeof more, "%s tolerance=1e-5", params[_i]);
  sigmoid_of_folds(context, more, expected);
  const double *ab = clf__state_data(model->state, "calibration");
  ck_assert_double_eq_tol(ab[0], expected[0], 2e-3);
  ck_assert_double_eq_tol(ab[1], expected[1], 2e-3);
  clf_model_free(model);
  clf_dataset_free(data);
  clf_context_free(context);
}

static const char *const methods[] = {"method=sigmoid", "method=temperature", "method=isotonic"};
static const char *const kinds[][2] = {
    {"ridge", ""}, {"svm", "kernel=rbf"}, {"logistic", ""}, {"svm", "multiclass=one_vs_rest"}};
enum { METHODS = 3, KINDS = 4 };

/* The probabilities of `kind` after a calibration with weights, or with rows that are repeated. */
static void held_out_probabilities(const char *const kind[2], const char *method, bool weighted,
                                   float *p) {
  fill(CLASSES);
  clf_dataset *train = rows_of(NULL, ROWS);
  clf_model *model = fitted(NULL, kind[0], kind[1], train);
  int64_t rows = ROWS;
  for (int i = 0; i < ROWS; i++) {
    for (int j = 0; j < COLUMNS; j++) {
      x[i * COLUMNS + j] += (float)((i * 31 + j * 17) % 23) / 10 - 1.1F;
    }
  }
  for (int i = 0; i < ROWS && !weighted; i++) {
    if (weights[i] > 1) {
      memcpy(x + rows * COLUMNS, x + i * COLUMNS, COLUMNS * sizeof *x);
      labels[rows++] = labels[i];
    }
  }
  clf_dataset *held_out = rows_of(NULL, rows);
  if (weighted) {
    set_weights(held_out, weights);
  }
  ck_clf_ok(clf_model_calibrate(model, held_out, method));
  ck_clf_ok(clf_model_predict_proba(model, train, p, CELLS));
  clf_dataset_free(held_out);
  clf_dataset_free(train);
  clf_model_free(model);
}

TEST_LOOP(calibrate__takes_weight_2_as_the_row_twice, 0, METHODS *KINDS) {
  static float weighted[CELLS], repeated[CELLS];
  held_out_probabilities(kinds[_i / METHODS], methods[_i % METHODS], true, weighted);
  held_out_probabilities(kinds[_i / METHODS], methods[_i % METHODS], false, repeated);
  for (int i = 0; i < CELLS; i++) {
    ck_assert_float_eq_tol(weighted[i], repeated[i], 1e-5F);
  }
}

static void same_after_loading(const clf_model *model, const clf_dataset *rows) {
  static double p[CELLS], again[CELLS];
  size_t size = 0;
  clf_model *loaded = NULL;
  ck_clf_ok(clf_model_save_memory(model, NULL, 0, &size));
  void *bytes = malloc(size);
  ck_clf_ok(clf_model_save_memory(model, bytes, size, &size));
  ck_clf_ok(clf_model_load_memory(&loaded, NULL, bytes, size));
  ck_clf_ok(clf_model_predict_proba_f64(model, rows, p, CELLS));
  ck_clf_ok(clf_model_predict_proba_f64(loaded, rows, again, CELLS));
  ck_assert_mem_eq(p, again, sizeof p);
  clf_model_free(loaded);
  free(bytes);
}

TEST_LOOP(calibrate__replaces_and_is_saved_and_dropped_by_a_fit, 0, KINDS) {
  fill(CLASSES);
  clf_dataset *rows = rows_of(NULL, ROWS);
  clf_model *model = fitted(NULL, kinds[_i][0], kinds[_i][1], rows);
  for (int m = 0; m < 2 * METHODS; m++) {
    ck_clf_ok(clf_model_calibrate(model, rows, methods[m % METHODS]));
    const clf__decision *d = &model->decision;
    ck_assert_int_eq((d->sigmoid != NULL) + (d->temperature != NULL) + (d->isotonic_x != NULL),
                     m % METHODS > 0 || model->kind->own_sigmoids == NULL);
    same_after_loading(model, rows);
  }
  ck_clf_ok(clf_model_fit(model, rows, NULL, NULL));
  ck_assert(!clf__calibration_there(&model->decision));
  clf_model_free(model);
  clf_dataset_free(rows);
}

TEST_LOOP(calibration__of_a_fit_has_the_same_bits_on_any_threads, 0, METHODS) {
  static double p[2][CELLS];
  static const char *const params[] = {"calibration=sigmoid", "calibration=temperature",
                                       "calibration=isotonic"};
  fill(CLASSES);
  for (int t = 0; t < 2; t++) {
    clf_context *context = context_with(t == 0 ? "threads=1" : "threads=3");
    clf_dataset *rows = rows_of(context, ROWS);
    set_weights(rows, weights);
    clf_model *model = fitted(context, "logistic", params[_i], rows);
    ck_clf_ok(clf_model_predict_proba_f64(model, rows, p[t], CELLS));
    clf_model_free(model);
    clf_dataset_free(rows);
    clf_context_free(context);
  }
  ck_assert_mem_eq(p[0], p[1], sizeof p[0]);
}

TEST(calibrate__refuses_what_it_cannot_use) {
  static float p[CELLS];
  static int32_t one[ROWS], other[ROWS];
  fill(CLASSES);
  clf_dataset *rows = rows_of(NULL, ROWS);
  clf_model *model = NULL;
  ck_clf_ok(clf_model_create(&model, NULL, "ridge", NULL));
  ck_clf_fails(clf_model_calibrate(model, rows, NULL), CLF_ERROR_NOT_FITTED);
  ck_clf_ok(clf_model_fit(model, rows, NULL, NULL));
  ck_clf_fails(clf_model_calibrate(model, rows, "method=none"), CLF_ERROR_ARGUMENT);
  for (int i = 0; i < ROWS; i++) {
    one[i] = 1;
    other[i] = i % 2 + 8;
  }
  clf_dataset *single = dataset_of(NULL, x, CLF_F32, ROWS, COLUMNS, one);
  clf_dataset *strange = dataset_of(NULL, x, CLF_F32, ROWS, COLUMNS, other);
  ck_clf_fails(clf_model_calibrate(model, single, NULL), CLF_ERROR_DATA);
  ck_clf_fails(clf_model_calibrate(model, strange, NULL), CLF_ERROR_DATA);
  ck_clf_fails(clf_model_predict_proba(model, rows, p, CELLS), CLF_ERROR_UNSUPPORTED);
  ck_clf_says("calibration=sigmoid");
  ck_clf_fails(clf_model_set_text(model, "calibration_folds", "1"), CLF_ERROR_ARGUMENT);
  ck_clf_fails(clf_model_set_text(model, "calibration", "platt"), CLF_ERROR_ARGUMENT);
  clf_model_free(model);
  labels[0] = CLASSES; /* the only row of its class */
  clf_dataset *lonely = rows_of(NULL, ROWS);
  ck_clf_ok(clf_model_create(&model, NULL, "ridge", "calibration=sigmoid"));
  ck_clf_fails(clf_model_fit(model, lonely, NULL, NULL), CLF_ERROR_DATA);
  ck_clf_says("has one row");
  clf_model_free(model);
  ck_clf_fails(clf_model_create(&model, NULL, "svm", "probability=true calibration=isotonic"),
               CLF_ERROR_ARGUMENT);
  clf_dataset_free(lonely);
  clf_dataset_free(strange);
  clf_dataset_free(single);
  clf_dataset_free(rows);
}

/* Wrong tensors in a file whose checksums are right. */
static void put(clf_model *model, const char *name, int32_t dtype, int64_t count, double value) {
  const char *const dropped[] = {name, NULL};
  clf__store *state = NULL;
  ck_clf_ok(clf__decision_state(&state, model, dropped));
  ck_clf_ok(clf__state_tensor(NULL, state, name, dtype, count, -1));
  for (int64_t i = 0; i < count && dtype == CLF_F64; i++) {
    ((double *)clf__state_data(state, name))[i] = value;
  }
  for (int64_t i = 0; i < count && dtype == CLF_I64; i++) {
    ((int64_t *)clf__state_data(state, name))[i] = (int64_t)value;
  }
  clf__store_free(model->state);
  model->state = state;
}

TEST(model_file__with_a_wrong_calibration_is_refused) {
  static const struct {
    const char *method, *name;
    int32_t dtype;
    int64_t count;
    double value;
  } wrong[] = {{"method=temperature", "decision_temperature", CLF_F64, 1, 0},
               {"method=temperature", "decision_temperature", CLF_F64, 2, 1},
               {"method=temperature", "decision_temperature", CLF_I64, 1, 1},
               {"method=sigmoid", "decision_sigmoid", CLF_F64, 2, 1},
               {"method=isotonic", "decision_isotonic_start", CLF_I64, 4, 0},
               {"method=isotonic", "decision_isotonic_start", CLF_I64, 4, 1e15},
               {"method=isotonic", "decision_isotonic_start", CLF_I64, 3, 0},
               {"method=isotonic", "decision_isotonic_x", CLF_F64, 3, 0},
               {"method=isotonic", "decision_isotonic_y", CLF_F64, 3, 2}};
  fill(CLASSES);
  clf_dataset *rows = rows_of(NULL, ROWS);
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    clf_model *model = fitted(NULL, "ridge", NULL, rows), *loaded = NULL;
    size_t size = 0;
    ck_clf_ok(clf_model_calibrate(model, rows, wrong[i].method));
    put(model, wrong[i].name, wrong[i].dtype, wrong[i].count, wrong[i].value);
    ck_clf_ok(clf_model_save_memory(model, NULL, 0, &size));
    void *bytes = malloc(size);
    ck_clf_ok(clf_model_save_memory(model, bytes, size, &size));
    ck_clf_fails(clf_model_load_memory(&loaded, NULL, bytes, size), CLF_ERROR_CORRUPT);
    free(bytes);
    clf_model_free(model);
  }
  clf_dataset_free(rows);
}

SUITE("calibration")
