/* Networks that go on from what they have learned: partial_fit, warm_start. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <classify/network.h>

#include "failing_allocator.h"

enum { ROWS = 96, COLUMNS = 6, CLASSES = 3, EPOCHS = 4, MOST = 1 << 16 };

typedef struct sample {
  float x[ROWS * COLUMNS];
  int32_t y[ROWS];
  double t[ROWS * 2];
} sample;

static void fill(sample *s) {
  uint64_t state = 11;
  fill_clouds(s->x, s->y, ROWS, COLUMNS, CLASSES);
  for (int i = 0; i < ROWS; i++) {
    s->t[2 * i] = 30 + 4 * (double)s->x[i * COLUMNS] + random_normal(&state);
    s->t[2 * i + 1] = (double)s->x[i * COLUMNS + 1];
  }
}

static clf_dataset *labeled(clf_context *context, const sample *s, int64_t rows) {
  return dataset_of(context, s->x, CLF_F32, rows, COLUMNS, s->y);
}

static clf_dataset *with_targets(clf_context *context, const sample *s) {
  const int64_t shape[] = {ROWS, 2};
  clf_tensor *targets = NULL;
  clf_dataset *data = dataset_of(context, s->x, CLF_F32, ROWS, COLUMNS, NULL);
  ck_clf_ok(clf_tensor_create(&targets, context, CLF_F64, 2, shape));
  memcpy(clf_tensor_data(targets), s->t, sizeof s->t);
  ck_clf_ok(clf_dataset_set_targets(data, targets));
  clf_tensor_free(targets);
  return data;
}

static size_t saved(const clf_model *model, unsigned char *bytes) {
  size_t size = 0;
  ck_clf_ok(clf_model_save_memory(model, bytes, MOST, &size));
  return size;
}

static void ck_same(const clf_model *a, const clf_model *b) {
  static unsigned char first[MOST], second[MOST];
  const size_t size = saved(a, first);
  ck_assert_uint_eq(size, saved(b, second));
  ck_assert_mem_eq(first, second, size);
}

static int64_t epochs_of(const clf_model *model) {
  clf_tensor *losses = NULL;
  ck_clf_ok(clf_model_tensor(&losses, model, "history_loss"));
  const int64_t count = clf_tensor_count(losses);
  clf_tensor_free(losses);
  return count;
}

static double loss_at(const clf_model *model, int64_t epoch) {
  clf_tensor *losses = NULL;
  ck_clf_ok(clf_model_tensor(&losses, model, "history_loss"));
  const double loss = ((const double *)clf_tensor_data(losses))[epoch];
  clf_tensor_free(losses);
  return loss;
}

typedef struct setting {
  const char *network, *kind, *optimizer;
  bool classify;
} setting;

/* A fit of 0 epochs sets the optimizer. Then EPOCHS epochs follow at once, or one by one. */
static clf_model *fitted_by(const setting *s, clf_context *context, const clf_dataset *data,
                            bool parts) {
  clf_model *model = NULL;
  clf_optimizer *optimizer = NULL;
  ck_clf_ok(clf_model_create(&model, context, "network", s->network));
  ck_clf_ok(clf_optimizer_create(&optimizer, context, s->kind, s->optimizer));
  ck_clf_ok(clf_model_set_i64(model, "epochs", parts ? 0 : EPOCHS));
  ck_clf_ok(clf_model_fit(model, data, optimizer, NULL));
  ck_clf_ok(clf_model_set_i64(model, "epochs", EPOCHS));
  for (int i = 0; parts && i < EPOCHS; i++) {
    ck_clf_ok(clf_model_partial_fit(model, data));
    ck_assert_int_eq(epochs_of(model), i + 1);
  }
  clf_optimizer_free(optimizer);
  return model;
}

