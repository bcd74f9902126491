/* Every allocation of every call may fail: the call says so, leaves its outputs alone, gives back
 * what it took, and works the next time. */
#include <stdio.h>
#include <string.h>

#include "failing_allocator.h"

enum { ROWS = 24, COLUMNS = 3, CLASSES = 3, FOLDS = 2, SENTINEL = 0x5a };

/* How the rows are stored, and what the model is. */
typedef struct setting {
  const char *kind;
  const char *params;
  const char *grid;
  const char *context;
  enum { DENSE_F32, DENSE_U8, FAR_F64, SPARSE } storage;
  bool pipeline;
} setting;

/* Outputs of all calls of a run. */
typedef struct results {
  int32_t labels[ROWS];
  float decisions[ROWS * CLASSES];
  float probabilities[ROWS * CLASSES];
  float projections[ROWS * CLASSES];
  double precise[3][ROWS * CLASSES]; /* the same in f64 */
  double score;
  double folds[FOLDS];
  char description[4096];
  char saved[32768];
  size_t saved_size;
} results;

static float values[ROWS * COLUMNS];
static double far_values[ROWS * COLUMNS];
static uint8_t pixels[ROWS * COLUMNS];
static int32_t labels[ROWS];
static float weights[ROWS];
static int64_t row_start[ROWS + 1];
static int32_t column[ROWS * COLUMNS];

static void fill_rows(void) {
  uint64_t state = 3;
  for (int i = 0; i < ROWS; i++) {
    labels[i] = i % CLASSES;
    weights[i] = 1 + (float)(i % 2);
    row_start[i + 1] = (i + 1) * COLUMNS;
    for (int j = 0; j < COLUMNS; j++) {
      double value = random_unit(&state) + (j == labels[i] ? 1 : 0);
      pixels[i * COLUMNS + j] = (uint8_t)(100 * value);
      values[i * COLUMNS + j] = (float)pixels[i * COLUMNS + j] / 255;
      far_values[i * COLUMNS + j] = 1e9 + (double)values[i * COLUMNS + j];
      column[i * COLUMNS + j] = j;
    }
  }
}

static clf_status wrap(clf_tensor **out, clf_context *context, const void *data, int32_t dtype,
                       int32_t ndim, int64_t first, int64_t second) {
  return clf_tensor_wrap(out, context, data, dtype, ndim, (int64_t[]){first, second}, NULL);
}

static clf_status make_dense(clf_dataset **out, clf_context *context, int32_t storage) {
  const struct {
    const void *data;
    int32_t dtype;
  } from[] = {[DENSE_F32] = {values, CLF_F32},
              [DENSE_U8] = {pixels, CLF_U8},
              [FAR_F64] = {far_values, CLF_F64}};
  clf_tensor *x = NULL;
  clf_tensor *y = NULL;
  clf_status status;
  TRY(wrap(&x, context, from[storage].data, from[storage].dtype, 2, ROWS, COLUMNS));
  if (storage == DENSE_U8) {
    TRY(clf_tensor_set_scale(x, 1.0 / 255));
  }
  TRY(wrap(&y, context, labels, CLF_I32, 1, ROWS, 0));
  TRY(clf_dataset_create(out, context, x, y));
done:
  clf_tensor_free(x);
  clf_tensor_free(y);
  return status;
}

static clf_status make_sparse(clf_dataset **out, clf_context *context) {
  clf_tensor *parts[4] = {NULL};
  clf_status status;
  TRY(wrap(&parts[0], context, row_start, CLF_I64, 1, ROWS + 1, 0));
  TRY(wrap(&parts[1], context, column, CLF_I32, 1, ROWS * COLUMNS, 0));
  TRY(wrap(&parts[2], context, values, CLF_F32, 1, ROWS * COLUMNS, 0));
  TRY(wrap(&parts[3], context, labels, CLF_I32, 1, ROWS, 0));
  TRY(clf_dataset_create_sparse(out, context, COLUMNS, parts[0], parts[1], parts[2], parts[3]));
done:
  for (int i = 0; i < 4; i++) {
    clf_tensor_free(parts[i]);
  }
  return status;
}

static clf_status make_rows(clf_dataset **out, clf_context *context, const setting *how) {
  clf_dataset *dataset = NULL;
  clf_tensor *weight = NULL;
  clf_status status;
  TRY(how->storage == SPARSE ? make_sparse(&dataset, context)
                             : make_dense(&dataset, context, (int32_t)how->storage));
  TRY(wrap(&weight, context, weights, CLF_F32, 1, ROWS, 0));
  TRY(clf_dataset_set_weights(dataset, weight));
  TRY(clf_dataset_set_column_names(dataset, (const char *const[]){"a", "b", "c"}, COLUMNS));
  *out = dataset;
  dataset = NULL;
done:
  clf_tensor_free(weight);
  clf_dataset_free(dataset);
  return status;
}

