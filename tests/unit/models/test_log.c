/* What the log says of fits: what each kind has chosen, once, and nothing of what is done often. */
#include <stdio.h>
#include <string.h>

#include "support.h"

enum { ROWS = 90, COLUMNS = 6, CLASSES = 3, LINES = 64, LENGTH = 600 };

typedef struct log_lines {
  char line[LINES][LENGTH];
  int level[LINES];
  int count;
} log_lines;

static void keep(void *user, int32_t level, const char *message) {
  log_lines *own = user;
  ck_assert_int_lt(own->count, LINES);
  own->level[own->count] = level;
  snprintf(own->line[own->count++], LENGTH, "%s", message);
}

static int lines_with(const log_lines *own, int level, const char *text) {
  int found = 0;
  for (int i = 0; i < own->count; i++) {
    found += own->level[i] == level && strstr(own->line[i], text) != NULL;
  }
  return found;
}

static log_lines kept;
static float x[ROWS * COLUMNS];
static int32_t y[ROWS];
static clf_context *context;
static clf_dataset *data;

static void open_data(const char *params) {
  memset(&kept, 0, sizeof kept);
  ck_clf_ok(clf_context_create(&context, NULL, params));
  ck_clf_ok(clf_context_set_log(context, keep, &kept));
  fill_clouds(x, y, ROWS, COLUMNS, CLASSES);
  data = dataset_of(context, x, CLF_F32, ROWS, COLUMNS, y);
}

static void close_data(void) {
  clf_dataset_free(data);
  clf_context_free(context);
}

/* Of each fit the lines that must be there, once each. */
static const struct {
  const char *kind, *params, *says[4];
} fits[] = {
    {"ridge", "", {"ridge: solver=auto is cholesky"}},
    {"ridge", "solver=cg", {"ridge: 90 rows"}},
    {"fisher", "shrinkage=auto", {"fisher: components=auto is 2", "fisher: shrinkage=auto is "}},
    {"fisher", "kernel=rbf", {"fisher: gamma=scale is ", "fisher: solver=auto is cholesky"}},
    {"fisher", "kernel=rbf gamma=auto", {"fisher: gamma=auto is 0.16666666666666666"}},
    {"perceptron", "epochs=100 kernel=rbf", {"perceptron: gamma=scale is "}},
    {"logistic", "class_weight=balanced", {"logistic: class_weight=balanced is 1,1,1"}},
    {"svm", "", {"svm: gamma=scale is "}},
    {"svm", "kernel=linear class_weight=balanced", {"svm: class_weight=balanced is 1,1,1"}},
    {"svm", "probability=true gamma=0.5", {"svm: 90 rows"}},
    {"svm",
     "type=one_class C=3",
     {"svm: with type=one_class the fit does not use the labels", "svm: 90 rows",
      "svm: C has no effect with type=one_class"}},
    {"network",
     "layers='dense units=3'",
     {"network: optimizer adam learning_rate=", "network: epochs=auto is ",
      "network: input=auto is 6"}},
    {"network",
     "epochs=500 batch_size=16 patience=2 validation_split=0.3 layers='dense units=3'",
     {"network: stopped after epoch ", " without a lower loss; the weights are those of epoch "}},
};

TEST_LOOP(fits__tell_their_choices_once, 0, (int)(sizeof fits / sizeof fits[0])) {
  clf_model *model = NULL;
  char cpu[64];
  open_data("threads=2");
  ck_clf_ok(clf_model_create(&model, context, fits[_i].kind, fits[_i].params));
  if (strstr(fits[_i].params, "patience") != NULL) { /* steps so long that the loss goes up too */
    clf_optimizer *adam = NULL;
    ck_clf_ok(clf_optimizer_create(&adam, context, "adam", "learning_rate=0.5"));
    ck_clf_ok(clf_model_set_optimizer(model, adam));
    clf_optimizer_free(adam);
  }
  ck_clf_ok(clf_model_fit(model, data, NULL, NULL));
  snprintf(cpu, sizeof cpu, "2 threads, kernels for %s", clf_context_cpu(context));
  ck_assert_int_eq(lines_with(&kept, CLF_LOG_INFO, cpu), 1);
  ck_assert_int_eq(lines_with(&kept, CLF_LOG_INFO, ": 90 rows of 6 columns"), 1);
  for (int i = 0; i < 4 && fits[_i].says[i] != NULL; i++) {
    ck_assert_msg(lines_with(&kept, CLF_LOG_INFO, fits[_i].says[i]) == 1, "'%s' of: %s",
                  fits[_i].says[i], kept.count > 1 ? kept.line[1] : "");
  }
  for (int i = 0; i < kept.count; i++) {
    ck_assert_int_eq(lines_with(&kept, kept.level[i], kept.line[i]), 1);
  }
  const int before = kept.count;
  int32_t labels[ROWS];
  double score;
  ck_clf_ok(clf_model_predict(model, data, labels, ROWS));
  ck_clf_ok(clf_model_score(model, data, &score));
  ck_assert_int_eq(kept.count, before);
  clf_model_free(model);
  close_data();
}

/* Balanced weights are logged as they are, and a pass without a mistake. */
TEST(fits__tell_weights_and_early_ends) {
  clf_model *model = NULL;
  open_data("threads=1");
  for (int i = 0; i < ROWS; i++) {
    y[i] = i < 60 ? 0 : 1;
    x[i * COLUMNS] = y[i] == 0 ? -9 : 9;
  }
  clf_dataset *two = dataset_of(context, x, CLF_F32, ROWS, COLUMNS, y);
  ck_clf_ok(clf_model_create(&model, context, "perceptron", "epochs=50 class_weight=balanced"));
  ck_clf_ok(clf_model_fit(model, two, NULL, NULL));
  ck_assert_int_eq(lines_with(&kept, CLF_LOG_INFO, "class_weight=balanced is 0.75,1.5"), 1);
  ck_assert_int_eq(lines_with(&kept, CLF_LOG_INFO, " of 50 made no mistake"), 1);
  clf_model_free(model);
  clf_dataset_free(two);
  close_data();
}

/* Fits within cross-validation and search are many: they tell nothing. */
TEST(searches__do_not_tell_of_each_fit) {
  static const char *const kinds[][2] = {
      {"svm", "C=1|2"}, {"ridge", "alpha=1|2"}, {"network", "epochs=1|2"}};
  for (int k = 0; k < 3; k++) {
    double scores[3];
    clf_model *model = NULL;
    clf_search *search = NULL;
    open_data("threads=2");
    ck_clf_ok(clf_model_create(&model, context, kinds[k][0], NULL));
    ck_clf_ok(clf_cross_validate(model, data, 3, 1, scores));
    ck_clf_ok(clf_search_create(&search, model, data, 3, 1, kinds[k][1], NULL));
    ck_assert_int_eq(lines_with(&kept, CLF_LOG_INFO, kinds[k][0]), 0);
    clf_search_free(search);
    clf_model_free(model);
    close_data();
  }
}

SUITE("log")
