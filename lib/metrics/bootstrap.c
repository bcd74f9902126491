/* Confidence intervals by the bootstrap (Efron, 1979): percentiles of measures of rows that are
 * drawn from the rows with replacement. A row that is drawn n times weighs n times as much. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/border.h"
#include "base/context.h"
#include "base/memory.h"
#include "base/params.h"
#include "base/random.h"
#include "base/status.h"
#include "metrics/bootstrap.h"
#include "metrics/check.h"

typedef struct bootstrap_params {
  int64_t draws, seed;
  double coverage;
} bootstrap_params;

#define CLF__VALUES bootstrap_params
static const clf__param params_rows[] = {
    CLF__INT(draws, "1000", 1, 1e9, "how often as many rows as there are are drawn"),
    CLF__INT(seed, "0", 0, 9e15, "seed of the draws"),
    CLF__REAL(coverage, "0.95", CLF__ABOVE(0), 1, "share of the draws that an interval holds"),
};
#undef CLF__VALUES
const clf__kind clf__bootstrap_kind =
    CLF__KIND("bootstrap", "confidence intervals of measures", params_rows, bootstrap_params);

/* What is measured, and the values of each draw [draws, values]. */
typedef struct bootstrap {
  clf_measure_callback measure;
  void *argument;
  const float *weights;
  int64_t rows, values, draws;
  float *drawn; /* [rows] weights of a draw */
  double *found;
} bootstrap;

static void draw_rows(const bootstrap *b, clf__random *random) {
  memset(b->drawn, 0, (size_t)b->rows * sizeof *b->drawn);
  for (int64_t i = 0; i < b->rows; i++) {
    const int64_t row = clf__random_below(random, b->rows);
    b->drawn[row] += (float)clf__weight_of(b->weights, row);
  }
}

/* A callback that returns a status above 0 ends the draws; its own draw does not count. */
static clf_status run_draws(bootstrap *b, const bootstrap_params *params) {
  clf__random random = clf__random_seed((uint64_t)params->seed, 0);
  clf_status status = CLF_OK;
  while (status == CLF_OK && b->draws < params->draws) {
    double *values = b->found + b->draws * b->values;
    for (int64_t k = 0; k < b->values; k++) {
      values[k] = (double)NAN;
    }
    draw_rows(b, &random);
    status = b->measure(b->argument, b->drawn, values);
    b->draws += status == CLF_OK;
  }
  return status < 0 ? status : CLF_OK;
}

static int compare_numbers(const void *first, const void *second) {
  const double a = *(const double *)first, b = *(const double *)second;
  return (a > b) - (a < b);
}

/* The value below which a share of ascending numbers lies, interpolated between neighbors. */
static double quantile(const double *sorted, int64_t count, double share) {
  const double place = share * (double)(count - 1);
  const int64_t low = (int64_t)place, high = low + 1 < count ? low + 1 : low;
  return sorted[low] + (place - (double)low) * (sorted[high] - sorted[low]);
}

enum { MIN_DRAWS = 20 };

/* There is none where the draws are too few, or where the measure is not defined for half of
 * them. `sorted` [draws] is scratch. */
static void find_interval(const bootstrap *b, int64_t value, double coverage, double *sorted,
                          double *out) {
  int64_t count = 0;
  for (int64_t i = 0; i < b->draws; i++) {
    const double found = b->found[i * b->values + value];
    if (isfinite(found)) {
      sorted[count++] = found;
    }
  }
  const bool defined = count >= MIN_DRAWS && 2 * count > b->draws;
  if (defined) {
    qsort(sorted, (size_t)count, sizeof *sorted, compare_numbers);
  }
  out[0] = defined ? quantile(sorted, count, (1 - coverage) / 2) : (double)NAN;
  out[1] = defined ? quantile(sorted, count, (1 + coverage) / 2) : (double)NAN;
}

static clf_status find_intervals(bootstrap *b, clf_context *context, const bootstrap_params *params,
                                 double *intervals, int64_t *draws) {
  clf__arena arena = {.context = context};
  clf_status status = CLF_OK;
  b->drawn = clf__arena_array(&arena, b->rows, sizeof *b->drawn);
  b->found = clf__arena_matrix(&arena, params->draws, b->values, sizeof *b->found);
  double *sorted = clf__arena_array(&arena, params->draws, sizeof *sorted);
  CLF__TRY(clf__arena_status(&arena));
  CLF__TRY(run_draws(b, params));
  for (int64_t k = 0; k < b->values; k++) {
    find_interval(b, k, params->coverage, sorted, intervals + 2 * k);
  }
  if (draws != NULL) {
    *draws = b->draws;
  }
done:
  clf__arena_free(&arena);
  return status;
}

clf_status clf_bootstrap(clf_measure_callback measure, void *argument, const float *weights,
                         int64_t rows, int64_t values, double *intervals, int64_t *draws,
                         const char *params) {
  CLF__REQUIRE(measure);
  CLF__REQUIRE(intervals);
  CLF__ENTER("bootstrap");
  bootstrap b = {
      .measure = measure, .argument = argument, .weights = weights, .rows = rows, .values = values};
  double sum;
  void *read = NULL;
  clf_status status = CLF_OK;
  if (rows < 1 || values < 1) {
    return clf__fail(CLF_ERROR_ARGUMENT,
                     "bootstrap: %lld rows and %lld values; there must be one or more",
                     (long long)rows, (long long)values);
  }
  CLF__CHECK(clf__check_weights("bootstrap", weights, rows, &sum));
  clf_context *context = clf__context_retain(NULL);
  CLF__TRY(context != NULL ? CLF_OK : CLF_ERROR_MEMORY);
  CLF__TRY(clf__params_create(&read, context, &clf__bootstrap_kind.params, params));
  CLF__TRY(find_intervals(&b, context, read, intervals, draws));
done:
  clf__params_free(&clf__bootstrap_kind.params, read);
  clf__context_release(context);
  return status;
}
