/* Costs, thresholds and priors: against closed forms, against every choice tried in turn, and what
 * models predict against their own probabilities. */
#include <math.h>

#include "failing_allocator.h"

#include "models/decision/costs.h"
#include "models/decision/priors.h"
#include "models/decision/thresholds.h"
#include "store/store.h"
#include "support.h"

enum { ROWS = 90, COLUMNS = 3, CLASSES = 3 };

static float x[ROWS * COLUMNS];
static int32_t y[ROWS];

/* Clouds that overlap, of unequal sizes: class 2 is rare. */
static clf_dataset *rows_of(int64_t classes) {
  uint64_t state = 4;
  for (int i = 0; i < ROWS; i++) {
    y[i] = classes == 2 ? i % 3 == 0 : i % 6 < 3 ? 0 : i % 6 < 5 ? 1 : 2;
    for (int j = 0; j < COLUMNS; j++) {
      x[i * COLUMNS + j] = (float)(random_normal(&state) + (j == y[i] ? 1.5 : 0));
    }
  }
  return dataset_of(NULL, x, CLF_F32, ROWS, COLUMNS, y);
}

TEST(costs__of_two_classes_are_a_threshold) {
  /* Class 1 from p = (c01 - c00) / (c01 - c00 + c10 - c11) on (Elkan, equation 2). */
  const double costs[4] = {-1, 4, 9, 0.5}, limit = (4.0 + 1) / (4 + 1 + 9 - 0.5);
  for (int i = 0; i <= 1000; i++) {
    const double one = i / 1000.0, p[2] = {1 - one, one};
    int32_t label = -1;
    clf__costs_decide(costs, p, 1, 2, &label);
    ck_assert_msg(fabs(one - limit) < 1e-9 || label == (one > limit), "p = %f: %d", one, label);
  }
  const double even[2] = {0.5, 0.5}, same[4] = {0, 1, 1, 0};
  int32_t label = -1;
  clf__costs_decide(same, even, 1, 2, &label);
  ck_assert_int_eq(label, 0); /* the first of equal ones */
}

TEST(costs__decide_for_the_lowest_expected_cost) {
  clf_dataset *rows = rows_of(CLASSES);
  clf_model *model = fitted(NULL, "logistic", NULL, rows);
  const double costs[CLASSES][CLASSES] = {{0, 1, 3}, {2, 0, 1}, {40, 25, 0}};
  double p[ROWS][CLASSES];
  int32_t found[ROWS], plain[ROWS];
  int changed = 0;
  ck_clf_ok(clf_model_predict(model, rows, plain, ROWS));
  ck_clf_ok(clf_model_set_costs(model, costs[0]));
  ck_clf_ok(clf_model_predict(model, rows, found, ROWS));
  ck_clf_ok(clf_model_predict_proba_f64(model, rows, p[0], ROWS * CLASSES));
  for (int i = 0; i < ROWS; i++) {
    double lowest = INFINITY, own = 0;
    for (int j = 0; j < CLASSES; j++) {
      double cost = 0;
      for (int k = 0; k < CLASSES; k++) {
        cost += p[i][k] * costs[k][j];
      }
      lowest = fmin(lowest, cost);
      own = j == found[i] ? cost : own;
    }
    ck_assert_double_le(own, lowest + 1e-5); /* it is computed from scores in f32 */
    changed += found[i] != plain[i];
  }
  ck_assert_int_gt(changed, 5);
  const double equal[CLASSES][CLASSES] = {{0, 1, 1}, {1, 0, 1}, {1, 1, 0}};
  ck_clf_ok(clf_model_set_costs(model, equal[0]));
  ck_clf_ok(clf_model_predict(model, rows, found, ROWS));
  ck_assert_mem_eq(found, plain, sizeof found);
  ck_clf_ok(clf_model_set_costs(model, costs[0]));
  ck_clf_ok(clf_model_set_costs(model, NULL));
  ck_clf_ok(clf_model_predict(model, rows, found, ROWS));
  ck_assert_mem_eq(found, plain, sizeof found);
  clf_model_free(model);
  clf_dataset_free(rows);
}

static char logged[4096];

static void keep_log(void *user, int32_t level, const char *message) {
  (void)user;
  (void)level;
  const size_t used = strlen(logged);
  snprintf(logged + used, sizeof logged - used, "%s\n", message);
}

