/* Prediction, common to all kinds. Rows pass the pipeline and the kind in blocks, so that the rows
 * of a pipeline never exist all at once, and the host is asked between blocks. Results are computed
 * in the library's own memory, and copied to the caller's arrays if all of them are good. Results
 * in f64 are computed in f64 from linear maps and support vectors, and widened from f32 for all
 * other models. */
#include <float.h>
#include <math.h>
#include <string.h>

#include "base/border.h"
#include "models/blocks.h"
#include "models/decision/decision.h"
#include "models/decision/novelty.h"
#include "models/linear.h"
#include "models/predict.h"
#include "models/reserve.h"

clf_status clf__predict_check(const clf_model *model, const clf_dataset *data, const void *out,
                              int64_t width, int64_t capacity) {
  CLF__CHECK(clf__model_require_fit(model));
  int64_t needed;
  if (!clf__mul_i64(data->rows, width, &needed) || out == NULL || capacity < needed) {
    return clf__fail(CLF_ERROR_ARGUMENT,
                     "%s: the output must hold %lld x %lld values; its capacity is %lld",
                     model->kind->base.name, (long long)data->rows, (long long)width,
                     (long long)(out != NULL ? capacity : 0));
  }
  return CLF_OK;
}

static clf_status fail_finite(const clf_model *model, const clf__rows *x, const char *type) {
  const clf_status status = clf__rows_check_finite(model->context, x);
  return status < 0 ? clf__fail_within(status, "%s", model->kind->base.name)
                    : clf__fail(CLF_ERROR_DATA, "%s: the result of a row is beyond %s",
                                model->kind->base.name, type);
}

static clf_status check_finite(const clf_model *model, const clf__rows *x, const float *values,
                               int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    if (!isfinite(values[i])) {
      return fail_finite(model, x, "float");
    }
  }
  return CLF_OK;
}

static clf_status check_finite_f64(const clf_model *model, const clf__rows *x, const double *values,
                                   int64_t count) {
  for (int64_t i = 0; i < count; i++) {
    if (!isfinite(values[i])) {
      return fail_finite(model, x, "double");
    }
  }
  return CLF_OK;
}

static clf_status decide(const clf_model *model, const clf__rows *x, float *values) {
  clf_status status = model->kind->decide(model, x, values);
  return status < 0 ? status : check_finite(model, x, values, x->rows * model->outputs);
}

enum { DECISIONS, PROBABILITIES, PROJECTIONS, NOVELTIES };

/* The results of all blocks of rows. */
typedef struct making {
  const clf_model *model;
  int32_t what;    /* DECISIONS … */
  int64_t width;   /* of a row of values */
  bool f64;        /* the results that are asked for */
  double *precise; /* [rows, width], or */
  float *values;   /* [rows, width]; for labels [block, width] */
  int32_t *labels; /* [rows] */
} making;

static clf_status make_novelties(const making *m, const clf__rows *x, float *values) {
  const int64_t classes = m->model->outputs;
  clf__arena arena = {.context = m->model->context};
  float *scores = clf__arena_matrix(&arena, x->rows, classes, sizeof *scores);
  double *novelty = clf__arena_array(&arena, x->rows, sizeof *novelty);
  clf_status status = CLF_OK;
  CLF__TRY(clf__arena_status(&arena));
  CLF__TRY(decide(m->model, x, scores));
  CLF__TRY(clf__novelty_compute(m->model, x, scores, novelty));
  for (int64_t i = 0; i < x->rows; i++) {
    values[i] = (float)fmin(novelty[i], FLT_MAX);
  }
done:
  clf__arena_free(&arena);
  return status;
}

static clf_status make_f32(const making *m, const clf__rows *x, float *values) {
  const clf__model_kind *kind = m->model->kind;
  if (m->what == PROJECTIONS) {
    CLF__CHECK(kind->transform(m->model, x, values));
    return check_finite(m->model, x, values, x->rows * m->width);
  }
  if (m->what == NOVELTIES) {
    return make_novelties(m, x, values);
  }
  CLF__CHECK(decide(m->model, x, values));
  return m->what == PROBABILITIES ? clf__decision_probabilities(m->model, values, x->rows) : CLF_OK;
}

/* Scores in f64 as probabilities, which agree with the classes that scores in f32 give. */
static clf_status make_probabilities_f64(const making *m, const clf__rows *x, double *values) {
  float *scores = clf__alloc_matrix(m->model->context, x->rows, m->width, sizeof *scores);
  clf_status status = scores == NULL ? CLF_ERROR_MEMORY : decide(m->model, x, scores);
  if (status == CLF_OK) {
    status = clf__decision_probabilities_f64(m->model, values, scores, x->rows);
  }
  clf__free(scores);
  return status;
}

