/* The choice of the threshold above which a row is none of the classes. Rows with scores of models
 * that did not see them (a cross-validation in the fit, or rows that are held out) give both the
 * distances and the threshold: each row's distance is from a density that was fitted without its
 * fold. The threshold is the smallest for which, of rows like these and one more, no larger share
 * than the rate is above it (the quantile of conformal prediction), so the rate of false alarms
 * holds for new rows. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/border.h"
#include "base/math.h"
#include "data/split.h"
#include "models/blocks.h"
#include "models/decision/novelty.h"
#include "models/fit_checks.h"

enum { FOLDS = 5 };

/* Rows with a weight in the order of their classes. */
typedef struct sample {
  const clf_model *model;
  clf__arena arena;
  int64_t rows, columns;
  int64_t *index;  /* [rows] in the dataset */
  int32_t *labels; /* [rows] */
  float *weights;  /* [rows] */
  int64_t *fold;   /* [rows] */
  double *values;  /* [rows, columns] as read, freed when z is there */
  double *row;     /* scratch */
  float *z;        /* [rows, columns] */
  float *part;     /* [rows, columns] those of all folds but one, or of one */
  int32_t *part_labels;
  float *part_weights;
  double *distance, *silence; /* [rows] */
} sample;

/* Sorts the rows with weight by their classes, in their order: all [rows], of which it returns how
 * many there are; next [classes + 1] is scratch. */
static int64_t sort_rows(int64_t *all, int64_t *next, const clf_dataset *data,
                         const int32_t *labels, int64_t classes) {
  const float *weights = clf__dataset_weights(data);
  for (int64_t i = 0; i < data->rows; i++) {
    next[labels[i] + 1] += weights == NULL || weights[i] > 0;
  }
  for (int64_t k = 0; k < classes; k++) {
    next[k + 1] += next[k];
  }
  const int64_t counted = next[classes];
  for (int64_t i = 0; i < data->rows; i++) {
    if (weights == NULL || weights[i] > 0) {
      all[next[labels[i]]++] = i;
    }
  }
  return counted;
}

/* Takes up to MAX_VALUES numbers of rows with weight, evenly from those of each class. */
static clf_status choose_rows(sample *s, const clf_dataset *data, const int32_t *labels) {
  enum { MAX_VALUES = 1 << 23 };
  const int64_t most = clf__max_i64(MAX_VALUES / s->columns, FOLDS), classes = s->model->outputs;
  int64_t *all = clf__arena_array(&s->arena, data->rows, sizeof *all);
  int64_t *next = clf__arena_zeroed(&s->arena, classes + 1, sizeof *next);
  s->index = clf__arena_array(&s->arena, data->rows, sizeof *s->index);
  CLF__CHECK(clf__arena_status(&s->arena));
  const int64_t counted = sort_rows(all, next, data, labels, classes);
  const int64_t taken = clf__min_i64(counted, most);
  for (int64_t at = 0; at < taken; at++) {
    s->index[at] =
        all[taken == counted ? at : (int64_t)((double)at * (double)counted / (double)taken)];
  }
  s->rows = taken;
  return taken >= 2 ? CLF_OK
                    : clf__fail(CLF_ERROR_DATA, "%s: reject needs at least 2 rows with a weight",
                                s->model->kind->base.name);
}

static clf_status use_block(void *argument, const clf__rows *x, int64_t first) {
  sample *s = argument;
  for (int64_t i = 0; i < x->rows; i++) {
    clf__novelty_read(x, i, s->row, s->values + (first + i) * s->columns);
  }
  return CLF_OK;
}

/* Sets center and unit [columns]. With few columns the distances are the same in any unit, and the
 * deviation is good for the arithmetic; with many, the axes are those of the rows as they are. */
static void set_units(const sample *s, double *center, double *unit) {
  const bool few = clf__density_axes(s->model->outputs, s->columns) == s->columns;
  for (int64_t j = 0; j < s->columns; j++) {
    double sum = 0, squares = 0;
    for (int64_t i = 0; i < s->rows; i++) {
      sum += s->values[i * s->columns + j] / (double)s->rows;
    }
    for (int64_t i = 0; i < s->rows; i++) {
      const double value = s->values[i * s->columns + j] - sum;
      squares += value * value / (double)s->rows;
    }
    center[j] = sum;
    unit[j] = few && squares > 0 ? sqrt(squares) : 1;
  }
}