static clf_status make_model(clf_model **out, clf_context *context, const setting *how) {
  clf_model *model = NULL;
  clf_status status;
  TRY(clf_model_create(&model, context, how->kind, how->params));
  if (how->pipeline) {
    TRY(clf_model_add_transform(model, "min_max", NULL));
    TRY(clf_model_add_transform(model, "polynomial", "degree=2"));
    TRY(clf_model_add_transform(model, "standardize", NULL));
    TRY(clf_model_set_metadata(model, "author", "one"));
    TRY(clf_model_set_metadata(model, "place", "here"));
    TRY(clf_model_set_metadata(model, "author", "another"));
  }
  *out = model;
  model = NULL;
done:
  clf_model_free(model);
  return status;
}

/* What the model does not offer is no failure. */
static clf_status optional(clf_status status) {
  return status == CLF_ERROR_UNSUPPORTED ? CLF_OK : status;
}

static clf_status use_model(const clf_model *model, const clf_dataset *rows, results *out) {
  clf_status status;
  TRY(clf_model_predict(model, rows, out->labels, ROWS));
  TRY(clf_model_decision_function(model, rows, out->decisions, ROWS * CLASSES));
  TRY(optional(clf_model_predict_proba(model, rows, out->probabilities, ROWS * CLASSES)));
  TRY(optional(clf_model_project(model, rows, out->projections, ROWS * CLASSES, NULL)));
  TRY(clf_model_decision_function_f64(model, rows, out->precise[0], ROWS * CLASSES));
  TRY(optional(clf_model_predict_proba_f64(model, rows, out->precise[1], ROWS * CLASSES)));
  TRY(optional(clf_model_project_f64(model, rows, out->precise[2], ROWS * CLASSES, NULL)));
  TRY(clf_model_score(model, rows, &out->score));
  TRY(clf_model_describe(model, out->description, sizeof out->description, NULL));
  TRY(clf_model_save_memory(model, out->saved, sizeof out->saved, &out->saved_size));
done:
  return status;
}

/* Everything that a part of the test does on a context. */
typedef clf_status (*part)(clf_context *context, const setting *how, results *out);

/* From rows to a loaded model's predictions. */
static clf_status run_model(clf_context *context, const setting *how, results *out) {
  clf_dataset *rows = NULL;
  clf_model *model = NULL;
  clf_model *loaded = NULL;
  clf_model *copy = NULL;
  clf_tensor *tensor = NULL;
  static results again;
  clf_status status;
  TRY(make_rows(&rows, context, how));
  TRY(make_model(&model, context, how));
  TRY(clf_model_fit(model, rows, NULL, rows));
  TRY(use_model(model, rows, out));
  TRY(clf_model_tensor(&tensor, model, clf_model_tensor_name(model, 0)));
  TRY(clf_model_load_memory(&loaded, context, out->saved, out->saved_size));
  TRY(use_model(loaded, rows, &again));
  TRY(clf_model_clone(&copy, model));
done:
  clf_tensor_free(tensor);
  clf_model_free(copy);
  clf_model_free(loaded);
  clf_model_free(model);
  clf_dataset_free(rows);
  return status;
}

static clf_status run_selection(clf_context *context, const setting *how, results *out) {
  clf_dataset *rows = NULL, *scores = NULL;
  clf_model *model = NULL, *best = NULL;
  clf_search *search = NULL;
  clf_status status;
  TRY(make_rows(&rows, context, how));
  TRY(make_model(&model, context, how));
  TRY(clf_cross_validate(model, rows, FOLDS, 1, out->folds));
  if (strcmp(how->kind, "ridge") != 0) {
    TRY(clf_search_create(&search, model, rows, FOLDS, 1, how->grid, NULL));
    goto done;
  }
  TRY(clf_search_create(&search, model, rows, FOLDS, 1, how->grid,
                        "method=halving min_rows=1 factor=2 refit=true"));
  TRY(clf_search_model(&best, search));
  TRY(clf_search_dataset(&scores, search));
done:
  clf_dataset_free(scores);
  clf_model_free(best);
  clf_search_free(search);
  clf_model_free(model);
  clf_dataset_free(rows);
  return status;
}

