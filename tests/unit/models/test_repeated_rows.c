/* A weight of 2 counts as the row twice, and a row of weight 0 as none, where test_weights.c does not
 * look: in networks with full batches, in sums, in transforms, in scores, and in cross-validation and
 * search, whose folds are of rows. */
#include <math.h>

#include "support.h"

enum { ROWS = 24, COLUMNS = 4, CLASSES = 3, REPEATED = 2 * ROWS };

static float x[REPEATED * COLUMNS], weights[ROWS];
static int32_t labels[REPEATED];
static double targets[REPEATED];
static int64_t repeated; /* rows from ROWS on: each again as often as its weight says */
static float more_x[REPEATED * COLUMNS];
static int32_t more_labels[REPEATED];
static double more_targets[REPEATED];

static void setup(void) {
  uint64_t seed = 9;
  repeated = 0;
  for (int i = 0; i < ROWS; i++) {
    labels[i] = i % CLASSES;
    weights[i] = (float)((i / 3) % 3); /* 0, 1, 2 in each class */
    for (int j = 0; j < COLUMNS; j++) {
      const double value = random_normal(&seed) + (j == labels[i] ? 1.5 : 0);
      x[i * COLUMNS + j] = value > 0 ? (float)value : 0;
    }
    targets[i] = (double)x[i * COLUMNS] + 0.5 * random_normal(&seed);
    for (int time = 0; time < (int)weights[i]; time++) {
      memcpy(more_x + repeated * COLUMNS, x + i * COLUMNS, COLUMNS * sizeof *x);
      more_labels[repeated] = labels[i];
      more_targets[repeated++] = targets[i];
    }
  }
}

static clf_dataset *with_targets(clf_dataset *rows, const double *values, int64_t count) {
  clf_tensor *y = NULL;
  ck_clf_ok(clf_tensor_wrap(&y, NULL, values, CLF_F64, 2, (int64_t[]){count, 1}, NULL));
  ck_clf_ok(clf_dataset_set_targets(rows, y));
  clf_tensor_free(y);
  return rows;
}

static clf_dataset *weighted_rows(bool regression) {
  clf_dataset *rows = dataset_of(NULL, x, CLF_F32, ROWS, COLUMNS, regression ? NULL : labels);
  set_weights(rows, weights);
  return regression ? with_targets(rows, targets, ROWS) : rows;
}

static clf_dataset *repeated_rows(bool regression) {
  clf_dataset *rows =
      dataset_of(NULL, more_x, CLF_F32, repeated, COLUMNS, regression ? NULL : more_labels);
  return regression ? with_targets(rows, more_targets, repeated) : rows;
}

typedef struct setting {
  const char *kind, *params, *transform;
  bool regression;
  double tolerance;
} setting;

#define FULL "epochs=20 batch_size=1000 shuffle=false layers='dense units=5 activation=tanh; "

static const setting settings[] = {
    {"network", FULL "dense units=3'", NULL, false, 1e-4},
    {"network", FULL "dense units=3' class_weight=1,2,1", NULL, false, 1e-4},
    {"network", FULL "dense units=1' loss=squared_error", NULL, true, 1e-4},
    {"ridge", "incremental=true", NULL, false, 1e-12},
    {"ridge", "incremental=true", NULL, true, 1e-12},
    {"fisher", "incremental=true", NULL, false, 1e-12},
    {"ridge", "class_weight=balanced", NULL, false, 1e-6},
    {"ridge", "", "log_count_ratio", false, 1e-6},
    {"logistic", "precision=f64 tolerance=1e-10", "standardize", false, 1e-6},
    {"svm", "tolerance=1e-9 probability=false", "min_max", false, 1e-6},
    {"svm", "type=epsilon_svr tolerance=1e-9", NULL, true, 1e-6},
};
enum { SETTINGS = sizeof settings / sizeof *settings };

static clf_model *fit(const setting *s, const clf_dataset *rows) {
  clf_model *model = NULL;
  ck_clf_ok(clf_model_create(&model, NULL, s->kind, s->params));
  if (s->transform != NULL) {
    ck_clf_ok(clf_model_add_transform(model, s->transform, NULL));
  }
  ck_clf_ok(clf_model_fit(model, rows, NULL, NULL));
  return model;
}