TEST(costs__refuse_what_makes_no_sense) {
  clf_context *context = context_with("threads=1");
  clf_context_set_log(context, keep_log, NULL);
  clf_dataset *rows = rows_of(2);
  clf_model *model = NULL;
  ck_clf_ok(clf_model_create(&model, context, "logistic", NULL));
  const double costs[4] = {0, NAN, 1, 0}, swapped[4] = {5, 5, 1, 2};
  ck_clf_fails(clf_model_set_costs(model, swapped), CLF_ERROR_NOT_FITTED);
  ck_clf_ok(clf_model_fit(model, rows, NULL, NULL));
  ck_clf_fails(clf_model_set_costs(model, costs), CLF_ERROR_DATA);
  ck_clf_says("the cost of predicting '1' for '0' is nan; costs must be finite");
  ck_clf_ok(clf_model_set_costs(model, swapped));
  ck_assert_ptr_nonnull(strstr(logged, "'1' is never predicted: '0' costs no more"));
  clf_model *ridge = fitted(context, "ridge", NULL, rows);
  ck_clf_fails(clf_model_set_costs(ridge, swapped), CLF_ERROR_UNSUPPORTED);
  ck_clf_says("no probabilities");
  clf_model_free(ridge);
  clf_model_free(model);
  clf_dataset_free(rows);
  clf_context_free(context);
}

TEST(thresholds__decide) {
  /* Of two classes, only the second has one: reached with equality, too. */
  const double two[2] = {0, 0.3}, p[3][2] = {{0.7, 0.3}, {0.71, 0.29}, {0.2, 0.8}};
  int32_t found[3];
  clf__thresholds_decide(two, p[0], 3, 2, found);
  ck_assert(found[0] == 1 && found[1] == 0 && found[2] == 1);
  /* Of those that are reached the largest ratio; else the most probable class without one. */
  const double some[3] = {0.5, 0, 0.1},
               q[3][3] = {{0.6, 0.25, 0.15}, {0.55, 0.4, 0.05}, {0.45, 0.52, 0.03}};
  clf__thresholds_decide(some, q[0], 3, 3, found);
  ck_assert(found[0] == 2 && found[1] == 0 && found[2] == 1);
  /* Where all have one and none is reached, the nearest to its own. */
  const double all[3] = {0.9, 0.8, 0.5}, r[3] = {0.5, 0.1, 0.4};
  clf__thresholds_decide(all, r, 1, 3, found);
  ck_assert_int_eq(found[0], 2);
}

/* Measures by their definitions, of the threshold `t`. */
static double measure_at(const clf__threshold_search *s, int32_t measure, double t) {
  clf__binary c = {0, 0, 0, 0};
  for (int64_t i = 0; i < s->rows; i++) {
    const bool said = s->p[i * s->stride] >= t, is = s->labels[i] == s->positive;
    const double weight = s->weights != NULL ? (double)s->weights[i] : 1;
    *(said ? is ? &c.true_positive : &c.false_positive
      : is ? &c.false_negative
           : &c.true_negative) += weight;
  }
  int32_t truth[4] = {1, 0, 1, 0}, predicted[4] = {1, 1, 0, 0};
  const float weights[4] = {(float)c.true_positive, (float)c.false_positive,
                            (float)c.false_negative, (float)c.true_negative};
  double scores[2][4], value = 0;
  ck_clf_ok(clf_class_scores(truth, predicted, weights, 4, 2, scores[0]));
  switch (measure) {
  case CLF__BINARY_F1:
    return scores[1][2];
  case CLF__BINARY_PRECISION:
    return scores[1][0];
  case CLF__BINARY_RECALL:
    return scores[1][1];
  case CLF__BINARY_SPECIFICITY:
    return scores[0][1];
  case CLF__BINARY_ACCURACY:
    ck_clf_ok(clf_accuracy(truth, predicted, weights, 4, &value));
    return value;
  case CLF__BINARY_BALANCED:
    ck_clf_ok(clf_balanced_accuracy(truth, predicted, weights, 4, 2, &value));
    return value;
  case CLF__BINARY_MATTHEWS:
    ck_clf_ok(clf_matthews_correlation(truth, predicted, weights, 4, 2, &value));
    return value;
  default:
    ck_clf_ok(clf_cohen_kappa(truth, predicted, weights, 4, 2, CLF_DISAGREEMENT_EQUAL, &value));
    return value;
  }
}

enum { TUNED = 120 };

typedef struct tuned {
  double p[TUNED][2];
  int32_t labels[TUNED];
  float weights[TUNED];
  clf__threshold_search search;
} tuned;

