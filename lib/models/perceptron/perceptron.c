/* The perceptron as a model: parameters, state, partial fits. perceptron_learn.c has the method. */
#include "models/perceptron/perceptron.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "base/math.h"
#include "base/progress.h"
#include "base/text.h"
#include "comm/shards.h"
#include "models/linear.h"
#include "models/perceptron/perceptron_kernel.h"

#define CLF__VALUES clf__perceptron_params
static const clf__param params[] = {
    CLF__INT(epochs, "10", 1, 1e6, "passes over the rows; one without a mistake is the last"),
    CLF__REAL(learning_rate, "1", CLF__ABOVE(0), 1e30, "factor of each update"),
    CLF__BOOL(averaged, "true", "keep the mean of the weights over all updates, or the last"),
    CLF__CHOICE(multiclass, "multinomial|one_vs_rest", "multinomial",
                "whether the classes are updated together, or each against the rest"),
    CLF__BOOL(shuffle, "true", "whether each pass has a new order, from the context's seed"),
    CLF__BOOL(mixed, "false",
              "whether the context's shards learn side by side, and are averaged after each epoch"),
    CLF__BOOL(fit_intercept, "true", "whether to fit an intercept"),
    CLF__CLASS_WEIGHT,
    CLF__CHOICE(kernel.kernel, "none|" CLF__KERNEL_WORDS, "none",
                "kernel of the decision function; none: linear in the features"),
    CLF__KERNEL_PARAMS,
    CLF__INT(budget, "0", 0, 1e9, "kernel: maximum number of support vectors; 0: no limit"),
    CLF__CHOICE(budget_policy, "oldest|least_useful", "oldest",
                "kernel: which support vector a new one replaces when the budget is used up"),
    CLF__DECISION_PARAMS,
};

#define MAX_ROWS_SEEN (INT64_C(1) << 53) /* counted exactly as a double */

static clf_status learner_create(clf__perceptron_learner *l, const clf_model *model,
                                 const clf__training *training, const float *weights) {
  const clf__perceptron_params *p = model->params;
  const int64_t columns = training->x->columns, classes = training->classes;
  const bool sparse = clf__rows_sparse(training->x);
  *l = (clf__perceptron_learner){
      .context = model->context,
      .arena = {.context = model->context},
      .params = p,
      .training = training,
      .weights = weights,
      .classes = classes,
      .columns = columns,
      .class_step = sparse ? 1 : columns,
      .column_step = sparse ? classes : 1,
      .share = (double)NAN,
  };
  const int64_t size = clf__count(classes, columns);
  l->W = clf__arena_zeroed(&l->arena, size, sizeof *l->W);
  l->b = clf__arena_zeroed(&l->arena, classes, sizeof *l->b);
  l->U = p->averaged ? clf__arena_zeroed(&l->arena, size, sizeof *l->U) : NULL;
  l->Ub = p->averaged ? clf__arena_zeroed(&l->arena, classes, sizeof *l->Ub) : NULL;
  l->scores = clf__arena_array(&l->arena, classes, sizeof *l->scores);
  l->order = clf__arena_array(&l->arena, training->x->rows, sizeof *l->order);
  clf__perceptron_open_ahead(l);
  return clf__arena_status(&l->arena);
}

/* Returns the index of element (k, j) of a [classes, columns] tensor in the learner's arrays. */
static int64_t place(const clf__perceptron_learner *l, int64_t k, int64_t j) {
  return k * l->class_step + j * l->column_step;
}

/* Stores the model: W and b, or with U and Ub their means over all rows seen. */
static clf_status store_model(const clf__perceptron_learner *l, clf__store *state) {
  const double share = l->U != NULL && l->seen > 0 ? 1 / (double)l->seen : 0;
  double *w = clf__alloc_matrix(l->context, l->classes, l->columns + 1, sizeof *w);
  if (w == NULL) {
    return CLF_ERROR_MEMORY;
  }
  double *b = w + l->classes * l->columns;
  for (int64_t k = 0; k < l->classes; k++) {
    for (int64_t j = 0; j < l->columns; j++) {
      const int64_t at = place(l, k, j);
      w[k * l->columns + j] = (double)l->W[at] - (l->U != NULL ? l->U[at] * share : 0);
    }
    b[k] = (double)l->b[k] - (l->U != NULL ? l->Ub[k] * share : 0);
  }
  const clf__linear_solution solution = {w, b, l->columns, 1, l->classes, l->columns};
  const clf_status status =
      clf__linear_store(l->context, state, &clf__decision_names, &solution, l->training->x);
  clf__free(w);
  return status;
}

