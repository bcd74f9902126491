/* Sums of a category's rows, around the mean of all rows so that an offset of the targets costs no
 * digits: weight n, Σ w y and Σ w y². */
#include "transform/categories/target_sums.h"

#include <math.h>
#include <string.h>

#include "base/jobs.h"
#include "base/math.h"
#include "comm/shards.h"

enum { BETWEEN = 1 << 16 }; /* rows between two checks for cancellation */

static double target_of(const clf__targets *t, int64_t row, int64_t output) {
  if (t->labels == NULL) {
    return t->values[row * t->outputs + output];
  }
  return t->labels[row] == (t->outputs == 1 ? 1 : output);
}

static double weight_of(const clf__targets *t, int64_t row) {
  return t->weights != NULL ? (double)t->weights[row] : 1;
}

typedef struct averaging {
  const clf__targets *targets;
  double *first; /* [outputs] the targets of the first row of all */
} averaging;

/* Adds the weight of rows, and the sums of the distances from the first row's targets. */
static clf_status add_distances(void *argument, int64_t first, int64_t rows, double *sums) {
  const averaging *a = argument;
  for (int64_t i = first; i < first + rows; i++) {
    const double weight = weight_of(a->targets, i);
    sums[0] += weight;
    for (int64_t k = 0; k < a->targets->outputs; k++) {
      sums[1 + k] += weight * (target_of(a->targets, i, k) - a->first[k]);
    }
  }
  return CLF_OK;
}

/* Fills first [outputs], of the rank that has the first row. */
static clf_status find_first(const clf__targets *t, double *first) {
  const clf__shards *shards = t->dataset->shards;
  int32_t rank = 0;
  for (int64_t k = 0; k < t->outputs && t->dataset->rows > 0; k++) {
    first[k] = target_of(t, 0, k);
  }
  if (shards == NULL || shards->ranks == 1) {
    return CLF_OK;
  }
  double *all = clf__alloc_matrix(shards->context, shards->ranks, t->outputs, sizeof *all);
  if (all == NULL) {
    return CLF_ERROR_MEMORY;
  }
  const size_t bytes = (size_t)t->outputs * sizeof *all;
  const clf_status status =
      clf__comm_gather(shards->context, "targets of the first row", first, (int64_t)bytes, all);
  while (shards->start[rank + 1] == 0) {
    rank++;
  }
  if (status == CLF_OK) {
    memcpy(first, all + rank * t->outputs, bytes);
  }
  clf__free(all);
  return status;
}

/* Fills the means of all rows. */
static clf_status find_means(clf__targets *t) {
  clf__arena arena = {.context = t->dataset->context};
  double *first = clf__arena_zeroed(&arena, t->outputs, sizeof *first);
  double *sums = clf__arena_zeroed(&arena, t->outputs + 1, sizeof *sums);
  averaging a = {t, first};
  const clf__shard_sum sum = {.name = "means of targets",
                              .of = t->dataset->shards,
                              .rows = t->dataset->rows,
                              .add = add_distances,
                              .argument = &a};
  clf_status status = CLF_OK;
  CLF__TRY(clf__arena_status(&arena));
  CLF__TRY(find_first(t, first));
  CLF__TRY(clf__shards_sum(&sum, sums, t->outputs + 1));
  CLF__TRY(sums[0] > 0 ? CLF_OK : clf__fail(CLF_ERROR_DATA, "all weights are 0"));
  for (int64_t k = 0; k < t->outputs; k++) {
    t->mean[k] = first[k] + sums[1 + k] / sums[0];
    CLF__TRY(isfinite(t->mean[k])
                 ? CLF_OK
                 : clf__fail(CLF_ERROR_DATA, "the targets are too large for their mean"));
  }
done:
  clf__arena_free(&arena);
  return status;
}

clf_status clf__targets_begin(clf__targets *out, const clf_dataset *dataset) {
  const int64_t classes = clf_dataset_classes(dataset);
  *out = (clf__targets){.dataset = dataset,
                        .labels = clf__dataset_labels(dataset),
                        .values = clf__dataset_targets(dataset),
                        .weights = clf__dataset_weights(dataset),
                        .outputs = clf_dataset_outputs(dataset)};
  if (out->labels == NULL && out->values == NULL) {
    return clf__fail(CLF_ERROR_UNSUPPORTED, "means of targets need rows with labels or targets");
  }
  if (out->labels != NULL) {
    out->outputs = classes > 2 ? classes : 1;
  }
  out->mean = clf__alloc_zeroed(dataset->context, out->outputs, sizeof *out->mean);
  return out->mean == NULL ? CLF_ERROR_MEMORY : find_means(out);
}