static void make_tuned(tuned *t, bool weighted) {
  uint64_t state = 8;
  for (int i = 0; i < TUNED; i++) {
    t->labels[i] = random_unit(&state) < 0.3;
    const double p = random_unit(&state) * 0.8 + (t->labels[i] != 0 ? 0.2 : 0);
    t->p[i][1] = floor(p * 40) / 40; /* ties, and some 0 */
    t->p[i][0] = 1 - t->p[i][1];
    t->weights[i] = (float)(int)(random_unit(&state) * 4);
  }
  t->search = (clf__threshold_search){
      .p = &t->p[0][1], .stride = 2, .rows = TUNED, .labels = t->labels, .positive = 1};
  t->search.weights = weighted ? t->weights : NULL;
}

/* The best of all thresholds between the values, of which the grid of 1/80 has one of each. */
TEST_LOOP(threshold__is_the_best_of_all, 0, CLF__BINARY_MEASURES) {
  static tuned t;
  clf_context *context = context_with("threads=1");
  for (int weighted = 0; weighted < 2; weighted++) {
    for (int conditions = 0; conditions < 3; conditions++) {
      clf__threshold_found found = {-1, -1, -1};
      make_tuned(&t, weighted == 1);
      t.search.measure = _i;
      t.search.condition_count = conditions;
      t.search.conditions[0] = (clf__threshold_condition){CLF__BINARY_RECALL, 0.7};
      t.search.conditions[1] = (clf__threshold_condition){CLF__BINARY_PRECISION, 0.35};
      ck_clf_ok(clf__threshold_find(&found, context, &t.search));
      double best = -INFINITY, nearest = INFINITY;
      for (int k = 1; k <= 81; k += 2) {
        const double at = k / 80.0, value = measure_at(&t.search, _i, at);
        const bool holds =
            (conditions < 1 || measure_at(&t.search, CLF__BINARY_RECALL, at) >= 0.7) &&
            (conditions < 2 || measure_at(&t.search, CLF__BINARY_PRECISION, at) >= 0.35);
        nearest =
            holds && (value > best + 1e-9 || (value > best - 1e-9 && fabs(at - 0.5) < nearest))
                ? fabs(at - 0.5)
                : nearest;
        best = holds ? fmax(best, value) : best;
      }
      ck_assert_double_eq_tol(found.value, best, 1e-6); /* weights as floats */
      ck_assert_double_eq_tol(measure_at(&t.search, _i, found.threshold), best, 1e-6);
      ck_assert_double_le(fabs(found.threshold - 0.5), nearest + 0.5 / 40 + 1e-9);
      ck_assert(found.row < 0 || t.p[found.row][1] >= found.threshold);
      for (int i = 0; found.row >= 0 && i < TUNED; i++) {
        ck_assert(t.p[i][1] < found.threshold || t.p[i][1] >= t.p[found.row][1]);
      }
    }
  }
  clf_context_free(context);
}

TEST(threshold__says_what_can_be_reached) {
  static tuned t;
  clf_context *context = context_with("threads=1");
  clf__threshold_found found = {-1, -1, -1};
  make_tuned(&t, false);
  ck_clf_ok(clf__threshold_read_conditions(&t.search, " recall >= 0.9 , precision>=0.8"));
  ck_assert_int_eq(t.search.condition_count, 2);
  ck_assert_double_eq(t.search.conditions[1].limit, 0.8);
  ck_clf_fails(clf__threshold_find(&found, context, &t.search), CLF_ERROR_DATA);
  ck_clf_says("precision>=0.8 is not reached by these rows where the other conditions hold");
  ck_clf_ok(clf__threshold_read_conditions(&t.search, "specificity>=0.5,f1>=0.99"));
  ck_clf_fails(clf__threshold_find(&found, context, &t.search), CLF_ERROR_DATA);
  ck_clf_says("f1>=0.99 is not reached by these rows: f1 is at most ");
  ck_assert_double_eq(found.threshold, -1);
  const char *bad[] = {"recall",      "recall<=0.9",
                       "recoil>=0.9", "recall>=high",
                       "recall>=",    "f1>=1,f1>=1,f1>=1,f1>=1,f1>=1,f1>=1,f1>=1,f1>=1,f1>=1"};
  for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
    ck_clf_fails(clf__threshold_read_conditions(&t.search, bad[i]), CLF_ERROR_ARGUMENT);
  }
  clf_context_free(context);
}