static clf_status read_sample(sample *s, const clf_dataset *data, const int32_t *labels,
                              clf__store *state) {
  const float *weights = clf__dataset_weights(data);
  clf_context *context = s->model->context;
  clf_dataset *chosen = NULL;
  clf_status status = CLF_OK;
  s->labels = clf__arena_array(&s->arena, s->rows, sizeof *s->labels);
  s->weights = clf__arena_array(&s->arena, s->rows, sizeof *s->weights);
  s->row = clf__arena_array(&s->arena, s->model->columns, sizeof *s->row);
  s->z = clf__arena_matrix(&s->arena, s->rows, s->columns, sizeof *s->z);
  CLF__TRY(clf__arena_status(&s->arena));
  s->values = clf__alloc_matrix(context, s->rows, s->columns, sizeof *s->values);
  CLF__TRY(s->values != NULL ? CLF_OK : CLF_ERROR_MEMORY);
  CLF__TRY(clf_dataset_subset(&chosen, data, s->index, s->rows));
  CLF__TRY(clf__for_blocks(s->model, chosen, clf__block_rows(s->model, chosen, s->columns),
                           "reject", false, use_block, s));
  CLF__TRY(clf__state_tensor(context, state, "decision_reject_center", CLF_F64, s->columns, -1));
  CLF__TRY(clf__state_tensor(context, state, "decision_reject_unit", CLF_F64, s->columns, -1));
  double *center = clf__state_data(state, "decision_reject_center");
  double *unit = clf__state_data(state, "decision_reject_unit");
  set_units(s, center, unit);
  for (int64_t i = 0; i < s->rows; i++) {
    s->labels[i] = labels[s->index[i]];
    s->weights[i] = weights != NULL ? weights[s->index[i]] : 1;
    for (int64_t j = 0; j < s->columns; j++) {
      const int64_t at = i * s->columns + j;
      s->z[at] = (float)((s->values[at] - center[j]) / unit[j]);
    }
  }
done:
  clf__free(s->values);
  s->values = NULL;
  clf_dataset_free(chosen);
  return status;
}

/* Copies the rows that are in the fold, or those that are not, to s->part; returns their number. */
static int64_t gather(const sample *s, int64_t fold, bool inside) {
  int64_t count = 0;
  for (int64_t i = 0; i < s->rows; i++) {
    if ((s->fold[i] == fold) == inside) {
      memcpy(s->part + count * s->columns, s->z + i * s->columns,
             (size_t)s->columns * sizeof *s->z);
      s->part_labels[count] = s->labels[i];
      s->part_weights[count++] = s->weights[i];
    }
  }
  return count;
}

static clf_status measure_fold(sample *s, clf__density *density, int64_t fold, double *found) {
  clf_context *context = s->model->context;
  const int64_t others = gather(s, fold, false);
  const clf__rows x = clf__rows_of_f32(s->part, others, s->columns, s->columns);
  if (others == 0 || others == s->rows) {
    return CLF_OK;
  }
  CLF__CHECK(clf__density_fit(density, context, &x, s->part_labels, s->part_weights));
  const int64_t count = gather(s, fold, true);
  CLF__CHECK(clf__density_distances(density, context, s->part, count, found));
  for (int64_t i = 0, at = 0; i < s->rows; i++) {
    if (s->fold[i] == fold) {
      s->distance[i] = found[at++];
    }
  }
  return CLF_OK;
}

/* Measures all rows by densities that were fitted without them, and leaves that of all rows in
 * `density`. */
static clf_status measure(sample *s, clf__density *density) {
  clf_context *context = s->model->context;
  const clf__split split = {s->labels, s->model->outputs, s->rows};
  const clf__rows x = clf__rows_of_f32(s->z, s->rows, s->columns, s->columns);
  const int64_t folds = clf__min_i64(FOLDS, s->rows);
  s->fold = clf__arena_array(&s->arena, s->rows, sizeof *s->fold);
  s->part = clf__arena_matrix(&s->arena, s->rows, s->columns, sizeof *s->part);
  s->part_labels = clf__arena_array(&s->arena, s->rows, sizeof *s->part_labels);
  s->part_weights = clf__arena_array(&s->arena, s->rows, sizeof *s->part_weights);
  s->distance = clf__arena_array(&s->arena, s->rows, sizeof *s->distance);
  s->silence = clf__arena_array(&s->arena, s->rows, sizeof *s->silence);
  double *found = clf__arena_array(&s->arena, s->rows, sizeof *found);
  CLF__CHECK(clf__arena_status(&s->arena));
  CLF__CHECK(clf__split_folds(context, &split, folds, clf__context_seed(context), s->fold));
  for (int64_t fold = 0; fold < folds; fold++) {
    CLF__CHECK(measure_fold(s, density, fold, found));
  }
  return clf__density_fit(density, context, &x, s->labels, s->weights);
}

