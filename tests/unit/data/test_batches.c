#include <string.h>

#include "contexts.h"
#include "data/dataset.h"

enum { ROWS = 10 };

static const float numbers[ROWS] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
static const int32_t labels[ROWS] = {0, 1, 0, 1, 0, 1, 0, 1, 0, 1};

/* Reads one epoch into `order`, checking sizes and labels. */
static void read_epoch(clf_batches *batches, int64_t batch_size, float *order) {
  const clf_dataset *batch = NULL;
  int64_t read = 0;
  for (;;) {
    ck_clf_ok(clf_batches_next(batches, &batch));
    if (batch == NULL) {
      break;
    }
    int64_t rows = clf_dataset_rows(batch);
    ck_assert_int_eq(rows, ROWS - read < batch_size ? ROWS - read : batch_size);
    ck_assert_int_eq(clf_dataset_classes(batch), 2);
    clf__rows x = clf__dataset_rows(batch);
    for (int64_t i = 0; i < rows; i++) {
      order[read + i] = clf__rows_sparse(&x)
                            ? (x.row_start[i] < x.row_start[i + 1] ? x.value[x.row_start[i]] : 0)
                            : ((const float *)x.data)[i * x.stride];
      ck_assert_int_eq(clf__dataset_labels(batch)[i], (int)order[read + i] % 2);
    }
    read += rows;
  }
  ck_assert_int_eq(read, ROWS);
}

static void assert_all_rows_once(const float *order) {
  int seen[ROWS] = {0};
  for (int i = 0; i < ROWS; i++) {
    seen[(int)order[i]]++;
  }
  for (int i = 0; i < ROWS; i++) {
    ck_assert_int_eq(seen[i], 1);
  }
}

TEST(batches__give_each_row_once_an_epoch_in_new_order) {
  clf_dataset *dataset = dataset_of(context, numbers, CLF_F32, ROWS, 1, labels);
  for (int64_t size = 1; size <= ROWS + 1; size++) {
    clf_batches *batches = NULL;
    float first[ROWS], second[ROWS];
    ck_clf_ok(clf_batches_create(&batches, dataset, size, 4));
    read_epoch(batches, size, first);
    read_epoch(batches, size, second);
    assert_all_rows_once(first);
    assert_all_rows_once(second);
    ck_assert_mem_ne(first, second, sizeof first);
    clf_batches_free(batches);
  }
  ck_assert_mem_eq(clf__dataset_rows(dataset).data, numbers, sizeof numbers);
  clf_dataset_free(dataset);
}

TEST(batches__of_sparse_rows_come_in_the_same_order) {
  clf_dataset *dense = dataset_of(context, numbers, CLF_F32, ROWS, 1, labels);
  clf_dataset *sparse = sparse_of(context, numbers, ROWS, 1, labels);
  clf_batches *of_dense = NULL, *of_sparse = NULL;
  float first[ROWS], second[ROWS];
  ck_clf_ok(clf_batches_create(&of_dense, dense, 3, 9));
  ck_clf_ok(clf_batches_create(&of_sparse, sparse, 3, 9));
  for (int epoch = 0; epoch < 3; epoch++) {
    read_epoch(of_dense, 3, first);
    read_epoch(of_sparse, 3, second);
    ck_assert_mem_eq(first, second, sizeof first);
  }
  clf_batches_free(of_dense);
  clf_batches_free(of_sparse);
  clf_dataset_free(dense);
  clf_dataset_free(sparse);
}

TEST(batches__reuse_their_buffer) {
  clf_dataset *dataset = dataset_of(context, numbers, CLF_F32, ROWS, 1, labels);
  clf_batches *batches = NULL;
  const clf_dataset *batch = NULL;
  ck_clf_ok(clf_batches_create(&batches, dataset, 4, 1));
  ck_clf_ok(clf_batches_next(batches, &batch));
  uint64_t after_one = clf_context_memory(context);
  const void *data = clf__dataset_rows(batch).data;
  for (int i = 0; i < 20; i++) {
    ck_clf_ok(clf_batches_next(batches, &batch));
    ck_assert(batch == NULL || clf__dataset_rows(batch).data == data);
  }
  ck_assert_uint_eq(clf_context_memory(context), after_one);
  clf_batches_free(batches);
  clf_dataset_free(dataset);
}

TEST(batches__are_decided_by_the_seed) {
  clf_dataset *dataset = dataset_of(context, numbers, CLF_F32, ROWS, 1, labels);
  clf_batches *batches[3] = {NULL};
  float order[3][ROWS];
  for (int i = 0; i < 3; i++) {
    ck_clf_ok(clf_batches_create(&batches[i], dataset, 4, i == 2 ? 12 : 11));
    read_epoch(batches[i], 4, order[i]);
    clf_batches_free(batches[i]);
  }
  ck_assert_mem_eq(order[0], order[1], sizeof order[0]);
  ck_assert_mem_ne(order[0], order[2], sizeof order[0]);
  clf_dataset_free(dataset);
}

TEST(batches__carry_pixels_targets_and_weights) {
  uint8_t pixels[ROWS];
  double targets[ROWS];
  float weights[ROWS];
  for (int i = 0; i < ROWS; i++) {
    pixels[i] = (uint8_t)(10 * i);
    targets[i] = i + 0.5;
    weights[i] = (float)i;
  }
  clf_dataset *dataset = dataset_of(context, pixels, CLF_U8, ROWS, 1, NULL);
  clf_tensor *tensor = NULL;
  clf_batches *batches = NULL;
  const clf_dataset *batch = NULL;
  ck_clf_ok(clf_tensor_wrap(&tensor, context, targets, CLF_F64, 1, (int64_t[]){ROWS}, NULL));
  ck_clf_ok(clf_dataset_set_targets(dataset, tensor));
  set_weights(dataset, weights);
  ck_clf_ok(clf_batches_create(&batches, dataset, 3, 1));
  ck_clf_ok(clf_batches_next(batches, &batch));
  clf__rows x = clf__dataset_rows(batch);
  ck_assert_int_eq(x.dtype, CLF_U8);
  ck_assert_float_eq(x.scale, 1.0f / 255);
  for (int i = 0; i < 3; i++) {
    int row = ((const uint8_t *)x.data)[i] / 10;
    ck_assert_double_eq(clf__dataset_targets(batch)[i], row + 0.5);
    ck_assert_float_eq(clf__dataset_weights(batch)[i], (float)row);
  }
  clf_tensor_free(tensor);
  clf_batches_free(batches);
  clf_dataset_free(dataset);
}

TEST(batches__refuse_what_makes_no_sense) {
  clf_dataset *dataset = dataset_of(context, numbers, CLF_F32, ROWS, 1, labels);
  clf_batches *batches = NULL;
  ck_clf_fails(clf_batches_create(&batches, dataset, 0, 0), CLF_ERROR_ARGUMENT);
  ck_clf_fails(clf_batches_create(&batches, NULL, 1, 0), CLF_ERROR_ARGUMENT);
  ck_clf_fails(clf_batches_next(NULL, NULL), CLF_ERROR_ARGUMENT);
  clf_batches_free(NULL);
  ck_assert_ptr_null(batches);
  clf_dataset_free(dataset);
}

SUITE("batches", .setup = open_context, .teardown = close_context)