/* The threshold that a model has is the best one of its own probabilities on the rows. */
TEST(tune_threshold__of_two_classes) {
  clf_dataset *rows = rows_of(2);
  clf_model *model = fitted(NULL, "logistic", NULL, rows), *loaded = NULL;
  double p[ROWS][2], score[2][4], best = 0;
  int32_t found[ROWS], again[ROWS];
  ck_clf_ok(clf_model_predict_proba_f64(model, rows, p[0], 2 * ROWS));
  for (int k = 0; k < ROWS; k++) {
    for (int i = 0; i < ROWS; i++) {
      found[i] = p[i][1] >= p[k][1];
    }
    ck_clf_ok(clf_class_scores(y, found, NULL, ROWS, 2, score[0]));
    best = fmax(best, score[1][2]);
  }
  ck_clf_ok(clf_model_tune_threshold(model, rows, NULL));
  ck_clf_ok(clf_model_predict(model, rows, found, ROWS));
  ck_clf_ok(clf_class_scores(y, found, NULL, ROWS, 2, score[0]));
  ck_assert_double_eq_tol(score[1][2], best, 1e-12);
  ck_clf_ok(clf_model_tune_threshold(model, rows, "require='recall>=0.95' metric=precision"));
  ck_clf_ok(clf_model_predict(model, rows, found, ROWS));
  ck_clf_ok(clf_class_scores(y, found, NULL, ROWS, 2, score[0]));
  ck_assert_double_ge(score[1][1], 0.95);
  static unsigned char bytes[1 << 16];
  size_t size = 0;
  ck_clf_ok(clf_model_save_memory(model, bytes, sizeof bytes, &size));
  ck_clf_ok(clf_model_load_memory(&loaded, NULL, bytes, size));
  ck_clf_ok(clf_model_predict(loaded, rows, again, ROWS));
  ck_assert_mem_eq(found, again, sizeof found);
  ck_clf_fails(clf_model_tune_threshold(model, rows, "class=yes"), CLF_ERROR_ARGUMENT);
  ck_clf_says("has no class 'yes'");
  ck_clf_fails(clf_model_tune_threshold(model, rows, "require='precision>=1.5'"), CLF_ERROR_DATA);
  ck_clf_says("class '1': precision>=1.5 is not reached");
  ck_clf_ok(clf_model_predict(model, rows, again, ROWS));
  ck_assert_mem_eq(found, again, sizeof found); /* as it was before the failures */
  ck_clf_ok(clf_model_set_costs(model, NULL));
  ck_clf_ok(clf_model_predict(model, rows, found, ROWS));
  for (int i = 0; i < ROWS; i++) {
    ck_assert_int_eq(found[i], p[i][1] > p[i][0]);
  }
  clf_model_free(loaded);
  clf_model_free(model);
  clf_dataset_free(rows);
}

TEST(tune_threshold__of_one_class_and_of_each) {
  clf_dataset *rows = rows_of(CLASSES);
  clf_model *model = fitted(NULL, "logistic", NULL, rows);
  int32_t found[ROWS];
  int rare = 0;
  clf_tensor *tensor = NULL;
  ck_clf_ok(clf_model_tune_threshold(model, rows, "class=2 metric=recall require=precision>=0.2"));
  const double *thresholds = fitted_data(model, "decision_thresholds", &tensor);
  ck_assert(thresholds[0] == 0 && thresholds[1] == 0 && thresholds[2] > 0);
  clf_tensor_free(tensor);
  ck_clf_ok(clf_model_predict(model, rows, found, ROWS));
  for (int i = 0; i < ROWS; i++) {
    rare += y[i] == 2 && found[i] == 2;
  }
  ck_assert_int_eq(rare, ROWS / 6);
  ck_clf_ok(clf_model_tune_threshold(model, rows, "metric=balanced_accuracy"));
  thresholds = fitted_data(model, "decision_thresholds", &tensor);
  ck_assert(thresholds[0] > 0 && thresholds[1] > 0 && thresholds[2] > 0);
  clf_tensor_free(tensor);
  clf_model_free(model);
  clf_dataset_free(rows);
}

