/* Cross-validation and search over the parts of a model that are not its own parameters: the
 * optimizer of a network and the transforms. Each is compared with separate fits. */
#include <stdio.h>
#include <string.h>

#include "failing_allocator.h"

enum { ROWS = 90, COLUMNS = 6, CLASSES = 3, FOLDS = 3, SEED = 5 };

typedef struct clouds {
  float x[ROWS * COLUMNS];
  int32_t y[ROWS];
} clouds;

static clf_dataset *cloud_data(clf_context *context, clouds *c) {
  fill_clouds(c->x, c->y, ROWS, COLUMNS, CLASSES);
  for (int i = 0; i < ROWS; i++) { /* so that scaling matters */
    c->x[i * COLUMNS] = 50 * c->x[i * COLUMNS] + 300;
  }
  return dataset_of(context, c->x, CLF_F32, ROWS, COLUMNS, c->y);
}

static clf_model *model_of(clf_context *context, const char *kind, const char *params) {
  clf_model *model = NULL;
  ck_clf_ok(clf_model_create(&model, context, kind, params));
  return model;
}

static const char network_params[] = "epochs=3 batch_size=16 layers='dense units=3'";

/* Mean score of the fits on all folds, with that optimizer handed to each. */
static double score_by_loop(const clf_model *model, const clf_dataset *data, const char *kind,
                            const char *params) {
  double sum = 0;
  for (int64_t k = 0; k < FOLDS; k++) {
    clf_dataset *train = NULL, *test = NULL;
    clf_model *copy = NULL;
    clf_optimizer *optimizer = NULL;
    double score;
    ck_clf_ok(clf_dataset_fold(&train, &test, data, FOLDS, k, SEED));
    ck_clf_ok(clf_model_clone(&copy, model));
    if (kind != NULL) {
      ck_clf_ok(clf_optimizer_create(&optimizer, NULL, kind, params));
    }
    ck_clf_ok(clf_model_fit(copy, train, optimizer, NULL));
    ck_clf_ok(clf_model_score(copy, test, &score));
    sum += score;
    clf_optimizer_free(optimizer);
    clf_model_free(copy);
    clf_dataset_free(train);
    clf_dataset_free(test);
  }
  return sum / FOLDS;
}

static const char *const threads[] = {"threads=1", "threads=2", "threads=4"};

TEST_LOOP(search__takes_parameters_of_the_optimizer, 0, (int)(sizeof threads / sizeof threads[0])) {
  static const char *const rates[] = {"learning_rate=0.0001", "learning_rate=0.05",
                                      "learning_rate=5"};
  for (int own = 0; own < 2; own++) { /* sgd of its own, or the default */
    clouds c;
    clf_context *context = NULL;
    clf_search *search = NULL;
    clf_optimizer *sgd = NULL;
    ck_clf_ok(clf_context_create(&context, NULL, threads[_i]));
    clf_dataset *data = cloud_data(context, &c);
    clf_model *model = model_of(context, "network", network_params);
    ck_clf_ok(clf_optimizer_create(&sgd, NULL, "sgd", "momentum=0.5"));
    if (own == 1) {
      ck_clf_ok(clf_model_set_optimizer(model, sgd));
    }
    clf_optimizer_free(sgd);
    ck_clf_ok(clf_search_create(&search, model, data, FOLDS, SEED,
                                "optimizer.learning_rate=0.0001|0.05|5", NULL));
    ck_assert_int_eq(clf_search_count(search), 3);
    ck_assert_str_eq(clf_search_combination(search, 1), "optimizer.learning_rate=0.05");
    for (int64_t i = 0; i < 3; i++) {
      char params[64];
      snprintf(params, sizeof params, "%s%s", rates[i], own == 1 ? " momentum=0.5" : "");
      ck_assert_double_eq(clf_search_mean(search, i),
                          score_by_loop(model, data, own == 1 ? "sgd" : "adam", params));
    }
    clf_search_free(search);
    clf_model_free(model);
    clf_dataset_free(data);
    clf_context_free(context);
  }
}

