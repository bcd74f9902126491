/* Prediction sets and intervals: quantiles by their definition, coverage of rows that were not held
 * out, and of models against their own probabilities. */
#include <math.h>

#include "models/decision/conformal.h"
#include "support.h"

TEST(quantile__is_the_smallest_that_covers) {
  double scores[200], sums[200];
  for (int i = 0; i < 200; i++) {
    scores[i] = i;
  }
  for (int n = 0; n <= 200; n++) {
    for (int c = 1; c < 100; c++) {
      const int needed = (c * (n + 1) + 99) / 100; /* ceil((n + 1) c / 100) in integers */
      const double found = clf__conformal_quantile(scores, NULL, n, c / 100.0);
      ck_assert_msg(found == (needed > n ? (double)INFINITY : needed - 1), "n %d, coverage %d: %f",
                    n, c, found);
    }
  }
  double repeated[600];
  int64_t count = 0;
  double sum = 0;
  for (int i = 0; i < 200; i++) {
    sum += 1 + i % 3;
    sums[i] = sum;
    for (int k = 0; k <= i % 3; k++) {
      repeated[count++] = scores[i];
    }
  }
  for (int c = 1; c < 100; c++) {
    ck_assert_double_eq(clf__conformal_quantile(scores, sums, 200, c / 100.0),
                        clf__conformal_quantile(repeated, NULL, count, c / 100.0));
  }
}

TEST(scores__of_a_row) {
  const double p[4] = {0.2, 0.5, 0.2, 0.1};
  clf__conformal_place order[4];
  double scores[4], part[4];
  const clf__conformal lac = {CLF__CONFORMAL_LAC, true, 0};
  const clf__conformal whole = {CLF__CONFORMAL_APS, false, 0};
  const clf__conformal drawn = {CLF__CONFORMAL_APS, true, 3};
  clf__conformal_scores(&lac, p, 4, order, scores);
  ck_assert(scores[1] == -0.5 && scores[3] == -0.1);
  clf__conformal_scores(&whole, p, 4, order, scores);
  const double expected[4] = {0.7, 0.5, 0.9, 1};
  for (int k = 0; k < 4; k++) {
    ck_assert_double_eq_tol(scores[k], expected[k], 1e-15);
  }
  clf__conformal_scores(&drawn, p, 4, order, part);
  const double u = part[1] / 0.5;
  ck_assert(u >= 0 && u < 1);
  for (int k = 0; k < 4; k++) {
    ck_assert_double_eq_tol(part[k], expected[k] - (1 - u) * p[k], 1e-15);
  }
  /* Not randomized, the most probable class is always in the set. */
  const double low[4] = {0.1, 0.1, 0.1, 0.1};
  uint8_t set[4];
  clf__conformal_set(&whole, scores, low, 4, set);
  ck_assert(set[0] == 0 && set[1] == 1 && set[2] == 0 && set[3] == 0);
  clf__conformal_set(&drawn, scores, low, 4, set);
  ck_assert_int_eq(set[1], 0);
}

/* A problem whose rows overlap: four clouds on a circle, of shares 0.6, 0.25, 0.1 and 0.05. */
enum { HELD = 1500, TESTED = 4000, ALL = HELD + TESTED, CLASSES = 4 };

static float x[ALL * 2];
static int32_t y[ALL];
static double targets[ALL * 2];

static void fill(void) {
  uint64_t state = 12;
  for (int i = 0; i < ALL; i++) {
    const double u = random_unit(&state);
    y[i] = u < 0.6 ? 0 : u < 0.85 ? 1 : u < 0.95 ? 2 : 3;
    x[2 * i] = (float)(1.2 * cos(1.5708 * y[i]) + random_normal(&state));
    x[2 * i + 1] = (float)(1.2 * sin(1.5708 * y[i]) + random_normal(&state));
    targets[2 * i] = 2 * (double)x[2 * i] + random_normal(&state);
    targets[2 * i + 1] = 1e6 - (double)x[2 * i + 1] + 30 * random_normal(&state);
  }
}

static clf_dataset *part_of(clf_context *context, int first, int rows) {
  return dataset_of(context, x + 2 * first, CLF_F32, rows, 2, y + first);
}