TEST(tune_threshold__with_weights_is_that_of_repeated_rows) {
  clf_dataset *rows = rows_of(2), *weighted = rows_of(2);
  static float twice[2 * ROWS * COLUMNS], weights[ROWS];
  static int32_t labels[2 * ROWS];
  int64_t count = 0;
  for (int i = 0; i < ROWS; i++) {
    weights[i] = (float)(i / 2 % 3);
    for (int k = 0; k < i / 2 % 3; k++, count++) {
      memcpy(twice + count * COLUMNS, x + i * COLUMNS, COLUMNS * sizeof *x);
      labels[count] = y[i];
    }
  }
  set_weights(weighted, weights);
  clf_dataset *repeated = dataset_of(NULL, twice, CLF_F32, count, COLUMNS, labels);
  clf_model *model = fitted(NULL, "logistic", NULL, rows);
  double found[2], priors[2][2];
  for (int i = 0; i < 2; i++) {
    clf_tensor *tensor = NULL;
    ck_clf_ok(clf_model_estimate_priors(model, i == 0 ? weighted : repeated, priors[i], 2));
    ck_clf_ok(clf_model_tune_threshold(model, i == 0 ? weighted : repeated, NULL));
    found[i] = ((const double *)fitted_data(model, "decision_thresholds", &tensor))[1];
    clf_tensor_free(tensor);
  }
  ck_assert_double_eq(found[0], found[1]);
  ck_assert_double_eq_tol(priors[0][0], priors[1][0], 1e-9);
  clf_model_free(model);
  clf_dataset_free(repeated);
  clf_dataset_free(weighted);
  clf_dataset_free(rows);
}

/* Rows of two normal distributions around -1 and 1, whose probabilities are known exactly for any
 * share of the second. */
static double exact(double at, double share) {
  return share / (share + (1 - share) * exp(-2 * at));
}

TEST(priors__correct_probabilities_exactly) {
  const double from[2] = {0.8, 0.2}, priors[2] = {0.35, 0.65};
  for (double at = -3; at <= 3; at += 0.25) {
    double p[2] = {1 - exact(at, 0.2), exact(at, 0.2)};
    clf__priors_apply(priors, from, p, 1, 2);
    ck_assert_double_eq_tol(p[1], exact(at, 0.65), 1e-14);
    ck_assert_double_eq_tol(p[0] + p[1], 1, 1e-15);
  }
}

TEST(priors__are_estimated) {
  enum { MANY = 4000 };
  static double p[MANY][2];
  const double from[2] = {0.8, 0.2};
  double priors[2], scratch[2], mean = 0;
  uint64_t state = 6;
  for (int i = 0; i < MANY; i++) {
    const double at = random_normal(&state) + (i % 20 < 13 ? 1 : -1); /* a share of 0.65 */
    p[i][1] = exact(at, 0.2);
    p[i][0] = 1 - p[i][1];
  }
  clf_context *context = context_with("threads=1");
  ck_clf_ok(clf__priors_estimate(context, p[0], NULL, MANY, 2, from, priors, scratch));
  clf_context_set_progress(context, cancel_at_once, NULL);
  double cancelled[2];
  ck_clf_fails(clf__priors_estimate(context, p[0], NULL, MANY, 2, from, cancelled, scratch),
               CLF_ERROR_CANCELLED);
  clf_context_free(context);
  ck_assert_double_eq_tol(priors[1], 0.65, 0.03); /* three deviations of the estimate */
  ck_assert_double_eq_tol(priors[0] + priors[1], 1, 1e-12);
  clf__priors_apply(priors, from, p[0], MANY, 2);
  for (int i = 0; i < MANY; i++) {
    mean += p[i][1] / MANY;
  }
  ck_assert_double_eq_tol(mean, priors[1], 1e-7); /* where expectation maximization rests */
}

