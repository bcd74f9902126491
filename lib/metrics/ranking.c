/* The order of rows by their scores, found by a radix sort in linear time. An item has the score's
 * key in its low half, and in its high half the row's weight as a float, whose sign bit is set for
 * a positive row.
 */
#include "metrics/ranking.h"

#include <math.h>
#include <string.h>

#include "base/context.h"
#include "base/memory.h"

static uint32_t bits_of(float value) {
  uint32_t bits;
  memcpy(&bits, &value, sizeof bits);
  return bits;
}

/* Converts floats to unsigned numbers with the same order; -0 and 0 are equal. */
static uint32_t sort_key(float score) {
  const uint32_t bits = bits_of(score + 0.0f);
  return (bits >> 31) != 0 ? ~bits : bits | 0x80000000u;
}

/* Sorts by bits 8 byte … 8 byte + 7, keeping the order of equal ones. */
static void radix_pass(const uint64_t *from, uint64_t *to, int64_t count, int byte) {
  int64_t place[257] = {0};
  for (int64_t i = 0; i < count; i++) {
    place[((from[i] >> (8 * byte)) & 255) + 1]++;
  }
  for (int i = 0; i < 256; i++) {
    place[i + 1] += place[i];
  }
  for (int64_t i = 0; i < count; i++) {
    to[place[(from[i] >> (8 * byte)) & 255]++] = from[i];
  }
}

static clf_status check(const clf__ranked *what) {
  double sum;
  CLF__CHECK(clf__check_truth(what->measure, what->truth, what->rows, what->classes));
  CLF__CHECK(clf__check_table(what->measure, what->rows, what->columns, sizeof *what->scores));
  for (int64_t i = 0; i < what->rows * what->columns; i++) {
    if (isnan(what->scores[i])) {
      return clf__fail(CLF_ERROR_DATA, "%s: the score of row %lld, column %lld is NaN",
                       what->measure, (long long)(i / what->columns),
                       (long long)(i % what->columns));
    }
  }
  return clf__check_weights(what->measure, what->weights, what->rows, &sum);
}

/* After a failure there is nothing to free. */
static clf_status ranking_create(clf__ranking *out, const clf__ranked *what) {
  CLF__CHECK(check(what));
  out->context = clf__context_retain(NULL);
  if (out->context == NULL) {
    return CLF_ERROR_MEMORY;
  }
  out->items = clf__alloc_matrix(out->context, 2, what->rows, sizeof *out->items);
  if (out->items == NULL) {
    clf__context_release(out->context);
    return CLF_ERROR_MEMORY;
  }
  return CLF_OK;
}

static void ranking_free(clf__ranking *ranking) {
  clf__free(ranking->items);
  clf__context_release(ranking->context);
}

/* Rows of class `positive` are the positive ones. */
static void ranking_sort(clf__ranking *ranking, const clf__ranked *what, int64_t positive,
                         int64_t column) {
  uint64_t *items = ranking->items, *spare = items + what->rows;
  for (int64_t i = 0; i < what->rows; i++) {
    const uint32_t sign = what->truth[i] == positive ? 0x80000000u : 0;
    const uint32_t weight = bits_of((float)clf__weight_of(what->weights, i)) & 0x7fffffffu;
    items[i] = sort_key(what->scores[i * what->columns + column]) | (uint64_t)(weight | sign) << 32;
  }
  for (int byte = 0; byte < 4; byte += 2) {
    radix_pass(items, spare, what->rows, byte);
    radix_pass(spare, items, what->rows, byte + 1);
  }
}

clf__tie clf__ranking_next(const clf__ranking *ranking, int64_t rows, int64_t *at, int step) {
  const uint32_t key = (uint32_t)ranking->items[*at];
  clf__tie tie = {0, 0};
  for (; *at >= 0 && *at < rows && (uint32_t)ranking->items[*at] == key; *at += step) {
    const uint32_t bits = (uint32_t)(ranking->items[*at] >> 32), size = bits & 0x7fffffffu;
    float weight;
    memcpy(&weight, &size, sizeof weight);
    *((bits >> 31) != 0 ? &tie.positive : &tie.negative) += (double)weight;
  }
  return tie;
}

clf_status clf__mean_area(const clf__ranked *what, clf__area area, double *out) {
  clf__ranking ranking;
  double sum = 0;
  int64_t defined = 0;
  CLF__CHECK(ranking_create(&ranking, what));
  for (int64_t k = 0; k < what->columns; k++) {
    ranking_sort(&ranking, what, what->columns == 1 ? 1 : k, k);
    const double one = area(&ranking, what->rows);
    sum += isnan(one) ? 0 : one;
    defined += !isnan(one);
  }
  ranking_free(&ranking);
  *out = defined > 0 ? sum / (double)defined : (double)NAN;
  return CLF_OK;
}
