/* Rows that are none of the classes: the distances against their definition, the rate of false
 * alarms, strangers, and what is refused. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include <classify/decision.h>

#include "failing_allocator.h"
#include "models/decision/density.h"
#include "store/store.h"

enum { ROWS = 300, COLUMNS = 4, CLASSES = 3, MOST = 1 << 17, WIDE = 1500 };

typedef struct sample {
  float x[ROWS * COLUMNS];
  int32_t y[ROWS];
} sample;

/* Clouds around the corners of a triangle, of different widths. */
static void fill(sample *s, uint64_t seed) {
  static const float centers[CLASSES][COLUMNS] = {{0, 0, 0, 0}, {6, 0, 1, 0}, {0, 6, 0, 1}};
  uint64_t state = seed;
  for (int i = 0; i < ROWS; i++) {
    s->y[i] = i % CLASSES;
    const double shared = random_normal(&state);
    for (int j = 0; j < COLUMNS; j++) {
      s->x[i * COLUMNS + j] =
          centers[s->y[i]][j] + (float)((0.5 + 0.3 * j) * random_normal(&state) + 0.4 * shared);
    }
  }
}

static clf_dataset *rows_of(clf_context *context, const sample *s, int64_t rows) {
  return dataset_of(context, s->x, CLF_F32, rows, COLUMNS, s->y);
}

static size_t saved(const clf_model *model, unsigned char *bytes) {
  size_t size = 0;
  ck_clf_ok(clf_model_save_memory(model, bytes, MOST, &size));
  return size;
}

static int64_t rejected_of(const clf_model *model, const clf_dataset *data) {
  int32_t labels[ROWS];
  float novelty[ROWS];
  int64_t count = 0;
  const int64_t rows = clf_dataset_rows(data);
  ck_clf_ok(clf_model_predict(model, data, labels, ROWS));
  ck_clf_ok(clf_model_novelty(model, data, novelty, ROWS));
  for (int64_t i = 0; i < rows; i++) {
    ck_assert_float_ge(novelty[i], 0);
    ck_assert_int_eq(labels[i] == -1, novelty[i] > 1);
    count += labels[i] == -1;
  }
  return count;
}

/* The definition, in f64, with the inverse and determinant of the covariance by elimination. */
static double gaussian(const double *mean, const double *covariance, const float *z) {
  double a[COLUMNS][COLUMNS + 1], sum = 0, logarithm = 0;
  for (int i = 0; i < COLUMNS; i++) {
    memcpy(a[i], covariance + i * COLUMNS, COLUMNS * sizeof(double));
    a[i][COLUMNS] = (double)z[i] - mean[i];
  }
  for (int k = 0; k < COLUMNS; k++) { /* positive definite: no pivots */
    logarithm += log(a[k][k]);
    sum += a[k][COLUMNS] * a[k][COLUMNS] / a[k][k];
    for (int i = k + 1; i < COLUMNS; i++) {
      const double factor = a[i][k] / a[k][k];
      for (int j = k; j <= COLUMNS; j++) {
        a[i][j] -= factor * a[k][j];
      }
    }
  }
  return sum + logarithm;
}

typedef struct moments {
  double weight, mean[COLUMNS], scatter[COLUMNS * COLUMNS];
} moments;

static moments moments_of(const float *x, const int32_t *y, const float *weights, int64_t rows,
                          int32_t k) {
  moments m = {0};
  for (int pass = 0; pass < 2; pass++) {
    for (int64_t i = 0; i < rows; i++) {
      const double w = y[i] != k ? 0 : weights != NULL ? (double)weights[i] : 1;
      m.weight += pass == 0 ? w : 0;
      for (int j = 0; j < COLUMNS; j++) {
        const double value = (double)x[i * COLUMNS + j];
        m.mean[j] += pass == 0 ? w * value : 0;
        for (int l = 0; pass == 1 && l < COLUMNS; l++) {
          const double other = (double)x[i * COLUMNS + l];
          m.scatter[j * COLUMNS + l] += w * (value - m.mean[j]) * (other - m.mean[l]);
        }
      }
    }
    for (int j = 0; pass == 0 && j < COLUMNS; j++) {
      m.mean[j] /= m.weight;
    }
  }
  return m;
}

