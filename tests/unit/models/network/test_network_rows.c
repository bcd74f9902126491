/* Which rows a network is trained and validated on, and what each of them counts. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "data/split.h"
#include "support.h"

enum { ROWS = 120, COLUMNS = 5, CLASSES = 3, WEIGHTS = COLUMNS * CLASSES };

typedef struct sample {
  float x[ROWS * COLUMNS], weights[ROWS];
  int32_t y[ROWS];
  double t[ROWS];
} sample;

static void fill(sample *s) {
  uint64_t state = 3;
  fill_clouds(s->x, s->y, ROWS, COLUMNS, CLASSES);
  for (int i = 0; i < ROWS; i++) {
    s->weights[i] = (float)(0.25 + random_unit(&state));
    s->t[i] = (double)s->x[i * COLUMNS] - (double)s->x[i * COLUMNS + 1] + random_normal(&state);
  }
}

/* Of labels, or with classify = false of targets. */
static clf_dataset *data_of(const sample *s, int64_t rows, bool classify, const float *weights) {
  clf_dataset *data = dataset_of(NULL, s->x, CLF_F32, rows, COLUMNS, classify ? s->y : NULL);
  if (!classify) {
    clf_tensor *targets = NULL;
    ck_clf_ok(clf_tensor_create(&targets, NULL, CLF_F64, 1, &rows));
    memcpy(clf_tensor_data(targets), s->t, (size_t)rows * sizeof *s->t);
    ck_clf_ok(clf_dataset_set_targets(data, targets));
    clf_tensor_free(targets);
  }
  if (weights != NULL) {
    set_weights(data, weights);
  }
  return data;
}

static clf_model *fit(const char *params, const clf_dataset *data, const clf_dataset *validation) {
  clf_model *model = NULL;
  clf_optimizer *sgd = NULL;
  ck_clf_ok(clf_model_create(&model, NULL, "network", params));
  ck_clf_ok(clf_optimizer_create(&sgd, NULL, "sgd", "learning_rate=0.05"));
  ck_clf_ok(clf_model_fit(model, data, sgd, validation));
  clf_optimizer_free(sgd);
  return model;
}

/* Copies a tensor's bytes to `out` and returns its elements. */
static int64_t read(const clf_model *model, const char *name, void *out, size_t size) {
  clf_tensor *tensor = NULL;
  ck_clf_ok(clf_model_tensor(&tensor, model, name));
  const int64_t count = clf_tensor_count(tensor);
  ck_assert_uint_ge(size, (size_t)count * (clf_tensor_dtype(tensor) == CLF_F64 ? 8 : 4));
  memcpy(out, clf_tensor_data(tensor),
         (size_t)count * (clf_tensor_dtype(tensor) == CLF_F64 ? 8 : 4));
  clf_tensor_free(tensor);
  return count;
}

/* w -= rate x sum of w_i (s(x_i w) - t_i) x_i / (rows x mean weight), s the sigmoid, the steps one
 * after another. */
TEST(step__divides_by_its_rows_and_the_mean_weight) {
  enum { BATCH = 7 };
  sample s;
  double w[COLUMNS] = {0}, b = 0, mean = 0;
  float first[COLUMNS], bias[1], found[COLUMNS];
  fill(&s);
  for (int i = 0; i < ROWS; i++) {
    s.y[i] = s.y[i] == 1;
  }
  clf_dataset *data = data_of(&s, ROWS, true, s.weights);
  static const char params[] =
      "layers=dense loss=binary_cross_entropy batch_size=7 shuffle=false epochs=";
  char text[128];
  snprintf(text, sizeof text, "%s0", params);
  clf_model *model = fit(text, data, NULL);
  read(model, "dense_1.weight", first, sizeof first);
  read(model, "dense_1.bias", bias, sizeof bias);
  b = (double)bias[0];
  clf_model_free(model);
  for (int k = 0; k < COLUMNS; k++) {
    w[k] = (double)first[k];
  }
  for (int i = 0; i < ROWS; i++) {
    mean += (double)s.weights[i] / ROWS;
  }
  for (int begin = 0; begin < ROWS; begin += BATCH) {
    const int rows = ROWS - begin < BATCH ? ROWS - begin : BATCH;
    double gradient[COLUMNS + 1] = {0};
    for (int i = begin; i < begin + rows; i++) {
      double z = b;
      for (int k = 0; k < COLUMNS; k++) {
        z += w[k] * (double)s.x[i * COLUMNS + k];
      }
      const double error = 1 / (1 + exp(-z)) - s.y[i];
      for (int k = 0; k <= COLUMNS; k++) {
        const double x = k < COLUMNS ? (double)s.x[i * COLUMNS + k] : 1;
        gradient[k] += (double)s.weights[i] * error * x / (rows * mean);
      }
    }
    for (int k = 0; k < COLUMNS; k++) {
      w[k] -= 0.05 * gradient[k];
    }
    b -= 0.05 * gradient[COLUMNS];
  }
  snprintf(text, sizeof text, "%s1", params);
  model = fit(text, data, NULL);
  read(model, "dense_1.weight", found, sizeof found);
  for (int k = 0; k < COLUMNS; k++) {
    ck_assert_double_eq_tol((double)found[k], w[k], 1e-5);
  }
  clf_model_free(model);
  clf_dataset_free(data);
}

