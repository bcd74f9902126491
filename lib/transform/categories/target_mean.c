/* target_mean: a category becomes the mean of the targets of its rows, shrunk towards the mean of
 * all rows (Micci-Barreca, "A preprocessing scheme for high-cardinality categorical attributes",
 * SIGKDD Explorations 2001), as by scikit-learn's TargetEncoder. The targets of two classes are 0
 * and 1; of several classes each has a column of its own; those of a regression are its targets.
 *
 *   (Σ w y + m mean) / (n + m)                          with smoothing=m,
 *   λ (Σ w y / n) + (1 - λ) mean, λ = v n / (v n + u)   with smoothing=auto,
 *
 * with the variances v of all targets and u of those of the category. Missing values are a
 * category, and a category that the fit lacked gets the mean of all rows.
 *
 * The mean of a category tells a model the target of the row itself where few rows have it. So the
 * rows of the fit get means of the rows of other folds (cross-fitting): what a model learns from
 * them then holds of rows that it has not seen. Rows that are transformed later get means of all
 * rows. */
#include <math.h>
#include <string.h>

#include "base/jobs.h"
#include "base/math.h"
#include "data/split.h"
#include "transform/categories/grouping.h"
#include "transform/categories/target_sums.h"

enum { TASK_NUMBERS = 1 << 14 };

typedef struct mean_params {
  clf__transform_params common;
  clf__number smoothing;
  int64_t folds;
  int64_t seed;
} mean_params;

#define CLF__VALUES mean_params
static const clf__param params[] = {
    CLF__REAL_OR(smoothing, "auto", "auto", 0, 1e18,
                 "rows that the mean of all rows counts as; auto: by the variances"),
    CLF__INT(folds, "5", 2, 1000, "parts of the rows of the fit, encoded by the other parts"),
    CLF__INT(seed, "0", 0, INFINITY, "how the rows of the fit are divided into parts"),
    CLF__TRANSFORM_PARAMS,
};

static const clf__grouping_params all_groups = {.unknown = CLF__UNKNOWN_IGNORE,
                                                .missing = CLF__MISSING_OWN};

static double smoothing_of(const mean_params *values) {
  return values->smoothing.word >= 0 ? (double)NAN : values->smoothing.value;
}

/* Of all chosen columns: the group of each row, and where the means of a column begin. */
typedef struct encoding {
  const clf_transform *transform;
  const clf_dataset *dataset;
  clf__grouping *groupings; /* [features] */
  int64_t *start;           /* [features + 1] groups before those of the feature */
  int32_t *group;           /* [features, rows] */
  const clf__targets *targets;
  double *means; /* [groups, outputs] of all features */
  int64_t outputs;
  clf__other_folds rows;
  float *to; /* [rows, features, outputs] */
  double *buffers;
} encoding;

static clf_status find_groups(void *argument, clf__range rows) {
  const encoding *e = argument;
  const clf__rows x = clf__dataset_rows(e->dataset);
  double *values = e->buffers + rows.worker * x.columns;
  for (int64_t i = rows.first; i < rows.end; i++) {
    clf__rows_read_f64(&x, i, values);
    for (int64_t j = 0; j < x.columns; j++) {
      CLF__CHECK(clf__grouping_find(&e->group[j * x.rows + i], &e->groupings[j], &all_groups,
                                    e->dataset, j, values[j]));
    }
  }
  return CLF_OK;
}