/* clf_cross_validate() takes the model's own, and a fit that is handed none, too. */
TEST_LOOP(cross_validate__takes_the_optimizer_of_the_model, 0,
          (int)(sizeof threads / sizeof threads[0])) {
  clouds c;
  clf_context *context = NULL;
  clf_optimizer *sgd = NULL;
  double scores[FOLDS], mean = 0;
  float own[ROWS * CLASSES], handed[ROWS * CLASSES];
  ck_clf_ok(clf_context_create(&context, NULL, threads[_i]));
  clf_dataset *data = cloud_data(context, &c);
  clf_model *model = model_of(context, "network", network_params);
  clf_model *other = model_of(context, "network", network_params);
  ck_clf_ok(clf_model_add_transform(model, "standardize", NULL));
  ck_clf_ok(clf_model_add_transform(other, "standardize", NULL));
  ck_clf_ok(clf_optimizer_create(&sgd, NULL, "sgd", "learning_rate=0.3"));
  ck_assert_ptr_null(clf_model_optimizer(model));
  ck_clf_ok(clf_model_set_optimizer(model, sgd));
  ck_assert_str_eq(clf_optimizer_kind(clf_model_optimizer(model)), "sgd");
  ck_clf_ok(clf_cross_validate(model, data, FOLDS, SEED, scores));
  for (int k = 0; k < FOLDS; k++) {
    mean += scores[k] / FOLDS;
  }
  ck_assert_double_eq_tol(mean, score_by_loop(other, data, "sgd", "learning_rate=0.3"), 1e-12);
  ck_clf_ok(clf_model_fit(model, data, NULL, NULL));
  ck_clf_ok(clf_model_fit(other, data, sgd, NULL));
  ck_clf_ok(clf_model_decision_function(model, data, own, ROWS * CLASSES));
  ck_clf_ok(clf_model_decision_function(other, data, handed, ROWS * CLASSES));
  ck_assert_mem_eq(own, handed, sizeof own);
  clf_optimizer_free(sgd);
  clf_model_free(model);
  clf_model_free(other);
  clf_dataset_free(data);
  clf_context_free(context);
}

TEST_LOOP(search__takes_parameters_of_transforms, 0, (int)(sizeof threads / sizeof threads[0])) {
  static const char *const values[][3] = {
      {"false", "2", "0.1"}, {"false", "2", "10"}, {"false", "4", "0.1"}, {"false", "4", "10"},
      {"true", "2", "0.1"},  {"true", "2", "10"},  {"true", "4", "0.1"},  {"true", "4", "10"}};
  clouds c;
  clf_context *context = NULL;
  clf_search *search = NULL;
  ck_clf_ok(clf_context_create(&context, NULL, threads[_i]));
  clf_dataset *data = cloud_data(context, &c);
  clf_model *model = model_of(context, "ridge", NULL);
  ck_clf_ok(clf_model_add_transform(model, "standardize", NULL));
  ck_clf_ok(clf_model_add_transform(model, "pca", "components=5"));
  ck_clf_ok(clf_model_add_transform(model, "pca", "components=3"));
  ck_clf_ok(clf_search_create(&search, model, data, FOLDS, SEED,
                              "standardize.mean=false|true pca_2.components=2|4 alpha=0.1|10",
                              NULL));
  ck_assert_int_eq(clf_search_count(search), 8);
  for (int64_t i = 0; i < 8; i++) {
    char text[64];
    snprintf(text, sizeof text, "alpha=%s", values[i][2]);
    clf_model *plain = model_of(context, "ridge", text);
    snprintf(text, sizeof text, "mean=%s", values[i][0]);
    ck_clf_ok(clf_model_add_transform(plain, "standardize", text));
    ck_clf_ok(clf_model_add_transform(plain, "pca", "components=5"));
    snprintf(text, sizeof text, "components=%s", values[i][1]);
    ck_clf_ok(clf_model_add_transform(plain, "pca", text));
    ck_assert_double_eq(clf_search_mean(search, i), score_by_loop(plain, data, NULL, NULL));
    clf_model_free(plain);
  }
  clf_search_free(search);
  clf_model_free(model);
  clf_dataset_free(data);
  clf_context_free(context);
}