TEST(weights__times_a_factor_change_nothing) {
  static const float factors[] = {4, 0x1p-100F, 3};
  sample s;
  fill(&s);
  for (int classify = 0; classify < 2; classify++) {
    const char *params = classify ? "layers='dense units=3' epochs=3 batch_size=8 accumulation=2"
                                  : "layers=dense loss=squared_error epochs=3 batch_size=8";
    const int count = classify ? WEIGHTS : COLUMNS;
    float plain[WEIGHTS], scaled[WEIGHTS], weights[ROWS];
    clf_dataset *data = data_of(&s, ROWS, classify, s.weights);
    clf_model *model = fit(params, data, NULL);
    read(model, "dense_1.weight", plain, sizeof plain);
    clf_model_free(model);
    clf_dataset_free(data);
    for (int f = 0; f < 3; f++) {
      for (int i = 0; i < ROWS; i++) {
        weights[i] = factors[f] * s.weights[i];
      }
      data = data_of(&s, ROWS, classify, weights);
      model = fit(params, data, NULL);
      read(model, "dense_1.weight", scaled, sizeof scaled);
      for (int k = 0; k < count; k++) {
        const double bound = f < 2 ? 0 : 1e-5; /* powers of two to the bit */
        ck_assert_double_le(fabs((double)scaled[k] - (double)plain[k]), bound);
      }
      clf_model_free(model);
      clf_dataset_free(data);
    }
  }
}

/* Also through batch_norm, dropout and a share held out. */
TEST(rows__without_weight_are_as_if_they_were_not_there) {
  sample s, kept;
  float with[WEIGHTS], without[WEIGHTS];
  static const char params[] =
      "layers='batch_norm; dropout rate=0.2; dense units=3' epochs=3 batch_size=16 "
      "validation_split=0.2";
  fill(&s);
  kept = s;
  int64_t rows = 0;
  for (int i = 0; i < ROWS; i++) {
    s.weights[i] = i % 3 == 1 && i % 2 == 0 ? 0 : s.weights[i];
    memcpy(kept.x + rows * COLUMNS, s.x + i * COLUMNS, COLUMNS * sizeof *s.x);
    kept.y[rows] = s.y[i];
    kept.weights[rows] = s.weights[i];
    rows += s.weights[i] > 0;
  }
  ck_assert_int_lt(rows, ROWS);
  clf_dataset *all = data_of(&s, ROWS, true, s.weights);
  clf_dataset *some = data_of(&kept, rows, true, kept.weights);
  clf_model *a = fit(params, all, NULL), *b = fit(params, some, NULL);
  read(a, "dense_1.weight", with, sizeof with);
  read(b, "dense_1.weight", without, sizeof without);
  ck_assert_mem_eq(with, without, sizeof with);
  clf_model_free(a);
  clf_model_free(b);
  clf_dataset_free(all);
  clf_dataset_free(some);
}

/* 20 rows of 2,020 are of a class that overlaps the other: the share of them that is found must
 * not depend on whether a batch has one. */
