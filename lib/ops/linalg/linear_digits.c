/* Weights as digits; the products are in ops/simd/digit_tiles.h. */
#include "ops/linalg/linear_digits.h"

#include <math.h>
#include <string.h>

#include "base/math.h"
#include "base/memory.h"
#include "comm/shards.h"
#include "ops/kernels.h"

enum {
  MIN_OUTPUTS = 5, /* tiles have 16 whether they are used or not */
  MIN_COLUMNS = 32,
  MIN_ROWS = 64
};

/* The largest number of four digits, each of which is at most 127. */
#define LARGEST 2139062143.0
/* How much larger than the mean a weight may be. */
#define MAX_RATIO 256

clf_status clf__digits_create(clf__digit_map *out, clf_context *context, const clf__rows *x,
                              int64_t outputs) {
  const int64_t groups = clf__ceil_div(outputs, CLF__DIGIT_OUTPUTS);
  const int64_t units = clf__ceil_div(x->columns, CLF__DIGIT_UNIT);
  const bool pays = !clf__rows_sparse(x) && x->dtype == CLF_U8 && outputs >= MIN_OUTPUTS &&
                    x->columns >= MIN_COLUMNS && x->columns <= CLF__DIGIT_COLUMNS &&
                    clf__shards_rows(x->shards, x->rows) >= MIN_ROWS;
  *out = (clf__digit_map){.outputs = outputs, .columns = x->columns};
  out->kernels = pays ? clf__reduced_kernels_for(context)->digits : NULL;
  if (out->kernels == NULL) {
    return CLF_OK;
  }
  const int64_t tile = CLF__DIGITS * CLF__DIGIT_UNIT * CLF__DIGIT_OUTPUTS;
  out->digits = clf__alloc_zeroed(context, clf__count(groups * tile, units), 1);
  out->scales = clf__alloc_zeroed(context, groups * CLF__DIGIT_OUTPUTS, sizeof *out->scales);
  out->scratch = clf__alloc_array(context, clf__context_threads(context), CLF__DIGIT_SCRATCH);
  const bool failed = out->digits == NULL || out->scales == NULL || out->scratch == NULL;
  return failed ? CLF_ERROR_MEMORY : CLF_OK;
}

void clf__digits_free(clf__digit_map *map) {
  clf__free(map->digits);
  clf__free(map->scales);
  clf__free(map->scratch);
  *map = (clf__digit_map){.kernels = NULL};
}

/* Sets *largest to the largest size; returns whether it is in proportion to the mean. */
static bool measure(const float *w, int64_t columns, double *largest) {
  double sum = 0, most = 0;
  for (int64_t j = 0; j < columns; j++) {
    const double size = fabs((double)w[j]);
    sum += size;
    most = fmax(most, size);
  }
  *largest = most;
  return isfinite(sum) && most * (double)columns <= MAX_RATIO * sum;
}

/* Writes the digits of a number, of which the first is the most significant. */
static void split(int32_t value, int8_t *to) {
  enum { TILE = CLF__DIGIT_UNIT * CLF__DIGIT_OUTPUTS };
  int64_t rest = value;
  for (int64_t d = CLF__DIGITS - 1; d >= 0; d--) {
    const int64_t digit = ((rest + 128) & 255) - 128;
    to[d * TILE] = (int8_t)digit;
    rest = (rest - digit) / 256;
  }
}

static void set_output(clf__digit_map *map, int64_t output, const float *w, double largest) {
  enum { GROUP = 4 };
  const int64_t units = clf__ceil_div(map->columns, CLF__DIGIT_UNIT);
  const int64_t unit_bytes = CLF__DIGITS * CLF__DIGIT_UNIT * CLF__DIGIT_OUTPUTS;
  const int64_t lane = output % CLF__DIGIT_OUTPUTS;
  int8_t *digits = map->digits + output / CLF__DIGIT_OUTPUTS * units * unit_bytes;
  const double factor = largest > 0 ? LARGEST / largest : 0;
  for (int64_t j = 0; j < map->columns; j++) {
    const int64_t step = j % CLF__DIGIT_UNIT / GROUP;
    split((int32_t)lrint((double)w[j] * factor), digits + j / CLF__DIGIT_UNIT * unit_bytes +
                                                     (step * CLF__DIGIT_OUTPUTS + lane) * GROUP +
                                                     j % GROUP);
  }
  map->scales[output] = (float)(largest / LARGEST);
}

bool clf__digits_set(clf__digit_map *map, const float *w, const float *b) {
  map->b = b;
  for (int64_t k = 0; k < map->outputs; k++) {
    double largest;
    if (!measure(w + k * map->columns, map->columns, &largest)) {
      return false;
    }
    set_output(map, k, w + k * map->columns, largest);
  }
  return true;
}