TEST_LOOP(repeated_rows__are_weights_of_a_fit, 0, SETTINGS) {
  const setting *s = &settings[_i];
  double one[ROWS * CLASSES], two[ROWS * CLASSES], score = -1, other = -2, most = 0, size = 0;
  clf_dataset *weighted = weighted_rows(s->regression), *more = repeated_rows(s->regression);
  clf_model *first = fit(s, weighted), *second = fit(s, more);
  const int64_t values = ROWS * clf_model_outputs(first);
  ck_clf_ok(clf_model_decision_function_f64(first, weighted, one, values));
  ck_clf_ok(clf_model_decision_function_f64(second, weighted, two, values));
  for (int64_t i = 0; i < values; i++) {
    most = fmax(most, fabs(one[i] - two[i]));
    size = fmax(size, fabs(one[i]));
  }
  ck_assert_msg(most <= s->tolerance * size, "%s %s: off by %g of %g", s->kind, s->params, most,
                size);
  ck_clf_ok(clf_model_score(first, weighted, &score));
  ck_clf_ok(clf_model_score(first, more, &other));
  ck_assert_double_eq_tol(score, other, 1e-12);
  clf_model_free(first);
  clf_model_free(second);
  clf_dataset_free(weighted);
  clf_dataset_free(more);
}

/* The score of validation rows is weighted, too. */
TEST(repeated_rows__are_weights_of_a_validation) {
  clf_dataset *weighted = weighted_rows(false), *more = repeated_rows(false);
  double scores[2];
  for (int i = 0; i < 2; i++) {
    clf_model *model = NULL;
    clf_tensor *tensor = NULL;
    ck_clf_ok(clf_model_create(&model, NULL, "ridge", NULL));
    ck_clf_ok(clf_model_fit(model, more, NULL, i == 0 ? weighted : more));
    scores[i] = *(const double *)fitted_data(model, "validation_score", &tensor);
    clf_tensor_free(tensor);
    clf_model_free(model);
  }
  ck_assert_double_eq_tol(scores[0], scores[1], 1e-12);
  clf_dataset_free(weighted);
  clf_dataset_free(more);
}

/* Each fold of weighted rows is that of its repeated rows: the score of a fold is computed here by
 * hand from both. */
TEST(repeated_rows__are_weights_of_each_fold) {
  enum { FOLDS = 3 };
  clf_dataset *weighted = weighted_rows(false);
  clf_model *model = NULL;
  double scores[FOLDS];
  ck_clf_ok(clf_model_create(&model, NULL, "ridge", NULL));
  ck_clf_ok(clf_cross_validate(model, weighted, FOLDS, 4, scores));
  for (int64_t fold = 0; fold < FOLDS; fold++) {
    clf_dataset *train = NULL, *test = NULL;
    int32_t found[ROWS];
    double right = 0, all = 0;
    ck_clf_ok(clf_dataset_fold(&train, &test, weighted, FOLDS, fold, 4));
    clf_tensor *y = NULL, *w = NULL;
    ck_clf_ok(clf_model_fit(model, train, NULL, NULL));
    ck_clf_ok(clf_model_predict(model, test, found, ROWS));
    ck_clf_ok(clf_dataset_tensor(&y, test, "labels"));
    ck_clf_ok(clf_dataset_tensor(&w, test, "weights"));
    for (int64_t i = 0; i < clf_dataset_rows(test); i++) {
      const double weight = (double)((const float *)clf_tensor_data(w))[i];
      right += found[i] == ((const int32_t *)clf_tensor_data(y))[i] ? weight : 0;
      all += weight;
    }
    ck_assert_double_eq_tol(scores[fold], right / all, 1e-12);
    clf_tensor_free(y);
    clf_tensor_free(w);
    clf_dataset_free(train);
    clf_dataset_free(test);
  }
  clf_model_free(model);
  clf_dataset_free(weighted);
}

/* What the transforms learn from weights, applied to the rows: steps of 0.5, so that values tie, with
 * missing ones where the transform takes them, and extremes that have the weight 0. */