TEST(priors__are_set_on_a_model) {
  clf_dataset *rows = rows_of(CLASSES);
  clf_model *model = fitted(NULL, "logistic", NULL, rows);
  const double wanted[CLASSES] = {1, 1, 2}, from[CLASSES] = {0.5, 1.0 / 3, 1.0 / 6};
  double p[ROWS][CLASSES], q[ROWS][CLASSES], estimated[2][CLASSES];
  int32_t found[ROWS];
  ck_clf_ok(clf_model_predict_proba_f64(model, rows, p[0], ROWS * CLASSES));
  ck_clf_ok(clf_model_estimate_priors(model, rows, estimated[0], CLASSES));
  for (int k = 0; k < CLASSES; k++) {
    ck_assert_double_eq_tol(estimated[0][k], from[k], 1e-3); /* those of the fit */
  }
  for (int given = 0; given < 2; given++) {
    ck_clf_ok(clf_model_set_priors(model, wanted, given != 0 ? from : NULL));
    ck_clf_ok(clf_model_predict_proba_f64(model, rows, q[0], ROWS * CLASSES));
    ck_clf_ok(clf_model_predict(model, rows, found, ROWS));
    for (int i = 0; i < ROWS; i++) {
      double sum = 0;
      int best = 0;
      for (int k = 0; k < CLASSES; k++) {
        sum += p[i][k] * wanted[k] / from[k];
        best = q[i][k] > q[i][best] ? k : best;
      }
      for (int k = 0; k < CLASSES; k++) {
        ck_assert_double_eq_tol(q[i][k], p[i][k] * wanted[k] / from[k] / sum, 1e-6);
      }
      ck_assert_int_eq(found[i], best);
    }
  }
  ck_clf_ok(clf_model_estimate_priors(model, rows, estimated[1], CLASSES));
  for (int k = 0; k < CLASSES; k++) {
    ck_assert_double_eq_tol(estimated[0][k], estimated[1][k], 1e-9);
  }
  const double negative[CLASSES] = {1, -1, 1}, none[CLASSES] = {0};
  ck_clf_fails(clf_model_set_priors(model, negative, NULL), CLF_ERROR_DATA);
  ck_clf_fails(clf_model_set_priors(model, none, NULL), CLF_ERROR_DATA);
  ck_clf_fails(clf_model_set_priors(model, wanted, (const double[]){1, 1, 0}), CLF_ERROR_DATA);
  ck_clf_says("the new share of '2' is 0.5, but it had none in the training rows");
  ck_clf_fails(clf_model_estimate_priors(model, rows, estimated[1], 2), CLF_ERROR_ARGUMENT);
  ck_clf_ok(clf_model_set_priors(model, NULL, NULL));
  ck_clf_ok(clf_model_predict_proba_f64(model, rows, q[0], ROWS * CLASSES));
  ck_assert_mem_eq(p, q, sizeof p);
  clf_model_free(model);
  clf_dataset_free(rows);
}

/* With class_weight the probabilities are for the weighted shares; of fisher for its priors, which
 * sums over the rows keep, too. */
TEST_LOOP(priors__know_the_weights_of_the_classes, 0, 3) {
  static const char *const settings[][2] = {{"logistic", "class_weight=balanced"},
                                            {"fisher", "priors=1,1,1"},
                                            {"fisher", "priors=1,1,1 incremental=true"}};
  clf_dataset *rows = rows_of(CLASSES);
  clf_model *model = fitted(NULL, settings[_i][0], settings[_i][1], rows);
  const double equal[CLASSES] = {1, 1, 1};
  double p[ROWS][CLASSES], q[ROWS][CLASSES];
  ck_clf_ok(clf_model_predict_proba_f64(model, rows, p[0], ROWS * CLASSES));
  ck_clf_ok(clf_model_set_priors(model, equal, NULL));
  ck_clf_ok(clf_model_predict_proba_f64(model, rows, q[0], ROWS * CLASSES));
  for (int i = 0; i < ROWS * CLASSES; i++) {
    ck_assert_double_eq_tol(p[i / CLASSES][i % CLASSES], q[i / CLASSES][i % CLASSES], 1e-6);
  }
  clf_model_free(model);
  clf_dataset_free(rows);
}

/* Everything that can be set, one after the other. */
static void set_all(clf_model *model, const clf_dataset *rows, bool costs) {
  static const double prices[9] = {0, 1, 2, 3, 0, 4, 5, 6, 0};
  ck_clf_ok(clf_model_set_priors(model, (const double[]){1, 2, 3}, NULL));
  if (costs) {
    ck_clf_ok(clf_model_set_costs(model, prices));
  } else {
    ck_clf_ok(clf_model_tune_threshold(model, rows, NULL));
  }
  ck_clf_ok(clf_model_conform(model, rows, costs ? "by_class=true" : "method=aps"));
}

enum { VARIANTS = 5 };

/* Another dtype, one element more, NaN, a negative number, none. */
static clf_tensor *damage(const clf_tensor *tensor, int variant) {
  clf_tensor *other = NULL;
  int64_t shape[2] = {tensor->shape[0] + (variant == 1), tensor->ndim > 1 ? tensor->shape[1] : 1};
  const int32_t dtype = variant == 0 ? CLF_U8 : tensor->dtype;
  shape[0] = variant == 4 ? 0 : shape[0];
  ck_clf_ok(clf_tensor_create(&other, NULL, dtype, tensor->ndim, shape));
  if (variant >= 2 && variant < 4) {
    memcpy(other->data, tensor->data, (size_t)clf_tensor_count(tensor) * 8);
    if (dtype == CLF_F64) {
      ((double *)other->data)[0] = variant == 2 ? (double)NAN : -1e300;
    } else {
      ((int64_t *)other->data)[0] = variant == 2 ? INT64_MAX : -1;
    }
  }
  return other;
}

