/* The scores of held-out rows, by which sets and intervals are predicted (conformal.h). They are
 * kept with the model, so that any coverage can be asked for later.
 *
 *   decision_set_method      i64 [3]  CLF__CONFORMAL_…, whether randomized, seed
 *   decision_set_scores      f64 [n]  ascending in each segment
 *   decision_set_start       i64 [segments + 1]  of one segment, or one for each class or output
 *   decision_set_cumulative  f64 [n]  sums of weights within the segment, if rows have weights
 */
#include <math.h>
#include <string.h>

#include "base/border.h"
#include "base/progress.h"
#include "metrics/check.h"
#include "models/decision/choose.h"
#include "models/decision/conformal.h"
#include "models/decision/held_out.h"
#include "models/fit_checks.h"

typedef struct conform_params {
  int32_t method;
  bool by_class, randomized;
  int64_t seed;
} conform_params;

#define CLF__VALUES conform_params
static const clf__param params[] = {
    CLF__CHOICE(method, "lac|aps", "lac", "score of a class: its probability, or sums of them"),
    CLF__BOOL(by_class, "false", "coverage holds for each class, not only on average"),
    CLF__BOOL(randomized, "true", "aps: a part of the class's own probability, drawn for each row"),
    CLF__INT(seed, "0", 0, 9e15, "aps: seed of these draws"),
};
#undef CLF__VALUES
const clf__kind clf__conform_kind =
    CLF__KIND("conform", "prediction sets and intervals", params, conform_params);

/* The scores of the held-out rows in `segments` parts: segment s has those of rows that belong to
 * it, from start[s] on. */
typedef struct held_scores {
  clf__conformal_row *rows;
  int64_t *start; /* [segments + 1] */
  int64_t segments;
  bool weighted;
} held_scores;

static void sort_segments(held_scores *held) {
  for (int64_t s = 0; s < held->segments; s++) {
    clf__conformal_sort(held->rows + held->start[s], held->start[s + 1] - held->start[s]);
  }
}

static void write_scores(const held_scores *held, double *scores, double *cumulative) {
  for (int64_t s = 0; s < held->segments; s++) {
    double sum = 0;
    for (int64_t i = held->start[s]; i < held->start[s + 1]; i++) {
      scores[i] = held->rows[i].score;
      sum += held->rows[i].weight;
      if (cumulative != NULL) {
        cumulative[i] = sum;
      }
    }
  }
}

static clf_status add_tensors(clf_context *context, clf__store *state, const held_scores *held,
                              const clf__conformal *how) {
  const int64_t count = held->start[held->segments];
  double *cumulative = NULL;
  CLF__CHECK(clf__state_tensor(context, state, "decision_set_method", CLF_I64, 3, -1));
  CLF__CHECK(clf__state_tensor(context, state, "decision_set_scores", CLF_F64, count, -1));
  CLF__CHECK(
      clf__state_tensor(context, state, "decision_set_start", CLF_I64, held->segments + 1, -1));
  if (held->weighted) {
    CLF__CHECK(clf__state_tensor(context, state, "decision_set_cumulative", CLF_F64, count, -1));
    cumulative = clf__state_data(state, "decision_set_cumulative");
  }
  int64_t *method = clf__state_data(state, "decision_set_method");
  method[0] = how->method;
  method[1] = how->randomized;
  method[2] = (int64_t)how->seed;
  memcpy(clf__state_data(state, "decision_set_start"), held->start,
         (size_t)(held->segments + 1) * sizeof *held->start);
  write_scores(held, clf__state_data(state, "decision_set_scores"), cumulative);
  return CLF_OK;
}

static clf_status adopt_scores(clf_model *model, held_scores *held, const clf__conformal *how) {
  static const char *const dropped[] = {"decision_set", NULL};
  clf__store *state = NULL;
  clf_status status = CLF_OK;
  sort_segments(held);
  CLF__TRY(clf__decision_state(&state, model, dropped));
  CLF__TRY(add_tensors(model->context, state, held, how));
  status = clf__decision_adopt(model, state);
  state = NULL;
done:
  clf__store_free(state);
  return status;
}

static double weight_of(const float *weights, int64_t row) {
  return weights != NULL ? (double)weights[row] : 1;
}

/* Rows of weight 0 are left out. */
static void count_rows(held_scores *held, const clf__judged *rows) {
  for (int64_t i = 0; i < rows->rows; i++) {
    const int64_t segment = held->segments > 1 ? rows->labels[i] : 0;
    held->start[segment + 1] += weight_of(rows->weights, i) > 0;
  }
  for (int64_t s = 0; s < held->segments; s++) {
    held->start[s + 1] += held->start[s];
  }
}

enum { ASKED = 1024 }; /* rows between two questions whether to go on */

