/* Stored arrays as tensors. They are wrapped in place if the machine can read them directly, and
 * otherwise decoded element by element, exactly; the dataset decides whether f32 is enough.
 *
 * Fortran order is C order with the axes reversed, so such an array is a permuted view of a tensor
 * of the reversed shape. */
#include "data/formats/array.h"

#include <math.h>
#include <string.h>

#include "base/context.h"
#include "base/progress.h"
#include "data/build.h"
#include "data/label_key.h"

enum { ASKED = 1 << 20 }; /* elements between two checks for cancellation */

static bool native_order(const clf__array *array) {
  const bool big_endian_machine = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;
  return array->width == 1 || array->big_endian == big_endian_machine;
}

/* Returns the dtype that represents every such element exactly. The exception is unsigned integers
 * beyond int64_t, which are rounded as features and refused as labels. `*stored` receives whether
 * the file has the elements in this form.
 */
static int32_t dtype_of(const clf__array *array, bool labels, bool *stored) {
  static const struct {
    char kind;
    int32_t width;
    int32_t dtype;
    bool stored;
  } dtypes[] = {{'u', 1, CLF_U8, true},   {'b', 1, CLF_U8, true},   {'i', 4, CLF_I32, true},
                {'i', 8, CLF_I64, true},  {'f', 4, CLF_F32, true},  {'f', 8, CLF_F64, true},
                {'i', 1, CLF_F32, false}, {'i', 2, CLF_F32, false}, {'u', 2, CLF_F32, false},
                {'f', 2, CLF_F32, false}, {'u', 4, CLF_I64, false}, {'u', 8, CLF_F64, false}};
  size_t i = 0;
  while (dtypes[i].kind != array->kind || dtypes[i].width != array->width) {
    i++;
  }
  *stored = dtypes[i].stored && native_order(array);
  return labels && array->kind == 'u' && array->width == 8 ? CLF_I64 : dtypes[i].dtype;
}

static int64_t count_of(const clf__array *array) {
  int64_t count = 1;
  for (int32_t i = 0; i < array->ndim; i++) {
    count *= array->shape[i];
  }
  return count;
}

/* Returns the bytes of header and elements. Returns CLF_ERROR_DATA if there are no elements,
 * CLF_ERROR_SHAPE on overflow. */
static clf_status whole_of(size_t *size, const clf__array *array, const char *name) {
  size_t bytes = (size_t)array->width;
  for (int32_t i = 0; i < array->ndim; i++) {
    if (array->shape[i] == 0) {
      return clf__fail(CLF_ERROR_DATA, "%s: it has no elements: the size of axis %d is 0", name, i);
    }
    if (!clf__mul_size(bytes, (size_t)array->shape[i], &bytes) || bytes > INT64_MAX / 8) {
      return clf__fail(CLF_ERROR_SHAPE, "%s: the sizes overflow at axis %d, which has %lld", name,
                       i, (long long)array->shape[i]);
    }
  }
  *size = bytes + array->offset;
  return CLF_OK;
}

clf__array_wanted clf__array_labels(clf__array_header header, int64_t rows, bool regression) {
  return (clf__array_wanted){.header = header,
                             .what = regression ? "regression targets" : "labels",
                             .min_axes = 1,
                             .max_axes = 2,
                             .rows = rows,
                             .labels = true,
                             .text = !regression};
}

static bool is_text(const clf__array *array) {
  return array->kind == 'U' || array->kind == 'S';
}

static clf_status check_wanted(const clf__array *array, const clf__array_wanted *wanted,
                               const char *name) {
  if (is_text(array) && !wanted->text) {
    return clf__fail(CLF_ERROR_TYPE, "%s: its elements are texts ('%c'); %s are numbers", name,
                     array->kind, wanted->what);
  }
  if (array->ndim == 0 && wanted->min_axes > 0) {
    return clf__fail(CLF_ERROR_SHAPE, "%s: it is a single element; %s have %d to %d axes", name,
                     wanted->what, wanted->min_axes, wanted->max_axes);
  }
  if (array->ndim < wanted->min_axes || array->ndim > wanted->max_axes) {
    return clf__fail(CLF_ERROR_SHAPE, "%s: it has %d axes; %s have %d to %d", name, array->ndim,
                     wanted->what, wanted->min_axes, wanted->max_axes);
  }
  if (wanted->rows >= 0 && array->shape[0] != wanted->rows) {
    return clf__fail(CLF_ERROR_SHAPE, "%s: it has %lld %s for %lld rows", name,
                     (long long)array->shape[0], wanted->what, (long long)wanted->rows);
  }
  return CLF_OK;
}

