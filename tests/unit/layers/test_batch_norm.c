/* Batch normalisation in networks: the statistics that inference uses, and padding. */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "failing_allocator.h"

enum { ROWS = 5000, COLUMNS = 4, CLASSES = 3, UNITS = 3, MEASURED = 4096 };

static void read(const clf_model *model, const char *name, float *out, int64_t count) {
  clf_tensor *tensor = NULL;
  ck_clf_ok(clf_model_tensor(&tensor, model, name));
  ck_assert_int_eq(clf_tensor_count(tensor), count);
  memcpy(out, clf_tensor_data(tensor), (size_t)count * sizeof *out);
  clf_tensor_free(tensor);
}

/* The model's statistics are those of x W + b, with the weights that it has, over the rows
 * i * rows / measured. */
static void check_statistics(const clf_model *model, const float *x, int64_t rows) {
  const int64_t measured = rows < MEASURED ? rows : MEASURED;
  float w[COLUMNS * UNITS], b[UNITS], mean[UNITS], variance[UNITS];
  read(model, "dense_1.weight", w, COLUMNS * UNITS);
  read(model, "dense_1.bias", b, UNITS);
  read(model, "batch_norm_1.running_mean", mean, UNITS);
  read(model, "batch_norm_1.running_var", variance, UNITS);
  for (int j = 0; j < UNITS; j++) {
    double sum = 0, squares = 0;
    for (int64_t i = 0; i < measured; i++) {
      const float *row = x + i * rows / measured * COLUMNS;
      double z = (double)b[j];
      for (int k = 0; k < COLUMNS; k++) {
        z += (double)row[k] * (double)w[k * UNITS + j];
      }
      sum += z;
      squares += z * z;
    }
    const double n = (double)measured, center = sum / n;
    const double spread = (squares - n * center * center) / (n - 1);
    ck_assert_double_eq_tol((double)mean[j], center, 1e-5 * (1 + fabs(center)));
    ck_assert_double_eq_tol((double)variance[j], spread, 1e-5 * (1 + spread));
  }
}

TEST(statistics__are_measured_for_the_weights_that_the_model_has) {
  static float x[ROWS * COLUMNS];
  static int32_t y[ROWS];
  static const char *const settings[] = {
      "epochs=1 max_steps=2",
      "epochs=2 averaging=0.9",
      "epochs=6 patience=1",
      "epochs=1 batch_size=3 max_steps=5",
  };
  static const int64_t sizes[] = {40, 300, ROWS};
  fill_clouds(x, y, ROWS, COLUMNS, CLASSES);
  for (int s = 0; s < 3; s++) {
    clf_dataset *data = dataset_of(NULL, x, CLF_F32, sizes[s], COLUMNS, y);
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
      clf_model *model = NULL;
      char params[256];
      snprintf(params, sizeof params,
               "layers='dropout rate=0.4; dense units=3; batch_norm; activation; dense units=3' "
               "warm_start=%s %s",
               strstr(settings[i], "patience") != NULL ? "false" : "true", settings[i]);
      ck_clf_ok(clf_model_create(&model, NULL, "network", params));
      ck_clf_ok(clf_model_fit(model, data, NULL, data));
      check_statistics(model, x, sizes[s]);
      if (strstr(settings[i], "patience") == NULL) {
        ck_clf_ok(clf_model_partial_fit(model, data));
        check_statistics(model, x, sizes[s]);
      }
      clf_model_free(model);
    }
    clf_dataset_free(data);
  }
}

/* After few steps the running statistics are still near their initial values 0 and 1, which are far
 * from those of the rows. With them, nearly all rows would be classified wrongly. */
TEST(statistics__of_a_short_fit_do_not_lag) {
  enum { COUNT = 600 };
  static float x[COUNT * COLUMNS];
  static int32_t y[COUNT];
  double score = 0, lagging = 0;
  fill_clouds(x, y, COUNT, COLUMNS, CLASSES);
  for (int i = 0; i < COUNT * COLUMNS; i++) {
    x[i] = 40 + 10 * x[i];
  }
  clf_dataset *data = dataset_of(NULL, x, CLF_F32, COUNT, COLUMNS, y);
  clf_model *model = NULL;
  clf_optimizer *adam = NULL;
  clf_tensor *accuracy = NULL;
  ck_clf_ok(clf_model_create(&model, NULL, "network",
                             "layers='batch_norm; dense units=3' epochs=1 batch_size=60"));
  ck_clf_ok(clf_optimizer_create(&adam, NULL, "adam", "learning_rate=0.1"));
  ck_clf_ok(clf_model_fit(model, data, adam, data));
  ck_clf_ok(clf_model_score(model, data, &score));
  ck_clf_ok(clf_model_tensor(&accuracy, model, "history_validation_accuracy"));
  lagging = *(const double *)clf_tensor_data(accuracy); /* by the running statistics */
  ck_assert_double_gt(score, 0.9);
  ck_assert_double_lt(lagging, score - 0.05);
  clf_tensor_free(accuracy);
  clf_optimizer_free(adam);
  clf_model_free(model);
  clf_dataset_free(data);
}