TEST(partial_fits__are_the_epochs_of_one_fit_to_the_bit) {
  static const setting settings[] = {
      {"layers='dense units=7 activation=tanh; dropout rate=0.2; dense units=3' batch_size=16",
       "adam", NULL, true},
      {"layers='dense units=7; batch_norm; activation function=relu; dense units=3' batch_size=16",
       "sgd", "momentum=0.9 schedule=cosine warmup=5", true},
      {"layers='dense units=3' batch_size=7 averaging=0.9 clip_norm=0.5 class_weight=balanced",
       "rmsprop", "schedule=plateau interval=1", true},
      {"layers='dense units=3' batch_size=10 accumulation=2 validation_split=0.2", "adamw",
       "weight_decay=0.1 schedule=step interval=2", true},
      {"layers='dense units=5; dense units=2' loss=squared_error batch_size=9 shuffle=false",
       "adagrad", NULL, false},
  };
  static const char *const contexts[] = {"threads=1", "threads=3"};
  sample s;
  fill(&s);
  for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
    for (int c = 0; c < 2; c++) {
      clf_context *context = NULL;
      ck_clf_ok(clf_context_create(&context, NULL, contexts[c]));
      clf_dataset *data =
          settings[i].classify ? labeled(context, &s, ROWS) : with_targets(context, &s);
      clf_model *whole = fitted_by(&settings[i], context, data, false);
      clf_model *parts = fitted_by(&settings[i], context, data, true);
      ck_same(whole, parts);
      clf_model_free(whole);
      clf_model_free(parts);
      clf_dataset_free(data);
      clf_context_free(context);
    }
  }
}

/* Without any fit before it, by adam; the same whether the second epoch is a partial fit's or that
 * of a fit that keeps what the optimizer remembers. */
TEST(partial_fit__starts_a_network) {
  sample s;
  fill(&s);
  clf_dataset *data = labeled(NULL, &s, ROWS);
  clf_model *whole = NULL, *parts = NULL;
  static const char params[] = "layers='dense units=3' epochs=2 batch_size=16 warm_start=true";
  ck_clf_ok(clf_model_create(&whole, NULL, "network", params));
  ck_clf_ok(clf_model_create(&parts, NULL, "network", params));
  ck_clf_ok(clf_model_fit(whole, data, NULL, NULL));
  ck_clf_ok(clf_model_partial_fit(parts, data));
  ck_clf_ok(clf_model_partial_fit(parts, data));
  ck_same(whole, parts);
  ck_clf_ok(clf_model_partial_fit(whole, data));
  ck_clf_ok(clf_model_partial_fit(parts, data));
  ck_same(whole, parts);
  clf_model_free(whole);
  clf_model_free(parts);
  clf_dataset_free(data);
}

/* In batches of rows as they come, some of one class only; the first call names all classes. */
TEST(partial_fit__learns_from_a_stream) {
  sample s;
  double score = 0;
  fill(&s);
  clf_dataset *data = labeled(NULL, &s, ROWS);
  clf_model *model = NULL;
  ck_clf_ok(clf_model_create(&model, NULL, "network", "layers='dense units=3' batch_size=8"));
  for (int64_t i = 0; i < 1500; i++) {
    clf_dataset *part = NULL;
    const int64_t first = i * 8 % ROWS;
    const int64_t rows[8] = {first,     first + 1, first + 2, first + 3,
                             first + 4, first + 5, first + 6, first + 7};
    ck_clf_ok(clf_dataset_subset(&part, data, rows, i % 5 == 4 ? 1 : 8));
    ck_clf_ok(clf_model_partial_fit(model, part));
    clf_dataset_free(part);
  }
  ck_clf_ok(clf_model_score(model, data, &score));
  ck_assert_double_gt(score, 0.9);
  ck_assert_int_eq(epochs_of(model), 1500);
  clf_model_free(model);
  clf_dataset_free(data);
}