static clf_status fail_size(const char *name, size_t size, size_t whole) {
  return clf__fail(CLF_ERROR_FORMAT, "%s: it has %zu bytes; its header promises %zu", name, size,
                   whole);
}

clf_status clf__array_measure(size_t *size, const unsigned char *head, size_t count,
                              const char *name, const void *wanted) {
  const clf__array_wanted *chosen = wanted;
  clf__array array;
  size_t whole = 0;
  CLF__CHECK(chosen->header(&array, head, count, name));
  CLF__CHECK(check_wanted(&array, chosen, name));
  CLF__CHECK(whole_of(&whole, &array, name));
  if (chosen->size > 0 && chosen->size != whole) {
    return fail_size(name, chosen->size, whole);
  }
  *size = whole;
  return CLF_OK;
}

static clf_status check_whole(const clf__array *array, const clf__bytes *bytes, const char *name) {
  size_t whole;
  clf_status status = whole_of(&whole, array, name);
  if (status == CLF_OK && whole != bytes->size) {
    status = fail_size(name, bytes->size, whole);
  }
  return status;
}

/* The bits of a number: of an integer in two's complement, or of a float. */
static int64_t bits_of(const unsigned char *at, const clf__array *array) {
  uint64_t bits = 0;
  int32_t width = array->width, unused = array->kind == 'i' ? 64 - 8 * width : 0;
  for (int32_t i = 0; i < width; i++) {
    bits |= (uint64_t)at[array->big_endian ? width - 1 - i : i] << (8 * i);
  }
  return (int64_t)(bits << unused) >> unused;
}

/* Returns the bits of the f32 that equals a 16-bit float. */
static int64_t widen_half(int64_t half) {
  const uint32_t sign = (uint32_t)half >> 15 << 31;
  const uint32_t exponent = (uint32_t)half >> 10 & 0x1F, fraction = (uint32_t)half & 0x3FF;
  uint32_t bits = (exponent == 0x1F ? 0xFF : exponent + 127 - 15) << 23 | fraction << 13;
  if (exponent == 0) { /* subnormal: a multiple of 2^-24 */
    const float value = (float)fraction * 0x1p-24f;
    memcpy(&bits, &value, sizeof bits);
  }
  return sign | bits;
}

/* Writes an element of a tensor; its bits are those of the type, or of an integer that fits into
 * it. */
static void write_element(const clf_tensor *tensor, int64_t index, int64_t bits, char kind) {
  if (tensor->dtype == CLF_F32 && kind != 'f') {
    ((float *)tensor->data)[index] = (float)bits;
  } else if (tensor->dtype == CLF_F64 && kind != 'f') {
    ((double *)tensor->data)[index] = (double)(uint64_t)bits;
  } else if (clf__dtype_size(tensor->dtype) == 4) {
    uint32_t half = (uint32_t)bits;
    memcpy((char *)tensor->data + 4 * index, &half, sizeof half);
  } else {
    memcpy((char *)tensor->data + 8 * index, &bits, sizeof bits);
  }
}

/* Returns whether f64 represents the integer exactly. */
static bool is_double(uint64_t value) {
  return value >> 53 == 0 || value / (value & (0 - value)) >> 53 == 0;
}

/* Returns the first unsigned integer of 64 bits that i64 cannot represent, or -1; f64 may round
 * others. */
static int64_t look_at_wide(const unsigned char *data, const clf__array *array, int64_t first,
                            int64_t end, bool *rounded) {
  int64_t beyond = -1;
  for (int64_t i = end - 1; i >= first; i--) {
    const int64_t bits = bits_of(data + i * array->width, array);
    beyond = bits < 0 ? i : beyond;
    *rounded = *rounded || !is_double((uint64_t)bits);
  }
  return beyond;
}

static void decode_run(clf_tensor *to, const unsigned char *data, const clf__array *array,
                       int64_t first, int64_t end) {
  const bool half = array->kind == 'f' && array->width == 2;
  data += first * array->width;
  for (int64_t i = first; i < end; i++, data += array->width) {
    const int64_t bits = bits_of(data, array);
    write_element(to, i, half ? widen_half(bits) : bits, array->kind);
  }
}