static clf_status load_damaged(const unsigned char *bytes, size_t size, int64_t index,
                               int variant) {
  static unsigned char changed[1 << 16];
  clf__store *original = NULL, *store = NULL;
  clf_model *model = NULL;
  clf_context *context = context_with("threads=1");
  ck_clf_ok(clf__store_read_memory(&original, context, bytes, size));
  ck_clf_ok(clf__store_create(&store, context));
  for (int64_t i = 0; i < clf__store_count(original); i++) {
    const char *name = clf__store_name(original, i), *text = clf__store_text(original, name);
    const clf_tensor *tensor = clf__store_tensor(original, name);
    clf_tensor *other = i == index ? damage(tensor, variant) : NULL;
    ck_clf_ok(text != NULL ? clf__store_add_text(store, name, text)
                           : clf__store_add_tensor(store, name, other != NULL ? other : tensor));
    clf_tensor_free(other);
  }
  ck_clf_ok(clf__store_write_memory(store, changed, sizeof changed, &size));
  const clf_status status = clf_model_load_memory(&model, context, changed, size);
  clf_model_free(model);
  clf__store_free(store);
  clf__store_free(original);
  clf_context_free(context);
  return status;
}

TEST_LOOP(choices__from_a_hostile_file_are_refused, 0, 2) {
  static unsigned char bytes[1 << 16];
  size_t size = 0;
  int tried = 0;
  clf_dataset *rows = rows_of(CLASSES);
  clf_model *model = fitted(NULL, "logistic", NULL, rows);
  clf__store *store = NULL;
  set_all(model, rows, _i == 1);
  ck_clf_ok(clf_model_save_memory(model, bytes, sizeof bytes, &size));
  ck_clf_ok(clf__store_read_memory(&store, NULL, bytes, size));
  for (int64_t i = 0; i < clf__store_count(store); i++) {
    const char *name = clf__store_name(store, i);
    for (int k = 0; strstr(name, "decision_") != NULL && k < VARIANTS; k++, tried++) {
      const bool any = strstr(name, "costs") != NULL || strstr(name, "set_scores") != NULL;
      const clf_status status = load_damaged(bytes, size, i, k);
      ck_assert_msg(status == CLF_ERROR_CORRUPT || (any && k == 3 && status == CLF_OK),
                    "%s, variant %d: %s", name, k, clf_status_name(status));
    }
  }
  ck_assert_int_eq(tried, 6 * VARIANTS);
  clf__store_free(store);
  clf_model_free(model);
  clf_dataset_free(rows);
}

/* Rows that follow are added; those of weights that were set, or of other classes, are not. */
TEST(class_rows__follow_the_fits) {
  clf_dataset *two = rows_of(2);
  clf_model *model = fitted(NULL, "network",
                            "epochs=1 warm_start=true layers='dense units=4; dense units=2'", two);
  for (int fits = 1; fits <= 2; fits++) {
    clf_tensor *tensor = NULL;
    const double *rows = fitted_data(model, "decision_class_rows", &tensor);
    ck_assert_double_eq(rows[0], fits * 2.0 * ROWS / 3);
    ck_assert_double_eq(rows[1], fits * 1.0 * ROWS / 3);
    clf_tensor_free(tensor);
    ck_clf_ok(clf_model_partial_fit(model, two));
  }
  clf_tensor *tensor = NULL;
  clf_dataset *three = rows_of(CLASSES);
  ck_clf_ok(clf_network_remove_layer(model));
  ck_clf_ok(clf_network_add_layer(model, "dense", "units=3"));
  ck_clf_ok(clf_model_fit(model, three, NULL, NULL));
  const double *rows = fitted_data(model, "decision_class_rows", &tensor);
  ck_assert_double_eq(rows[0], ROWS / 2.0);
  ck_assert_double_eq(rows[2], ROWS / 6.0);
  clf_tensor_free(tensor);
  clf_model_free(model);
  clf_dataset_free(three);
  clf_dataset_free(two);
}

