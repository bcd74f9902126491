/* Logistic regression against its own definition, in f64: the gradient at the solution is 0, closed
 * forms hold; and the cases that make solvers fail. */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/context.h"
#include "models/logistic/logistic.h"
#include "ops_support.h"

enum { ROWS = 300, COLUMNS = 6, CLASSES = 4, OUTPUT_MOST = 10 };

typedef struct problem {
  float x[ROWS * COLUMNS];
  float weights[ROWS];
  int32_t labels[ROWS];
  int32_t binary[ROWS];
} problem;

/* Classes overlap; features have offsets and some entries are 0. */
static problem make_problem(uint64_t seed) {
  problem p;
  for (int i = 0; i < ROWS; i++) {
    p.labels[i] = i % CLASSES;
    p.binary[i] = i % CLASSES > 1;
    p.weights[i] = (float)(2 * random_unit(&seed));
    for (int j = 0; j < COLUMNS; j++) {
      double value = random_normal(&seed) + 1 + (j == p.labels[i] ? 1 : 0);
      p.x[i * COLUMNS + j] = random_unit(&seed) < 0.2 ? 0 : (float)value;
    }
  }
  return p;
}

/* The fitted tensors in f64; rows beyond the outputs are unused. */
typedef struct solution {
  int64_t outputs;
  double w[OUTPUT_MOST][COLUMNS], b[OUTPUT_MOST];
} solution;

static solution read_solution(const clf_model *model) {
  solution s = {.outputs = clf_model_outputs(model)};
  clf_tensor *w = NULL, *b = NULL;
  ck_clf_ok(clf_model_tensor(&w, model, "weights"));
  ck_clf_ok(clf_model_tensor(&b, model, "intercept"));
  for (int k = 0; k < s.outputs; k++) {
    for (int j = 0; j < COLUMNS; j++) {
      s.w[k][j] = (double)((const float *)clf_tensor_data(w))[k * COLUMNS + j];
    }
    s.b[k] = (double)((const float *)clf_tensor_data(b))[k];
  }
  clf_tensor_free(w);
  clf_tensor_free(b);
  return s;
}

/* Derivatives of the loss by the outputs z. */
static void residual(const double *z, int64_t outputs, int32_t label, bool softmax, double *out) {
  double sum = 0;
  for (int k = 0; k < outputs; k++) {
    out[k] = softmax ? exp(z[k]) : 1 / (1 + exp(-z[k]));
    sum += out[k];
  }
  for (int k = 0; k < outputs; k++) {
    out[k] = (softmax ? out[k] / sum : out[k]) - (k == label);
  }
}

/* Largest component of the gradient of (sum w loss + |W|^2 / 2C) / sum w at the model's solution.
 */
static double gradient_at(const solution *s, const problem *p, const int32_t *labels,
                          const float *weights, double C, bool softmax, bool intercept) {
  static double gradient[OUTPUT_MOST][COLUMNS + 1];
  double total = 0, largest = 0;
  memset(gradient, 0, sizeof gradient);
  for (int i = 0; i < ROWS; i++) {
    double z[OUTPUT_MOST], r[OUTPUT_MOST], weight = weights != NULL ? (double)weights[i] : 1;
    const float *x = p->x + i * COLUMNS;
    for (int k = 0; k < s->outputs; k++) {
      z[k] = s->b[k];
      for (int j = 0; j < COLUMNS; j++) {
        z[k] += s->w[k][j] * (double)x[j];
      }
    }
    residual(z, s->outputs, labels[i], softmax, r);
    for (int k = 0; k < s->outputs; k++) {
      for (int j = 0; j < COLUMNS; j++) {
        gradient[k][j] += weight * r[k] * (double)x[j];
      }
      gradient[k][COLUMNS] += intercept ? weight * r[k] : 0;
    }
    total += weight;
  }
  for (int k = 0; k < s->outputs; k++) {
    for (int j = 0; j < COLUMNS; j++) {
      largest = fmax(largest, fabs(gradient[k][j] + s->w[k][j] / C) / total);
    }
    largest = fmax(largest, fabs(gradient[k][COLUMNS]) / total);
  }
  return largest;
}