/* Calls of few rows each: the statistics are the running ones, by the formula of momentum. */
TEST(statistics__of_a_stream_run_on) {
  enum { PART = 8, PARTS = 30 };
  float x[PART * PARTS * COLUMNS], found[COLUMNS], before[COLUMNS];
  int32_t y[PART * PARTS];
  clf_model *model = NULL;
  fill_clouds(x, y, PART * PARTS, COLUMNS, CLASSES);
  ck_clf_ok(clf_model_create(&model, NULL, "network", "layers='batch_norm; dense units=3'"));
  for (int part = 0; part < PARTS; part++) {
    const float *rows = x + part * PART * COLUMNS;
    clf_dataset *data = dataset_of(NULL, rows, CLF_F32, PART, COLUMNS, y + part * PART);
    if (part > 1) {
      read(model, "batch_norm_1.running_mean", before, COLUMNS);
    }
    ck_clf_ok(clf_model_partial_fit(model, data));
    read(model, "batch_norm_1.running_mean", found, COLUMNS);
    for (int j = 0; part > 1 && j < COLUMNS; j++) {
      double mean = 0;
      for (int i = 0; i < PART; i++) {
        mean += (double)rows[i * COLUMNS + j] / PART;
      }
      ck_assert_double_eq_tol((double)found[j], 0.9 * (double)before[j] + 0.1 * mean, 1e-6);
    }
    clf_dataset_free(data);
  }
  clf_model_free(model);
}

/* Sequences of 1 to 6 ids, padded to some steps at the end or at the beginning. */
static clf_model *fitted_padded(const char *after, int64_t steps, bool at_end, float *scores) {
  enum { SEQUENCES = 60, LONGEST = 12 };
  static float ids[SEQUENCES * LONGEST];
  static int32_t labels[SEQUENCES];
  char params[256];
  clf_model *model = NULL;
  memset(ids, 0, sizeof ids);
  for (int64_t i = 0; i < SEQUENCES; i++) {
    const int64_t length = 1 + i % 6, first = at_end ? 0 : steps - length;
    for (int64_t j = 0; j < length; j++) {
      ids[i * steps + first + j] = (float)(1 + (i * 7 + j * 3) % 8);
    }
    labels[i] = (i * 7) % 8 < 4;
  }
  snprintf(params, sizeof params,
           "layers='embedding vocabulary=9 units=5; batch_norm; %s; dense units=2' epochs=3 "
           "batch_size=16",
           after);
  clf_dataset *data = dataset_of(NULL, ids, CLF_F32, SEQUENCES, steps, labels);
  ck_clf_ok(clf_model_create(&model, NULL, "network", params));
  ck_clf_ok(clf_model_fit(model, data, NULL, NULL));
  ck_clf_ok(clf_model_decision_function(model, data, scores, SEQUENCES * 2));
  clf_dataset_free(data);
  return model;
}

TEST(padding__of_any_length_and_side_changes_no_bit) {
  static const char two[] = "gru units=3 return_sequences=true; batch_norm; global_max_pool1d";
  static const char *const after[] = {"lstm units=4", "global_average_pool1d", two};
  for (int i = 0; i < 3; i++) {
    float short_scores[120], long_scores[120], front_scores[120], bias[2][2];
    clf_model *a = fitted_padded(after[i], 6, true, short_scores);
    clf_model *b = fitted_padded(after[i], 12, true, long_scores);
    clf_model *c = fitted_padded(after[i], 9, false, front_scores);
    read(a, "dense_1.bias", bias[0], 2);
    read(b, "dense_1.bias", bias[1], 2);
    ck_assert_mem_eq(bias[0], bias[1], sizeof bias[0]);
    ck_assert_mem_eq(short_scores, long_scores, sizeof short_scores);
    ck_assert_mem_eq(short_scores, front_scores, sizeof short_scores);
    clf_model_free(a);
    clf_model_free(b);
    clf_model_free(c);
  }
}

static clf_status whole_life(clf_context *context, const void *unused) {
  static const float ids[] = {1, 2, 0, 0, 3, 1, 0, 0, 0, 2, 2, 1};
  static const int32_t labels[] = {0, 1, 1};
  clf_tensor *x = NULL, *y = NULL;
  clf_dataset *data = NULL;
  clf_model *model = NULL;
  clf_status status;
  (void)unused;
  TRY(clf_tensor_wrap(&x, context, (void *)ids, CLF_F32, 2, (int64_t[]){3, 4}, NULL));
  TRY(clf_tensor_wrap(&y, context, (void *)labels, CLF_I32, 1, (int64_t[]){3}, NULL));
  TRY(clf_dataset_create(&data, context, x, y));
  TRY(clf_model_create(&model, context, "network",
                       "layers='embedding vocabulary=4 units=2; batch_norm; gru units=2; dense "
                       "units=2' epochs=1"));
  TRY(clf_model_fit(model, data, NULL, NULL));
done:
  clf_model_free(model);
  clf_dataset_free(data);
  clf_tensor_free(x);
  clf_tensor_free(y);
  return status;
}

TEST(padding__every_allocation_may_fail) {
  check_every_allocation("threads=1", whole_life, NULL);
}

SUITE("batch_norm")