TEST(balanced__rare_classes_are_found_in_batches_of_any_size) {
  enum { ALL = 2020, RARE = 20 };
  static float x[ALL * 2];
  static int32_t y[ALL], found[ALL];
  uint64_t state = 9;
  for (int i = 0; i < ALL; i++) {
    y[i] = i % 101 == 0;
    x[2 * i] = (float)(random_normal(&state) + 1.5 * y[i]);
    x[2 * i + 1] = (float)random_normal(&state);
  }
  clf_dataset *data = dataset_of(NULL, x, CLF_F32, ALL, 2, y);
  int first = -1;
  for (int batch = 8; batch <= 128; batch *= 4) {
    char params[128];
    clf_model *model = NULL;
    clf_optimizer *sgd = NULL;
    snprintf(params, sizeof params,
             "layers='dense units=2' class_weight=balanced epochs=40 averaging=1 batch_size=%d",
             batch);
    ck_clf_ok(clf_model_create(&model, NULL, "network", params));
    ck_clf_ok(clf_optimizer_create(&sgd, NULL, "sgd", "learning_rate=0.02"));
    ck_clf_ok(clf_model_fit(model, data, sgd, NULL));
    ck_clf_ok(clf_model_predict(model, data, found, ALL));
    int right = 0;
    for (int i = 0; i < ALL; i++) {
      right += y[i] == 1 && found[i] == 1;
    }
    first = first < 0 ? right : first;
    ck_assert_msg(right >= RARE / 2 && right >= first - 2 && right <= first + 2,
                  "batches of %d find %d of %d, those of 8 %d", batch, right, RARE, first);
    clf_optimizer_free(sgd);
    clf_model_free(model);
  }
  clf_dataset_free(data);
}

/* Both by the weights that the fit would use: the rows' own times those of the classes. */
TEST(history__losses_are_weighted_and_accuracies_are_scores) {
  sample s;
  double losses[2], accuracies[2], score, own, sum = 0, weight = 0;
  static const double by_class[CLASSES] = {1, 4, 0.5};
  float p[ROWS * CLASSES];
  fill(&s);
  clf_dataset *data = data_of(&s, ROWS, true, s.weights);
  clf_model *model = fit("layers='dense units=3' epochs=2 class_weight=1,4,0.5", data, data);
  read(model, "history_validation_loss", losses, sizeof losses);
  read(model, "history_validation_accuracy", accuracies, sizeof accuracies);
  read(model, "validation_score", &own, sizeof own);
  ck_clf_ok(clf_model_score(model, data, &score));
  ck_clf_ok(clf_model_predict_proba(model, data, p, ROWS * CLASSES));
  for (int i = 0; i < ROWS; i++) {
    const double each = (double)s.weights[i] * by_class[s.y[i]];
    sum -= each * log((double)p[i * CLASSES + s.y[i]]);
    weight += each;
  }
  ck_assert_double_eq_tol(losses[1], sum / weight, 1e-5);
  ck_assert_double_eq_tol(accuracies[1], score, 1e-12);
  ck_assert_double_eq_tol(own, score, 1e-12);
  clf_model_free(model);
  clf_dataset_free(data);
}

TEST(validation__without_weight_is_refused) {
  sample s;
  clf_model *model = NULL;
  fill(&s);
  float none[ROWS] = {0};
  clf_dataset *data = data_of(&s, ROWS, true, NULL), *empty = data_of(&s, ROWS, true, none);
  ck_clf_ok(clf_model_create(&model, NULL, "network", "layers='dense units=3' epochs=1"));
  ck_clf_fails(clf_model_fit(model, data, NULL, empty), CLF_ERROR_DATA);
  ck_clf_says("validation: all row weights are 0");
  clf_model_free(model);
  clf_dataset_free(data);
  clf_dataset_free(empty);
}

/* It is refused before the fit, whose buffers have capacity for its own targets only, and by kinds
 * that have no validation. */
TEST(validation__has_the_columns_of_the_fit) {
  static const char *const kinds[] = {"network", "ridge"};
  enum { MORE = 5 };
  const int64_t shape[] = {ROWS, MORE};
  sample s;
  clf_tensor *wide = NULL;
  fill(&s);
  clf_dataset *one = data_of(&s, ROWS, false, NULL), *more = data_of(&s, ROWS, false, NULL);
  clf_dataset *labeled = data_of(&s, ROWS, true, NULL);
  clf_dataset *narrow = dataset_of(NULL, s.x, CLF_F32, ROWS, COLUMNS - 1, s.y);
  ck_clf_ok(clf_tensor_create(&wide, NULL, CLF_F64, 2, shape));
  ck_clf_ok(clf_dataset_set_targets(more, wide));
  for (int k = 0; k < 2; k++) {
    clf_model *model = NULL;
    ck_clf_ok(
        clf_model_create(&model, NULL, kinds[k], k == 0 ? "loss=squared_error epochs=1" : NULL));
    ck_clf_fails(clf_model_fit(model, one, NULL, more), CLF_ERROR_SHAPE);
    ck_clf_says("the rows have 5 target columns, the model 1");
    ck_clf_says("validation: ");
    ck_clf_fails(clf_model_fit(model, more, NULL, one), CLF_ERROR_SHAPE);
    ck_clf_fails(clf_model_fit(model, one, NULL, narrow), CLF_ERROR_SHAPE);
    ck_clf_fails(clf_model_fit(model, one, NULL, labeled), CLF_ERROR_ARGUMENT);
    ck_clf_says("the rows have labels; the model's have targets");
    ck_assert_int_eq(clf_model_classes(model), -1); /* not fitted */
    clf_model_free(model);
  }
  clf_tensor_free(wide);
  clf_dataset_free(one);
  clf_dataset_free(more);
  clf_dataset_free(labeled);
  clf_dataset_free(narrow);
}