static clf_dataset *make_data(const problem *p, const int32_t *labels, bool sparse, bool weighted) {
  clf_dataset *data = sparse ? sparse_of(NULL, p->x, ROWS, COLUMNS, labels)
                             : dataset_of(NULL, p->x, CLF_F32, ROWS, COLUMNS, labels);
  if (weighted) {
    set_weights(data, p->weights);
  }
  return data;
}

static void check_gradient(const char *params, double C, bool softmax, bool intercept, bool sparse,
                           bool weighted) {
  problem p = make_problem(1);
  clf_dataset *data = make_data(&p, p.labels, sparse, weighted);
  clf_model *model = fitted(NULL, "logistic", params, data);
  solution s = read_solution(model);
  ck_assert_int_eq(clf_model_outcome(model), CLF_OK);
  /* Weights of size 1 rounded to floats move the gradient by 1e-7. */
  double largest =
      gradient_at(&s, &p, p.labels, weighted ? p.weights : NULL, C, softmax, intercept);
  ck_assert_double_le(largest, 5e-7);
  for (int k = 0; k < CLASSES && !intercept; k++) {
    ck_assert_double_eq(s.b[k], 0);
  }
  clf_model_free(model);
  clf_dataset_free(data);
}

TEST(logistic__gradient_vanishes_at_the_solution) {
  check_gradient(NULL, 1, true, true, false, false);
  check_gradient("C=100", 100, true, true, false, false);
  check_gradient("C=0.01", 0.01, true, true, false, false);
  check_gradient("C=1e-6", 1e-6, true, true, false, false);
  check_gradient("fit_intercept=false", 1, true, false, false, false);
  check_gradient("C=inf", (double)INFINITY, true, true, false, false);
}

TEST(logistic__takes_weights_and_sparse_rows) {
  check_gradient(NULL, 1, true, true, false, true);
  check_gradient(NULL, 1, true, true, true, false);
  check_gradient("C=10", 10, true, true, true, true);
}

TEST(logistic_one_vs_rest__solves_each_class_on_its_own) {
  check_gradient("multiclass=one_vs_rest", 1, false, true, false, false);
  check_gradient("multiclass=one_vs_rest C=5", 5, false, true, true, true);
  check_gradient("multiclass=one_vs_rest fit_intercept=false", 1, false, false, false, false);
}

TEST(logistic_binary__has_one_weight_vector) {
  problem p = make_problem(2);
  clf_dataset *data = make_data(&p, p.binary, false, true);
  clf_model *model = fitted(NULL, "logistic", "C=2", data);
  solution s = read_solution(model);
  ck_assert_int_eq(s.outputs, 2);
  for (int j = 0; j < COLUMNS; j++) {
    ck_assert_double_eq(s.w[0][j], 0);
  }
  /* One output: what gradient_at() calls class 0 is class 1 here. */
  solution one = {.outputs = 1, .b = {s.b[1]}};
  memcpy(one.w[0], s.w[1], sizeof one.w[0]);
  int32_t flipped[ROWS];
  for (int i = 0; i < ROWS; i++) {
    flipped[i] = p.binary[i] == 1 ? 0 : 1;
  }
  ck_assert_double_le(gradient_at(&one, &p, flipped, p.weights, 2, false, true), 5e-7);
  clf_model_free(model);
  clf_dataset_free(data);
}

TEST(logistic_binary__two_points_have_a_fixed_point) {
  /* x = -1, +1: w = 2 C sigmoid(-w). */
  float x[] = {-1, 1};
  int32_t labels[] = {0, 1};
  clf_dataset *data = dataset_of(NULL, x, CLF_F32, 2, 1, labels);
  clf_model *model = fitted(NULL, "logistic", "C=3", data);
  double w = 1;
  for (int i = 0; i < 200; i++) { /* Newton's method on w (1 + e^w) = 6 */
    w -= (w * (1 + exp(w)) - 6) / (1 + exp(w) + w * exp(w));
  }
  float decision[4], probabilities[4];
  ck_clf_ok(clf_model_decision_function(model, data, decision, 4));
  ck_clf_ok(clf_model_predict_proba(model, data, probabilities, 4));
  ck_assert_double_eq_tol((double)(decision[3] - decision[2]), w, 1e-5);
  ck_assert_double_eq_tol((double)probabilities[3], 1 / (1 + exp(-w)), 1e-6);
  ck_assert_double_eq_tol((double)(probabilities[2] + probabilities[3]), 1, 1e-6);
  clf_model_free(model);
  clf_dataset_free(data);
}