static double expected_distance(const float *x, const int32_t *y, const float *weights,
                                int64_t rows, const float *z) {
  moments m[CLASSES];
  double within[COLUMNS * COLUMNS] = {0}, total = 0, nearest = INFINITY;
  for (int k = 0; k < CLASSES; k++) {
    m[k] = moments_of(x, y, weights, rows, k);
    total += m[k].weight;
    for (int i = 0; i < COLUMNS * COLUMNS; i++) {
      within[i] += m[k].scatter[i];
    }
  }
  for (int k = 0; k < CLASSES; k++) {
    double covariance[COLUMNS * COLUMNS];
    for (int i = 0; i < COLUMNS * COLUMNS; i++) {
      covariance[i] = (m[k].scatter[i] + 50 * within[i] / total) / (m[k].weight + 50);
    }
    nearest = fmin(nearest, gaussian(m[k].mean, covariance, z));
  }
  return nearest;
}

/* Sorted by class, as the density is fitted. */
static void sort_rows(const sample *s, float *x, int32_t *y) {
  int64_t at = 0;
  for (int32_t k = 0; k < CLASSES; k++) {
    for (int i = 0; i < ROWS; i++) {
      if (s->y[i] == k) {
        memcpy(x + at * COLUMNS, s->x + i * COLUMNS, COLUMNS * sizeof *x);
        y[at++] = k;
      }
    }
  }
}

typedef struct own_density {
  clf__density d;
  float means[CLASSES * COLUMNS], axes[CLASSES * COLUMNS * COLUMNS];
  double variances[CLASSES * (COLUMNS + 1)];
} own_density;

static void fit_density(own_density *own, clf_context *context, const float *x, const int32_t *y,
                        const float *weights, int64_t axes) {
  const clf__rows rows = clf__rows_of_f32(x, ROWS, COLUMNS, COLUMNS);
  own->d = (clf__density){CLASSES, COLUMNS, axes, own->means, own->axes, own->variances};
  ck_clf_ok(clf__density_fit(&own->d, context, &rows, y, weights));
}

TEST(density__distances_are_those_of_the_definition) {
  sample s;
  float x[ROWS * COLUMNS], weights[ROWS];
  int32_t y[ROWS];
  double distances[ROWS];
  own_density own;
  clf_context *context = context_with("threads=2");
  fill(&s, 3);
  sort_rows(&s, x, y);
  for (int i = 0; i < ROWS; i++) {
    weights[i] = (float)(1 + i % 3);
  }
  for (int weighted = 0; weighted < 2; weighted++) {
    const float *w = weighted ? weights : NULL;
    fit_density(&own, context, x, y, w, COLUMNS);
    ck_clf_ok(clf__density_distances(&own.d, context, x, ROWS, distances));
    for (int i = 0; i < ROWS; i++) {
      const double expected = expected_distance(x, y, w, ROWS, x + i * COLUMNS);
      ck_assert_double_eq_tol(distances[i], expected, 1e-4 * (1 + fabs(expected)));
    }
  }
  clf_context_free(context);
}

/* With fewer axes, what they leave has the mean of the other variances: with equal variances that
 * is the definition again. */
TEST(density__other_directions_share_a_variance) {
  float x[ROWS * COLUMNS];
  int32_t y[ROWS];
  double all[ROWS], few[ROWS];
  own_density own;
  clf_context *context = context_with("threads=1");
  for (int i = 0; i < ROWS; i++) { /* crosses: each class has the same variance along each column */
    const int place = i % (2 * COLUMNS);
    y[i] = i * CLASSES / ROWS;
    for (int j = 0; j < COLUMNS; j++) {
      x[i * COLUMNS + j] = (float)(5 * y[i]) + (j == place / 2 ? (place % 2 == 0 ? 1.F : -1.F) : 0);
    }
  }
  fit_density(&own, context, x, y, NULL, COLUMNS);
  ck_clf_ok(clf__density_distances(&own.d, context, x, ROWS, all));
  fit_density(&own, context, x, y, NULL, 2);
  ck_clf_ok(clf__density_distances(&own.d, context, x, ROWS, few));
  for (int i = 0; i < ROWS; i++) {
    ck_assert_double_eq_tol(all[i], few[i], 0.35); /* 100 rows are no multiple of the 8 places */
  }
  clf_context_free(context);
}