/* Stores what a partial fit continues from in addition to the model: `rows_seen` and, for
 * averaging, the last W and b and the sums U. */
static clf_status store_progress(const clf__perceptron_learner *l, clf__store *state) {
  clf_status status = clf__state_tensor(l->context, state, "rows_seen", CLF_I64, 1, -1);
  if (status == CLF_OK) {
    *(int64_t *)clf__state_data(state, "rows_seen") = l->seen;
  }
  if (status < 0 || l->U == NULL) {
    return status;
  }
  CLF__TRY(clf__state_tensor(l->context, state, "last_weights", CLF_F32, l->classes, l->columns));
  CLF__TRY(clf__state_tensor(l->context, state, "last_intercept", CLF_F32, l->classes, -1));
  CLF__TRY(clf__state_tensor(l->context, state, "weight_sums", CLF_F64, l->classes, l->columns));
  CLF__TRY(clf__state_tensor(l->context, state, "intercept_sums", CLF_F64, l->classes, -1));
  float *weights = clf__state_data(state, "last_weights");
  double *sums = clf__state_data(state, "weight_sums");
  for (int64_t k = 0; k < l->classes; k++) {
    for (int64_t j = 0; j < l->columns; j++) {
      weights[k * l->columns + j] = l->W[place(l, k, j)];
      sums[k * l->columns + j] = l->U[place(l, k, j)];
    }
  }
  memcpy(clf__state_data(state, "last_intercept"), l->b, (size_t)l->classes * sizeof(float));
  memcpy(clf__state_data(state, "intercept_sums"), l->Ub, (size_t)l->classes * sizeof(double));
done:
  return status;
}

/* history_loss: the shares of earlier partial fits, then the new ones. */
static clf_status store_history(const clf__perceptron_learner *l, const clf__store *before,
                                const double *shares, int64_t count, clf__store *state) {
  const clf_tensor *old = before != NULL ? clf__store_tensor(before, "history_loss") : NULL;
  int64_t earlier = old != NULL ? clf_tensor_count(old) : 0;
  CLF__CHECK(clf__state_tensor(l->context, state, "history_loss", CLF_F64, earlier + count, -1));
  double *history = clf__state_data(state, "history_loss");
  if (earlier > 0) {
    memcpy(history, old->data, (size_t)earlier * sizeof *history);
  }
  memcpy(history + earlier, shares, (size_t)count * sizeof *history);
  return CLF_OK;
}

/* Continues from the state `before`. */
static clf_status resume(clf__perceptron_learner *l, const clf__store *before) {
  bool averaged = clf__store_tensor(before, "weight_sums") != NULL;
  if (averaged != l->params->averaged) {
    return clf__fail(CLF_ERROR_ARGUMENT,
                     "perceptron: averaged was changed since the first partial fit; fit again");
  }
  const float *weights = clf__state_data(before, averaged ? "last_weights" : "weights");
  const float *intercept = clf__state_data(before, averaged ? "last_intercept" : "intercept");
  const double *sums = averaged ? clf__state_data(before, "weight_sums") : NULL;
  for (int64_t k = 0; k < l->classes; k++) {
    for (int64_t j = 0; j < l->columns; j++) {
      l->W[place(l, k, j)] = weights[k * l->columns + j];
      if (averaged) {
        l->U[place(l, k, j)] = sums[k * l->columns + j];
      }
    }
    l->b[k] = intercept[k];
  }
  if (averaged) {
    memcpy(l->Ub, clf__state_data(before, "intercept_sums"), (size_t)l->classes * sizeof(double));
  }
  l->seen = *(const int64_t *)clf__state_data(before, "rows_seen");
  return CLF_OK;
}

/* After a pass without a mistake W no longer changes. The remaining passes need not be run, but
 * they count for the mean, in which this W then outweighs earlier ones. */
static void skip_passes(clf__perceptron_learner *l, int64_t passes, int64_t rows) {
  int64_t seen;
  const bool counted = clf__mul_i64(passes, rows, &seen) && seen <= MAX_ROWS_SEEN - l->seen;
  l->seen = counted ? l->seen + seen : MAX_ROWS_SEEN;
}

/* In units of learning_rate, an update changes the intercept by 1 and the score of the row by its
 * squared length in addition. If that is tiny, the features have no influence for many passes. */