void clf__targets_end(clf__targets *targets) {
  clf__free(targets->mean);
}

/* Of one group, or of all rows: weight, and for each output Σ w y and Σ w y². */
static void add_row(double *sums, const clf__targets *t, int64_t row, double weight) {
  sums[0] += weight;
  for (int64_t k = 0; k < t->outputs; k++) {
    const double y = target_of(t, row, k) - t->mean[k];
    sums[1 + 2 * k] += weight * y;
    sums[2 + 2 * k] += weight * y * y;
  }
}

/* Returns a mean of a group, relative to that of all rows. */
static double shrink(const double *group, const double *all, int64_t output, double smoothing) {
  const double n = group[0], sum = group[1 + 2 * output], square = group[2 + 2 * output];
  const double rows = all[0], mean = rows > 0 ? all[1 + 2 * output] / rows : 0;
  if (!(n > 0)) {
    return mean;
  }
  if (!isnan(smoothing)) {
    return (sum + smoothing * mean) / (n + smoothing);
  }
  const double variance = fmax(all[2 + 2 * output] / rows - mean * mean, 0);
  const double own = fmax(square - sum * sum / n, 0) / n;
  const double scale = variance * n + own;
  const double share = scale > 0 ? variance * n / scale : 1;
  return share * (sum / n) + (1 - share) * mean;
}

typedef struct summing {
  const clf__targets *targets;
  const clf__target_groups *groups;
  clf__other_folds other;
  int64_t first, rows;
  double *sums; /* [groups of all features + 1, 1 + 2 outputs] */
} summing;

static clf_status sum_features(void *argument, clf__range features) {
  const summing *s = argument;
  const clf__target_groups *groups = s->groups;
  const int64_t width = 1 + 2 * s->targets->outputs, rows = s->targets->dataset->rows;
  double *all = s->sums + groups->start[groups->features] * width;
  for (int64_t j = features.first; j < features.end; j++) {
    const int32_t *group = groups->group + j * rows;
    double *sums = s->sums + groups->start[j] * width;
    for (int64_t i = s->first; i < s->first + s->rows; i++) {
      const double weight = weight_of(s->targets, i);
      CLF__CHECK((i - s->first) % BETWEEN == 0 ? clf__progress_check() : CLF_OK);
      if (weight > 0 && (s->other.of == NULL || s->other.of[i] != s->other.fold)) {
        if (j == 0) {
          add_row(all, s->targets, i, weight);
        }
        if (group[i] >= 0) {
          add_row(sums + group[i] * width, s->targets, i, weight);
        }
      }
    }
  }
  return CLF_OK;
}

static clf_status sum_rows(void *argument, int64_t first, int64_t rows, double *sums) {
  summing *s = argument;
  const double numbers = (double)rows * (double)s->groups->features;
  s->first = first;
  s->rows = rows;
  s->sums = sums;
  return clf__jobs_ranges(s->targets->dataset->context, s->groups->features, 1,
                          numbers * (double)(1 + s->targets->outputs) * CLF__COST_ELEMENT,
                          sum_features, s);
}

clf_status clf__targets_means(double *means, const clf__targets *targets,
                              const clf__target_groups *groups, double smoothing,
                              clf__other_folds rows) {
  const int64_t outputs = targets->outputs, width = 1 + 2 * outputs;
  const int64_t count = groups->start[groups->features], numbers = clf__count(count + 1, width);
  summing s = {.targets = targets, .groups = groups, .other = rows};
  const clf__shard_sum sum = {.name = "targets of categories",
                              .of = targets->dataset->shards,
                              .rows = targets->dataset->rows,
                              .add = sum_rows,
                              .argument = &s};
  double *sums = clf__alloc_zeroed(targets->dataset->context, numbers, sizeof *sums);
  clf_status status = sums == NULL ? CLF_ERROR_MEMORY : CLF_OK;
  CLF__TRY(status);
  CLF__TRY(clf__shards_sum(&sum, sums, numbers));
  for (int64_t g = 0; g < count; g++) {
    for (int64_t k = 0; k < outputs; k++) {
      means[g * outputs + k] =
          targets->mean[k] + shrink(sums + g * width, sums + count * width, k, smoothing);
    }
  }
done:
  clf__free(sums);
  return status;
}