static void check_shares(const char *params, double tolerance) {
  float x[20 * 2] = {0};
  int32_t labels[20];
  for (int i = 0; i < 20; i++) {
    labels[i] = i < 10 ? 0 : i < 16 ? 1 : 2;
  }
  clf_dataset *data = dataset_of(NULL, x, CLF_F32, 20, 2, labels);
  clf_model *model = fitted(NULL, "logistic", params, data);
  float probabilities[60];
  ck_clf_ok(clf_model_predict_proba(model, data, probabilities, 60));
  ck_assert_double_eq_tol((double)probabilities[0], 0.5, tolerance);
  ck_assert_double_eq_tol((double)probabilities[1], 0.3, tolerance);
  ck_assert_double_eq_tol((double)probabilities[2], 0.2, tolerance);
  clf_model_free(model);
  clf_dataset_free(data);
}

TEST(logistic__without_information_gives_the_classes_shares) {
  check_shares(NULL, 1e-5);
  check_shares("C=inf", 1e-5);
  check_shares("multiclass=one_vs_rest", 1e-5);
}

/* The objective's gradient against differences of its value along random directions. */
static void check_slope(const clf_dataset *data, const int32_t *labels, const float *weights,
                        clf__logistic_link link, int64_t outputs) {
  clf__rows x = clf__dataset_rows(data);
  clf__logistic_objective o = {.context = clf__context_retain(NULL),
                               .x = &x,
                               .labels = labels,
                               .link = link,
                               .outputs = outputs,
                               .columns = COLUMNS,
                               .intercept = true};
  enum { SIZE = CLASSES * (COLUMNS + 1) };
  double at[SIZE], moved[SIZE], gradient[SIZE], ignored[SIZE], direction[SIZE];
  uint64_t seed = 5;
  ck_clf_ok(clf__logistic_objective_create(&o, weights, 0.01));
  for (int trial = 0; trial < 5; trial++) {
    double value, above, below, slope = 0, step = 1e-2;
    for (int i = 0; i < SIZE; i++) {
      at[i] = 0.3 * random_normal(&seed);
      direction[i] = random_normal(&seed);
    }
    ck_clf_ok(clf__logistic_evaluate(&o, at, &value, gradient));
    for (int i = 0; i < outputs * (COLUMNS + 1); i++) {
      slope += gradient[i] * direction[i];
      moved[i] = at[i] + step * direction[i];
    }
    ck_clf_ok(clf__logistic_evaluate(&o, moved, &above, ignored));
    for (int i = 0; i < SIZE; i++) {
      moved[i] = at[i] - step * direction[i];
    }
    ck_clf_ok(clf__logistic_evaluate(&o, moved, &below, ignored));
    /* Differences are off by the third derivative times step^2 and by 1e-7 / step. */
    ck_assert_double_eq_tol((above - below) / (2 * step), slope, 1e-3 * (1 + fabs(slope)));
  }
  clf__logistic_objective_free(&o);
  clf__context_release(o.context);
}

TEST(logistic_objective__gradient_is_its_slope) {
  problem p = make_problem(3);
  uint8_t pixels[ROWS * COLUMNS];
  for (int i = 0; i < ROWS * COLUMNS; i++) {
    pixels[i] = (uint8_t)fminf(fabsf(p.x[i]) * 50, 255);
  }
  clf_dataset *storages[] = {make_data(&p, p.labels, false, false),
                             make_data(&p, p.labels, true, false),
                             dataset_of(NULL, pixels, CLF_U8, ROWS, COLUMNS, p.labels)};
  for (int s = 0; s < 3; s++) {
    check_slope(storages[s], p.labels, NULL, CLF__LOGISTIC_SOFTMAX, CLASSES);
    check_slope(storages[s], p.labels, p.weights, CLF__LOGISTIC_SOFTMAX, CLASSES);
    check_slope(storages[s], p.labels, p.weights, CLF__LOGISTIC_SIGMOID, CLASSES);
    check_slope(storages[s], p.binary, p.weights, CLF__LOGISTIC_SIGMOID, 1);
    clf_dataset_free(storages[s]);
  }
}