/* Costs in the file of a model that computes no probabilities. */
TEST(choices__without_probabilities_are_refused) {
  static unsigned char bytes[1 << 16];
  size_t size = 0;
  clf_dataset *rows = rows_of(2);
  clf_model *model = fitted(NULL, "ridge", NULL, rows), *loaded = NULL;
  clf__store *store = NULL;
  ck_clf_ok(clf_model_save_memory(model, bytes, sizeof bytes, &size));
  for (int i = 0; i < 3; i++) {
    static const char *const names[] = {"state.decision_costs", "state.decision_thresholds",
                                        "state.decision_priors"};
    clf_tensor *tensor = NULL;
    size_t changed = 0;
    static unsigned char other[1 << 16];
    ck_clf_ok(clf__store_read_memory(&store, NULL, bytes, size));
    ck_clf_ok(clf_tensor_create(&tensor, NULL, CLF_F64, i == 1 ? 1 : 2, (int64_t[]){2, 2}));
    for (int k = 0; k < (i == 1 ? 2 : 4); k++) {
      ((double *)clf_tensor_data(tensor))[k] = 0.5;
    }
    ck_clf_ok(clf__store_add_tensor(store, names[i], tensor));
    ck_clf_ok(clf__store_write_memory(store, other, sizeof other, &changed));
    ck_clf_fails(clf_model_load_memory(&loaded, NULL, other, changed), CLF_ERROR_CORRUPT);
    ck_clf_says("but no probabilities");
    clf_tensor_free(tensor);
    clf__store_free(store);
    store = NULL;
  }
  clf_model_free(model);
  clf_dataset_free(rows);
}

/* A new fit drops everything, and says so once; files of other programs do not express it. */
TEST(choices__are_dropped_by_a_fit_and_refused_by_exports) {
  clf_context *context = context_with("threads=1");
  clf_dataset *rows = rows_of(CLASSES);
  clf_model *model = fitted(context, "logistic", NULL, rows);
  int32_t plain[ROWS], found[ROWS];
  ck_clf_ok(clf_model_predict(model, rows, plain, ROWS));
  set_all(model, rows, true);
  ck_clf_fails(clf_model_export(model, "onnx", "/nonexistent/x.onnx", NULL), CLF_ERROR_UNSUPPORTED);
  ck_clf_says("does not express the costs");
  ck_clf_ok(clf_model_set_costs(model, NULL));
  ck_clf_fails(clf_model_export(model, "c", "/nonexistent/x.c", NULL), CLF_ERROR_UNSUPPORTED);
  ck_clf_says("the priors");
  set_all(model, rows, false);
  clf_context_set_log(context, keep_log, NULL);
  *logged = '\0';
  ck_clf_ok(clf_model_fit(model, rows, NULL, NULL));
  ck_clf_ok(clf_model_predict(model, rows, found, ROWS));
  ck_assert_mem_eq(plain, found, sizeof plain);
  ck_assert_ptr_nonnull(strstr(logged, "the fit drops 'decision_"));
  clf_model_free(model);
  clf_dataset_free(rows);
  clf_context_free(context);
}

static clf_status decide_all(clf_context *from, const void *argument) {
  const bool costs = *(const bool *)argument;
  clf_tensor *data = NULL, *known = NULL;
  clf_dataset *rows = NULL;
  clf_model *model = NULL;
  double priors[2];
  uint8_t sets[2 * 20];
  int32_t found[20];
  clf_status status;
  TRY(clf_tensor_wrap(&data, from, x, CLF_F32, 2, (int64_t[]){20, COLUMNS}, NULL));
  TRY(clf_tensor_wrap(&known, from, y, CLF_I32, 1, (int64_t[]){20}, NULL));
  TRY(clf_dataset_create(&rows, from, data, known));
  TRY(clf_model_create(&model, from, "logistic", NULL));
  TRY(clf_model_fit(model, rows, NULL, NULL));
  TRY(clf_model_estimate_priors(model, rows, priors, 2));
  TRY(clf_model_set_priors(model, priors, NULL));
  TRY(costs ? clf_model_set_costs(model, (const double[]){0, 1, 2, 0})
            : clf_model_tune_threshold(model, rows, "require='recall>=0.5'"));
  TRY(clf_model_conform(model, rows, "method=aps by_class=true"));
  TRY(clf_model_predict(model, rows, found, 20));
  TRY(clf_model_predict_set(model, rows, 0.8, sets, sizeof sets));
done:
  clf_model_free(model);
  clf_dataset_free(rows);
  clf_tensor_free(known);
  clf_tensor_free(data);
  return status;
}

TEST_LOOP(choices__survive_every_refused_allocation, 0, 2) {
  const bool costs = _i == 1;
  clf_dataset_free(rows_of(2));
  const refusals count = check_every_allocation("threads=1", decide_all, &costs);
  ck_assert_int_eq(count.tolerated, 0);
}

SUITE("choices")
