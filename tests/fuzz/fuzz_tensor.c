/* Tensors on memory with any shape and strides: they are refused, or, where the strides stay in the
 * memory, every view, copy and dataset of them has the elements that plain arithmetic finds. */
#include <stdlib.h>
#include <string.h>

#include "data/dataset.h"
#include "dice.h"

enum { WORDS = 64, MOST_STEPS = 6, MOST_COUNT = 4096 };

static uint64_t memory[WORDS];
static const int32_t dtypes[] = {CLF_F32, CLF_F64, CLF_U8, CLF_I32, CLF_I64};
enum { DTYPES = sizeof dtypes / sizeof dtypes[0] };

static int released;

static void release(void *user) {
  FUZZ_CHECK(user == memory);
  released++;
}

static int64_t roll_size(dice *from) {
  static const int64_t sizes[] = {INT64_MAX, INT64_MIN, -1, (int64_t)1 << 32, (int64_t)1 << 62};
  return roll(from, 16) > 0 ? roll(from, 6) : sizes[roll(from, 5)];
}

static int64_t roll_stride(dice *from) {
  static const int64_t strides[] = {INT64_MAX, INT64_MIN, -INT64_MAX, (int64_t)1 << 40,
                                    -((int64_t)1 << 61)};
  return roll(from, 8) > 0 ? roll(from, 15) - 7 : strides[roll(from, 5)];
}

/* Bytes of an element, by the header's own words. */
static int64_t bytes_of(int32_t dtype) {
  return dtype == CLF_U8 ? 1 : dtype == CLF_F32 || dtype == CLF_I32 ? 4 : 8;
}

/* Whether every element lies in the memory; the tensor may have been made of it, or not. */
static bool is_inside(const void *data, int32_t dtype, int32_t ndim, const int64_t *shape,
                      const int64_t *strides) {
  __extension__ typedef __int128 wide;
  wide low = 0, high = 0;
  for (int32_t i = 0; i < ndim; i++) {
    if (shape[i] == 0) {
      return true;
    }
    wide reach = (wide)(shape[i] - 1) * strides[i];
    low += reach < 0 ? reach : 0;
    high += reach > 0 ? reach : 0;
  }
  const wide first = (const char *)data - (const char *)memory, size = bytes_of(dtype);
  return first + low * size >= 0 && first + (high + 1) * size <= (wide)sizeof memory;
}

static bool is_readable(const clf_tensor *tensor) {
  int64_t shape[CLF_MAX_DIMENSIONS], strides[CLF_MAX_DIMENSIONS];
  const void *data = clf_tensor_data(tensor);
  for (int32_t i = 0; i < clf_tensor_ndim(tensor); i++) {
    shape[i] = clf_tensor_extent(tensor, i);
    strides[i] = clf_tensor_stride(tensor, i);
  }
  return data == NULL ||
         is_inside(data, clf_tensor_dtype(tensor), clf_tensor_ndim(tensor), shape, strides);
}

/* The element at a flat index, computed again. */
static double element(const clf_tensor *tensor, int64_t index) {
  const char *at = clf_tensor_data(tensor);
  const int32_t dtype = clf_tensor_dtype(tensor);
  for (int32_t i = clf_tensor_ndim(tensor) - 1; i >= 0; i--) {
    at += index % clf_tensor_extent(tensor, i) * clf_tensor_stride(tensor, i) * bytes_of(dtype);
    index /= clf_tensor_extent(tensor, i);
  }
  union {
    float f32;
    double f64;
    uint8_t u8;
    int32_t i32;
    int64_t i64;
  } value;
  memcpy(&value, at, (size_t)bytes_of(dtype));
  return clf_tensor_scale(tensor) * (dtype == CLF_F32   ? (double)value.f32
                                     : dtype == CLF_F64 ? value.f64
                                     : dtype == CLF_U8  ? (double)value.u8
                                     : dtype == CLF_I32 ? (double)value.i32
                                                        : (double)value.i64);
}

static bool is_same(double a, double b) {
  return a == b || (isnan(a) && isnan(b));
}