static void compare_decisions(const clf_model *a, const clf_dataset *of_a, const clf_model *b,
                              const clf_dataset *of_b, double tolerance) {
  int64_t count = clf_dataset_rows(of_a) * clf_model_outputs(a);
  float *from_a = malloc((size_t)count * sizeof *from_a);
  float *from_b = malloc((size_t)count * sizeof *from_b);
  ck_clf_ok(clf_model_decision_function(a, of_a, from_a, count));
  ck_clf_ok(clf_model_decision_function(b, of_b, from_b, count));
  for (int64_t i = 0; i < count; i++) {
    ck_assert_double_eq_tol((double)from_a[i], (double)from_b[i], tolerance);
  }
  free(from_a);
  free(from_b);
}

TEST(logistic__storages_agree) {
  uint8_t pixels[ROWS * COLUMNS];
  float scaled[ROWS * COLUMNS];
  problem p = make_problem(4);
  for (int i = 0; i < ROWS * COLUMNS; i++) {
    pixels[i] = (uint8_t)fminf(fabsf(p.x[i]) * 50, 255);
    scaled[i] = (float)pixels[i] / 255;
  }
  clf_dataset *bytes = dataset_of(NULL, pixels, CLF_U8, ROWS, COLUMNS, p.labels);
  clf_dataset *floats = dataset_of(NULL, scaled, CLF_F32, ROWS, COLUMNS, p.labels);
  clf_dataset *sparse = sparse_of(NULL, scaled, ROWS, COLUMNS, p.labels);
  clf_model *of_bytes = fitted(NULL, "logistic", NULL, bytes);
  clf_model *of_floats = fitted(NULL, "logistic", NULL, floats);
  clf_model *of_sparse = fitted(NULL, "logistic", NULL, sparse);
  compare_decisions(of_bytes, bytes, of_floats, floats, 1e-4);
  compare_decisions(of_sparse, sparse, of_floats, floats, 1e-4);
  clf_model_free(of_bytes);
  clf_model_free(of_floats);
  clf_model_free(of_sparse);
  clf_dataset_free(bytes);
  clf_dataset_free(floats);
  clf_dataset_free(sparse);
}

TEST(logistic__weights_are_repeated_rows) {
  problem p = make_problem(5);
  static float twice[2 * ROWS * COLUMNS];
  int32_t labels[2 * ROWS], repeated = 0;
  for (int i = 0; i < ROWS; i++) {
    p.weights[i] = (float)(i % 3);
    for (int r = 0; r < i % 3; r++) {
      memcpy(twice + repeated * COLUMNS, p.x + i * COLUMNS, COLUMNS * sizeof(float));
      labels[repeated++] = p.labels[i];
    }
  }
  clf_dataset *weighted = make_data(&p, p.labels, false, true);
  clf_dataset *rows = dataset_of(NULL, twice, CLF_F32, repeated, COLUMNS, labels);
  clf_model *a = fitted(NULL, "logistic", NULL, weighted);
  clf_model *b = fitted(NULL, "logistic", NULL, rows);
  compare_decisions(a, rows, b, rows, 1e-4);
  clf_model_free(a);
  clf_model_free(b);
  clf_dataset_free(weighted);
  clf_dataset_free(rows);
}

TEST(logistic__class_weights_multiply_row_weights) {
  problem p = make_problem(6);
  clf_dataset *plain = make_data(&p, p.labels, false, false);
  for (int i = 0; i < ROWS; i++) {
    p.weights[i] = (float)(p.labels[i] + 1);
  }
  clf_dataset *weighted = make_data(&p, p.labels, false, true);
  clf_model *a = fitted(NULL, "logistic", "class_weight=1,2,3,4", plain);
  clf_model *b = fitted(NULL, "logistic", NULL, weighted);
  clf_model *balanced = fitted(NULL, "logistic", "class_weight=balanced", plain);
  clf_model *equal = fitted(NULL, "logistic", NULL, plain); /* the classes are of one size */
  compare_decisions(a, plain, b, plain, 1e-5);
  compare_decisions(balanced, plain, equal, plain, 1e-5);
  clf_model_free(a);
  clf_model_free(b);
  clf_model_free(balanced);
  clf_model_free(equal);
  clf_dataset_free(plain);
  clf_dataset_free(weighted);
}