static clf_status decode(clf_tensor **out, clf_context *context, const unsigned char *data,
                         const clf__array *array, const int64_t *shape, int32_t dtype) {
  clf_tensor *made = NULL;
  clf_status status = CLF_OK;
  CLF__CHECK(clf__tensor_create_uninitialized(&made, context, dtype, array->ndim, shape));
  const int64_t count = count_of(array);
  const clf__progress progress = clf__progress_begin(context, "decode", count);
  const bool wide = array->kind == 'u' && array->width == 8;
  bool rounded = false;
  for (int64_t first = 0; first < count; first += ASKED) {
    const int64_t end = count - first < ASKED ? count : first + ASKED;
    const int64_t refused = wide ? look_at_wide(data, array, first, end, &rounded) : -1;
    if (refused >= 0 && dtype == CLF_I64) {
      const unsigned char *at = data + refused * array->width;
      status = clf__fail(CLF_ERROR_DATA, "element %lld is %llu; labels up to %lld are read",
                         (long long)refused, (unsigned long long)bits_of(at, array),
                         (long long)INT64_MAX);
      goto done;
    }
    decode_run(made, data, array, first, end);
    CLF__TRY(end < count ? clf__progress_step(&progress, end, NAN, NAN) : CLF_OK);
  }
  if (rounded && dtype == CLF_F64) {
    clf__log(context, CLF_LOG_WARNING, CLF__ROUNDED_INTEGERS);
  }
  *out = made;
  made = NULL;
done:
  clf_tensor_free(made);
  return status;
}

static clf_status wrap(clf_tensor **out, clf_context *context, clf__bytes *bytes,
                       const clf__array *array, const int64_t *shape, int32_t dtype) {
  const unsigned char *data = bytes->data + array->offset;
  clf__tensor_bytes *shared = NULL;
  CLF__CHECK(clf__tensor_bytes_share(&shared, context, bytes));
  const clf_status status =
      clf__tensor_of_bytes(out, context, shared, data, dtype, array->ndim, shape);
  clf__tensor_bytes_release(shared);
  return status;
}

/* Replaces the tensor by its view with the axes reversed. */
static clf_status reverse_axes(clf_tensor **tensor) {
  int32_t axes[CLF_MAX_DIMENSIONS];
  for (int32_t i = 0; i < (*tensor)->ndim; i++) {
    axes[i] = (*tensor)->ndim - 1 - i;
  }
  clf_tensor *view = NULL;
  clf_status status = clf_tensor_permute(&view, *tensor, axes);
  clf_tensor_free(*tensor);
  *tensor = view;
  return status;
}

static clf_status make_tensor(clf_tensor **out, clf_context *context, clf__bytes *bytes,
                              const clf__array *array, bool labels) {
  int64_t shape[CLF_MAX_DIMENSIONS];
  for (int32_t i = 0; i < array->ndim; i++) {
    shape[i] = array->shape[array->fortran ? array->ndim - 1 - i : i];
  }
  clf_tensor *tensor = NULL;
  bool stored;
  const int32_t dtype = dtype_of(array, labels, &stored);
  if (stored && bytes->owner == CLF__BYTES_BORROWED) {
    CLF__CHECK(clf__bytes_copy(bytes, context, bytes));
  }
  const unsigned char *data = bytes->data + array->offset;
  if (stored && (uintptr_t)data % (uintptr_t)array->width == 0) {
    CLF__CHECK(wrap(&tensor, context, bytes, array, shape, dtype));
  } else {
    CLF__CHECK(decode(&tensor, context, data, array, shape, dtype));
  }
  if (array->fortran) {
    CLF__CHECK(reverse_axes(&tensor));
  }
  *out = tensor;
  return CLF_OK;
}

/* Reads and checks header and size of the array in `bytes`. */
static clf_status open_array(clf__array *out, clf_context *context, const clf__bytes *bytes,
                             const clf__array_wanted *wanted, const char *name) {
  CLF__CHECK(wanted->header(out, bytes->data, bytes->size, name));
  CLF__CHECK(check_wanted(out, wanted, name));
  CLF__CHECK(check_whole(out, bytes, name));
  if (out->order_guessed) {
    clf__log(context, CLF_LOG_INFO,
             "%s: the order of its elements' bytes is not given: %s-endian, this machine's, is "
             "taken",
             name, out->big_endian ? "big" : "little");
  }
  return CLF_OK;
}