static void check_copy(const clf_tensor *tensor, int32_t dtype) {
  clf_tensor *copy = NULL;
  clf_status status = clf_tensor_copy(&copy, tensor, dtype);
  FUZZ_CHECK(status == CLF_OK || status == CLF_ERROR_DATA || status == CLF_ERROR_MEMORY ||
             (status == CLF_ERROR_SHAPE && clf_tensor_count(tensor) == 0));
  for (int64_t i = 0; copy != NULL && i < clf_tensor_count(copy); i++) {
    const double from = element(tensor, i), to = element(copy, i);
    FUZZ_CHECK(dtype == CLF_F64 || dtype == clf_tensor_dtype(tensor) ? is_same(from, to)
               : dtype == CLF_F32 ? is_same((double)(float)from, to)
                                  : fabs(from - to) < 1 || fabs(from) >= 0x1p53);
  }
  clf_tensor_free(copy);
}

static void check_dataset(clf_context *context, const clf_tensor *tensor) {
  clf_dataset *dataset = NULL;
  clf_status status = clf_dataset_create(&dataset, context, tensor, NULL);
  FUZZ_CHECK(status == CLF_OK || status == CLF_ERROR_SHAPE || status == CLF_ERROR_DATA ||
             status == CLF_ERROR_MEMORY);
  if (status == CLF_OK) {
    clf_tensor *x = NULL;
    FUZZ_CHECK(clf_dataset_rows(dataset) == clf_tensor_extent(tensor, 0));
    FUZZ_CHECK(clf_dataset_tensor(&x, dataset, "x") == CLF_OK);
    for (int64_t i = 0; i < clf_tensor_count(x); i++) {
      const double from = element(tensor, i), to = element(x, i);
      FUZZ_CHECK(is_same(from, to) || is_same((double)(float)from, to));
    }
    clf_tensor_free(x);
    clf_dataset_set_labels(dataset, tensor);
    clf_dataset_set_targets(dataset, tensor);
    clf_dataset_set_weights(dataset, tensor);
  }
  clf_dataset_free(dataset);
}

/* The layout of DLPack's DLManagedTensor, version 0. */
typedef struct dl_managed {
  void *data;
  int32_t device_type, device_id, ndim;
  uint8_t code, bits;
  uint16_t lanes;
  int64_t *shape, *strides;
  uint64_t byte_offset;
  void *manager;
  void (*deleter)(struct dl_managed *self);
} dl_managed;

/* Handed out and taken back; before that, one that is not in order. */
static void check_dlpack(clf_context *context, const clf_tensor *tensor, dice *from) {
  void *managed = NULL;
  clf_tensor *again = NULL;
  FUZZ_CHECK(clf_tensor_to_dlpack(&managed, tensor) == CLF_OK);
  dl_managed wrong = *(dl_managed *)managed;
  wrong.deleter = NULL;
  wrong.byte_offset = roll(from, 2) == 0 ? 0 : (uint64_t)roll_stride(from);
  wrong.code = (uint8_t)roll(from, 4);
  wrong.bits = (uint8_t)(8 << roll(from, 5));
  wrong.ndim = (int32_t)roll(from, 12) - 1;
  if (wrong.ndim <= clf_tensor_ndim(tensor)) {
    clf_tensor_from_dlpack(&again, context, &wrong);
  }
  clf_tensor_free(again);
  again = NULL;
  FUZZ_CHECK(clf_tensor_from_dlpack(&again, context, managed) == CLF_OK);
  FUZZ_CHECK(clf_tensor_count(again) == clf_tensor_count(tensor));
  FUZZ_CHECK(clf_tensor_data(again) == clf_tensor_data(tensor));
  clf_tensor_free(again);
}

/* Returns a view of the tensor, or the tensor if the view is refused. */
static void view(clf_tensor **tensor, dice *from) {
  clf_tensor *made = NULL;
  int64_t shape[CLF_MAX_DIMENSIONS];
  int32_t axes[CLF_MAX_DIMENSIONS];
  const int32_t ndim = (int32_t)roll(from, CLF_MAX_DIMENSIONS + 1);
  for (int32_t i = 0; i < CLF_MAX_DIMENSIONS; i++) {
    axes[i] = (int32_t)roll(from, CLF_MAX_DIMENSIONS);
  }
  switch (roll(from, 3)) {
  case 0:
    clf_tensor_slice(&made, *tensor, axes[0], roll_size(from), roll_size(from), roll_stride(from));
    break;
  case 1:
    clf_tensor_permute(&made, *tensor, axes);
    break;
  default:
    for (int32_t i = 0; i < ndim; i++) {
      shape[i] = roll_size(from);
    }
    clf_tensor_reshape(&made, *tensor, ndim, shape);
  }
  if (made != NULL) {
    clf_tensor_free(*tensor);
    *tensor = made;
  }
}