TEST(logistic__class_weights_of_0_leave_no_rows) {
  problem p = make_problem(7);
  clf_dataset *data = make_data(&p, p.labels, false, false);
  clf_model *model = NULL;
  ck_clf_ok(clf_model_create(&model, NULL, "logistic", "class_weight=0,0,0,0"));
  ck_clf_fails(clf_model_fit(model, data, NULL, NULL), CLF_ERROR_DATA);
  ck_clf_says("no row");
  clf_model_free(model);
  clf_dataset_free(data);
}

TEST(logistic__any_number_of_threads_gives_the_same_bits) {
  enum { MANY = 5000, WIDE = 40 };
  float *x = malloc(MANY * WIDE * sizeof *x);
  int32_t *labels = malloc(MANY * sizeof *labels);
  uint64_t seed = 8;
  for (int i = 0; i < MANY; i++) {
    labels[i] = i % CLASSES;
    for (int j = 0; j < WIDE; j++) {
      x[i * WIDE + j] = (float)(random_normal(&seed) + (j == labels[i] ? 1 : 0));
    }
  }
  static const char *const threads[] = {"threads=1", "threads=2", "threads=5"};
  float first[CLASSES * WIDE];
  for (int t = 0; t < 3; t++) {
    clf_context *context = NULL;
    ck_clf_ok(clf_context_create(&context, NULL, threads[t]));
    clf_dataset *data = dataset_of(context, x, CLF_F32, MANY, WIDE, labels);
    clf_model *model = fitted(context, "logistic", NULL, data);
    clf_tensor *weights = NULL;
    ck_clf_ok(clf_model_tensor(&weights, model, "weights"));
    if (t == 0) {
      memcpy(first, clf_tensor_data(weights), sizeof first);
    }
    ck_assert_mem_eq(first, clf_tensor_data(weights), sizeof first);
    clf_tensor_free(weights);
    clf_model_free(model);
    clf_dataset_free(data);
    clf_context_free(context);
  }
  free(x);
  free(labels);
}

TEST(logistic__every_level_of_cpu_agrees) {
  problem p = make_problem(9);
  clf_dataset *data = make_data(&p, p.labels, false, false);
  clf_model *reference = fitted(NULL, "logistic", NULL, data);
  for (int level = 0; level < cpu_levels(); level++) {
    clf_context *context = context_of(level, 2);
    if (context == NULL) {
      continue;
    }
    clf_dataset *on_level = dataset_of(context, p.x, CLF_F32, ROWS, COLUMNS, p.labels);
    clf_model *model = fitted(context, "logistic", NULL, on_level);
    compare_decisions(model, on_level, reference, data, 1e-4);
    clf_model_free(model);
    clf_dataset_free(on_level);
    clf_context_free(context);
  }
  clf_model_free(reference);
  clf_dataset_free(data);
}

/* Fits a model. Probabilities must be in bounds, and the status CLF_OK, or CLF_NOT_CONVERGED if
 * `most` allows it. */
static void check_ends(const float *x, int64_t rows, int64_t columns, const int32_t *labels,
                       const char *params, clf_status most) {
  clf_dataset *storages[] = {dataset_of(NULL, x, CLF_F32, rows, columns, labels),
                             sparse_of(NULL, x, rows, columns, labels)};
  for (int s = 0; s < 2; s++) {
    clf_model *model = fitted(NULL, "logistic", params, storages[s]);
    int64_t count = rows * clf_model_outputs(model);
    float *probabilities = malloc((size_t)count * sizeof *probabilities);
    ck_clf_ok(clf_model_predict_proba(model, storages[s], probabilities, count));
    for (int64_t i = 0; i < count; i++) {
      ck_assert(probabilities[i] >= 0 && probabilities[i] <= 1);
    }
    ck_assert_int_le(clf_model_outcome(model), most);
    free(probabilities);
    clf_model_free(model);
    clf_dataset_free(storages[s]);
  }
}

TEST(logistic__ends_on_separable_rows_with_hardly_a_penalty) {
  problem p = make_problem(10);
  for (int i = 0; i < ROWS; i++) {
    p.x[i * COLUMNS] = (float)(10 * p.labels[i]);
    p.x[i * COLUMNS + 1] = (float)(p.labels[i] * p.labels[i]);
  }
  check_ends(p.x, ROWS, COLUMNS, p.labels, "C=1e10", CLF_OK);
  check_ends(p.x, ROWS, COLUMNS, p.labels, "C=inf", CLF_OK);
  check_ends(p.x, ROWS, COLUMNS, p.labels, "C=1e10 multiclass=one_vs_rest", CLF_OK);
  check_ends(p.x, ROWS, COLUMNS, p.binary, "C=1e30", CLF_OK);
}