/* A file of the model in which one value of a tensor is another, with valid checksums. */
static clf_status load_with(const unsigned char *bytes, size_t size, const char *name, int64_t at,
                            double value) {
  static unsigned char altered[MOST];
  size_t needed = 0;
  clf__store *store = NULL;
  clf_model *loaded = NULL;
  clf_context *context = context_with("threads=1");
  ck_clf_ok(clf__store_read_memory(&store, context, bytes, size));
  const clf_tensor *tensor = clf__store_tensor(store, name);
  ck_assert_ptr_nonnull(tensor);
  if (tensor->dtype == CLF_F64) {
    ((double *)tensor->data)[at] = value;
  } else {
    ((float *)tensor->data)[at] = (float)value;
  }
  ck_clf_ok(clf__store_write_memory(store, altered, MOST, &needed));
  const clf_status status = clf_model_load_memory(&loaded, context, altered, needed);
  clf_model_free(loaded);
  clf__store_free(store);
  clf_context_free(context);
  return status;
}

TEST(reject__refuses_hostile_files) {
  static const struct {
    const char *name;
    int64_t at;
    double value;
    bool good;
  } cases[] = {{"state.decision_reject_scale", 1, 1, true},
               {"state.decision_reject_scale", 1, 0, false},
               {"state.decision_reject_scale", 3, -1, false},
               {"state.decision_reject_scale", 4, 0, false},
               {"state.decision_reject_scale", 0, INFINITY, false},
               {"state.decision_reject_unit", 2, 0, false},
               {"state.decision_reject_center", 0, NAN, false},
               {"state.decision_reject_means", 3, NAN, false},
               {"state.decision_reject_axes", 3, INFINITY, false},
               {"state.decision_reject_variances", 0, 0, false},
               {"state.decision_reject_variances", 1, -1, false}};
  static unsigned char bytes[MOST];
  sample s;
  fill(&s, 3);
  clf_dataset *data = rows_of(NULL, &s, ROWS);
  clf_model *model = fitted(NULL, "ridge", "reject=0.1 calibration_folds=2", data);
  const size_t size = saved(model, bytes);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    ck_assert_msg(load_with(bytes, size, cases[i].name, cases[i].at, cases[i].value) ==
                      (cases[i].good ? CLF_OK : CLF_ERROR_CORRUPT),
                  "%zu: %s", i, clf_last_error());
  }
  clf_model_free(model);
  clf_dataset_free(data);
}

static const char *const settings[][2] = {
    {"ridge", ""},
    {"fisher", ""},
    {"fisher", "kernel=rbf"},
    {"perceptron", "kernel=rbf"},
    {"perceptron", ""},
    {"logistic", ""},
    {"svm", "kernel=rbf"},
    {"svm", "kernel=linear multiclass=one_vs_rest"},
    {"network", "layers='dense units=8 activation=tanh; dense units=3' epochs=60"}};
enum { SETTINGS = sizeof settings / sizeof *settings };

