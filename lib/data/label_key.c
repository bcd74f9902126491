/* Keys of numbers. The bits of negative doubles increase as the number decreases; inverting all
 * bits except the sign reverses their order. */
#include "data/label_key.h"

#include <math.h>
#include <string.h>

#include "base/context.h"
#include "base/text.h"

int64_t clf__key_of_double(double value) {
  int64_t bits;
  value += 0.0; /* -0 becomes 0 */
  memcpy(&bits, &value, sizeof bits);
  return bits < 0 ? bits ^ INT64_MAX : bits;
}

double clf__double_of_key(int64_t key) {
  double value;
  key = key < 0 ? key ^ INT64_MAX : key;
  memcpy(&value, &key, sizeof value);
  return value;
}

/* Returns false if the number is not an integer of 64 bits. */
static bool integer_of(double value, int64_t *out) {
  if (!(value >= -0x1p63 && value < 0x1p63) || value != floor(value)) {
    return false;
  }
  *out = (int64_t)value;
  return true;
}

bool clf__double_keeps(const char *begin, const char *end, double value) {
  int64_t integer, back;
  for (const char *at = begin; at < end; at++) {
    if (!((unsigned char)(*at - '0') <= 9 || *at == '-' || *at == '+')) {
      return true;
    }
  }
  return clf__read_i64(begin, end, &integer) == end && integer_of(value, &back) && back == integer;
}

bool clf__key_convert(int64_t *key, clf__key_type from, clf__key_type to) {
  if (from == to) {
    return true;
  }
  if (from == CLF__KEY_DOUBLE) {
    return integer_of(clf__double_of_key(*key), key);
  }
  int64_t back;
  double value = (double)*key;
  if (!integer_of(value, &back) || back != *key) {
    return false;
  }
  *key = clf__key_of_double(value);
  return true;
}

int clf__key_compare(const void *a, const void *b) {
  int64_t first = *(const int64_t *)a;
  int64_t second = *(const int64_t *)b;
  return (first > second) - (first < second);
}

static int64_t integer_at(const clf_tensor *labels, int64_t row) {
  int64_t offset = row * labels->strides[0];
  switch (labels->dtype) {
  case CLF_U8:
    return ((const uint8_t *)labels->data)[offset];
  case CLF_I32:
    return ((const int32_t *)labels->data)[offset];
  default:
    return ((const int64_t *)labels->data)[offset];
  }
}

/* Makes the keys of labels that are not of an integer type; they are integers if all labels are. */
static clf_status read_doubles(const clf_tensor *labels, int64_t count, int64_t *keys,
                               clf__key_type *type) {
  *type = CLF__KEY_INTEGER;
  for (int64_t i = 0; i < count; i++) {
    double value = clf__tensor_value(labels, i);
    if (isnan(value)) {
      return clf__fail(CLF_ERROR_DATA, "labels: row %lld is NaN", (long long)i);
    }
    if (*type == CLF__KEY_INTEGER && !integer_of(value, &keys[i])) {
      *type = CLF__KEY_DOUBLE;
      for (int64_t j = 0; j < i; j++) {
        keys[j] = clf__key_of_double((double)keys[j]);
      }
    }
    if (*type == CLF__KEY_DOUBLE) {
      keys[i] = clf__key_of_double(value);
    }
  }
  return CLF_OK;
}

clf_status clf__keys_of_labels(const clf_tensor *labels, int64_t *keys, clf__key_type *type) {
  int64_t count = labels->shape[0];
  bool integers = labels->dtype == CLF_I64 || labels->dtype == CLF_I32 ||
                  (labels->dtype == CLF_U8 && labels->scale == 1);
  if (!integers) {
    return read_doubles(labels, count, keys, type);
  }
  *type = CLF__KEY_INTEGER;
  for (int64_t i = 0; i < count; i++) {
    keys[i] = integer_at(labels, i);
  }
  return CLF_OK;
}

void clf__log_fractions(clf_context *context, const clf_tensor *labels, const char *name) {
  const bool floats = labels->dtype == CLF_F32 || labels->dtype == CLF_F64;
  for (int64_t i = 0; floats && i < clf_tensor_count(labels); i++) {
    const double value = clf__tensor_value(labels, i);
    if (value != floor(value)) {
      clf__log(context, CLF_LOG_WARNING,
               "%s: labels such as %s are no integers, and each number is taken for a class; "
               "regression=true takes them for targets",
               name, clf__number_text(value));
      return;
    }
  }
}