TEST(partial_fit__goes_on_from_a_file) {
  static unsigned char bytes[MOST];
  sample s;
  fill(&s);
  clf_dataset *data = labeled(NULL, &s, ROWS);
  static const setting by = {"layers='dense units=9 activation=tanh; dense units=3'", "sgd",
                             "learning_rate=0.05", true};
  clf_model *model = fitted_by(&by, NULL, data, false), *loaded = NULL;
  ck_clf_ok(clf_model_load_memory(&loaded, NULL, bytes, saved(model, bytes)));
  ck_clf_ok(clf_model_partial_fit(model, data));
  ck_clf_ok(clf_model_partial_fit(loaded, data));
  ck_same(model, loaded); /* sgd remembers nothing */
  ck_assert_int_eq(epochs_of(loaded), EPOCHS + 1);
  ck_assert_double_lt(loss_at(loaded, EPOCHS), loss_at(loaded, EPOCHS - 1));
  clf_model_free(model);
  clf_model_free(loaded);
  clf_dataset_free(data);
}

TEST(partial_fit__refuses_what_does_not_fit) {
  static unsigned char before[MOST], after[MOST];
  static const int32_t other[] = {0, 1, 7, 2};
  sample s;
  fill(&s);
  clf_dataset *data = labeled(NULL, &s, ROWS), *targets = with_targets(NULL, &s);
  clf_dataset *narrow = dataset_of(NULL, s.x, CLF_F32, ROWS, COLUMNS - 1, s.y);
  clf_dataset *unknown = dataset_of(NULL, s.x, CLF_F32, 4, COLUMNS, other);
  clf_model *model = NULL;
  float none[ROWS] = {0};
  ck_clf_ok(clf_model_create(&model, NULL, "network", "layers='dense units=4; dense units=3'"));
  ck_clf_ok(clf_model_partial_fit(model, data));
  const size_t size = saved(model, before);
  ck_clf_fails(clf_model_partial_fit(model, narrow), CLF_ERROR_SHAPE);
  ck_clf_says("network was fitted on 6 features; the rows have 5");
  ck_clf_fails(clf_model_partial_fit(model, unknown), CLF_ERROR_DATA);
  ck_clf_says("row 2 is of class '7'");
  ck_clf_fails(clf_model_partial_fit(model, targets), CLF_ERROR_ARGUMENT);
  ck_clf_says("the rows have targets; the model's have labels");
  set_weights(data, none);
  ck_clf_fails(clf_model_partial_fit(model, data), CLF_ERROR_DATA);
  ck_assert_uint_eq(saved(model, after), size);
  ck_assert_mem_eq(before, after, size);
  ck_clf_ok(clf_model_set_text(model, "layers", "dense units=5; dense units=3"));
  ck_clf_fails(clf_model_partial_fit(model, targets), CLF_ERROR_ARGUMENT);
  clf_dataset_free(data);
  data = labeled(NULL, &s, ROWS);
  ck_clf_fails(clf_model_partial_fit(model, data), CLF_ERROR_SHAPE);
  ck_clf_says("dense_1.weight [6x5] was dense_1.weight [6x4]");
  ck_clf_ok(clf_model_set_text(model, "layers", "dense units=3"));
  ck_clf_fails(clf_model_partial_fit(model, data), CLF_ERROR_SHAPE);
  ck_clf_says("'layers' have 2 weights, the fitted ones 4");
  ck_clf_ok(clf_model_set_text(model, "layers", "dense units=4 activation=relu; dense units=3"));
  ck_clf_ok(clf_model_partial_fit(model, data));
  clf_model_free(model);
  clf_dataset_free(data);
  clf_dataset_free(targets);
  clf_dataset_free(narrow);
  clf_dataset_free(unknown);
}

TEST(partial_fit__goes_on_from_weights_that_were_set) {
  sample s;
  fill(&s);
  clf_dataset *data = labeled(NULL, &s, ROWS);
  clf_model *model = NULL;
  clf_tensor *zeros = NULL, *found = NULL;
  const int64_t shape[] = {COLUMNS, CLASSES};
  ck_clf_ok(clf_model_create(&model, NULL, "network", "layers='dense units=3' max_steps=1"));
  ck_clf_ok(clf_model_partial_fit(model, data));
  ck_clf_ok(clf_tensor_create(&zeros, NULL, CLF_F32, 2, shape));
  ck_clf_ok(clf_network_set_weight(model, "dense_1.weight", zeros));
  ck_clf_ok(clf_model_partial_fit(model, data));
  ck_clf_ok(clf_model_tensor(&found, model, "dense_1.weight"));
  for (int i = 0; i < COLUMNS * CLASSES; i++) { /* a step of adam, which remembers nothing */
    ck_assert_double_eq_tol(fabs((double)((const float *)clf_tensor_data(found))[i]), 1e-3, 1e-6);
  }
  clf_tensor_free(zeros);
  clf_tensor_free(found);
  clf_model_free(model);
  clf_dataset_free(data);
}