/* Of new rows about a tenth is rejected, and all that lie far from every class are. */
TEST_LOOP(reject__keeps_its_rate_and_finds_strangers, 0, SETTINGS) {
  sample s, fresh, far;
  int64_t known = 0;
  char params[256];
  const char *kind = settings[_i][0];
  fill(&s, 3);
  fill(&far, 4);
  for (int i = 0; i < ROWS; i++) {
    far.x[i * COLUMNS + i % COLUMNS] += i % 8 < 4 ? 30.F : -30.F;
  }
  snprintf(params, sizeof params, "%s reject=0.1 calibration_folds=3", settings[_i][1]);
  clf_dataset *data = rows_of(NULL, &s, ROWS), *strangers = rows_of(NULL, &far, ROWS);
  clf_model *model = fitted(NULL, kind, params, data);
  clf_model *later = fitted(NULL, kind, settings[_i][1], data);
  ck_assert_int_eq(rejected_of(model, strangers), ROWS);
  for (uint64_t seed = 10; seed < 20; seed++) {
    fill(&fresh, seed);
    clf_dataset *test = rows_of(NULL, &fresh, ROWS);
    known += rejected_of(model, test);
    if (seed == 10) {
      ck_clf_ok(clf_model_set_reject(later, test, "rate=0.1"));
    }
    clf_dataset_free(test);
  }
  ck_assert_int_gt(known, 10 * ROWS * 5 / 100);
  ck_assert_int_lt(known, 10 * ROWS * 16 / 100); /* the rate of 300 rows is known to 0.017 */
  ck_assert_int_eq(rejected_of(later, strangers), ROWS);
  clf_model_free(model);
  clf_model_free(later);
  clf_dataset_free(data);
  clf_dataset_free(strangers);
}

/* Of the rows that it learned from, at most the share is above the threshold, and one more row would
 * exceed it. */
TEST(reject__threshold_is_the_quantile) {
  static const char *const rates[] = {"rate=0.02", "rate=0.1", "rate=0.4"};
  static const double shares[] = {0.02, 0.1, 0.4};
  sample s, held;
  fill(&s, 3);
  fill(&held, 8);
  clf_dataset *data = rows_of(NULL, &s, ROWS), *other = rows_of(NULL, &held, ROWS);
  clf_model *model = fitted(NULL, "fisher", "", data);
  double before = INFINITY;
  for (int i = 0; i < 3; i++) {
    clf_tensor *tensor = NULL;
    ck_clf_ok(clf_model_set_reject(model, other, rates[i]));
    const double *scale = fitted_data(model, "decision_reject_scale", &tensor);
    ck_assert_double_lt(scale[4], before);
    before = scale[4];
    clf_tensor_free(tensor);
    /* Its own rows are nearer than by densities without them. */
    ck_assert_double_le((double)rejected_of(model, other) / ROWS, shares[i] + 0.01);
  }
  clf_model_free(model);
  clf_dataset_free(data);
  clf_dataset_free(other);
}

/* A score counts none of these as wrong, and a new fit drops it, as a rate of 0 does. */
TEST(reject__is_saved_and_dropped) {
  static unsigned char bytes[MOST], again[MOST];
  sample s;
  float first[ROWS], second[ROWS];
  double with = 0, without = 0;
  clf_model *loaded = NULL, *clone = NULL;
  fill(&s, 3);
  clf_dataset *data = rows_of(NULL, &s, ROWS);
  clf_model *model = fitted(NULL, "svm", "", data);
  ck_clf_ok(clf_model_score(model, data, &without));
  ck_clf_ok(clf_model_set_reject(model, data, "rate=0.2"));
  ck_clf_ok(clf_model_score(model, data, &with));
  ck_assert_double_lt(with, without - 0.1);
  const size_t size = saved(model, bytes);
  ck_clf_ok(clf_model_load_memory(&loaded, NULL, bytes, size));
  ck_assert_uint_eq(saved(loaded, again), size);
  ck_assert_mem_eq(bytes, again, size);
  ck_clf_ok(clf_model_novelty(model, data, first, ROWS));
  ck_clf_ok(clf_model_novelty(loaded, data, second, ROWS));
  ck_assert_mem_eq(first, second, sizeof first);
  ck_clf_ok(clf_model_set_reject(loaded, NULL, "rate=0"));
  ck_clf_fails(clf_model_novelty(loaded, data, second, ROWS), CLF_ERROR_UNSUPPORTED);
  ck_clf_says("fit it with reject=RATE");
  ck_clf_ok(clf_model_score(loaded, data, &with));
  ck_assert_double_eq(with, without);
  ck_clf_ok(clf_model_fit(model, data, NULL, NULL));
  ck_clf_fails(clf_model_novelty(model, data, second, ROWS), CLF_ERROR_UNSUPPORTED);
  ck_clf_ok(clf_model_set_text(model, "reject", "0.1"));
  ck_clf_ok(clf_model_clone(&clone, model));
  ck_clf_ok(clf_model_fit(clone, data, NULL, NULL));
  ck_assert_int_gt(rejected_of(clone, data), 0);
  clf_model_free(model);
  clf_model_free(loaded);
  clf_model_free(clone);
  clf_dataset_free(data);
}