static clf_status make_f64(const making *m, const clf__rows *x, double *values) {
  const clf__model_kind *kind = m->model->kind;
  CLF__CHECK(m->what == PROJECTIONS ? kind->transform_f64(m->model, x, values)
                                    : kind->decide_f64(m->model, x, values));
  CLF__CHECK(check_finite_f64(m->model, x, values, x->rows * m->width));
  return m->what == PROBABILITIES ? make_probabilities_f64(m, x, values) : CLF_OK;
}

/* Results in f64 of a model that computes in f32. */
static clf_status make_widened(const making *m, const clf__rows *x, double *values) {
  float *rounded = clf__alloc_matrix(m->model->context, x->rows, m->width, sizeof *rounded);
  clf_status status = rounded == NULL ? CLF_ERROR_MEMORY : make_f32(m, x, rounded);
  for (int64_t i = 0; status == CLF_OK && i < x->rows * m->width; i++) {
    values[i] = (double)rounded[i];
  }
  clf__free(rounded);
  return status;
}

static bool is_in_f64(const making *m) {
  const clf__model_kind *kind = m->model->kind;
  if (m->what == PROBABILITIES && kind->probabilities_f64 == NULL &&
      !clf__calibration_there(&m->model->decision)) {
    return false;
  }
  return kind->has_f64 != NULL ? kind->has_f64(m->model) : clf__linear_has_f64(m->model);
}

static clf_status make_values(void *argument, const clf__rows *x, int64_t first) {
  const making *m = argument;
  if (!m->f64) {
    return make_f32(m, x, m->values + first * m->width);
  }
  double *values = m->precise + first * m->width;
  return is_in_f64(m) ? make_f64(m, x, values) : make_widened(m, x, values);
}

/* Writes what is asked for of all rows to the caller's array, of f32 or f64. */
static clf_status write_values(making *m, const clf_dataset *data, void *out, int64_t capacity) {
  const size_t size = m->f64 ? sizeof(double) : sizeof(float);
  clf_status status = CLF_OK;
  CLF__CHECK(clf__predict_check(m->model, data, out, m->width, capacity));
  void *made = clf__alloc_matrix(m->model->context, data->rows, m->width, size);
  if (made == NULL) {
    return CLF_ERROR_MEMORY;
  }
  m->values = made;
  m->precise = made;
  const int64_t block =
      clf__block_rows(m->model, data, m->what == NOVELTIES ? m->model->outputs : 0);
  CLF__TRY(clf__for_blocks(m->model, data, block, m->what == PROJECTIONS ? "project" : "predict",
                           m->f64, make_values, m));
  memcpy(out, made, (size_t)(data->rows * m->width) * size);
done:
  clf__free(made);
  return status;
}

static clf_status write_decisions(const clf_model *model, const clf_dataset *data, void *values,
                                  int64_t capacity, bool f64) {
  making m = {.model = model, .what = DECISIONS, .width = model->outputs, .f64 = f64};
  return write_values(&m, data, values, capacity);
}

clf_status clf_model_decision_function(const clf_model *model, const clf_dataset *data,
                                       float *values, int64_t capacity) {
  CLF__REQUIRE(model);
  CLF__REQUIRE(data);
  CLF__ENTER_PREDICTION(model, data);
  return write_decisions(model, data, values, capacity, false);
}

clf_status clf_model_decision_function_f64(const clf_model *model, const clf_dataset *data,
                                           double *values, int64_t capacity) {
  CLF__REQUIRE(model);
  CLF__REQUIRE(data);
  CLF__ENTER_PREDICTION(model, data);
  return write_decisions(model, data, values, capacity, true);
}

static clf_status write_probabilities(const clf_model *model, const clf_dataset *data, void *values,
                                      int64_t capacity, bool f64) {
  CLF__CHECK(clf__decision_require_probabilities(model));
  making m = {.model = model, .what = PROBABILITIES, .width = model->outputs, .f64 = f64};
  return write_values(&m, data, values, capacity);
}

clf_status clf_model_predict_proba(const clf_model *model, const clf_dataset *data,
                                   float *probabilities, int64_t capacity) {
  CLF__REQUIRE(model);
  CLF__REQUIRE(data);
  CLF__ENTER_PREDICTION(model, data);
  return write_probabilities(model, data, probabilities, capacity, false);
}

clf_status clf_model_predict_proba_f64(const clf_model *model, const clf_dataset *data,
                                       double *probabilities, int64_t capacity) {
  CLF__REQUIRE(model);
  CLF__REQUIRE(data);
  CLF__ENTER_PREDICTION(model, data);
  return write_probabilities(model, data, probabilities, capacity, true);
}

static clf_status write_projections(const clf_model *model, const clf_dataset *data, void *values,
                                    int64_t capacity, int64_t *components, bool f64) {
  clf_status status = CLF_OK;
  CLF__CHECK(clf__model_require_fit(model));
  if (model->kind->transform == NULL) {
    return clf__fail(CLF_ERROR_UNSUPPORTED, "%s has no projections", model->kind->base.name);
  }
  making m = {
      .model = model, .what = PROJECTIONS, .width = model->kind->components(model), .f64 = f64};
  if (values != NULL || capacity != 0) {
    status = write_values(&m, data, values, capacity);
  }
  if (status == CLF_OK && components != NULL) {
    *components = m.width;
  }
  return status;
}