/* Training continues from weights that were trained elsewhere; a fit of 0 epochs keeps them. */
TEST(warm_fit__goes_on_from_weights_that_no_fit_made) {
  sample s;
  float values[COLUMNS * CLASSES];
  uint64_t state = 5;
  fill(&s);
  for (int i = 0; i < COLUMNS * CLASSES; i++) {
    values[i] = (float)random_normal(&state);
  }
  clf_dataset *data = labeled(NULL, &s, ROWS);
  clf_model *model = NULL;
  clf_tensor *given = NULL, *found = NULL;
  const int64_t shape[] = {COLUMNS, CLASSES};
  ck_clf_ok(clf_tensor_wrap(&given, NULL, values, CLF_F32, 2, shape, NULL));
  ck_clf_ok(clf_model_create(&model, NULL, "network",
                             "layers='dense units=3' input=6 epochs=0 warm_start=true"));
  ck_clf_ok(clf_network_set_weight(model, "dense_1.weight", given));
  ck_clf_ok(clf_model_fit(model, data, NULL, NULL));
  ck_clf_ok(clf_model_tensor(&found, model, "dense_1.weight"));
  ck_assert_mem_eq(clf_tensor_data(found), values, sizeof values);
  clf_tensor_free(found);
  ck_clf_ok(clf_model_partial_fit(model, data));
  ck_clf_ok(clf_model_tensor(&found, model, "dense_1.weight"));
  for (int i = 0; i < COLUMNS * CLASSES; i++) { /* one step of adam */
    const double step = (double)((const float *)clf_tensor_data(found))[i] - (double)values[i];
    ck_assert_double_le(fabs(step), 1.01e-3);
  }
  clf_tensor_free(found);
  clf_tensor_free(given);
  clf_model_free(model);
  clf_dataset_free(data);
}

/* The transforms stay as they were fitted: rows of another scale are not made alike. */
TEST(partial_fit__keeps_the_fitted_transforms) {
  sample s, shifted;
  float a[ROWS * CLASSES], b[ROWS * CLASSES];
  fill(&s);
  shifted = s;
  for (int i = 0; i < ROWS * COLUMNS; i++) {
    shifted.x[i] = 3 * s.x[i] + 5;
  }
  clf_dataset *data = labeled(NULL, &s, ROWS), *other = labeled(NULL, &shifted, ROWS);
  clf_model *model = NULL;
  ck_clf_ok(clf_model_create(&model, NULL, "network", "layers='dense units=3' epochs=1"));
  ck_clf_ok(clf_model_add_transform(model, "standardize", NULL));
  ck_clf_fails(clf_model_partial_fit(model, data), CLF_ERROR_UNSUPPORTED);
  ck_clf_says("fit the model once");
  ck_clf_ok(clf_model_fit(model, data, NULL, NULL));
  ck_clf_ok(clf_model_decision_function(model, other, a, ROWS * CLASSES));
  ck_clf_ok(clf_model_set_i64(model, "epochs", 0));
  ck_clf_ok(clf_model_set_text(model, "warm_start", "true"));
  ck_clf_ok(clf_model_fit(model, other, NULL, NULL));
  ck_clf_ok(clf_model_decision_function(model, other, b, ROWS * CLASSES));
  ck_assert_mem_eq(a, b, sizeof a);
  ck_clf_ok(clf_model_partial_fit(model, other));
  clf_model_free(model);
  clf_dataset_free(data);
  clf_dataset_free(other);
}