/* The found model has what was found, wherever it is set, and so have its clone and its file. */
TEST(search__best_model_has_optimizer_and_transforms) {
  clouds c;
  clf_search *search = NULL;
  clf_model *best = NULL, *clone = NULL, *loaded = NULL;
  clf_dataset *data = cloud_data(NULL, &c);
  clf_model *model = model_of(NULL, "network", network_params);
  char text[4096], bytes[65536];
  size_t size = 0;
  ck_clf_ok(clf_model_add_transform(model, "standardize", NULL));
  ck_clf_ok(clf_search_create(&search, model, data, FOLDS, SEED,
                              "optimizer.learning_rate=0.125 standardize.mean=false epochs=2",
                              NULL));
  ck_clf_ok(clf_search_model(&best, search));
  ck_clf_ok(clf_model_fit(best, data, NULL, NULL));
  ck_clf_ok(clf_model_clone(&clone, best));
  ck_clf_ok(clf_model_save_memory(best, bytes, sizeof bytes, &size));
  ck_clf_ok(clf_model_load_memory(&loaded, NULL, bytes, size));
  const clf_model *const all[] = {best, clone, loaded};
  for (int i = 0; i < 3; i++) {
    ck_clf_ok(clf_model_describe(all[i], text, sizeof text, NULL));
    ck_assert_msg(strstr(text, "by adam learning_rate=0.125") != NULL, "%s", text);
    ck_assert_msg(strstr(text, "after standardize mean=false") != NULL, "%s", text);
    ck_assert_msg(strstr(text, "epochs=2") != NULL, "%s", text);
  }
  ck_clf_ok(clf_model_describe(model, text, sizeof text, NULL));
  ck_assert_ptr_null(strstr(text, "adam"));
  clf_model_free(best);
  clf_model_free(clone);
  clf_model_free(loaded);
  clf_search_free(search);
  clf_model_free(model);
  clf_dataset_free(data);
}

/* The default optimizer of a regression takes larger steps, also where a grid sets another of its
 * parameters. */
TEST(search__of_a_regression_begins_with_its_default) {
  clouds c;
  double targets[ROWS];
  const int64_t rows = ROWS;
  char text[4096];
  clf_tensor *tensor = NULL;
  clf_search *search = NULL;
  clf_model *best = NULL;
  clf_dataset *data = cloud_data(NULL, &c);
  for (int i = 0; i < ROWS; i++) {
    targets[i] = (double)c.x[i * COLUMNS + 1];
  }
  ck_clf_ok(clf_tensor_wrap(&tensor, NULL, targets, CLF_F64, 1, &rows, NULL));
  ck_clf_ok(clf_dataset_set_targets(data, tensor));
  clf_model *model = model_of(NULL, "network", "epochs=1 loss=squared_error layers=dense");
  ck_clf_ok(
      clf_search_create(&search, model, data, FOLDS, SEED, "optimizer.weight_decay=0.5", NULL));
  ck_assert_double_eq(clf_search_mean(search, 0),
                      score_by_loop(model, data, "adam", "learning_rate=0.003 weight_decay=0.5"));
  ck_clf_ok(clf_search_model(&best, search));
  ck_clf_ok(clf_model_describe(best, text, sizeof text, NULL));
  ck_assert_msg(strstr(text, "by adam learning_rate=0.003") != NULL, "%s", text);
  clf_model_free(best);
  clf_search_free(search);
  clf_model_free(model);
  clf_tensor_free(tensor);
  clf_dataset_free(data);
}

/* A message names the setting and the ones that exist. */
static const struct {
  const char *kind, *grid, *says[2];
} wrong[] = {
    {"network", "optimizer.rate=1", {"adam has no parameter 'rate'", "it has: learning_rate"}},
    {"network", "optimizer.learning_rate=0.1|x", {"learning_rate is 'x'", "a number"}},
    {"network", "optimiser.learning_rate=1", {"no part 'optimiser'", "optimizer, standardize"}},
    {"network", "pca.components=2", {"several 'pca'", "pca_1, pca_2"}},
    {"network", "pca_3.components=2", {"no part 'pca_3'", "pca_1, pca_2"}},
    {"network", "standardize_1.mean=false", {"no part 'standardize_1'", "standardize"}},
    {"network", "standardize.men=false", {"did you mean 'mean'", "standardize"}},
    {"network", "pca_1.components=2 pca_1.components=3", {"pca_1.components", "twice"}},
    {"network", "epoch=3", {"did you mean 'epochs'", "network"}},
    {"ridge", "optimizer.learning_rate=1", {"no part 'optimizer'", "standardize, pca_1, pca_2"}},
};

