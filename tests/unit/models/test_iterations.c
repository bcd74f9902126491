/* The tensor `iterations`: of every model that is fitted in iterations or epochs, under one name. */
#include "support.h"

#include "models/model.h"

enum { ROWS = 60, COLUMNS = 6, CLASSES = 3 };

static float values[ROWS * COLUMNS];
static int32_t labels[ROWS];

/* A setting, and the numbers that it must find: `count` of them, each from `least` to `most`. */
typedef struct setting {
  const char *kind, *params;
  int64_t count, least, most;
  const char *history; /* which has as many elements, or NULL */
} setting;

static const setting settings[] = {
    {"ridge", "solver=cg tolerance=1e-9", 1, 2, 40, NULL},
    {"ridge", "solver=cg max_iterations=2 tolerance=1e-12", 1, 2, 2, NULL},
    {"ridge", "solver=cholesky", 0, 0, 0, NULL},
    {"fisher", "", 0, 0, 0, NULL},
    {"fisher", "kernel=rbf solver=cg landmarks=0", 1, 1, 200, "history_residual"},
    {"logistic", "", 1, 3, 100, "history_loss"},
    {"logistic", "max_iterations=2", 1, 2, 2, "history_loss"},
    {"logistic", "penalty=l1 max_iterations=2", 1, 2, 2, "history_loss"},
    {"perceptron", "epochs=3 averaged=false", 1, 1, 3, "history_loss"},
    {"perceptron", "epochs=2 kernel=rbf", 1, 1, 2, "history_loss"},
    {"svm", "", CLASSES, 1, 10000, NULL},
    {"svm", "multiclass=one_vs_rest", CLASSES, 1, 10000, NULL},
    {"svm", "type=one_class", 1, 1, 10000, NULL},
    {"network", "epochs=2", 1, 2, 2, "history_loss"},
};
enum { SETTINGS = sizeof settings / sizeof *settings };

static void check(const clf_model *model, const setting *expected) {
  const clf_tensor *found = clf__store_tensor(model->state, "iterations");
  if (expected->count == 0) {
    ck_assert_ptr_null(found);
    return;
  }
  ck_assert_ptr_nonnull(found);
  ck_assert_int_eq(found->dtype, CLF_I64);
  ck_assert_int_eq(clf_tensor_count(found), expected->count);
  for (int64_t i = 0; i < expected->count; i++) {
    ck_assert_int_ge(((const int64_t *)found->data)[i], expected->least);
    ck_assert_int_le(((const int64_t *)found->data)[i], expected->most);
  }
  if (expected->history != NULL) {
    ck_assert_int_eq(*(const int64_t *)found->data,
                     clf_tensor_count(clf__store_tensor(model->state, expected->history)));
  }
}

static clf_model *reloaded(const clf_model *model) {
  static char saved[1 << 20];
  clf_model *loaded = NULL;
  size_t size = 0;
  ck_clf_ok(clf_model_save_memory(model, saved, sizeof saved, &size));
  ck_clf_ok(clf_model_load_memory(&loaded, NULL, saved, size));
  return loaded;
}

/* Leaves the tensor out, as files of earlier versions do. */
static void age(clf_model *model) {
  clf__store *older = NULL;
  ck_clf_ok(clf__store_create(&older, model->context));
  for (int64_t i = 0; i < clf__store_count(model->state); i++) {
    const char *name = clf__store_name(model->state, i);
    if (strcmp(name, "iterations") != 0) {
      ck_clf_ok(clf__store_add_tensor(older, name, clf__store_tensor(model->state, name)));
    }
  }
  clf__store_free(model->state);
  model->state = older;
}

TEST_LOOP(iterations__are_told_saved_and_loaded, 0, SETTINGS) {
  const setting *how = &settings[_i];
  fill_clouds(values, labels, ROWS, COLUMNS, CLASSES);
  for (int i = 0; i < ROWS * COLUMNS; i++) {
    values[i] /= 4;
  }
  clf_dataset *rows = dataset_of(NULL, values, CLF_F32, ROWS, COLUMNS, labels);
  clf_model *model = fitted(NULL, how->kind, how->params, rows), *loaded = reloaded(model);
  check(model, how);
  check(loaded, how);
  clf_model_free(loaded);
  if (how->history != NULL) {
    age(model);
    loaded = reloaded(model);
    check(loaded, how);
    clf_model_free(loaded);
  }
  clf_model_free(model);
  clf_dataset_free(rows);
}

TEST(iterations__of_partial_fits_add_up) {
  fill_clouds(values, labels, ROWS, COLUMNS, CLASSES);
  clf_dataset *rows = dataset_of(NULL, values, CLF_F32, ROWS, COLUMNS, labels);
  static const char *const kinds[] = {"perceptron", "network"};
  for (int k = 0; k < 2; k++) {
    clf_model *model = NULL;
    ck_clf_ok(clf_model_create(&model, NULL, kinds[k], NULL));
    for (int64_t i = 1; i <= 3; i++) {
      ck_clf_ok(clf_model_partial_fit(model, rows));
      ck_assert_int_eq(*(const int64_t *)clf__state_data(model->state, "iterations"), i);
    }
    clf_model_free(model);
  }
  clf_dataset_free(rows);
}

TEST(iterations__below_0_are_refused) {
  fill_clouds(values, labels, ROWS, COLUMNS, CLASSES);
  clf_dataset *rows = dataset_of(NULL, values, CLF_F32, ROWS, COLUMNS, labels);
  static char saved[1 << 16];
  size_t size = 0;
  clf_model *model = fitted(NULL, "logistic", NULL, rows), *loaded = NULL;
  *(int64_t *)clf__state_data(model->state, "iterations") = -1;
  ck_clf_ok(clf_model_save_memory(model, saved, sizeof saved, &size));
  ck_clf_fails(clf_model_load_memory(&loaded, NULL, saved, size), CLF_ERROR_CORRUPT);
  ck_clf_says("iterations is below 0");
  ck_assert_ptr_null(loaded);
  clf_model_free(model);
  clf_dataset_free(rows);
}

SUITE("iterations")