typedef struct coverage {
  double all, of_class[CLASSES], size, empty;
} coverage;

static coverage measure(const clf_model *model, const clf_dataset *rows, double wanted) {
  static uint8_t sets[TESTED][CLASSES];
  coverage found = {0, {0}, 0, 0};
  double of[CLASSES] = {0};
  ck_clf_ok(clf_model_predict_set(model, rows, wanted, sets[0], TESTED * CLASSES));
  for (int i = 0; i < TESTED; i++) {
    const int32_t label = y[HELD + i];
    const int size = sets[i][0] + sets[i][1] + sets[i][2] + sets[i][3];
    found.all += sets[i][label] / (double)TESTED;
    found.of_class[label] += sets[i][label];
    found.size += size / (double)TESTED;
    found.empty += (size == 0) / (double)TESTED;
    of[label]++;
  }
  for (int k = 0; k < CLASSES; k++) {
    found.of_class[k] /= of[k];
  }
  return found;
}

static const char *const methods[] = {"lac", "aps", "aps randomized=false", "lac by_class=true",
                                      "aps by_class=true"};

TEST_LOOP(sets__cover_as_asked_for, 0, 5) {
  char params[64];
  fill();
  snprintf(params, sizeof params, "method=%s", methods[_i]);
  clf_dataset *train = part_of(NULL, 0, 400), *held = part_of(NULL, 400, HELD - 400);
  clf_dataset *tested = part_of(NULL, HELD, TESTED);
  clf_model *model = fitted(NULL, "logistic", NULL, train);
  ck_clf_ok(clf_model_conform(model, held, params));
  double size = 0;
  for (int percent = 80; percent <= 95; percent += 5) {
    const coverage found = measure(model, tested, percent / 100.0);
    if (strstr(methods[_i], "false") != NULL) { /* the first class is added to empty sets */
      ck_assert_double_gt(found.all, percent / 100.0 - 0.025);
      ck_assert_double_eq(found.empty, 0);
    } else {
      ck_assert_double_eq_tol(found.all, percent / 100.0, 0.025);
    }
    /* Of a class there are some 50 held-out rows or more, whose quantile varies by 4 %. */
    for (int k = 0; _i >= 3 && k < CLASSES; k++) {
      ck_assert_double_eq_tol(found.of_class[k], percent / 100.0, k < 2 ? 0.05 : 0.1);
    }
    ck_assert_double_ge(found.size, size);
    size = found.size;
  }
  clf_model_free(model);
  clf_dataset_free(train);
  clf_dataset_free(held);
  clf_dataset_free(tested);
}

/* The same sets on any number of threads, of any batch of the rows, and of the saved model. */
TEST(sets__are_a_property_of_the_row) {
  static uint8_t sets[3][TESTED][CLASSES], one[CLASSES];
  static unsigned char bytes[1 << 17];
  clf_context *contexts[2] = {context_with("threads=1"), context_with("threads=3")};
  size_t size = 0;
  clf_model *loaded = NULL;
  fill();
  for (int i = 0; i < 2; i++) {
    clf_dataset *train = part_of(contexts[i], 0, 400), *held = part_of(contexts[i], 400, 500);
    clf_dataset *tested = part_of(contexts[i], HELD, TESTED);
    clf_model *model = fitted(contexts[i], "logistic", NULL, train);
    ck_clf_ok(clf_model_conform(model, held, "method=aps"));
    ck_clf_ok(clf_model_predict_set(model, tested, 0.9, sets[i][0], TESTED * CLASSES));
    ck_clf_ok(clf_model_save_memory(model, bytes, sizeof bytes, &size));
    for (int row = 0; row < 50; row++) {
      clf_dataset *single = part_of(contexts[i], HELD + row, 1);
      ck_clf_ok(clf_model_predict_set(model, single, 0.9, one, CLASSES));
      ck_assert_mem_eq(one, sets[i][row], sizeof one);
      clf_dataset_free(single);
    }
    clf_model_free(model);
    clf_dataset_free(train);
    clf_dataset_free(held);
    clf_dataset_free(tested);
  }
  clf_dataset *tested = part_of(NULL, HELD, TESTED);
  ck_clf_ok(clf_model_load_memory(&loaded, NULL, bytes, size));
  ck_clf_ok(clf_model_predict_set(loaded, tested, 0.9, sets[2][0], TESTED * CLASSES));
  ck_assert_mem_eq(sets[0], sets[1], sizeof sets[0]);
  ck_assert_mem_eq(sets[0], sets[2], sizeof sets[0]);
  clf_dataset_free(tested);
  clf_model_free(loaded);
  clf_context_free(contexts[0]);
  clf_context_free(contexts[1]);
}