/* A record that some fit lacks is left out, because it would have no values for the epochs of that
 * fit. Times are among them, because a file does not hold them. What is left can be saved and
 * loaded. */
TEST(history__keeps_the_records_that_all_fits_have) {
  static unsigned char bytes[MOST];
  sample s;
  fill(&s);
  clf_dataset *data = labeled(NULL, &s, ROWS);
  clf_model *model = NULL, *loaded = NULL;
  clf_tensor *tensor = NULL;
  ck_clf_ok(
      clf_model_create(&model, NULL, "network", "layers='dense units=3' epochs=2 warm_start=true"));
  ck_clf_ok(clf_model_fit(model, data, NULL, data));
  ck_clf_ok(clf_model_fit(model, data, NULL, data));
  ck_clf_ok(clf_model_tensor(&tensor, model, "history_validation_loss"));
  ck_assert_int_eq(clf_tensor_count(tensor), 4);
  clf_tensor_free(tensor);
  ck_clf_ok(clf_model_partial_fit(model, data));
  ck_clf_fails(clf_model_tensor(&tensor, model, "history_validation_loss"), CLF_ERROR_ARGUMENT);
  ck_clf_ok(clf_model_load_memory(&loaded, NULL, bytes, saved(model, bytes)));
  ck_clf_ok(clf_model_fit(loaded, data, NULL, data));
  ck_assert_int_eq(epochs_of(loaded), 7);
  ck_clf_fails(clf_model_tensor(&tensor, loaded, "history_validation_loss"), CLF_ERROR_ARGUMENT);
  ck_clf_fails(clf_model_tensor(&tensor, loaded, "history_seconds"), CLF_ERROR_ARGUMENT);
  clf_model_free(loaded);
  ck_clf_ok(clf_model_load_memory(&loaded, NULL, bytes, saved(model, bytes)));
  clf_model_free(loaded);
  clf_model_free(model);
  clf_dataset_free(data);
}

static void note_log(void *user, int32_t level, const char *message) {
  if (level == CLF_LOG_WARNING) {
    strncat(user, message, 900 - strlen(user));
    strncat(user, "\n", 900 - strlen(user));
  }
}

TEST(fit__says_that_it_drops_weights_and_warm_start_keeps_them) {
  sample s;
  char log[1024] = "";
  clf_context *context = NULL;
  fill(&s);
  ck_clf_ok(clf_context_create(&context, NULL, NULL));
  ck_clf_ok(clf_context_set_log(context, note_log, log));
  clf_dataset *data = labeled(context, &s, ROWS);
  clf_model *model = NULL, *fresh = NULL;
  static const char params[] = "layers='dense units=9 activation=tanh; dense units=3' epochs=5";
  ck_clf_ok(clf_model_create(&model, context, "network", params));
  ck_clf_ok(clf_model_create(&fresh, context, "network", params));
  ck_clf_ok(clf_model_fit(fresh, data, NULL, NULL));
  ck_clf_ok(clf_model_fit(model, data, NULL, NULL));
  ck_assert_str_eq(log, "");
  ck_clf_ok(clf_model_fit(model, data, NULL, NULL));
  ck_assert_ptr_nonnull(
      strstr(log, "warm_start=true continues from it, and so does partial_fit\n"));
  ck_assert_ptr_eq(strchr(log, '\n'), log + strlen(log) - 1);
  ck_same(model, fresh);
  log[0] = '\0';
  ck_clf_ok(clf_model_set_text(model, "warm_start", "true"));
  ck_clf_ok(clf_model_fit(model, data, NULL, NULL));
  ck_assert_str_eq(log, "");
  ck_assert_int_eq(epochs_of(model), 10);
  ck_assert_double_lt(loss_at(model, 5), loss_at(model, 4) * 1.1);
  ck_assert_double_lt(loss_at(model, 9), loss_at(model, 4));
  clf_model_free(model);
  clf_model_free(fresh);
  clf_dataset_free(data);
  clf_context_free(context);
}