enum { GROUPS = 3, GROUP_ROWS = 40, MANY_COLUMNS = 300 };

/* The loss of a row of output z on its own side, and its derivative. */
static long double loss_of(long double z, long double *derivative) {
  *derivative = -1 / (1 + expl(z));
  return z > 0 ? log1pl(expl(-z)) : log1pl(expl(z)) - z;
}

/* sum_i C loss(w x_i) + w^2 / 2 over the rows of a group, and its derivative with respect to w. */
static long double objective_of(const float *x, double C, long double w, long double *derivative) {
  long double sum = w * w / 2, of_loss = 0;
  *derivative = w;
  for (int i = 0; i < GROUP_ROWS; i++) {
    sum += (long double)C * loss_of(w * (long double)x[i], &of_loss);
    *derivative += (long double)C * of_loss * (long double)x[i];
  }
  return sum;
}

/* Its minimum, where the derivative, which increases, is 0. */
static long double minimum_of(const float *x, double C) {
  long double low = 0, high = 1e9L, derivative = 0;
  for (int i = 0; i < 200; i++) {
    const long double middle = (low + high) / 2;
    objective_of(x, C, middle, &derivative);
    *(derivative > 0 ? &high : &low) = middle;
  }
  return objective_of(x, C, low, &derivative);
}

/* Each group of rows has a column of its own, so that the objective is a sum of functions of one
 * weight each. Classes are separated, some by a column that is much smaller than the others. */
static void check_separated(int columns, double C) {
  static const double scales[GROUPS] = {1, 1e-3, 30};
  static float x[GROUPS * GROUP_ROWS * MANY_COLUMNS], positive[GROUPS][GROUP_ROWS];
  int32_t labels[GROUPS * GROUP_ROWS];
  uint64_t seed = 21;
  long double least = 0, value = 0, derivative = 0;
  char params[64];
  memset(x, 0, sizeof x);
  for (int i = 0; i < GROUPS * GROUP_ROWS; i++) {
    const int group = i % GROUPS;
    const float size = (float)(scales[group] * (0.5 + random_unit(&seed)));
    labels[i] = i / GROUPS % 2;
    positive[group][i / GROUPS] = size;
    x[i * columns + group] = labels[i] == 1 ? size : -size;
  }
  snprintf(params, sizeof params, "fit_intercept=false C=%g", C);
  clf_dataset *data = dataset_of(NULL, x, CLF_F32, GROUPS * GROUP_ROWS, columns, labels);
  clf_model *model = NULL;
  ck_clf_ok(clf_model_create(&model, NULL, "logistic", params));
  ck_clf_ok(clf_model_fit(model, data, NULL, NULL));
  const double *w = (const double *)clf__state_data(model->state, "weights_f64") + columns;
  for (int g = 0; g < GROUPS; g++) {
    least += minimum_of(positive[g], C);
    value += objective_of(positive[g], C, (long double)w[g], &derivative);
  }
  ck_assert_msg(value <= least * 1.00001L, "%d columns, C=%g: %Lg of at least %Lg", columns, C,
                value, least);
  clf_model_free(model);
  clf_dataset_free(data);
}

TEST(logistic__is_at_the_minimum_of_separable_rows_however_small_that_is) {
  static const double strengths[] = {1, 1e4, 1e8, 1e12};
  for (int s = 0; s < 4; s++) {
    check_separated(GROUPS, strengths[s]);
    check_separated(MANY_COLUMNS, strengths[s]);
  }
}

/* Their minimum is out of reach: the fit ends once nothing is left of the loss. */
TEST(logistic__ends_soon_on_few_separable_rows_with_hardly_a_penalty) {
  enum { FEW = 10, WIDE = 20 };
  static const char *const strengths[] = {"C=1e16", "C=1e20", "C=1e30"};
  float x[FEW * WIDE];
  int32_t labels[FEW];
  uint64_t seed = 5;
  for (int i = 0; i < FEW * WIDE; i++) {
    x[i] = (float)random_normal(&seed);
    labels[i % FEW] = i % 2;
  }
  for (int columns = 2; columns <= WIDE; columns += WIDE - 2) {
    for (int i = 0; i < FEW; i++) {
      x[i * columns] = labels[i] == 1 ? 1 : -1;
    }
    clf_dataset *data = dataset_of(NULL, x, CLF_F32, FEW, columns, labels);
    for (int s = 0; s < 3; s++) {
      clf_tensor *iterations = NULL;
      clf_model *model = fitted(NULL, "logistic", strengths[s], data);
      ck_assert_int_eq(clf_model_outcome(model), CLF_OK);
      ck_assert_int_le(*(const int64_t *)fitted_data(model, "iterations", &iterations), 100);
      clf_tensor_free(iterations);
      clf_model_free(model);
    }
    clf_dataset_free(data);
  }
}