static void check_sparse(clf_context *context, dice *from) {
  clf_tensor *parts[3] = {NULL};
  clf_dataset *dataset = NULL;
  static int64_t numbers[3][8];
  for (int p = 0; p < 3; p++) {
    const int64_t count = roll(from, 8);
    for (int i = 0; i < 8; i++) {
      numbers[p][i] = roll(from, 16) > 0 ? roll(from, 8) : roll_size(from);
    }
    const int32_t dtype = p < 2 ? CLF_I64 : dtypes[roll(from, DTYPES)];
    FUZZ_CHECK(clf_tensor_wrap(&parts[p], context, numbers[p], dtype, 1, &count, NULL) == CLF_OK);
  }
  if (clf_dataset_create_sparse(&dataset, context, roll_size(from), parts[0], parts[1], parts[2],
                                NULL) == CLF_OK) {
    clf__rows rows = clf__dataset_rows(dataset);
    for (int64_t i = 0; i < rows.rows; i++) {
      for (int64_t j = rows.row_start[i]; j < rows.row_start[i + 1]; j++) {
        FUZZ_CHECK(rows.column[j] >= 0 && rows.column[j] < rows.columns);
        FUZZ_CHECK(j == rows.row_start[i] || rows.column[j] > rows.column[j - 1]);
      }
    }
  }
  clf_dataset_free(dataset);
  for (int p = 0; p < 3; p++) {
    clf_tensor_free(parts[p]);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  dice from = {data, size};
  clf_context *context = NULL;
  clf_tensor *tensor = NULL;
  int64_t shape[CLF_MAX_DIMENSIONS], strides[CLF_MAX_DIMENSIONS];
  FUZZ_CHECK(clf_context_create(&context, NULL, "threads=1 memory_limit=1000000") == CLF_OK);
  const int32_t ndim = (int32_t)roll(&from, CLF_MAX_DIMENSIONS + 1);
  const int32_t dtype = dtypes[roll(&from, DTYPES)];
  const void *at = (char *)memory + roll(&from, sizeof memory);
  for (int32_t i = 0; i < ndim; i++) {
    shape[i] = roll_size(&from);
    strides[i] = roll_stride(&from);
  }
  for (size_t i = 0; i < WORDS; i++) {
    const double number = roll_number(&from);
    memcpy(&memory[i], &number, sizeof number);
  }
  released = 0;
  clf_status status = clf_tensor_wrap(&tensor, context, at, dtype, ndim, shape,
                                      roll(&from, 4) > 0 ? strides : NULL);
  FUZZ_CHECK((status == CLF_OK) == (tensor != NULL));
  FUZZ_CHECK(tensor == NULL || clf_tensor_set_release(tensor, release, memory) == CLF_OK);
  for (int64_t steps = roll(&from, MOST_STEPS); tensor != NULL && steps > 0; steps--) {
    view(&tensor, &from);
  }
  if (tensor != NULL && is_readable(tensor) && clf_tensor_count(tensor) <= MOST_COUNT) {
    check_copy(tensor, dtypes[roll(&from, DTYPES)]);
    check_dataset(context, tensor);
    check_dlpack(context, tensor, &from);
  }
  clf_tensor_free(tensor);
  FUZZ_CHECK(released == (status == CLF_OK));
  check_sparse(context, &from);
  FUZZ_CHECK(clf_context_memory(context) < 1 << 16);
  clf_context_free(context);
  return 0;
}

/* A seed of bytes, each of which makes another choice. */
size_t fuzz_seed(int index, uint8_t *buffer, size_t capacity) {
  enum { SEEDS = 24, BYTES = 256 };
  uint32_t random = (uint32_t)index * 2654435761u + 1;
  FUZZ_CHECK(capacity >= BYTES);
  for (int i = 0; i < BYTES; i++) {
    random = random * 1664525u + 1013904223u;
    buffer[i] = (uint8_t)(random >> 24);
  }
  return index < SEEDS ? BYTES : 0;
}
