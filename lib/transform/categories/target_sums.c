/* Sums of a category's rows, around the mean of all rows so that an offset of the targets costs no
 * digits: weight n, Σ w y and Σ w y². */
#include "transform/categories/target_sums.h"

#include <math.h>
#include <string.h>

#include "base/math.h"
#include "base/progress.h"

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
  if (out->mean == NULL) {
    return CLF_ERROR_MEMORY;
  }
  double total = 0;
  for (int64_t i = 0; i < dataset->rows; i++) {
    total += weight_of(out, i);
  }
  for (int64_t k = 0; k < out->outputs && total > 0; k++) {
    const double first = target_of(out, 0, k);
    double sum = 0;
    for (int64_t i = 0; i < dataset->rows; i++) {
      sum += weight_of(out, i) * (target_of(out, i, k) - first);
    }
    out->mean[k] = first + sum / total;
    if (!isfinite(out->mean[k])) {
      return clf__fail(CLF_ERROR_DATA, "the targets are too large for their mean");
    }
  }
  return total > 0 ? CLF_OK : clf__fail(CLF_ERROR_DATA, "all weights are 0");
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

clf_status clf__targets_means(double *means, const clf__targets *targets, const int32_t *group,
                              int64_t groups, double smoothing, clf__other_folds rows) {
  const int64_t outputs = targets->outputs, width = 1 + 2 * outputs;
  double *sums =
      clf__alloc_zeroed(targets->dataset->context, clf__count(groups + 1, width), sizeof *sums);
  clf_status status = sums == NULL ? CLF_ERROR_MEMORY : CLF_OK;
  CLF__TRY(status);
  double *all = sums + groups * width;
  for (int64_t i = 0; i < targets->dataset->rows; i++) {
    const double weight = weight_of(targets, i);
    CLF__TRY(i % BETWEEN == 0 ? clf__progress_check() : CLF_OK);
    if (weight > 0 && (rows.of == NULL || rows.of[i] != rows.fold)) {
      add_row(all, targets, i, weight);
      if (group[i] >= 0) {
        add_row(sums + group[i] * width, targets, i, weight);
      }
    }
  }
  for (int64_t g = 0; g < groups; g++) {
    for (int64_t k = 0; k < outputs; k++) {
      means[g * outputs + k] = targets->mean[k] + shrink(sums + g * width, all, k, smoothing);
    }
  }
done:
  clf__free(sums);
  return status;
}