static clf_status conform_classes(clf_model *model, const clf_dataset *held_out,
                                  const conform_params *chosen) {
  const clf__conformal how = {chosen->method, chosen->randomized, (uint64_t)chosen->seed};
  const int64_t classes = model->outputs;
  clf__arena arena = {.context = model->context};
  clf__judged rows = {.p = NULL};
  held_scores held = {.segments = chosen->by_class ? classes : 1};
  clf_status status = CLF_OK;
  CLF__TRY(clf__judged_create(&rows, model, held_out, true));
  held.weighted = rows.weights != NULL;
  held.rows = clf__arena_array(&arena, rows.rows, sizeof *held.rows);
  held.start = clf__arena_zeroed(&arena, held.segments + 1, sizeof *held.start);
  int64_t *next = clf__arena_array(&arena, held.segments, sizeof *next);
  double *scores = clf__arena_array(&arena, classes, sizeof *scores);
  clf__conformal_place *order = clf__arena_array(&arena, classes, sizeof *order);
  CLF__TRY(clf__arena_status(&arena));
  count_rows(&held, &rows);
  memcpy(next, held.start, (size_t)held.segments * sizeof *next);
  const clf__progress progress = clf__progress_begin(model->context, "conform", rows.rows);
  for (int64_t i = 0; i < rows.rows; i++) {
    const double weight = weight_of(rows.weights, i);
    CLF__TRY(i % ASKED == 0 ? clf__progress_step(&progress, i, (double)NAN, (double)NAN) : CLF_OK);
    if (weight > 0) {
      clf__conformal_scores(&how, rows.p + i * classes, classes, order, scores);
      held.rows[next[held.segments > 1 ? rows.labels[i] : 0]++] =
          (clf__conformal_row){scores[rows.labels[i]], weight};
    }
  }
  CLF__TRY(adopt_scores(model, &held, &how));
done:
  clf__judged_free(&rows);
  clf__arena_free(&arena);
  return status;
}

/* The scores are absolute residuals, a segment for each output. */
static void fill_residuals(held_scores *held, const clf_dataset *held_out, const float *values,
                           int64_t outputs) {
  const double *targets = clf__dataset_targets(held_out);
  const float *weights = clf__dataset_weights(held_out);
  int64_t count = 0;
  for (int64_t k = 0; k < outputs; k++) {
    for (int64_t i = 0; i < held_out->rows; i++) {
      if (weight_of(weights, i) > 0) {
        const int64_t at = i * outputs + k;
        held->rows[count++] =
            (clf__conformal_row){fabs(targets[at] - (double)values[at]), weight_of(weights, i)};
      }
    }
    held->start[k + 1] = count;
  }
}

static clf_status conform_outputs(clf_model *model, const clf_dataset *held_out) {
  const clf__conformal how = {CLF__CONFORMAL_LAC, false, 0};
  const int64_t outputs = model->outputs, count = clf__count(held_out->rows, outputs);
  clf__arena arena = {.context = model->context};
  held_scores held = {.segments = outputs, .weighted = held_out->weights != NULL};
  clf_status status = CLF_OK;
  double sum;
  CLF__TRY(clf__fit_check_outputs(model, held_out));
  CLF__TRY(clf__check_weights(model->kind->base.name, clf__dataset_weights(held_out),
                              held_out->rows, &sum));
  float *values = clf__arena_array(&arena, count, sizeof *values);
  held.rows = clf__arena_array(&arena, count, sizeof *held.rows);
  held.start = clf__arena_zeroed(&arena, outputs + 1, sizeof *held.start);
  CLF__TRY(clf__arena_status(&arena));
  CLF__TRY(clf_model_decision_function(model, held_out, values, count));
  fill_residuals(&held, held_out, values, outputs);
  CLF__TRY(adopt_scores(model, &held, &how));
done:
  clf__arena_free(&arena);
  return status;
}

static clf_status conform(clf_model *model, const clf_dataset *held_out,
                          const conform_params *chosen) {
  if (clf__model_separates_outliers(model)) {
    return clf__fail(CLF_ERROR_UNSUPPORTED, "%s: this fit has neither classes nor targets",
                     model->kind->base.name);
  }
  if (model->classes == NULL) {
    return chosen->by_class || chosen->method != CLF__CONFORMAL_LAC
               ? clf__fail(CLF_ERROR_UNSUPPORTED,
                           "%s was fitted as a regression: its intervals have no method and no "
                           "classes",
                           model->kind->base.name)
               : conform_outputs(model, held_out);
  }
  if (chosen->method == CLF__CONFORMAL_APS) {
    CLF__CHECK(clf__decision_require_probabilities(model));
  }
  return conform_classes(model, held_out, chosen);
}

clf_status clf_model_conform(clf_model *model, const clf_dataset *held_out, const char *text) {
  CLF__REQUIRE(model);
  CLF__ENTER(model->kind->base.name);
  void *chosen = NULL;
  clf__held_out held;
  clf_status status = CLF_OK;
  CLF__TRY(clf__held_out_begin(&held, model, "clf_model_conform()", text, held_out));
  CLF__TRY(clf__held_out_require(&held));
  CLF__TRY(clf__model_require_fit(model));
  CLF__TRY(clf__params_create(&chosen, model->context, &clf__conform_kind.params, text));
  CLF__TRY(conform(model, held.rows, chosen));
done:
  clf__params_free(&clf__conform_kind.params, chosen);
  return clf__held_out_end(&held, status);
}
