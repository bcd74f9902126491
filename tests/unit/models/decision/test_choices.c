/* Costs and priors: against closed forms, and what models predict against their own probabilities;
 * files of all choices. */
#include <math.h>

#include "failing_allocator.h"

#include "choice_rows.h"
#include "models/decision/costs.h"
#include "models/decision/priors.h"
#include "store/store.h"
#include "support.h"

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
  ck_clf_fails(clf_model_set_priors(model, wanted, (const double[]){1, 1, 1e-310}), CLF_ERROR_DATA);
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