static clf_status warn_of_short_rows(const clf_model *model, const clf__training *training) {
  enum { SAMPLE = 100 };
  const double short_length = 0.1;
  const clf__rows *x = training->x;
  const int64_t step = x->rows / SAMPLE + 1;
  double *row = clf__alloc_array(model->context, x->columns, sizeof *row);
  double sum = 0;
  if (row == NULL) {
    return CLF_ERROR_MEMORY;
  }
  for (int64_t i = 0; i < x->rows; i += step) {
    clf__rows_read_f64(x, i, row);
    for (int64_t j = 0; j < x->columns; j++) {
      sum += row[j] * row[j];
    }
  }
  clf__free(row);
  sum /= (double)clf__ceil_div(x->rows, step);
  if (sum < short_length) {
    clf__log(model->context, CLF_LOG_WARNING,
             "perceptron: the rows' squared lengths are about %s, and the intercept's "
             "steps of 1 are long against them; scale the features up (transform: standardize), "
             "make more epochs or set fit_intercept=false",
             clf__number_text(sum));
  }
  return CLF_OK;
}

/* Stops early after a pass without a mistake. A pass that is stopped has learned a part of the
 * rows. */
static clf_status run_epochs(clf__perceptron_learner *l, int64_t epochs, double *shares,
                             int64_t *done, int64_t *rows_before) {
  clf_status status = clf__perceptron_report(l, 0);
  while (status == CLF_OK && *done < epochs && l->share != 0) {
    *rows_before = l->seen;
    CLF__TRY(l->params->mixed ? clf__perceptron_mix_epoch(l, *done)
                              : clf__perceptron_run_epoch(l, *done));
    shares[(*done)++] = l->share;
    status = clf__perceptron_report(l, *done);
  }
done:
  return *done > 0 ? clf__stop_keep(l->training->stop, status) : status;
}

static void warn_of_one_shard(const clf_model *model, const clf__training *training) {
  if (training->x->shards == NULL) {
    clf__log(model->context, CLF_LOG_WARNING,
             "perceptron: mixed=true has no effect on one shard; the context's shards says how "
             "many there are");
  }
}

static clf_status train_shards(const clf_model *model, const clf__training *training,
                               int64_t epochs, const clf__store *before, clf__store *state) {
  const clf__perceptron_params *p = model->params;
  clf__perceptron_learner l = {0};
  const float *weights;
  clf__arena arena = {.context = model->context};
  int64_t done_epochs = 0, before_pass = 0;
  clf_status status = CLF_OK;
  CLF__TRY(clf__effective_weights(&weights, &arena, model, training, training, &p->class_weight));
  CLF__TRY(learner_create(&l, model, training, weights));
  double *shares = clf__arena_array(&arena, epochs, sizeof *shares);
  CLF__TRY(clf__arena_status(&arena));
  if (before != NULL) {
    CLF__TRY(resume(&l, before));
  } else if (p->fit_intercept) {
    CLF__TRY(warn_of_short_rows(model, training));
  }
  if (p->mixed) {
    warn_of_one_shard(model, training);
  }
  l.progress = clf__progress_begin(model->context, "perceptron", epochs);
  CLF__TRY(run_epochs(&l, epochs, shares, &done_epochs, &before_pass));
  const clf_status ended = status;
  if (ended == CLF_OK && done_epochs < epochs) {
    clf__fit_log(training, "epoch %lld of %lld made no mistake: the rest would change nothing",
                 (long long)done_epochs, (long long)epochs);
  }
  if (ended == CLF_OK) {
    skip_passes(&l, epochs - done_epochs, l.seen - before_pass);
  }
  CLF__TRY(store_model(&l, state));
  CLF__TRY(store_progress(&l, state));
  CLF__TRY(store_history(&l, before, shares, done_epochs, state));
  status = ended;
done:
  clf__arena_free(&l.arena);
  clf__arena_free(&arena);
  return status;
}

/* The fits of a cross-validation, and partial fits, have rows without shards, which mixed=true
 * needs. */
static clf_status train(const clf_model *model, const clf__training *training, int64_t epochs,
                        const clf__store *before, clf__store *state) {
  const clf__perceptron_params *p = model->params;
  clf__training own = *training;
  clf__rows x = *training->x;
  clf__shards *shards = NULL;
  if (p->mixed && x.shards == NULL) {
    CLF__CHECK(clf__shards_create_alone(&shards, model->context, x.rows));
    x.shards = shards;
    own.x = &x;
  }
  const clf_status status = train_shards(model, &own, epochs, before, state);
  clf__shards_free(shards);
  return status;
}