/* Prepares all members but targets, means, rows and `to`; the arena holds them. */
static clf_status begin(encoding *e, clf__arena *arena, const clf_transform *transform,
                        const clf_dataset *dataset) {
  const int64_t features = dataset->features, rows = dataset->rows;
  e->transform = transform;
  e->dataset = dataset;
  e->groupings = clf__arena_array(arena, features, sizeof *e->groupings);
  e->start = clf__arena_zeroed(arena, features + 1, sizeof *e->start);
  e->group = clf__arena_matrix(arena, features, rows, sizeof *e->group);
  e->buffers = clf__arena_matrix(arena, clf__context_threads(dataset->context), features,
                                 sizeof *e->buffers);
  CLF__CHECK(clf__arena_status(arena));
  clf__grouping_list(e->groupings, transform);
  for (int64_t j = 0; j < features; j++) {
    e->start[j + 1] = e->start[j] + e->groupings[j].groups;
  }
  return clf__jobs_rows(dataset->context, dataset->first_row, rows,
                        clf__max_i64(TASK_NUMBERS / features, 1),
                        (double)rows * (double)features * 8 * CLF__COST_ELEMENT, find_groups, e);
}

static clf_status find_means(encoding *e) {
  const clf__target_groups groups = {e->dataset->features, e->start, e->group};
  return clf__targets_means(e->means, e->targets, &groups, smoothing_of(e->transform->params),
                            e->rows);
}

/* Names of several classes are kept for those of the columns. */
static clf_status keep_classes(const clf__targets *targets, clf__store *state) {
  const clf_dataset *dataset = targets->dataset;
  if (targets->labels == NULL || targets->outputs == 1) {
    return CLF_OK;
  }
  clf__names *made = NULL;
  const char **names = clf__alloc_array(dataset->context, targets->outputs, sizeof *names);
  clf_status status = names == NULL ? CLF_ERROR_MEMORY : CLF_OK;
  for (int64_t k = 0; status == CLF_OK && k < targets->outputs; k++) {
    names[k] = clf_dataset_class_name(dataset, k);
  }
  if (status == CLF_OK) {
    status = clf__names_create(&made, dataset->context, names, targets->outputs);
  }
  if (status == CLF_OK) {
    status = clf__names_save(made, state, "class_names");
  }
  clf__names_release(made);
  clf__free(names);
  return status;
}

static clf_status fit(const clf_transform *transform, const clf_dataset *dataset,
                      clf__store *state) {
  clf__targets targets = {.mean = NULL};
  encoding e = {.targets = &targets};
  clf_tensor *means = NULL, *mean = NULL;
  clf__arena arena = {.context = transform->context};
  clf_status status = CLF_OK;
  CLF__TRY(clf__targets_begin(&targets, dataset));
  CLF__TRY(clf__grouping_fit(transform, &all_groups, dataset, state));
  CLF__TRY(begin(&e, &arena, transform, dataset));
  e.outputs = targets.outputs;
  CLF__TRY(clf__tensor_matrix(&means, transform->context, CLF_F64, e.start[dataset->features],
                              e.outputs));
  CLF__TRY(clf__tensor_vector(&mean, transform->context, CLF_F64, e.outputs));
  memcpy(mean->data, targets.mean, (size_t)e.outputs * sizeof(double));
  e.means = means->data;
  CLF__TRY(find_means(&e));
  CLF__TRY(clf__store_add_tensor(state, "means", means));
  CLF__TRY(clf__store_add_tensor(state, "mean", mean));
  status = keep_classes(&targets, state);
done:
  clf_tensor_free(means);
  clf_tensor_free(mean);
  clf__targets_end(&targets);
  clf__arena_free(&arena);
  return status;
}

/* Writes the means of a row's groups. */
static void encode_row(const encoding *e, int64_t row, const double *mean) {
  const int64_t features = e->dataset->features, outputs = e->outputs;
  for (int64_t j = 0; j < features; j++) {
    const int32_t group = e->group[j * e->dataset->rows + row];
    const double *from = group >= 0 ? e->means + (e->start[j] + group) * outputs : mean;
    for (int64_t k = 0; k < outputs; k++) {
      e->to[(row * features + j) * outputs + k] = (float)from[k];
    }
  }
}

static clf_status make_rows(clf_tensor **out, encoding *e) {
  const int64_t shape[] = {e->dataset->rows, e->dataset->features * e->outputs};
  CLF__CHECK(clf__tensor_create_uninitialized(out, e->dataset->context, CLF_F32, 2, shape));
  e->to = (*out)->data;
  return CLF_OK;
}

