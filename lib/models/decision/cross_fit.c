/* Scores of the training rows by models that did not see them: each row's by the model fitted to
 * all folds but its own. The pipeline is fitted with each, so that a transform does not see the row
 * either. Rows without weight are left out, as if they were not there. */
#include <string.h>

#include "base/border.h"
#include "base/math.h"
#include "data/split.h"
#include "models/decision/decision.h"
#include "models/kind_rows.h"

typedef struct cross_fit {
  const clf_model *model;
  const clf_dataset *data;
  const clf__cross_fits *how;
  clf__arena arena;
  int64_t folds;
  int64_t count;     /* rows with a weight */
  int64_t *kept;     /* [count] these */
  int32_t *labels;   /* [count], or NULL in a regression */
  int64_t *fold;     /* [count] */
  int64_t *in, *out; /* [count] rows of the current fold, and the others */
  bool *left_out;    /* [rows] the same, for fits that leave rows out by themselves */
} cross_fit;

static clf_status keep_rows(cross_fit *c) {
  const clf_dataset *data = c->data;
  const float *weights = clf__dataset_weights(data);
  const int32_t *labels = clf__dataset_labels(data);
  c->arena.context = c->model->context;
  c->kept = clf__arena_array(&c->arena, data->rows, sizeof *c->kept);
  c->labels = labels != NULL ? clf__arena_array(&c->arena, data->rows, sizeof *c->labels) : NULL;
  c->fold = clf__arena_array(&c->arena, data->rows, sizeof *c->fold);
  c->in = clf__arena_array(&c->arena, data->rows, sizeof *c->in);
  c->out = clf__arena_array(&c->arena, data->rows, sizeof *c->out);
  c->left_out = clf__arena_zeroed(&c->arena, data->rows, sizeof *c->left_out);
  CLF__CHECK(clf__arena_status(&c->arena));
  for (int64_t i = 0; i < data->rows; i++) {
    if (weights == NULL || weights[i] > 0) {
      if (labels != NULL) {
        c->labels[c->count] = labels[i];
      }
      c->kept[c->count++] = i;
    }
  }
  return CLF_OK;
}

/* Each class that has rows must have one in each fold. */
static clf_status limit_folds(cross_fit *c, int64_t classes) {
  int64_t *rows = clf__arena_zeroed(&c->arena, classes, sizeof *rows);
  const int64_t wanted = c->folds;
  int64_t fewest = 0;
  CLF__CHECK(clf__arena_status(&c->arena));
  for (int64_t i = 0; i < c->count; i++) {
    rows[c->labels != NULL ? c->labels[i] : 0]++;
  }
  for (int64_t k = 0; k < classes; k++) {
    if (rows[k] > 0 && rows[k] < c->folds) {
      c->folds = rows[k];
      fewest = k;
    }
  }
  if (c->folds < 2) {
    return clf__fail(CLF_ERROR_DATA,
                     "%s: class '%s' has one row; rows that are left out in turn need two of each",
                     c->model->kind->base.name, clf__classes_name(c->data->classes, fewest));
  }
  if (c->folds < wanted) {
    clf__log(c->model->context, CLF_LOG_INFO, "%s: %lld folds, the rows of the smallest class",
             c->model->kind->base.name, (long long)c->folds);
  }
  return CLF_OK;
}

static clf_status deal_folds(cross_fit *c) {
  clf_context *context = c->model->context;
  const int64_t classes = c->labels != NULL ? clf__classes_count(c->data->classes) : 1;
  const clf__split split = {c->labels, classes, c->count};
  CLF__CHECK(limit_folds(c, classes));
  return clf__split_folds(context, &split, c->folds, clf__context_seed(context), c->fold);
}

/* A copy that is not fitted, and leaves calibrating and rejecting to the whole model. */
static clf_status make_model(clf_model **out, const cross_fit *c) {
  CLF__CHECK(clf_model_clone(out, c->model));
  clf__decision_params *p = (*out)->params;
  if ((*out)->kind->own_sigmoids == NULL || p->calibration != CLF__CALIBRATION_SIGMOID) {
    p->calibration = CLF__CALIBRATION_NONE;
  }
  p->reject = 0;
  return c->how->optimizer != NULL ? clf_model_set_optimizer(*out, c->how->optimizer) : CLF_OK;
}

/* Fits a model to the rows outside the current fold: to a part of the data or, if the kind leaves
 * rows out by itself, to the data that the whole model was fitted to. */
static clf_status fit_others(const cross_fit *c, clf_model *model, int64_t others) {
  clf__fit_shared *shared = c->how->shared;
  clf_dataset *train = NULL;
  if (shared != NULL) {
    shared->left_out = c->left_out;
    const clf_status status = clf__model_fit_within(model, c->data, c->how->validation, shared);
    shared->left_out = NULL;
    return status;
  }
  CLF__CHECK(clf_dataset_subset(&train, c->data, c->out, others));
  const clf_status status = clf__model_fit_within(model, train, c->how->validation, NULL);
  clf_dataset_free(train);
  return status;
}

/* Returns the outcome of the fold's fit. */
static clf_status score_fold(cross_fit *c, int64_t fold, float *scores) {
  const int64_t outputs = c->model->outputs;
  int64_t in = 0, out = 0;
  clf_dataset *test = NULL;
  clf_model *model = NULL;
  float *values = NULL;
  clf_status status = CLF_OK, outcome = CLF_OK;
  for (int64_t i = 0; i < c->count; i++) {
    c->left_out[c->kept[i]] = c->fold[i] == fold;
    if (c->fold[i] == fold) {
      c->in[in++] = c->kept[i];
    } else {
      c->out[out++] = c->kept[i];
    }
  }
  CLF__TRY(clf_dataset_subset(&test, c->data, c->in, in));
  CLF__TRY(make_model(&model, c));
  CLF__TRY(fit_others(c, model, out));
  outcome = model->outcome;
  values = clf__alloc_matrix(c->model->context, in, outputs, sizeof *values);
  CLF__TRY(values != NULL ? CLF_OK : CLF_ERROR_MEMORY);
  CLF__TRY(clf_model_decision_function(model, test, values, in * outputs));
  for (int64_t i = 0; i < in; i++) {
    memcpy(scores + c->in[i] * outputs, values + i * outputs, (size_t)outputs * sizeof *scores);
  }
done:
  clf__free(values);
  clf_model_free(model);
  clf_dataset_free(test);
  return status < 0 ? clf__fail_within(status, "fold %lld", (long long)fold) : outcome;
}

clf_status clf__cross_fit(const clf_model *model, const clf_dataset *train,
                          const clf__cross_fits *how, float *scores) {
  cross_fit c = {
      .model = model, .data = train, .how = how, .folds = clf__min_i64(how->folds, train->rows)};
  clf_status status = CLF_OK;
  int64_t open = 0;
  memset(scores, 0, (size_t)(train->rows * model->outputs) * sizeof *scores);
  CLF__TRY(keep_rows(&c));
  CLF__TRY(deal_folds(&c));
  for (int64_t fold = 0; fold < c.folds; fold++) {
    CLF__TRY(score_fold(&c, fold, scores));
    open += status == CLF_NOT_CONVERGED;
  }
  status = open > 0 ? CLF_NOT_CONVERGED : CLF_OK;
done:
  clf__arena_free(&c.arena);
  return status;
}
