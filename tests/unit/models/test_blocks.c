/* Predictions in blocks of rows give what whole predictions give, in little memory. */
#include <math.h>
#include <string.h>

#include "models/blocks.h"
#include "support.h"

enum { ROWS = 12000, COLUMNS = 40, CLASSES = 3, WIDTH = COLUMNS + COLUMNS * (COLUMNS + 1) / 2 };

static float values[ROWS * COLUMNS];
static int32_t labels[ROWS];

/* Half of the values are 0. */
static void fill_rows(void) {
  uint64_t state = 4;
  for (int64_t i = 0; i < ROWS * COLUMNS; i++) {
    values[i] = random_unit(&state) < 0.5 ? 0 : (float)random_normal(&state);
  }
  for (int64_t i = 0; i < ROWS; i++) {
    labels[i] = (int32_t)(i % CLASSES);
    values[i * COLUMNS + labels[i]] += 3;
  }
}

static clf_model *piped(clf_context *context, const char *step, const char *params,
                        const clf_dataset *train) {
  clf_model *model = NULL;
  ck_clf_ok(clf_model_create(&model, context, "ridge", NULL));
  ck_clf_ok(clf_model_add_transform(model, step, params));
  ck_clf_ok(clf_model_fit(model, train, NULL, NULL));
  return model;
}

TEST(blocks__give_what_single_rows_give) {
  static float all[ROWS * CLASSES], part[CLASSES];
  static int32_t found[ROWS];
  clf_context *context = NULL;
  fill_rows();
  ck_clf_ok(clf_context_create(&context, NULL, "threads=2"));
  clf_dataset *few = dataset_of(context, values, CLF_F32, 2000, COLUMNS, labels);
  clf_dataset *rows = dataset_of(context, values, CLF_F32, ROWS, COLUMNS, NULL);
  clf_model *model = piped(context, "polynomial", NULL, few);
  ck_assert_int_lt(clf__block_rows(model, rows, CLASSES), ROWS / 2);
  ck_assert_int_gt(clf__block_rows(model, rows, CLASSES), 1000);
  ck_clf_ok(clf_model_decision_function(model, rows, all, ROWS * CLASSES));
  ck_clf_ok(clf_model_predict(model, rows, found, ROWS));
  for (int64_t i = 0; i < ROWS; i += 101) {
    clf_dataset *one = dataset_of(context, values + i * COLUMNS, CLF_F32, 1, COLUMNS, NULL);
    ck_clf_ok(clf_model_decision_function(model, one, part, CLASSES));
    ck_assert_mem_eq(part, all + i * CLASSES, sizeof part);
    for (int k = 0; k < CLASSES; k++) {
      ck_assert(part[k] <= part[found[i]]);
    }
    clf_dataset_free(one);
  }
  clf_model_free(model);
  clf_dataset_free(rows);
  clf_dataset_free(few);
  clf_context_free(context);
}

TEST(blocks__hold_a_part_of_what_the_pipeline_makes) {
  static int32_t found[ROWS];
  clf_context *context = NULL;
  fill_rows();
  ck_clf_ok(clf_context_create(&context, NULL, "threads=2"));
  clf_dataset *few = dataset_of(context, values, CLF_F32, 300, COLUMNS, labels);
  clf_dataset *rows = dataset_of(context, values, CLF_F32, ROWS, COLUMNS, NULL);
  clf_model *model = piped(context, "polynomial", NULL, few);
  ck_clf_ok(clf_model_predict(model, rows, found, ROWS));
  const uint64_t all = (uint64_t)ROWS * WIDTH * sizeof(float);
  ck_assert_uint_lt(clf_context_memory_peak(context), all * 6 / 10);
  clf_model_free(model);
  clf_dataset_free(rows);
  clf_dataset_free(few);
  clf_context_free(context);
}

/* Blocks of any size, of any storage. */
typedef struct gathered {
  const clf_model *model;
  float *to;
  int64_t calls;
} gathered;

static clf_status gather(void *argument, const clf__rows *x, int64_t first) {
  gathered *own = argument;
  own->calls++;
  ck_assert_int_eq(x->first_row, first);
  return own->model->kind->decide(own->model, x, own->to + first * CLASSES);
}

static void check_blocks(const clf_dataset *rows, const char *step, const char *params) {
  enum { USED = 500 };
  static float whole[USED * CLASSES], parts[USED * CLASSES];
  clf_model *model = piped(NULL, step, params, rows);
  ck_clf_ok(clf_model_decision_function(model, rows, whole, USED * CLASSES));
  for (int64_t block = 1; block <= USED; block = 3 * block + 4) {
    gathered own = {.model = model, .to = parts};
    memset(parts, 0, sizeof parts);
    ck_clf_ok(clf__for_blocks(model, rows, block, "predict", false, gather, &own));
    ck_assert_int_eq(own.calls, (USED - 1) / block + 1);
    for (int64_t i = 0; i < USED * CLASSES; i++) {
      ck_assert_float_eq_tol(parts[i], whole[i], 1e-5F * (1 + fabsf(whole[i])));
    }
  }
  clf_model_free(model);
}

TEST(blocks__of_dense_and_sparse_rows_meet) {
  uint8_t *bytes = malloc(500 * COLUMNS);
  fill_rows();
  for (int i = 0; i < 500 * COLUMNS; i++) {
    bytes[i] = (uint8_t)(40 * fabsf(values[i]));
  }
  clf_dataset *dense = dataset_of(NULL, values, CLF_F32, 500, COLUMNS, labels);
  clf_dataset *pixels = dataset_of(NULL, bytes, CLF_U8, 500, COLUMNS, labels);
  clf_dataset *sparse = sparse_of(NULL, values, 500, COLUMNS, labels);
  check_blocks(dense, "standardize", NULL);
  check_blocks(dense, "pca", "components=10");
  check_blocks(pixels, "min_max", NULL);
  check_blocks(sparse, "standardize", "mean=false");
  check_blocks(sparse, "log_count_ratio", NULL);
  check_blocks(sparse, "pca", "components=10");
  clf_dataset_free(dense);
  clf_dataset_free(pixels);
  clf_dataset_free(sparse);
  free(bytes);
}

TEST(blocks__name_the_row_among_all) {
  static int32_t found[ROWS];
  fill_rows();
  clf_dataset *few = dataset_of(NULL, values, CLF_F32, 300, COLUMNS, labels);
  clf_model *model = piped(NULL, "polynomial", NULL, few);
  values[11000 * COLUMNS + 7] = NAN;
  memset(found, 0x55, sizeof found);
  clf_dataset *rows = dataset_of(NULL, values, CLF_F32, ROWS, COLUMNS, NULL);
  ck_clf_fails(clf_model_predict(model, rows, found, ROWS), CLF_ERROR_DATA);
  ck_clf_says("ridge: the value in row 11000, column 7 is NaN");
  ck_assert_int_eq(found[0], 0x55555555); /* untouched, although its block was good */
  clf_model_free(model);
  clf_dataset_free(rows);
  clf_dataset_free(few);
}

SUITE("blocks")