/* A model without probabilities has sets by its scores; few rows make whole sets, with a line in
 * the log. */
static char logged[2048];

static void keep_log(void *user, int32_t level, const char *message) {
  (void)user;
  (void)level;
  snprintf(logged, sizeof logged, "%s", message);
}

TEST(sets__of_scores_and_of_few_rows) {
  clf_context *context = context_with("threads=1");
  fill();
  clf_dataset *train = part_of(context, 0, 400), *held = part_of(context, 400, HELD - 400);
  clf_dataset *tested = part_of(context, HELD, TESTED), *few = part_of(context, 400, 18);
  clf_model *model = fitted(context, "ridge", NULL, train);
  static uint8_t sets[TESTED * CLASSES];
  ck_clf_fails(clf_model_predict_set(model, tested, 0.9, sets, sizeof sets), CLF_ERROR_UNSUPPORTED);
  ck_clf_says("which clf_model_conform() sets");
  ck_clf_fails(clf_model_conform(model, held, "method=aps"), CLF_ERROR_UNSUPPORTED);
  ck_clf_ok(clf_model_conform(model, held, NULL));
  ck_assert_double_eq_tol(measure(model, tested, 0.9).all, 0.9, 0.025);
  clf_context_set_log(context, keep_log, NULL);
  ck_clf_ok(clf_model_conform(model, few, NULL));
  ck_clf_ok(clf_model_predict_set(model, tested, 0.95, sets, sizeof sets));
  for (size_t i = 0; i < sizeof sets; i++) {
    ck_assert_int_eq(sets[i], 1);
  }
  ck_assert_str_eq(logged,
                   "ridge: a coverage of 0.95 needs 19 held-out rows, not 18: each set has "
                   "all classes");
  ck_clf_ok(clf_model_conform(model, few, "by_class=true"));
  ck_clf_ok(clf_model_predict_set(model, tested, 0.5, sets, sizeof sets));
  ck_assert_ptr_nonnull(strstr(logged, "held-out rows of '3'"));
  const double bad[] = {0, 1, -1, NAN};
  for (int i = 0; i < 4; i++) {
    ck_clf_fails(clf_model_predict_set(model, tested, bad[i], sets, sizeof sets),
                 CLF_ERROR_ARGUMENT);
  }
  ck_clf_fails(clf_model_predict_set(model, tested, 0.9, sets, 3), CLF_ERROR_ARGUMENT);
  float bounds[2];
  ck_clf_fails(clf_model_predict_interval(model, few, 0.9, bounds, 2), CLF_ERROR_UNSUPPORTED);
  clf_dataset_free(train);
  clf_dataset_free(held);
  clf_dataset_free(tested);
  clf_dataset_free(few);
  clf_model_free(model);
  clf_context_free(context);
}

static clf_dataset *dataset_with_targets(float *values, double *wanted, int64_t rows) {
  clf_dataset *data = dataset_of(NULL, values, CLF_F32, rows, 2, NULL);
  clf_tensor *t = NULL;
  ck_clf_ok(clf_tensor_wrap(&t, NULL, wanted, CLF_F64, 2, (int64_t[]){rows, 2}, NULL));
  ck_clf_ok(clf_dataset_set_targets(data, t));
  clf_tensor_free(t);
  return data;
}

static clf_dataset *targets_of(int first, int64_t rows) {
  return dataset_with_targets(x + 2 * first, targets + 2 * first, rows);
}

static const char *const REGRESSIONS[][2] = {
    {"ridge", NULL},
    {"network", "epochs=3 loss=squared_error layers='dense units=2'"},
    {"svm", "type=epsilon_svr gamma=0.3"},
    {"svm", "type=nu_svr kernel=linear nu=0.4"}};