TEST(logistic__ends_on_columns_that_are_constant_or_repeat) {
  problem p = make_problem(11);
  for (int i = 0; i < ROWS; i++) {
    p.x[i * COLUMNS] = 7;
    p.x[i * COLUMNS + 1] = 0;
    p.x[i * COLUMNS + 3] = p.x[i * COLUMNS + 2];
  }
  check_ends(p.x, ROWS, COLUMNS, p.labels, NULL, CLF_OK);
  check_ends(p.x, ROWS, COLUMNS, p.labels, "C=inf", CLF_OK);
  check_ends(p.x, ROWS, COLUMNS, p.labels, "C=inf fit_intercept=false", CLF_OK);
}

TEST(logistic__ends_on_huge_and_tiny_features) {
  problem p = make_problem(12);
  static const float scales[] = {1e30F, 1e15F, 1e-15F, 1e-30F};
  for (int s = 0; s < 4; s++) {
    float x[ROWS * COLUMNS];
    for (int i = 0; i < ROWS * COLUMNS; i++) {
      x[i] = p.x[i] * (i % 2 == 0 ? scales[s] : 1);
    }
    check_ends(x, ROWS, COLUMNS, p.labels, NULL, CLF_OK);
    check_ends(x, ROWS, COLUMNS, p.binary, "C=100", CLF_OK);
  }
}

/* Without a penalty nothing but the weights' unit depends on the features'. */
TEST_LOOP(logistic__learns_the_same_from_features_of_any_size, 0, 6) {
  static const int powers[] = {-100, -66, -33, 33, 66, 100};
  static float expected[ROWS * CLASSES], found[ROWS * CLASSES];
  problem p = make_problem(15);
  clf_dataset *data = dataset_of(NULL, p.x, CLF_F32, ROWS, COLUMNS, p.labels);
  clf_model *model = fitted(NULL, "logistic", "C=inf", data);
  ck_clf_ok(clf_model_predict_proba(model, data, expected, ROWS * CLASSES));
  clf_model_free(model);
  clf_dataset_free(data);
  for (int i = 0; i < ROWS * COLUMNS; i++) {
    p.x[i] = ldexpf(p.x[i], powers[_i]);
  }
  data = dataset_of(NULL, p.x, CLF_F32, ROWS, COLUMNS, p.labels);
  model = fitted(NULL, "logistic", "C=inf", data);
  ck_assert_int_eq(clf_model_outcome(model), CLF_OK);
  ck_clf_ok(clf_model_predict_proba(model, data, found, ROWS * CLASSES));
  for (int i = 0; i < ROWS * CLASSES; i++) {
    ck_assert_float_eq_tol(found[i], expected[i], 1e-5F);
  }
  clf_model_free(model);
  clf_dataset_free(data);
}

TEST(logistic__ends_with_more_features_than_rows) {
  enum { FEW = 20, WIDE = 3000 };
  float *x = malloc(FEW * WIDE * sizeof *x);
  int32_t labels[FEW];
  uint64_t seed = 13;
  for (int i = 0; i < FEW * WIDE; i++) {
    x[i] = (float)random_normal(&seed);
    labels[i / WIDE] = i / WIDE % 3;
  }
  check_ends(x, FEW, WIDE, labels, NULL, CLF_OK);
  check_ends(x, FEW, 200, labels, NULL, CLF_OK);
  free(x);
}