/* Best weights of earlier epochs are no place for what the optimizer remembers of the last: what
 * goes on from them is what a file would go on from. */
TEST(partial_fit__goes_on_from_the_weights_that_a_regression_kept) {
  static unsigned char bytes[MOST];
  sample s;
  fill(&s);
  clf_dataset *data = with_targets(NULL, &s);
  clf_model *model = NULL, *loaded = NULL;
  ck_clf_ok(clf_model_create(&model, NULL, "network",
                             "layers='dense units=9 activation=tanh; dense units=2' "
                             "loss=squared_error warm_start=true"));
  ck_clf_ok(clf_model_fit(model, data, NULL, NULL));
  ck_clf_ok(clf_model_load_memory(&loaded, NULL, bytes, saved(model, bytes)));
  ck_clf_ok(clf_model_partial_fit(model, data));
  ck_clf_ok(clf_model_partial_fit(loaded, data));
  ck_same(model, loaded);
  clf_model_free(model);
  clf_model_free(loaded);
  clf_dataset_free(data);
}

static double rate_at(const clf_model *model, int64_t epoch) {
  clf_tensor *rates = NULL;
  ck_clf_ok(clf_model_tensor(&rates, model, "history_learning_rate"));
  const double rate = ((const double *)clf_tensor_data(rates))[epoch];
  clf_tensor_free(rates);
  return rate;
}

/* The model's own where no fit took another, which then goes on, as the log says. */
TEST(partial_fit__takes_the_networks_own_optimizer) {
  sample s;
  char log[1024] = "";
  clf_context *context = NULL;
  clf_model *model = NULL;
  clf_tensor *zeros = NULL;
  clf_optimizer *half = NULL, *tenth = NULL;
  const int64_t shape[] = {COLUMNS, CLASSES};
  fill(&s);
  ck_clf_ok(clf_context_create(&context, NULL, NULL));
  ck_clf_ok(clf_context_set_log(context, note_log, log));
  clf_dataset *data = labeled(context, &s, ROWS);
  ck_clf_ok(clf_optimizer_create(&half, context, "sgd", "learning_rate=0.5"));
  ck_clf_ok(clf_optimizer_create(&tenth, context, "sgd", "learning_rate=0.1"));
  ck_clf_ok(clf_model_create(&model, context, "network", "layers='dense units=3' input=6"));
  ck_clf_ok(clf_model_set_optimizer(model, half));
  ck_clf_ok(clf_tensor_create(&zeros, context, CLF_F32, 2, shape));
  ck_clf_ok(clf_network_set_weight(model, "dense_1.weight", zeros));
  ck_clf_ok(clf_model_partial_fit(model, data));
  ck_assert_double_eq(rate_at(model, 0), 0.5);
  ck_assert_str_eq(log, "");
  ck_clf_ok(clf_model_set_optimizer(model, tenth));
  ck_clf_ok(clf_model_partial_fit(model, data));
  ck_assert_double_eq(rate_at(model, 1), 0.5);
  ck_assert_ptr_nonnull(strstr(log, "the last fit (sgd learning_rate=0.5 "));
  clf_tensor_free(zeros);
  clf_optimizer_free(half);
  clf_optimizer_free(tenth);
  clf_model_free(model);
  clf_dataset_free(data);
  clf_context_free(context);
}

/* A training from fitted weights that is interrupted and resumed ends with the same bits as without
 * the interruption; with other weights, its file is refused. */