static const part PARTS[] = {run_model, run_selection};
enum { PART_COUNT = sizeof PARTS / sizeof PARTS[0] };

static clf_status run(part which, clf_context *context, const setting *how, results *out) {
  memset(out, SENTINEL, sizeof *out);
  return which(context, how, out);
}

typedef struct output {
  size_t offset, size;
} output;

#define OUTPUT(field)                                                                              \
  { offsetof(results, field), sizeof(((results *)0)->field) }

static const output OUTPUTS[] = {
    OUTPUT(labels), OUTPUT(decisions),   OUTPUT(probabilities), OUTPUT(projections), OUTPUT(score),
    OUTPUT(folds),  OUTPUT(description), OUTPUT(saved),         OUTPUT(saved_size),
};

/* Each output is as in the run without a refusal, or was not touched. */
static void check_outputs(const results *found, const results *expected, int64_t refused) {
  static const results untouched_results;
  static unsigned char untouched[sizeof untouched_results];
  memset(untouched, SENTINEL, sizeof untouched);
  for (size_t i = 0; i < sizeof OUTPUTS / sizeof OUTPUTS[0]; i++) {
    const char *own = (const char *)found + OUTPUTS[i].offset;
    ck_assert_msg(memcmp(own, (const char *)expected + OUTPUTS[i].offset, OUTPUTS[i].size) == 0 ||
                      memcmp(own, untouched, OUTPUTS[i].size) == 0,
                  "output %zu is half written after allocation %lld was refused", i,
                  (long long)refused);
  }
}

/* A run on an allocator or limit that refuses: it fails for memory alone, or not at all, since
 * threads that find none are done without. */
static void check_run(part which, clf_context *context, const setting *how, const results *expected,
                      int64_t refused) {
  static results found;
  clf_status status = run(which, context, how, &found);
  ck_assert_msg(status == CLF_OK || status == CLF_ERROR_MEMORY, "allocation %lld: %s: %s",
                (long long)refused, clf_status_name(status), clf_last_error());
  if (status == CLF_ERROR_MEMORY) {
    check_refused_memory();
  }
  check_outputs(&found, expected, refused);
}

/* Runs with allocation `refuse` refused, then on the same context without. */
static void run_refused(part which, const setting *how, int64_t refuse, bool the_rest,
                        const results *expected) {
  failing_allocator from = {.refuse = refuse, .refuse_the_rest = the_rest};
  clf_context *context = failing_context(how->context, &from);
  if (context != NULL) {
    check_run(which, context, how, expected, refuse);
    if (refuse % 16 == 0) {
      static results found;
      from.refuse = 0;
      ck_clf_ok(run(which, context, how, &found));
      ck_assert_mem_eq(&found, expected, sizeof found);
    }
  }
  clf_context_free(context);
  ck_assert_msg(from.held == 0, "%lld blocks are lost after allocation %lld was refused",
                (long long)from.held, (long long)refuse);
}

/* Selection fits models again and again: of its allocations each seventh is enough to meet all
 * kinds. Of what remains each third: others in the next setting, and others where memory is checked,
 * so that both builds together refuse two of three, and what the kinds share is met by each. */
static void refuse_each(part which, const setting *how, int index) {
  enum { STRIDE = 3 };
  const int64_t step = STRIDE * (which == run_selection ? 7 : 1),
                first = 1 + (index + ADDRESS_SANITIZER) % STRIDE;
  failing_allocator counted = {0};
  static results expected;
  clf_context *context = failing_context(how->context, &counted);
  ck_clf_ok(run(which, context, how, &expected));
  clf_context_free(context);
  ck_assert_int_eq(counted.held, 0);
  for (int64_t refuse = first; refuse <= counted.asked; refuse += step) {
    run_refused(which, how, refuse, false, &expected);
  }
  for (int64_t refuse = first; refuse <= counted.asked; refuse += STRIDE * 13) {
    run_refused(which, how, refuse, true, &expected);
  }
  fprintf(stderr, "%s %ld\n", how->kind, (long)counted.asked);
}