/* A row without weight is as one that is not there, and the units of the rows do not matter. */
TEST(reject__ignores_rows_without_weight_and_units) {
  sample s, scaled;
  float weights[ROWS], some[ROWS], moved[ROWS];
  fill(&s, 3);
  scaled = s;
  for (int i = 0; i < ROWS * COLUMNS; i++) {
    scaled.x[i] = (i % COLUMNS == 1 ? 1e6F : i % COLUMNS == 2 ? 1e-6F : 1.F) * s.x[i];
  }
  for (int i = 0; i < ROWS; i++) {
    weights[i] = i < 200;
  }
  clf_dataset *part = rows_of(NULL, &s, 200), *whole = rows_of(NULL, &s, ROWS);
  clf_dataset *units = rows_of(NULL, &scaled, 200);
  set_weights(whole, weights);
  clf_model *model = fitted(NULL, "fisher", "shrinkage=none", part);
  clf_model *in_units = fitted(NULL, "fisher", "shrinkage=none", units);
  ck_clf_ok(clf_model_set_reject(model, part, NULL));
  ck_clf_ok(clf_model_novelty(model, part, some, ROWS));
  ck_clf_ok(clf_model_set_reject(in_units, units, NULL));
  ck_clf_ok(clf_model_novelty(in_units, units, moved, ROWS));
  for (int i = 0; i < 200; i++) {
    ck_assert_double_eq_tol((double)moved[i], (double)some[i], 2e-3);
  }
  ck_clf_ok(clf_model_set_reject(model, whole, NULL));
  ck_clf_ok(clf_model_novelty(model, part, moved, ROWS));
  ck_assert_mem_eq(some, moved, 200 * sizeof *some);
  clf_model_free(model);
  clf_model_free(in_units);
  clf_dataset_free(part);
  clf_dataset_free(whole);
  clf_dataset_free(units);
}

/* Rows of more columns are summed into fewer; sparse ones give the same as dense ones. */
TEST(reject__reads_wide_and_sparse_rows) {
  enum { WIDE_ROWS = 60 };
  static float x[WIDE_ROWS * WIDE];
  int32_t y[WIDE_ROWS];
  float dense_novelty[WIDE_ROWS], sparse_novelty[WIDE_ROWS];
  fill_clouds(x, y, WIDE_ROWS, WIDE, 2);
  for (int i = 0; i < WIDE_ROWS * WIDE; i++) {
    x[i] = i % 3 == 0 ? x[i] : 0;
  }
  clf_dataset *dense = dataset_of(NULL, x, CLF_F32, WIDE_ROWS, WIDE, y);
  clf_dataset *sparse = sparse_of(NULL, x, WIDE_ROWS, WIDE, y);
  clf_model *model = fitted(NULL, "svm", "kernel=linear reject=0.1 calibration_folds=2", dense);
  ck_clf_ok(clf_model_novelty(model, dense, dense_novelty, WIDE_ROWS));
  ck_clf_ok(clf_model_novelty(model, sparse, sparse_novelty, WIDE_ROWS));
  for (int i = 0; i < WIDE_ROWS; i++) {
    ck_assert_double_eq_tol((double)dense_novelty[i], (double)sparse_novelty[i], 1e-3);
  }
  clf_model_free(model);
  clf_dataset_free(dense);
  clf_dataset_free(sparse);
}