TEST(checkpoint__is_of_the_weights_that_a_warm_fit_began_with) {
  static unsigned char bytes[MOST];
  static const char path[] = "partial_checkpoint.clf";
  sample s;
  fill(&s);
  clf_dataset *data = labeled(NULL, &s, ROWS);
  clf_model *model = NULL, *again = NULL, *whole = NULL;
  ck_clf_ok(clf_model_create(&model, NULL, "network",
                             "layers='dense units=3' epochs=3 warm_start=true batch_size=16"));
  ck_clf_ok(clf_model_fit(model, data, NULL, NULL));
  const size_t size = saved(model, bytes);
  ck_clf_ok(clf_model_load_memory(&again, NULL, bytes, size));
  ck_clf_ok(clf_model_load_memory(&whole, NULL, bytes, size));
  ck_clf_ok(clf_model_set_i64(whole, "epochs", 5));
  ck_clf_ok(clf_model_fit(whole, data, NULL, NULL));
  remove(path);
  ck_clf_ok(clf_model_set_text(model, "checkpoint", path));
  ck_clf_ok(clf_model_fit(model, data, NULL, NULL));
  ck_clf_ok(clf_model_set_text(again, "checkpoint", path));
  ck_clf_ok(clf_model_set_i64(again, "epochs", 5));
  ck_clf_ok(clf_model_fit(again, data, NULL, NULL));
  ck_assert_int_eq(epochs_of(again), 8);
  ck_same(again, whole);
  ck_clf_fails(clf_model_fit(again, data, NULL, NULL), CLF_ERROR_ARGUMENT);
  ck_clf_says("its first_weights is");
  ck_clf_ok(clf_model_partial_fit(again, data)); /* which leaves the file alone */
  remove(path);
  clf_model_free(model);
  clf_model_free(again);
  clf_model_free(whole);
  clf_dataset_free(data);
}

TEST(partial_fit__cancelled_or_diverged_changes_nothing) {
  static unsigned char before[MOST], after[MOST];
  sample s, wild;
  clf_context *context = NULL;
  fill(&s);
  wild = s;
  for (int i = 0; i < ROWS * COLUMNS; i++) {
    wild.x[i] = s.x[i] * 1e36F;
  }
  ck_clf_ok(clf_context_create(&context, NULL, "threads=2"));
  clf_dataset *data = labeled(context, &s, ROWS), *far = labeled(context, &wild, ROWS);
  static const setting by = {"layers='dense units=4; dense units=3' batch_size=8", "sgd", NULL,
                             true};
  clf_model *model = fitted_by(&by, context, data, true);
  const size_t size = saved(model, before);
  ck_clf_fails(clf_model_partial_fit(model, far), CLF_ERROR_DIVERGED);
  ck_clf_ok(clf_context_set_progress(context, cancel_at_once, NULL));
  ck_clf_fails(clf_model_partial_fit(model, data), CLF_ERROR_CANCELLED);
  ck_clf_ok(clf_context_set_progress(context, NULL, NULL));
  ck_assert_uint_eq(saved(model, after), size);
  ck_assert_mem_eq(before, after, size);
  clf_model_free(model);
  clf_dataset_free(data);
  clf_dataset_free(far);
  clf_context_free(context);
}

static clf_status whole_life(clf_context *context, const void *unused) {
  sample s;
  clf_tensor *x = NULL, *y = NULL;
  clf_dataset *data = NULL;
  clf_model *model = NULL;
  clf_status status;
  (void)unused;
  fill(&s);
  TRY(clf_tensor_wrap(&x, context, s.x, CLF_F32, 2, (int64_t[]){ROWS, COLUMNS}, NULL));
  TRY(clf_tensor_wrap(&y, context, s.y, CLF_I32, 1, (int64_t[]){ROWS}, NULL));
  TRY(clf_dataset_create(&data, context, x, y));
  TRY(clf_model_create(&model, context, "network",
                       "layers='batch_norm; dense units=3' epochs=1 batch_size=50 averaging=0.9 "
                       "class_weight=balanced validation_split=0.2 warm_start=true"));
  TRY(clf_model_partial_fit(model, data));
  TRY(clf_model_partial_fit(model, data));
  TRY(clf_model_fit(model, data, NULL, data));
done:
  clf_model_free(model);
  clf_dataset_free(data);
  clf_tensor_free(x);
  clf_tensor_free(y);
  return status;
}

TEST(partial_fit__every_allocation_may_fail) {
  check_every_allocation("threads=1", whole_life, NULL);
}

SUITE("network_partial")
