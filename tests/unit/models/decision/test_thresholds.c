/* Thresholds: against closed forms, and against every threshold tried in turn. */
#include <math.h>

#include "choice_rows.h"
#include "models/decision/thresholds.h"

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
        ck_assert((weighted == 1 && t.weights[i] == 0) || t.p[i][1] < found.threshold ||
                  t.p[i][1] >= t.p[found.row][1]);
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

TEST(threshold__does_not_see_rows_without_weight) {
  const double p[] = {0.9, 0.6, 0.2};
  const int32_t labels[] = {1, 0, 0};
  const float weights[] = {1, 0, 1};
  clf__threshold_found found = {-1, -1, -1};
  const clf__threshold_search search = {.p = p,
                                        .stride = 1,
                                        .rows = 3,
                                        .labels = labels,
                                        .positive = 1,
                                        .weights = weights,
                                        .measure = CLF__BINARY_F1};
  clf_context *context = context_with("threads=1");
  ck_clf_ok(clf__threshold_find(&found, context, &search));
  ck_assert_double_eq_tol(found.threshold, 0.55, 1e-12);
  clf_context_free(context);
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

SUITE("thresholds")