static const setting SETTINGS[] = {
    {"ridge", NULL, "alpha=1|2", "threads=1", DENSE_F32, true},
    {"ridge", "solver=cg", "alpha=1|2", "threads=1", SPARSE, false},
    {"ridge", "calibration=sigmoid calibration_folds=2", "alpha=1|2", "threads=1", DENSE_F32, true},
    {"ridge", "calibration=isotonic calibration_folds=2", "alpha=1|2", "threads=2", SPARSE, false},
    {"ridge", "alpha=0", "alpha=0|2", "threads=1", DENSE_F32, false},
    {"ridge", "alphas=1,2 choose=shared", "alpha=1|2", "threads=1", SPARSE, false},
    {"fisher", NULL, "shrinkage=none|0.5", "threads=1", FAR_F64, false},
    {"ridge", NULL, "alpha=1|2", "threads=2", DENSE_U8, false},
    {"ridge", NULL, "alpha=1|2", "threads=1", FAR_F64, false},
    {"ridge", NULL, "alpha=1|2", "threads=2", FAR_F64, true},
    {"fisher", NULL, "shrinkage=none|0.5", "threads=1", DENSE_F32, true},
    {"fisher", "shrinkage=auto", "shrinkage=none|0.5", "threads=1", DENSE_U8, false},
    {"fisher", NULL, "shrinkage=none|0.5", "threads=2", SPARSE, false},
    {"fisher", "kernel=rbf solver=cholesky", "alpha=1|2", "threads=1", DENSE_F32, false},
    {"fisher", "kernel=rbf solver=cg", "alpha=1|2", "threads=1", DENSE_U8, false},
    {"fisher", "kernel=rbf landmarks=6", "alpha=1|2", "threads=2", SPARSE, false},
    {"perceptron", "epochs=3", "epochs=1|2", "threads=1", DENSE_F32, true},
    {"perceptron", "epochs=3", "epochs=1|2", "threads=2", DENSE_U8, false},
    {"perceptron", "epochs=3", "epochs=1|2", "threads=1", SPARSE, false},
    {"svm", NULL, "C=1|2", "threads=1", DENSE_F32, true},
    {"svm", "kernel=linear", "C=1|2", "threads=1", DENSE_U8, false},
    {"svm", "kernel=linear loss=squared_hinge penalty=elastic_net multiclass=one_vs_rest", "C=1|2",
     "threads=1", SPARSE, false},
    {"svm", "gamma=scale", "C=1|2", "threads=2", FAR_F64, false},
    {"svm", "multiclass=one_vs_rest", "C=1|2", "threads=2", SPARSE, false},
    {"svm", "probability=true", "C=1|2", "threads=1", DENSE_U8, false},
    {"svm",
     "kernel=polynomial coef0=1 class_weight=balanced calibration=isotonic calibration_folds=2",
     "C=1|2", "threads=1", DENSE_F32, false},
    {"perceptron", "kernel=rbf budget=3", "epochs=2|3", "threads=1", DENSE_F32, false},
    {"logistic", "max_iterations=6", "C=1|2", "threads=1", DENSE_F32, true},
    {"logistic", "max_iterations=6", "C=1|2", "threads=1", DENSE_U8, false},
    {"logistic", "max_iterations=6", "C=1|2", "threads=2", SPARSE, false},
    {"logistic", "penalty=l1 max_iterations=3", "C=1|2", "threads=1", DENSE_F32, false},
    {"logistic", "penalty=l1 max_iterations=3", "C=1|2", "threads=2", SPARSE, false},
};
enum { SETTING_COUNT = sizeof SETTINGS / sizeof SETTINGS[0] };

TEST_LOOP(each_allocation__may_be_refused, 0, SETTING_COUNT) {
  fill_rows();
  for (int i = 0; i < PART_COUNT; i++) {
    refuse_each(PARTS[i], &SETTINGS[_i], _i);
  }
}

static void limit_memory(part which, const setting *how) {
  enum { STEPS = 32 };
  static results expected;
  clf_context *context = NULL;
  ck_clf_ok(clf_context_create(&context, NULL, how->context));
  ck_clf_ok(run(which, context, how, &expected));
  uint64_t peak = clf_context_memory_peak(context);
  clf_context_free(context);
  for (uint64_t step = 0; step <= STEPS; step++) {
    char params[64];
    uint64_t limit = 1 + peak * step / STEPS;
    snprintf(params, sizeof params, "%s memory_limit=%llu", how->context,
             (unsigned long long)limit);
    ck_clf_ok(clf_context_create(&context, NULL, params));
    uint64_t own = clf_context_memory_peak(context); /* of its making, before the limit holds */
    check_run(which, context, how, &expected, (int64_t)limit);
    ck_assert_uint_le(clf_context_memory_peak(context), limit > own ? limit : own);
    clf_context_free(context);
  }
}

TEST_LOOP(memory_limit__holds_and_is_told, 0, SETTING_COUNT) {
  fill_rows();
  for (int i = 0; i < PART_COUNT; i++) {
    limit_memory(PARTS[i], &SETTINGS[_i]);
  }
}

SUITE("allocation", .timeout = 120)
