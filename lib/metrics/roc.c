/* Area under the ROC curve: the share of (positive, negative) pairs of rows in which the positive
 * row has the higher score; ties count half (Mann and Whitney, 1947). The pairs are counted in one
 * pass over the rows in the order of their scores, which a radix sort finds in linear time.
 */
#include <math.h>
#include <string.h>

#include "base/border.h"
#include "base/context.h"
#include "base/memory.h"
#include "metrics/check.h"

/* Converts floats to unsigned numbers with the same order; -0 and 0 are equal. */
static uint32_t sort_key(float score) {
  uint32_t bits;
  score += 0.0f;
  memcpy(&bits, &score, sizeof bits);
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

/* Scores with their truth, in two halves of one block, between which sorting moves them. */
typedef struct ranking {
  clf_context *context;
  uint64_t *items; /* [2, rows]: the score's key in bits 0 … 31; bit 32 is set for a positive */
} ranking;

static clf_status ranking_create(ranking *out, int64_t rows) {
  out->context = clf__context_retain(NULL);
  if (out->context == NULL) {
    return CLF_ERROR_MEMORY;
  }
  out->items = clf__alloc_matrix(out->context, 2, rows, sizeof *out->items);
  if (out->items == NULL) {
    clf__context_release(out->context);
    return CLF_ERROR_MEMORY;
  }
  return CLF_OK;
}

static void ranking_free(ranking *ranks) {
  clf__free(ranks->items);
  clf__context_release(ranks->context);
}

/* Returns the area of class `positive` against the others; `scores` are `stride` apart. NaN if all
 * rows are positive or none is. */
static double area(ranking *ranks, const int32_t *truth, int64_t positive, const float *scores,
                   int64_t stride, int64_t rows) {
  uint64_t *items = ranks->items;
  uint64_t *spare = items + rows;
  for (int64_t i = 0; i < rows; i++) {
    items[i] = sort_key(scores[i * stride]) | (uint64_t)(truth[i] == positive) << 32;
  }
  for (int byte = 0; byte < 4; byte += 2) {
    radix_pass(items, spare, rows, byte);
    radix_pass(spare, items, rows, byte + 1);
  }
  double pairs_won = 0;
  double positives = 0;
  double negatives = 0; /* with a lower score than the current rows */
  for (int64_t i = 0; i < rows;) {
    double tied[2] = {0, 0}; /* negatives and positives with the same score */
    uint32_t key = (uint32_t)items[i];
    for (; i < rows && (uint32_t)items[i] == key; i++) {
      tied[items[i] >> 32]++;
    }
    pairs_won += tied[1] * (negatives + tied[0] / 2);
    negatives += tied[0];
    positives += tied[1];
  }
  return pairs_won / (positives * negatives);
}

static clf_status check_scores(const int32_t *truth, const float *scores, int64_t rows,
                               int64_t classes, int64_t columns) {
  clf_status status = clf__check_truth("ROC", truth, rows, classes);
  status = status < 0 ? status : clf__check_table("ROC", rows, columns, sizeof *scores);
  for (int64_t i = 0; status == CLF_OK && i < rows * columns; i++) {
    if (isnan(scores[i])) {
      status = clf__fail(CLF_ERROR_DATA, "ROC: the score of row %lld, column %lld is NaN",
                         (long long)(i / columns), (long long)(i % columns));
    }
  }
  return status;
}

clf_status clf_roc_auc(const int32_t *truth, const float *scores, int64_t rows, double *out) {
  CLF__REQUIRE(truth);
  CLF__REQUIRE(scores);
  CLF__REQUIRE(out);
  CLF__ENTER("roc_auc");
  ranking ranks;
  clf_status status = check_scores(truth, scores, rows, 2, 1);
  status = status < 0 ? status : ranking_create(&ranks, rows);
  if (status < 0) {
    return status;
  }
  double result = area(&ranks, truth, 1, scores, 1, rows);
  ranking_free(&ranks);
  if (isnan(result)) {
    return clf__fail(CLF_ERROR_DATA, "ROC: truth is %d in all rows; both 0 and 1 must occur",
                     truth[0]);
  }
  *out = result;
  return CLF_OK;
}

clf_status clf_roc_auc_classes(const int32_t *truth, const float *scores, int64_t rows,
                               int64_t classes, double *out) {
  CLF__REQUIRE(truth);
  CLF__REQUIRE(scores);
  CLF__REQUIRE(out);
  CLF__ENTER("roc_auc_classes");
  ranking ranks;
  clf_status status = check_scores(truth, scores, rows, classes, classes);
  status = status < 0 ? status : ranking_create(&ranks, rows);
  if (status < 0) {
    return status;
  }
  double sum = 0;
  int64_t occurring = 0;
  for (int64_t k = 0; k < classes; k++) {
    double one = area(&ranks, truth, k, scores + k, classes, rows);
    sum += isnan(one) ? 0 : one;
    occurring += !isnan(one);
  }
  ranking_free(&ranks);
  if (occurring == 0) {
    return clf__fail(CLF_ERROR_DATA, "ROC: truth is %d in all rows; two classes must occur",
                     truth[0]);
  }
  *out = sum / (double)occurring;
  return CLF_OK;
}