/* Held-out rows with weights are rows that are repeated, and those of weight 0 are absent. */
TEST_LOOP(intervals__weights_are_repeated_rows, 0, 4) {
  enum { KEPT = 60 };
  static float weights[KEPT], bounds[2][TESTED][2][2];
  static float rows[2 * 3 * KEPT];
  static double wanted[2 * 3 * KEPT];
  int64_t count = 0;
  fill();
  clf_dataset *train = targets_of(0, 200), *tested = targets_of(HELD, TESTED);
  clf_dataset *weighted = targets_of(400, KEPT);
  for (int i = 0; i < KEPT; i++) {
    weights[i] = (float)((i * 7) % 4);
    for (int time = 0; time < (int)weights[i]; time++, count++) {
      memcpy(rows + 2 * count, x + 2 * (400 + i), 2 * sizeof *rows);
      memcpy(wanted + 2 * count, targets + 2 * (400 + i), 2 * sizeof *wanted);
    }
  }
  clf_dataset *repeated = dataset_with_targets(rows, wanted, count);
  set_weights(weighted, weights);
  clf_model *model = fitted(NULL, REGRESSIONS[_i][0], REGRESSIONS[_i][1], train);
  for (int time = 0; time < 2; time++) {
    ck_clf_ok(clf_model_conform(model, time == 0 ? weighted : repeated, NULL));
    ck_clf_ok(clf_model_predict_interval(model, tested, 0.9, bounds[time][0][0], 4 * TESTED));
  }
  ck_assert_mem_eq(bounds[0], bounds[1], sizeof bounds[0]);
  ck_assert(bounds[0][0][0][0] < bounds[0][0][0][1] && isfinite(bounds[0][0][0][0]));
  clf_dataset_free(train);
  clf_dataset_free(weighted);
  clf_dataset_free(repeated);
  clf_dataset_free(tested);
  clf_model_free(model);
}

TEST_LOOP(intervals__cover_as_asked_for, 0, 4) {
  static float bounds[TESTED][2][2], values[TESTED][2];
  fill();
  clf_dataset *train = targets_of(0, 400), *held = targets_of(400, HELD - 400);
  clf_dataset *tested = targets_of(HELD, TESTED);
  clf_model *model = fitted(NULL, REGRESSIONS[_i][0], REGRESSIONS[_i][1], train);
  ck_clf_ok(clf_model_conform(model, held, NULL));
  ck_clf_ok(clf_model_decision_function(model, tested, values[0], 2 * TESTED));
  for (int percent = 80; percent <= 95; percent += 15) {
    double covered[2] = {0, 0};
    ck_clf_ok(clf_model_predict_interval(model, tested, percent / 100.0, bounds[0][0], 4 * TESTED));
    for (int i = 0; i < TESTED; i++) {
      for (int k = 0; k < 2; k++) {
        const double target = targets[2 * (HELD + i) + k];
        covered[k] += (target >= (double)bounds[i][k][0] && target <= (double)bounds[i][k][1]);
        ck_assert(bounds[i][k][0] <= values[i][k] && values[i][k] <= bounds[i][k][1]);
      }
    }
    ck_assert_double_eq_tol(covered[0] / TESTED, percent / 100.0, 0.03);
    ck_assert_double_eq_tol(covered[1] / TESTED, percent / 100.0, 0.03);
  }
  ck_clf_fails(clf_model_conform(model, held, "by_class=true"), CLF_ERROR_UNSUPPORTED);
  clf_dataset *few = targets_of(400, 5);
  ck_clf_ok(clf_model_conform(model, few, NULL));
  ck_clf_ok(clf_model_predict_interval(model, tested, 0.9, bounds[0][0], 4 * TESTED));
  ck_assert(isinf(bounds[0][0][0]) && bounds[0][0][0] < 0 && isinf(bounds[7][1][1]));
  clf_dataset_free(few);
  clf_dataset_free(train);
  clf_dataset_free(held);
  clf_dataset_free(tested);
  clf_model_free(model);
}

SUITE("prediction_sets")