clf_status clf__array_read(clf_tensor **out, clf_context *context, clf__bytes *bytes,
                           const clf__array_wanted *wanted, const char *name) {
  clf__array array;
  CLF__CHECK(open_array(&array, context, bytes, wanted, name));
  clf_status status = make_tensor(out, context, bytes, &array, wanted->labels);
  return status < 0 ? clf__fail_within(status, "%s", name) : CLF_OK;
}

/* Reshapes labels [rows, 1] to [rows]. */
static clf_status set_labels(clf_dataset *dataset, const clf_tensor *labels) {
  if (labels->ndim == 2 && labels->shape[1] != 1) {
    return clf__fail(
        CLF_ERROR_SHAPE,
        "labels: %lld numbers a row; the shape must be [rows]: of 0 and 1 save where the "
        "1 is (y.argmax(1)), and read targets by regression=true",
        (long long)labels->shape[1]);
  }
  if (labels->ndim == 1) {
    return clf_dataset_set_labels(dataset, labels);
  }
  clf_tensor *vector = NULL;
  clf_status status = clf_tensor_reshape(&vector, labels, 1, labels->shape);
  if (status == CLF_OK) {
    status = clf_dataset_set_labels(dataset, vector);
  }
  clf_tensor_free(vector);
  return status;
}

static clf_status set_numbers(clf_dataset *dataset, clf__bytes *bytes, const clf__array *array,
                              const clf__array_wanted *wanted, const char *name) {
  clf_tensor *numbers = NULL;
  clf_status status = make_tensor(&numbers, dataset->context, bytes, array, wanted->labels);
  if (status == CLF_OK && wanted->text) {
    clf__log_fractions(dataset->context, numbers, name);
  }
  if (status == CLF_OK) {
    status =
        wanted->text ? set_labels(dataset, numbers) : clf_dataset_set_targets(dataset, numbers);
  }
  clf_tensor_free(numbers);
  return status;
}

clf_status clf__array_label(clf_dataset *dataset, clf__bytes *bytes,
                            const clf__array_wanted *wanted, const char *name) {
  clf__array array;
  CLF__CHECK(open_array(&array, dataset->context, bytes, wanted, name));
  clf_status status = is_text(&array)
                          ? clf__array_label_texts(dataset, &array, bytes->data + array.offset)
                          : set_numbers(dataset, bytes, &array, wanted, name);
  return status < 0 ? clf__fail_within(status, "%s", name) : CLF_OK;
}

clf_status clf__array_read_texts(const char ***out, int64_t *count, clf__arena *arena,
                                 const clf__bytes *bytes, const clf__array_wanted *wanted,
                                 const char *name) {
  clf__array array;
  CLF__CHECK(open_array(&array, arena->context, bytes, wanted, name));
  clf_status status =
      is_text(&array) ? clf__array_list_texts(out, arena, &array, bytes->data + array.offset)
                      : clf__fail(CLF_ERROR_TYPE, "%s: numbers; they must be texts", wanted->what);
  *count = array.shape[0];
  return status < 0 ? clf__fail_within(status, "%s", name) : CLF_OK;
}

clf_status clf__array_label_file(clf_dataset *dataset, const char *path, clf__array_header header,
                                 bool regression) {
  const clf__array_wanted wanted = clf__array_labels(header, dataset->rows, regression);
  const clf__head_check check = {clf__array_measure, &wanted};
  clf__bytes bytes = {0};
  clf_status status = clf__source_open(&bytes, dataset->context, path, false, &check);
  if (status == CLF_OK) {
    status = clf__array_label(dataset, &bytes, &wanted, path);
  }
  clf__bytes_release(&bytes);
  return status;
}

clf_status clf__array_check_memory(const char *labels, bool map, const char *name) {
  if (labels != NULL && strcmp(labels, "none") != 0) {
    return clf__fail(CLF_ERROR_ARGUMENT,
                     "%s: labels=%s names a file, which data in memory do not have; leave it out, "
                     "and set labels afterwards",
                     name, labels);
  }
  return map ? clf__fail(CLF_ERROR_ARGUMENT, "%s: map=true is for files; leave it out", name)
             : CLF_OK;
}