TEST(split__has_its_share_of_each_class) {
  enum { COUNT = 131 };
  int32_t labels[COUNT];
  bool mark[COUNT], again[COUNT], other[COUNT];
  int64_t held[4] = {0};
  for (int i = 0; i < COUNT; i++) {
    labels[i] = i < 100 ? 0 : i < 120 ? 1 : i < 130 ? 2 : 3;
  }
  clf_context *context = NULL;
  ck_clf_ok(clf_context_create(&context, NULL, NULL));
  const clf__split split = {labels, 4, COUNT};
  ck_clf_ok(clf__split_mark(context, &split, 0.8, 7, mark));
  ck_clf_ok(clf__split_mark(context, &split, 0.8, 7, again));
  ck_clf_ok(clf__split_mark(context, &split, 0.8, 8, other));
  for (int i = 0; i < COUNT; i++) {
    held[labels[i]] += !mark[i];
  }
  ck_assert_int_eq(held[0], 20);
  ck_assert_int_eq(held[1], 4);
  ck_assert_int_eq(held[2], 2);
  ck_assert_int_eq(held[3], 0);
  ck_assert_mem_eq(mark, again, sizeof mark);
  ck_assert_mem_ne(mark, other, sizeof mark);
  clf_context_free(context);
}

/* The only row of class 2 has a feature of its own, whose weights move if it is trained on. */
TEST(validation_split__leaves_the_only_row_of_a_class) {
  sample s;
  fill(&s);
  for (int i = 0; i < ROWS; i++) {
    s.y[i] = i == 17 ? 2 : i % 2;
    s.x[i * COLUMNS + 4] = i == 17 ? 1 : 0;
  }
  clf_dataset *data = data_of(&s, ROWS, true, NULL);
  for (int seed = 0; seed < 8; seed++) {
    clf_context *context = NULL;
    clf_model *model = NULL;
    float before[WEIGHTS], after[WEIGHTS];
    char text[32];
    snprintf(text, sizeof text, "seed=%d", seed);
    ck_clf_ok(clf_context_create(&context, NULL, text));
    ck_clf_ok(clf_model_create(&model, context, "network",
                               "layers='dense units=3' epochs=0 validation_split=0.5"));
    ck_clf_ok(clf_model_fit(model, data, NULL, NULL));
    read(model, "dense_1.weight", before, sizeof before);
    ck_clf_ok(clf_model_set_i64(model, "epochs", 1));
    ck_clf_ok(clf_model_fit(model, data, NULL, NULL));
    read(model, "dense_1.weight", after, sizeof after);
    ck_assert(before[4 * CLASSES] != after[4 * CLASSES]);
    clf_model_free(model);
    clf_context_free(context);
  }
  clf_dataset_free(data);
}

static void note_log(void *user, int32_t level, const char *message) {
  (void)level;
  strncat(user, message, 500 - strlen(user));
}

TEST(validation_split__that_holds_out_nothing_is_logged) {
  static const int32_t labels[] = {0, 1, 2};
  sample s;
  char log[512] = "";
  clf_context *context = NULL;
  clf_model *model = NULL;
  fill(&s);
  ck_clf_ok(clf_context_create(&context, NULL, NULL));
  ck_clf_ok(clf_context_set_log(context, note_log, log));
  clf_dataset *data = dataset_of(context, s.x, CLF_F32, 3, COLUMNS, labels);
  ck_clf_ok(clf_model_create(&model, context, "network", "epochs=1 validation_split=0.25"));
  ck_clf_ok(clf_model_fit(model, data, NULL, NULL));
  ck_assert_ptr_nonnull(strstr(log, "validation_split=0.25 holds out none of 3 rows"));
  clf_model_free(model);
  clf_dataset_free(data);
  clf_context_free(context);
}

SUITE("network_rows")