TEST(logistic__ends_with_a_hundred_classes_of_one_row) {
  enum { MANY = 100 };
  float x[MANY * COLUMNS];
  int32_t labels[MANY];
  uint64_t seed = 14;
  for (int i = 0; i < MANY * COLUMNS; i++) {
    x[i] = (float)random_normal(&seed);
    labels[i / COLUMNS] = i / COLUMNS;
  }
  check_ends(x, MANY, COLUMNS, labels, NULL, CLF_OK);
  check_ends(x, MANY, COLUMNS, labels, "multiclass=one_vs_rest C=1e6", CLF_NOT_CONVERGED);
}

TEST(logistic__ends_on_two_equal_rows) {
  float x[4] = {1, 2, 1, 2};
  int32_t labels[2] = {0, 1};
  check_ends(x, 2, 2, labels, NULL, CLF_OK);
  check_ends(x, 2, 2, labels, "C=inf", CLF_OK);
}

TEST(logistic__says_when_it_has_not_converged) {
  problem p = make_problem(15);
  clf_dataset *data = make_data(&p, p.labels, false, false);
  clf_model *model = fitted(NULL, "logistic", "max_iterations=2", data);
  clf_tensor *history = NULL;
  ck_assert_int_eq(clf_model_outcome(model), CLF_NOT_CONVERGED);
  ck_clf_ok(clf_model_tensor(&history, model, "history_loss"));
  ck_assert_int_eq(clf_tensor_count(history), 2);
  const double *loss = clf_tensor_data(history);
  ck_assert_double_lt(loss[1], loss[0]);
  ck_assert_double_lt(loss[0], log(CLASSES));
  clf_tensor_free(history);
  clf_model_free(model);
  clf_dataset_free(data);
}

TEST(logistic__probabilities_are_those_of_its_link) {
  static const char *const params[] = {NULL, "multiclass=one_vs_rest"};
  problem p = make_problem(16);
  clf_dataset *data = make_data(&p, p.labels, false, false);
  for (int m = 0; m < 2; m++) {
    clf_model *model = fitted(NULL, "logistic", params[m], data);
    /* What is fitted stays when a parameter is set. */
    ck_clf_ok(clf_model_set_text(model, "multiclass", m == 0 ? "one_vs_rest" : "multinomial"));
    float z[ROWS * CLASSES], found[ROWS * CLASSES];
    ck_clf_ok(clf_model_decision_function(model, data, z, ROWS * CLASSES));
    ck_clf_ok(clf_model_predict_proba(model, data, found, ROWS * CLASSES));
    for (int i = 0; i < ROWS; i++) {
      double expected[CLASSES], sum = 0;
      for (int k = 0; k < CLASSES; k++) {
        double value = (double)z[i * CLASSES + k];
        expected[k] = m == 0 ? exp(value) : 1 / (1 + exp(-value));
        sum += expected[k];
      }
      for (int k = 0; k < CLASSES; k++) {
        ck_assert_double_eq_tol((double)found[i * CLASSES + k], expected[k] / sum, 1e-6);
      }
    }
    clf_model_free(model);
  }
  clf_dataset_free(data);
}

static int32_t cancel_at_3(void *user, const clf_progress *progress) {
  int64_t *last = user;
  *last = progress->step;
  return progress->step >= 3;
}

TEST(logistic__can_be_cancelled) {
  problem p = make_problem(17);
  clf_context *context = NULL;
  int64_t last = -1;
  ck_clf_ok(clf_context_create(&context, NULL, NULL));
  ck_clf_ok(clf_context_set_progress(context, cancel_at_3, &last));
  clf_dataset *data = dataset_of(context, p.x, CLF_F32, ROWS, COLUMNS, p.labels);
  clf_model *model = NULL;
  ck_clf_ok(clf_model_create(&model, context, "logistic", NULL));
  ck_clf_fails(clf_model_fit(model, data, NULL, NULL), CLF_ERROR_CANCELLED);
  ck_assert_int_eq(last, 3);
  ck_assert_int_eq(clf_model_features(model), -1);
  clf_model_free(model);
  clf_dataset_free(data);
  clf_context_free(context);
}

TEST(logistic__parameters_have_bounds) {
  static const char *const wrong[] = {
      "C=0", "C=-1", "tolerance=-1", "C=nan", "max_iterations=0", "multiclass=ovr", "penalty=l3"};
  for (int i = 0; i < 7; i++) {
    clf_model *model = NULL;
    ck_clf_fails(clf_model_create(&model, NULL, "logistic", wrong[i]), CLF_ERROR_ARGUMENT);
  }
}

SUITE("logistic")