/* Equal rows, a constant column, a single row of a class, a class without rows. */
TEST(reject__takes_degenerate_rows) {
  sample s;
  float novelty[ROWS], none[ROWS];
  fill(&s, 3);
  clf_dataset *data = rows_of(NULL, &s, ROWS);
  for (int which = 0; which < 4; which++) {
    sample odd = s;
    for (int i = 0; i < ROWS; i++) {
      none[i] = which != 3 || odd.y[i] != 2;
      odd.y[i] = which == 2 ? (i == 0 ? 2 : i % 2) : odd.y[i];
      for (int j = 0; j < COLUMNS; j++) {
        float *value = &odd.x[i * COLUMNS + j];
        *value = which == 0 ? (float)odd.y[i] : which == 1 && j == 1 ? 7 : *value;
      }
    }
    clf_dataset *rows = rows_of(NULL, &odd, ROWS);
    clf_model *model = fitted(NULL, "ridge", "", data);
    set_weights(rows, none);
    ck_clf_ok(clf_model_set_reject(model, rows, "rate=0.1"));
    ck_clf_ok(clf_model_novelty(model, rows, novelty, ROWS));
    for (int i = 0; i < ROWS; i++) {
      ck_assert(isfinite(novelty[i]));
    }
    if (which == 1) { /* what was the same in all rows makes a stranger when it differs */
      ck_assert_int_gt(rejected_of(model, data), ROWS * 9 / 10);
    }
    clf_model_free(model);
    clf_dataset_free(rows);
  }
  clf_dataset_free(data);
}

TEST(reject__has_the_same_bits_on_any_number_of_threads) {
  static unsigned char first[MOST], second[MOST];
  sample s;
  size_t size = 0;
  fill(&s, 3);
  for (int i = 0; i < 2; i++) {
    clf_context *context = context_with(i == 0 ? "threads=1" : "threads=3");
    clf_dataset *data = rows_of(context, &s, ROWS);
    clf_model *model = fitted(context, "logistic", "reject=0.05 calibration=sigmoid", data);
    const size_t own = saved(model, i == 0 ? first : second);
    ck_assert(i == 0 || own == size);
    size = own;
    clf_model_free(model);
    clf_dataset_free(data);
    clf_context_free(context);
  }
  ck_assert_mem_eq(first, second, size);
}

static void note_log(void *user, int32_t level, const char *message) {
  if (level == CLF_LOG_WARNING) {
    strncat(user, message, 900 - strlen(user));
  }
}