static clf_status apply(clf_dataset **out, const clf_transform *transform,
                        const clf_dataset *dataset) {
  const clf_tensor *mean = clf__store_tensor(transform->state, "mean");
  encoding e = {.means = clf__store_tensor(transform->state, "means")->data,
                .outputs = mean->shape[0]};
  clf_tensor *x = NULL;
  clf__arena arena = {.context = dataset->context};
  clf_status status = CLF_OK;
  CLF__TRY(begin(&e, &arena, transform, dataset));
  CLF__TRY(make_rows(&x, &e));
  for (int64_t i = 0; i < dataset->rows; i++) {
    encode_row(&e, i, mean->data);
  }
  CLF__TRY(clf__dataset_with_x(out, dataset, x));
  x = NULL;
done:
  clf_tensor_free(x);
  clf__arena_free(&arena);
  return status;
}

/* Gives all ranks the labels of all rows. */
static clf_status spread_labels(int32_t *all, const clf__shards *shards, const int32_t *labels,
                                int64_t rows) {
  memcpy(all + shards->first, labels, (size_t)rows * sizeof *all);
  return clf__comm_spread(shards->context, "labels", all, shards->start, sizeof *all);
}

/* Divides the rows of all ranks into folds, stratified by class; fold [rows] receives those of this
 * one's. */
static clf_status divide(int64_t *fold, const clf_transform *transform,
                         const clf_dataset *dataset) {
  const mean_params *values = transform->params;
  const clf__shards *shards = dataset->shards;
  const int64_t rows = clf__shards_rows(shards, dataset->rows);
  clf__split split = {clf__dataset_labels(dataset), clf_dataset_classes(dataset), rows};
  if (shards == NULL || shards->ranks == 1) {
    return clf__split_folds(dataset->context, &split, values->folds, (uint64_t)values->seed, fold);
  }
  clf__arena arena = {.context = dataset->context};
  int64_t *every = clf__arena_array(&arena, rows, sizeof *every);
  int32_t *labels = clf__arena_array(&arena, rows, sizeof *labels);
  clf_status status = clf__arena_status(&arena);
  CLF__TRY(status);
  if (split.labels != NULL) {
    CLF__TRY(spread_labels(labels, shards, split.labels, dataset->rows));
    split.labels = labels;
  }
  CLF__TRY(
      clf__split_folds(dataset->context, &split, values->folds, (uint64_t)values->seed, every));
  memcpy(fold, every + shards->first, (size_t)dataset->rows * sizeof *fold);
done:
  clf__arena_free(&arena);
  return status;
}

static clf_status apply_training(clf_dataset **out, const clf_transform *transform,
                                 const clf_dataset *dataset) {
  const mean_params *values = transform->params;
  clf__targets targets = {.mean = NULL};
  encoding e = {.targets = &targets};
  clf_tensor *x = NULL;
  clf__arena arena = {.context = dataset->context};
  clf_status status = CLF_OK;
  CLF__TRY(clf__targets_begin(&targets, dataset));
  CLF__TRY(begin(&e, &arena, transform, dataset));
  e.outputs = targets.outputs;
  int64_t *fold = clf__arena_array(&arena, dataset->rows, sizeof *fold);
  e.means = clf__arena_matrix(&arena, e.start[dataset->features], e.outputs, sizeof *e.means);
  CLF__TRY(clf__arena_status(&arena));
  CLF__TRY(divide(fold, transform, dataset));
  CLF__TRY(make_rows(&x, &e));
  for (int64_t f = 0; f < values->folds; f++) {
    e.rows = (clf__other_folds){fold, f};
    CLF__TRY(find_means(&e));
    for (int64_t i = 0; i < dataset->rows; i++) {
      if (fold[i] == f) {
        encode_row(&e, i, targets.mean); /* every row of the fit has a group */
      }
    }
  }
  CLF__TRY(clf__dataset_with_x(out, dataset, x));
  x = NULL;
done:
  clf_tensor_free(x);
  clf__targets_end(&targets);
  clf__arena_free(&arena);
  return status;
}