typedef struct weighted {
  double value, weight;
} weighted;

static int compare(const void *a, const void *b) {
  const weighted *first = a, *second = b;
  return (first->value > second->value) - (first->value < second->value);
}

/* Returns the smallest value that a share of `share` of the weight, and of `more` above all, is not
 * above; the largest value if there is none. */
static double quantile(const weighted *sorted, int64_t count, double share, double more) {
  double total = more, sum = 0;
  int64_t i = 0;
  for (int64_t j = 0; j < count; j++) {
    total += sorted[j].weight;
  }
  for (; i < count - 1; i++) {
    sum += sorted[i].weight;
    if (sum >= share * total) {
      break;
    }
  }
  return sorted[i].value;
}

static void sort_values(const sample *s, const double *values, weighted *sorted) {
  for (int64_t i = 0; i < s->rows; i++) {
    sorted[i] = (weighted){values[i], (double)s->weights[i]};
  }
  qsort(sorted, (size_t)s->rows, sizeof *sorted, compare);
}

static void set_scale(const sample *s, const double *values, weighted *sorted, double *median,
                      double *unit) {
  sort_values(s, values, sorted);
  *median = quantile(sorted, s->rows, 0.5, 0);
  *unit = quantile(sorted, s->rows, 0.9, 0) - *median;
  *unit = *unit > 0 ? *unit : 1;
}

static clf_status set_threshold(sample *s, const float *scores, double rate, double *scale) {
  const clf_model *model = s->model;
  const int64_t classes = model->outputs;
  weighted *sorted = clf__arena_array(&s->arena, s->rows, sizeof *sorted);
  CLF__CHECK(clf__arena_status(&s->arena));
  for (int64_t i = 0; i < s->rows; i++) {
    s->silence[i] = clf__novelty_silence(scores + s->index[i] * classes, classes);
  }
  set_scale(s, s->distance, sorted, &scale[CLF__NOVELTY_DISTANCE],
            &scale[CLF__NOVELTY_DISTANCE_UNIT]);
  set_scale(s, s->silence, sorted, &scale[CLF__NOVELTY_SILENCE], &scale[CLF__NOVELTY_SILENCE_UNIT]);
  for (int64_t i = 0; i < s->rows; i++) {
    s->distance[i] = clf__novelty_sum(scale, s->distance[i], s->silence[i]);
  }
  sort_values(s, s->distance, sorted);
  const double threshold = quantile(sorted, s->rows, 1 - rate, 1);
  scale[CLF__NOVELTY_THRESHOLD] = threshold > 0 ? threshold : 1;
  if (rate * (double)(s->rows + 1) < 1) {
    clf__log(model->context, CLF_LOG_WARNING,
             "%s: %lld rows show no rate of false alarms as low as reject=%s: the threshold is the "
             "largest novelty among them",
             model->kind->base.name, (long long)s->rows, clf__number_text(rate));
  }
  return CLF_OK;
}

clf_status clf__reject_fit(const clf_model *model, const clf__scored_data *rows, double rate,
                           clf__store *state) {
  clf_context *context = model->context;
  sample s = {.model = model,
              .arena = {.context = context},
              .columns = clf__novelty_columns(model->columns)};
  clf__density density = {.classes = model->outputs,
                          .columns = s.columns,
                          .axes_of_class = clf__density_axes(model->outputs, s.columns)};
  const int64_t axes = density.axes_of_class, classes = model->outputs;
  clf_status status = CLF_OK;
  CLF__TRY(choose_rows(&s, rows->data, rows->labels));
  CLF__TRY(read_sample(&s, rows->data, rows->labels, state));
  CLF__TRY(clf__state_tensor(context, state, "decision_reject_means", CLF_F32, classes, s.columns));
  CLF__TRY(clf__state_tensor(context, state, "decision_reject_axes", CLF_F32,
                             clf__count(classes, axes), s.columns));
  CLF__TRY(
      clf__state_tensor(context, state, "decision_reject_variances", CLF_F64, classes, axes + 1));
  CLF__TRY(
      clf__state_tensor(context, state, "decision_reject_scale", CLF_F64, CLF__NOVELTY_SCALES, -1));
  density.means = clf__state_data(state, "decision_reject_means");
  density.axes = clf__state_data(state, "decision_reject_axes");
  density.variances = clf__state_data(state, "decision_reject_variances");
  CLF__TRY(measure(&s, &density));
  CLF__TRY(set_threshold(&s, rows->scores, rate, clf__state_data(state, "decision_reject_scale")));
done:
  clf__arena_free(&s.arena);
  return status;
}