TEST_LOOP(search__names_what_there_is, 0, (int)(sizeof wrong / sizeof wrong[0])) {
  clouds c;
  clf_search *search = NULL;
  clf_dataset *data = cloud_data(NULL, &c);
  clf_model *model = model_of(NULL, wrong[_i].kind, NULL);
  ck_clf_ok(clf_model_add_transform(model, "standardize", NULL));
  ck_clf_ok(clf_model_add_transform(model, "pca", NULL));
  ck_clf_ok(clf_model_add_transform(model, "pca", NULL));
  ck_clf_fails(clf_search_create(&search, model, data, FOLDS, SEED, wrong[_i].grid, NULL),
               CLF_ERROR_ARGUMENT);
  ck_clf_says(wrong[_i].says[0]);
  ck_clf_says(wrong[_i].says[1]);
  ck_assert_ptr_null(search);
  clf_model_free(model);
  clf_dataset_free(data);
}

TEST(set_optimizer__is_for_networks) {
  clf_optimizer *sgd = NULL;
  clf_model *ridge = model_of(NULL, "ridge", NULL);
  ck_clf_ok(clf_optimizer_create(&sgd, NULL, "sgd", NULL));
  ck_clf_fails(clf_model_set_optimizer(ridge, sgd), CLF_ERROR_UNSUPPORTED);
  ck_clf_ok(clf_model_set_optimizer(ridge, NULL));
  ck_clf_fails(clf_model_set_optimizer(NULL, sgd), CLF_ERROR_ARGUMENT);
  ck_assert_ptr_null(clf_model_optimizer(NULL));
  ck_assert_ptr_null(clf_model_optimizer(ridge));
  clf_optimizer_free(sgd);
  clf_model_free(ridge);
}

TEST_LOOP(search__over_parts_is_cancelled, 0, (int)(sizeof threads / sizeof threads[0])) {
  clouds c;
  clf_context *context = NULL;
  clf_search *search = NULL;
  ck_clf_ok(clf_context_create(&context, NULL, threads[_i]));
  clf_dataset *data = cloud_data(context, &c);
  clf_model *model = model_of(context, "network", "epochs=100000 layers='dense units=3'");
  ck_clf_ok(clf_context_set_progress(context, cancel_at_once, NULL));
  ck_clf_fails(
      clf_search_create(&search, model, data, FOLDS, SEED, "optimizer.learning_rate=0.1|0.2", NULL),
      CLF_ERROR_CANCELLED);
  ck_assert_ptr_null(search);
  clf_model_free(model);
  clf_dataset_free(data);
  clf_context_free(context);
}

TEST(search__over_parts_survives_refused_allocations) {
  bool all = false;
  for (int64_t refuse = 1; !all; refuse++) {
    clouds c;
    failing_allocator from = {.refuse = 0};
    clf_context *context = failing_context("threads=1", &from);
    clf_dataset *data = cloud_data(context, &c);
    clf_optimizer *sgd = NULL;
    clf_search *search = NULL;
    clf_model *best = NULL;
    clf_model *model = model_of(context, "network", "epochs=1 layers='dense units=3'");
    clf_status status = CLF_OK;
    ck_clf_ok(clf_model_add_transform(model, "standardize", NULL));
    ck_clf_ok(clf_optimizer_create(&sgd, NULL, "sgd", NULL));
    from.refuse = atomic_load(&from.asked) + refuse;
    TRY(clf_model_set_optimizer(model, sgd));
    TRY(clf_search_create(&search, model, data, 2, SEED,
                          "optimizer.learning_rate=0.1|0.2 standardize.mean=true", NULL));
    TRY(clf_search_model(&best, search));
    all = true;
  done:
    if (!all) {
      ck_assert_int_eq(status, CLF_ERROR_MEMORY);
      check_refused_memory();
    }
    clf_model_free(best);
    clf_search_free(search);
    clf_optimizer_free(sgd);
    clf_model_free(model);
    clf_dataset_free(data);
    clf_context_free(context);
    ck_assert_int_eq(atomic_load(&from.held), 0);
  }
}

SUITE("settings")