static int64_t outputs_of(const clf_transform *transform) {
  return clf__store_tensor(transform->state, "mean")->shape[0];
}

static int64_t columns(const clf_transform *transform) {
  return transform->features * outputs_of(transform);
}

static void widths(const clf_transform *transform, int64_t *out) {
  for (int64_t j = 0; j < transform->features; j++) {
    out[j] = outputs_of(transform);
  }
}

static void name(const clf_transform *transform, int64_t column, clf__text *out) {
  const clf_tensor *classes = clf__store_tensor(transform->state, "class_names");
  const int64_t outputs = outputs_of(transform), output = column % outputs;
  clf__transform_feature_name(transform, column / outputs, out);
  if (classes != NULL) {
    const char *at = classes->data;
    for (int64_t k = 0; k < output; k++) {
      at += strlen(at) + 1;
    }
    clf__text_append(out, "_%s", at);
  } else if (outputs > 1) {
    clf__text_append(out, "_%lld", (long long)output);
  }
}

static bool code(const clf_transform *transform, int64_t feature, double value, double *out) {
  const int32_t *groups = clf__store_tensor(transform->state, "groups")->data;
  const clf__grouping g = clf__grouping_of(transform, feature);
  const int32_t group = clf__grouping_group(&g, &all_groups, value);
  const int64_t outputs = outputs_of(transform);
  const double *from = clf__store_tensor(transform->state, "mean")->data;
  if (group >= 0) {
    int64_t before = 0;
    for (int64_t j = 0; j < feature; j++) {
      before += groups[j];
    }
    from = (const double *)clf__store_tensor(transform->state, "means")->data +
           (before + group) * outputs;
  }
  memcpy(out, from, (size_t)outputs * sizeof *out);
  return true;
}

static bool all_finite(const clf_tensor *tensor) {
  for (int64_t i = 0; i < clf_tensor_count(tensor); i++) {
    if (!isfinite(((const double *)tensor->data)[i])) {
      return false;
    }
  }
  return true;
}

static clf_status check(const clf_transform *transform) {
  const clf_tensor *means = clf__store_tensor(transform->state, "means");
  const clf_tensor *mean = clf__store_tensor(transform->state, "mean");
  CLF__CHECK(clf__grouping_check(transform));
  const int32_t *groups = clf__store_tensor(transform->state, "groups")->data;
  int64_t total = 0;
  for (int64_t j = 0; j < transform->features; j++) {
    total += groups[j];
  }
  bool sound = means != NULL && mean != NULL && means->dtype == CLF_F64 && means->ndim == 2 &&
               mean->dtype == CLF_F64 && mean->ndim == 1 && mean->shape[0] > 0 &&
               means->shape[0] == total && means->shape[1] == mean->shape[0] && all_finite(means) &&
               all_finite(mean);
  clf__names *classes = NULL;
  if (sound) {
    CLF__CHECK(clf__names_load(&classes, transform->context, transform->state, "class_names",
                               mean->shape[0]));
  }
  clf__names_release(classes);
  return sound ? CLF_OK : clf__fail(CLF_ERROR_CORRUPT, "damaged: target_mean is not complete");
}

const clf__transform_kind clf__target_mean_kind = {
    .base =
        CLF__KIND("target_mean", "the mean of the targets of each category", params, mean_params),
    .operation = CLF__TRANSFORM_CODES,
    .can = CLF__TAKES_MISSING | CLF__TAKES_CATEGORIES | CLF__WANTS_CATEGORIES | CLF__SUMS_RANKS,
    .fit = fit,
    .apply = apply,
    .apply_training = apply_training,
    .columns = columns,
    .widths = widths,
    .name = name,
    .code = code,
    .check = check,
};