TEST_LOOP(repeated_rows__are_weights_of_a_transform, 0, 11) {
  static const char *const transforms[][2] = {
      {"impute", ""},
      {"impute", "strategy=median"},
      {"impute", "strategy=most_frequent indicator=true"},
      {"robust", ""},
      {"robust", "center=false low=0.1 high=0.8"},
      {"quantile", ""},
      {"quantile", "quantiles=5 output=normal"},
      {"one_hot", "min_frequency=4 unknown=ignore columns=1,2"},
      {"one_hot", "min_frequency=0.2 unknown=ignore columns=1,2"},
      {"ordinal", "min_frequency=4 unknown=own columns=1,2"},
      {"target_mean", "columns=1,2"},
  };
  const char *const *how = transforms[_i];
  const bool fills = strcmp(how[0], "impute") == 0;
  clf_transform *made[2] = {NULL};
  clf_dataset *out[2] = {NULL};
  for (int64_t i = 0; i < ROWS * COLUMNS; i++) {
    const bool counts = weights[i / COLUMNS] > 0;
    x[i] = fills && i % 5 == 0 ? NAN : counts ? rintf(2 * x[i]) / 2 : 1000 + (float)(i % 2);
  }
  for (int64_t i = 0, at = 0; i < ROWS; i++) {
    for (int time = 0; time < (int)weights[i]; time++, at++) {
      memcpy(more_x + at * COLUMNS, x + i * COLUMNS, COLUMNS * sizeof *x);
    }
  }
  clf_dataset *weighted = weighted_rows(false), *more = repeated_rows(false);
  for (int k = 0; k < 2; k++) {
    ck_clf_ok(clf_transform_create(&made[k], NULL, how[0], how[1]));
    ck_clf_ok(clf_transform_fit(made[k], k == 0 ? weighted : more));
    ck_clf_ok(clf_transform_apply(&out[k], made[k], weighted));
  }
  const int64_t columns = clf_dataset_features(out[0]);
  ck_assert_int_eq(columns, clf_dataset_features(out[1]));
  clf_tensor *one = NULL, *two = NULL;
  ck_clf_ok(clf_dataset_tensor(&one, out[0], "x"));
  ck_clf_ok(clf_dataset_tensor(&two, out[1], "x"));
  for (int64_t i = 0; i < ROWS * columns; i++) {
    ck_assert_float_eq_tol(((const float *)clf_tensor_data(one))[i],
                           ((const float *)clf_tensor_data(two))[i], 1e-6f);
  }
  clf_tensor_free(one);
  clf_tensor_free(two);
  for (int k = 0; k < 2; k++) {
    clf_dataset_free(out[k]);
    clf_transform_free(made[k]);
  }
  clf_dataset_free(weighted);
  clf_dataset_free(more);
}

/* The rows of a fold, each as often as its weight says, without weights. */
static clf_dataset *repeat(const clf_dataset *rows) {
  int64_t order[REPEATED], count = 0;
  clf_dataset *made = NULL;
  clf_tensor *tensor = NULL;
  ck_clf_ok(clf_dataset_tensor(&tensor, rows, "weights"));
  for (int64_t i = 0; i < clf_dataset_rows(rows); i++) {
    for (int time = 0; time < (int)((const float *)clf_tensor_data(tensor))[i]; time++) {
      order[count++] = i;
    }
  }
  ck_clf_ok(clf_dataset_subset(&made, rows, order, count));
  ck_clf_ok(clf_dataset_set_weights(made, NULL));
  clf_tensor_free(tensor);
  return made;
}

/* A search whose folds are of weighted rows scores each combination as on the repeated rows of the
 * same folds, and so chooses the same. Folds of repeated rows would be others: a row and its copy
 * may then lie in different folds. */
TEST(repeated_rows__are_weights_of_a_search) {
  enum { FOLDS = 3, VALUES = 3 };
  static const char *const alphas[VALUES] = {"alpha=0.01", "alpha=3", "alpha=1000"};
  clf_dataset *weighted = weighted_rows(false);
  clf_search *search = NULL;
  clf_model *model = NULL;
  double means[VALUES] = {0};
  int best = 0;
  ck_clf_ok(clf_model_create(&model, NULL, "ridge", NULL));
  ck_clf_ok(clf_search_create(&search, model, weighted, FOLDS, 4, "alpha=0.01|3|1000", NULL));
  for (int64_t fold = 0; fold < FOLDS; fold++) {
    clf_dataset *train = NULL, *test = NULL;
    ck_clf_ok(clf_dataset_fold(&train, &test, weighted, FOLDS, fold, 4));
    clf_dataset *more = repeat(train), *asked = repeat(test);
    for (int k = 0; k < VALUES; k++) {
      double score = -1;
      clf_model *one = fitted(NULL, "ridge", alphas[k], more);
      ck_clf_ok(clf_model_score(one, asked, &score));
      ck_assert_double_eq_tol(clf_search_score(search, k, fold), score, 1e-12);
      means[k] += score / FOLDS;
      clf_model_free(one);
    }
    clf_dataset_free(train);
    clf_dataset_free(test);
    clf_dataset_free(more);
    clf_dataset_free(asked);
  }
  for (int k = 1; k < VALUES; k++) {
    best = means[k] > means[best] + 1e-12 ? k : best;
  }
  ck_assert_int_eq(clf_search_best(search), best);
  clf_search_free(search);
  clf_model_free(model);
  clf_dataset_free(weighted);
}

SUITE("repeated_rows", .setup = setup)