clf_status clf_model_project(const clf_model *model, const clf_dataset *data, float *values,
                             int64_t capacity, int64_t *components) {
  CLF__REQUIRE(model);
  CLF__REQUIRE(data);
  CLF__ENTER_PREDICTION(model, data);
  return write_projections(model, data, values, capacity, components, false);
}

clf_status clf_model_project_f64(const clf_model *model, const clf_dataset *data, double *values,
                                 int64_t capacity, int64_t *components) {
  CLF__REQUIRE(model);
  CLF__REQUIRE(data);
  CLF__ENTER_PREDICTION(model, data);
  return write_projections(model, data, values, capacity, components, true);
}

/* Rows that the model rejects are of no class. */
static clf_status reject_rows(const making *m, const clf__rows *x, int32_t *labels) {
  double *novelty = clf__alloc_array(m->model->context, x->rows, sizeof *novelty);
  clf_status status =
      novelty != NULL ? clf__novelty_compute(m->model, x, m->values, novelty) : CLF_ERROR_MEMORY;
  for (int64_t i = 0; status == CLF_OK && i < x->rows; i++) {
    labels[i] = (float)novelty[i] > 1 ? -1 : labels[i];
  }
  clf__free(novelty);
  return status;
}

static clf_status make_labels(void *argument, const clf__rows *x, int64_t first) {
  const making *m = argument;
  CLF__CHECK(decide(m->model, x, m->values));
  CLF__CHECK(clf__decision_labels(m->model, m->values, x->rows, m->labels + first));
  return m->model->decision.reject_scale != NULL ? reject_rows(m, x, m->labels + first) : CLF_OK;
}

clf_status clf_model_novelty(const clf_model *model, const clf_dataset *data, float *scores,
                             int64_t capacity) {
  CLF__REQUIRE(model);
  CLF__REQUIRE(data);
  CLF__ENTER_PREDICTION(model, data);
  CLF__CHECK(clf__model_require_fit(model));
  if (model->decision.reject_scale == NULL) {
    return clf__fail(CLF_ERROR_UNSUPPORTED,
                     "%s has not learned which rows are none of its classes: fit it with "
                     "reject=RATE, or call clf_model_set_reject()",
                     model->kind->base.name);
  }
  making m = {.model = model, .what = NOVELTIES, .width = 1};
  return write_values(&m, data, scores, capacity);
}

clf_status clf_model_predict(const clf_model *model, const clf_dataset *data, int32_t *labels,
                             int64_t capacity) {
  CLF__REQUIRE(model);
  CLF__REQUIRE(data);
  CLF__ENTER_PREDICTION(model, data);
  clf_status status = CLF_OK;
  CLF__CHECK(clf__predict_check(model, data, labels, 1, capacity));
  if (model->classes == NULL && !clf__model_separates_outliers(model)) {
    return clf__fail(CLF_ERROR_UNSUPPORTED,
                     "%s was fitted as a regression: use the decision function",
                     model->kind->base.name);
  }
  making m = {.model = model, .width = model->outputs};
  const int64_t block = clf__block_rows(model, data, m.width);
  m.values = clf__alloc_array(model->context, block * m.width + data->rows, sizeof *m.values);
  if (m.values == NULL) {
    return CLF_ERROR_MEMORY;
  }
  /* The labels are behind the values in the same allocation. */
  m.labels = (int32_t *)(void *)(m.values + block * m.width);
  CLF__TRY(clf__for_blocks(model, data, block, "predict", false, make_labels, &m));
  memcpy(labels, m.labels, (size_t)data->rows * sizeof *labels);
done:
  clf__free(m.values);
  return status;
}

/* The use of scores, and an array that holds those of a block. */
typedef struct scoring {
  const clf_model *model;
  clf__scores_use use;
  void *argument;
  float *scores; /* [block, outputs] */
} scoring;

static clf_status use_scores(void *argument, const clf__rows *x, int64_t first) {
  const scoring *s = argument;
  CLF__CHECK(decide(s->model, x, s->scores));
  return s->use(s->argument, s->scores, x->rows, first);
}

clf_status clf__predict_scores(const clf_model *model, const clf_dataset *data, int64_t block,
                               clf__scores_use use, void *argument) {
  scoring s = {model, use, argument, NULL};
  s.scores = clf__alloc_matrix(model->context, block, model->outputs, sizeof *s.scores);
  clf_status status = s.scores != NULL ? CLF_OK : CLF_ERROR_MEMORY;
  status = status == CLF_OK ? clf__for_blocks(model, data, block, "predict", false, use_scores, &s)
                            : status;
  clf__free(s.scores);
  return status;
}