static clf_status fit(const clf_model *model, const clf__training *training, clf__store *state) {
  const clf__perceptron_params *p = model->params;
  const float *weights;
  clf__arena arena = {.context = model->context};
  if (p->kernel.kernel == CLF__PERCEPTRON_LINEAR) {
    return train(model, training, p->epochs, NULL, state);
  }
  clf_status status =
      clf__effective_weights(&weights, &arena, model, training, training, &p->class_weight);
  if (status == CLF_OK) {
    status = clf__perceptron_fit_kernel(model, training, weights, state);
  }
  clf__arena_free(&arena);
  return status;
}

static clf_status partial_fit(const clf_model *model, const clf__training *training,
                              clf__store *state) {
  const clf__store *before = training->before;
  const clf__perceptron_params *p = model->params;
  if (p->kernel.kernel != CLF__PERCEPTRON_LINEAR ||
      (before != NULL && clf__support_there(before))) {
    return clf__fail(CLF_ERROR_UNSUPPORTED,
                     "perceptron: with a kernel it cannot be fitted in parts; set kernel=none and "
                     "start again, or fit all rows at once");
  }
  return train(model, training, 1, before, state);
}

static clf_status check_rows_seen(const clf_model *model) {
  CLF__CHECK(clf__check_tensor(model, "rows_seen", CLF_I64, 1, -1));
  int64_t seen = *(const int64_t *)clf__state_data(model->state, "rows_seen");
  return seen >= 0 && seen <= MAX_ROWS_SEEN
             ? CLF_OK
             : clf__fail(CLF_ERROR_CORRUPT, "perceptron: %lld rows seen cannot be",
                         (long long)seen);
}

static clf_status check(const clf_model *model) {
  if (clf__support_there(model->state)) {
    return clf__perceptron_check_kernel(model);
  }
  CLF__CHECK(clf__linear_check(model));
  CLF__CHECK(check_rows_seen(model));
  CLF__CHECK(clf__check_tensor(model, "history_loss", CLF_F64, -1, -1));
  if (clf__store_tensor(model->state, "weight_sums") == NULL) {
    return CLF_OK;
  }
  int64_t classes = model->outputs, columns = model->columns;
  CLF__CHECK(clf__check_tensor(model, "weight_sums", CLF_F64, classes, columns));
  CLF__CHECK(clf__check_tensor(model, "intercept_sums", CLF_F64, classes, -1));
  CLF__CHECK(clf__check_tensor(model, "last_weights", CLF_F32, classes, columns));
  return clf__check_tensor(model, "last_intercept", CLF_F32, classes, -1);
}

static clf_status decide(const clf_model *model, const clf__rows *x, float *values) {
  return clf__support_there(model->state) ? clf__perceptron_decide_kernel(model, x, values)
                                          : clf__linear_decide(model, x, values);
}

static clf_status check_params(clf_context *context, const void *own) {
  const clf__perceptron_params *p = own;
  (void)context;
  return !p->mixed || p->kernel.kernel == CLF__PERCEPTRON_LINEAR
             ? CLF_OK
             : clf__fail(CLF_ERROR_ARGUMENT,
                         "perceptron: mixed=true is for kernel=none; the vectors of a kernel have "
                         "no mean");
}

static bool is_divided(const clf_model *model) {
  return ((const clf__perceptron_params *)model->params)->mixed;
}

static bool movable(const clf_model *model) {
  const clf__perceptron_params *p = model->params;
  const int32_t kernel = p->kernel.kernel;
  return kernel == CLF__PERCEPTRON_LINEAR ? p->fit_intercept : clf__kernel_movable(kernel - 1);
}

const clf__model_kind clf__perceptron_kind = {
    .base = CLF__KIND("perceptron", "the perceptron, multi-class or one-vs-rest, averaged", params,
                      clf__perceptron_params),
    .decision = CLF__DECISION_LINEAR,
    .can = CLF__CAN_WEIGH | CLF__CAN_SPARSE,
    .check_params = check_params,
    .movable = movable,
    .divided = is_divided,
    .fit = fit,
    .partial_fit = partial_fit,
    .check = check,
    .prepare = clf__support_prepare,
    .free_prepared = clf__support_free_prepared,
    .decide = decide,
    .decide_f64 = clf__linear_decide_f64,
};