TEST(reject__refuses_and_says_what_rows_cannot_show) {
  static unsigned char before[MOST], after[MOST];
  sample s;
  float novelty[ROWS];
  double targets[ROWS] = {1, 2};
  char log[1024] = "";
  clf_model *model = NULL;
  clf_tensor *wrapped = NULL;
  clf_context *context = context_with("threads=2");
  const int64_t rows = ROWS;
  fill(&s, 3);
  ck_clf_ok(clf_context_set_log(context, note_log, log));
  clf_dataset *data = rows_of(context, &s, ROWS), *few = rows_of(context, &s, 30);
  clf_dataset *narrow = dataset_of(context, s.x, CLF_F32, ROWS, COLUMNS - 1, s.y);
  ck_clf_fails(clf_model_create(&model, context, "ridge", "reject=0.1 calibration_folds=0"),
               CLF_ERROR_ARGUMENT);
  ck_clf_says("reject needs calibration_folds of 2 or more");
  ck_clf_fails(clf_model_create(&model, context, "ridge", "reject=0.6"), CLF_ERROR_ARGUMENT);
  ck_clf_ok(clf_model_create(&model, context, "ridge", NULL));
  ck_clf_fails(clf_model_set_reject(model, data, NULL), CLF_ERROR_NOT_FITTED);
  ck_clf_fails(clf_model_novelty(model, data, novelty, ROWS), CLF_ERROR_NOT_FITTED);
  ck_clf_ok(clf_model_fit(model, data, NULL, NULL));
  const size_t size = saved(model, before);
  ck_clf_fails(clf_model_set_reject(model, NULL, NULL), CLF_ERROR_ARGUMENT);
  ck_clf_fails(clf_model_set_reject(model, data, "rate=1"), CLF_ERROR_ARGUMENT);
  ck_clf_fails(clf_model_set_reject(model, narrow, NULL), CLF_ERROR_SHAPE);
  ck_clf_ok(clf_context_set_progress(context, cancel_at_once, NULL));
  ck_clf_fails(clf_model_set_reject(model, data, NULL), CLF_ERROR_CANCELLED);
  ck_clf_ok(clf_context_set_progress(context, NULL, NULL));
  ck_assert_uint_eq(saved(model, after), size);
  ck_assert_mem_eq(before, after, size);
  ck_assert_str_eq(log, "");
  ck_clf_ok(clf_model_set_reject(model, few, "rate=0.01"));
  ck_assert_ptr_nonnull(strstr(log, "30 rows show no rate of false alarms as low as reject=0.01"));
  ck_clf_fails(clf_model_novelty(model, data, novelty, ROWS - 1), CLF_ERROR_ARGUMENT);
  ck_clf_fails(clf_model_novelty(model, data, NULL, 0), CLF_ERROR_ARGUMENT);
  ck_clf_ok(clf_tensor_wrap(&wrapped, context, targets, CLF_F64, 1, &rows, NULL));
  ck_clf_ok(clf_dataset_set_targets(data, wrapped));
  ck_clf_ok(clf_model_set_text(model, "reject", "0.1"));
  clf_model_free(model);
  clf_tensor_free(wrapped);
  clf_dataset_free(data);
  data = dataset_of(context, s.x, CLF_F32, ROWS, COLUMNS, NULL);
  ck_clf_ok(clf_tensor_wrap(&wrapped, context, targets, CLF_F64, 1, &rows, NULL));
  ck_clf_ok(clf_dataset_set_targets(data, wrapped));
  ck_clf_ok(clf_model_create(&model, context, "ridge", "reject=0.1"));
  ck_clf_fails(clf_model_fit(model, data, NULL, NULL), CLF_ERROR_ARGUMENT);
  ck_clf_says("reject has no meaning in a regression");
  ck_clf_ok(clf_model_set_text(model, "reject", "0"));
  ck_clf_ok(clf_model_fit(model, data, NULL, NULL));
  ck_clf_fails(clf_model_set_reject(model, data, NULL), CLF_ERROR_UNSUPPORTED);
  clf_model_free(model);
  clf_tensor_free(wrapped);
  clf_dataset_free(data);
  clf_dataset_free(few);
  clf_dataset_free(narrow);
  clf_context_free(context);
}

static clf_status whole_life(clf_context *context, const void *unused) {
  sample s;
  float novelty[ROWS];
  int32_t labels[ROWS];
  clf_tensor *x = NULL, *y = NULL;
  clf_dataset *data = NULL;
  clf_model *model = NULL;
  clf_status status;
  (void)unused;
  fill(&s, 3);
  TRY(clf_tensor_wrap(&x, context, s.x, CLF_F32, 2, (int64_t[]){ROWS, COLUMNS}, NULL));
  TRY(clf_tensor_wrap(&y, context, s.y, CLF_I32, 1, (int64_t[]){ROWS}, NULL));
  TRY(clf_dataset_create(&data, context, x, y));
  TRY(clf_model_create(&model, context, "ridge", "reject=0.1 calibration_folds=2"));
  TRY(clf_model_fit(model, data, NULL, NULL));
  TRY(clf_model_set_reject(model, data, "rate=0.1"));
  TRY(clf_model_predict(model, data, labels, ROWS));
  TRY(clf_model_novelty(model, data, novelty, ROWS));
done:
  clf_model_free(model);
  clf_dataset_free(data);
  clf_tensor_free(x);
  clf_tensor_free(y);
  return status;
}

TEST(reject__every_allocation_may_fail) {
  check_every_allocation("threads=1", whole_life, NULL);
}

SUITE("reject")
