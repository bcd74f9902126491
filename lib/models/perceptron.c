/* The perceptron (Rosenblatt 1958) on labelled rows, one at a time in a shuffled order.
 *
 * multinomial: on a row of class y whose best other class r scores no less, W_y += eta x and W_r -=
 * eta x (Duda and Hart 1973; Crammer and Singer 2003). one_vs_rest: each class has a perceptron of
 * its own, t = 1 for its rows and -1 for the others; W_k += eta t x where t z_k <= 0. A row's
 * weight multiplies eta; rows of weight 0 are passed over.
 *
 * averaged (Freund and Schapire 1999): the model is the mean of W over all rows seen. An update
 * made after c rows misses from the first c of T terms, so with U the sum of c times each update
 * the mean is W - U / T: work is done on mistakes only (Daumé 2006).
 *
 * Rows are taken strictly in turn on the calling thread. The learner holds W and U as [classes,
 * columns] for dense rows, whose scores are dot products, and as [columns, classes] for sparse
 * ones, where a step touches the row's entries only. */
#include <math.h>
#include <string.h>

#include "base/random.h"
#include "models/model.h"
#include "ops/ops.h"

typedef struct perceptron_params {
  int64_t epochs;
  double learning_rate;
  bool averaged;
  int32_t multiclass;
  bool shuffle;
  bool fit_intercept;
  clf__list class_weight;
} perceptron_params;

static const clf__param params[] = {
    {"epochs", CLF_PARAM_I64, offsetof(perceptron_params, epochs), "10", 1, 1e6, false, NULL,
     "most passes over the rows; fewer when one is made without a mistake"},
    {"learning_rate", CLF_PARAM_F64, offsetof(perceptron_params, learning_rate), "1", 0, 1e30, true,
     NULL, "length of an update"},
    {"averaged", CLF_PARAM_BOOL, offsetof(perceptron_params, averaged), "true", 0, 0, false, NULL,
     "whether the model is the mean of the weights over all steps, or the last ones"},
    {"multiclass", CLF_PARAM_CHOICE, offsetof(perceptron_params, multiclass), "multinomial", 0, 0,
     false, "multinomial|one_vs_rest", "classes compete for a row, or each learns on its own"},
    {"shuffle", CLF_PARAM_BOOL, offsetof(perceptron_params, shuffle), "true", 0, 0, false, NULL,
     "whether each pass has a new order, drawn from the context's seed"},
    {"fit_intercept", CLF_PARAM_BOOL, offsetof(perceptron_params, fit_intercept), "true", 0, 0,
     false, NULL, "whether to fit an intercept"},
    {"class_weight", CLF_PARAM_LIST, offsetof(perceptron_params, class_weight), "none", 0, INFINITY,
     false, "none|balanced", "weight of each class, or balanced by its rows"},
};

enum { MULTINOMIAL = 0 };

#define MOST_ROWS_SEEN (INT64_C(1) << 53) /* counted exactly as a double */

#define REPORT_SECONDS 0.2 /* within a pass, so that it can be cancelled */

typedef struct learner {
  clf_context *context;
  const perceptron_params *params;
  const clf__training *training;
  const float *weights; /* [rows] or NULL for 1 */
  int64_t classes, columns;
  int64_t class_step, column_step; /* from element to element of W and U */
  float *W;                        /* [classes, columns] or [columns, classes] */
  float *b;                        /* [classes] */
  double *U, *Ub;                  /* as W and b; NULL unless averaged */
  clf__linear_map map;             /* of W, for dense rows */
  float *scores;                   /* [classes] */
  int64_t *order;                  /* [rows] */
  int64_t seen;                    /* rows, over all passes and partial fits */
  clf__progress progress;
  double reported; /* when progress was last told of */
  double share;    /* of the last pass's decisions that were mistakes */
} learner;

static void score_row(learner *l, const clf__rows *row) {
  if (!clf__rows_sparse(row)) {
    clf__linear_block(&l->map, row, l->scores, l->classes);
    return;
  }
  memcpy(l->scores, l->b, (size_t)l->classes * sizeof(float));
  for (int64_t e = row->row_start[0]; e < row->row_start[1]; e++) {
    const float *w = l->W + row->column[e] * l->classes;
    for (int64_t k = 0; k < l->classes; k++) {
      l->scores[k] += row->value[e] * w[k];
    }
  }
}

/* W_k += amount x; also into U. */
static void add_row(learner *l, const clf__rows *row, int64_t k, float amount) {
  double late = (double)l->seen * (double)amount;
  float *w = l->W + k * l->class_step;
  double *u = l->U != NULL ? l->U + k * l->class_step : NULL;
  if (clf__rows_sparse(row)) {
    for (int64_t e = row->row_start[0]; e < row->row_start[1]; e++) {
      int64_t at = row->column[e] * l->column_step;
      w[at] += amount * row->value[e];
      if (u != NULL) {
        u[at] += late * (double)row->value[e];
      }
    }
  } else {
    clf__add_row(l->context, row, amount, w, late, u);
  }
  if (l->params->fit_intercept) {
    l->b[k] += amount;
    if (u != NULL) {
      l->Ub[k] += late;
    }
  }
}

/* The best class but y, the first of equals. */
static int64_t best_other(const float *scores, int64_t classes, int64_t y) {
  int64_t best = y == 0 ? 1 : 0;
  for (int64_t k = best + 1; k < classes; k++) {
    best = k != y && scores[k] > scores[best] ? k : best;
  }
  return best;
}

/* Learns one row; returns the mistakes made on it. Scores that are not finite count as one. */
static int64_t step(learner *l, int64_t at, float weight) {
  clf__rows row = clf__rows_range(l->training->x, at, 1);
  int64_t y = l->training->labels[at], mistakes = 0;
  float amount = (float)l->params->learning_rate * weight;
  score_row(l, &row);
  if (l->params->multiclass == MULTINOMIAL) {
    int64_t rival = best_other(l->scores, l->classes, y);
    if (!(l->scores[y] > l->scores[rival])) {
      add_row(l, &row, y, amount);
      add_row(l, &row, rival, -amount);
      mistakes = 1;
    }
    return mistakes;
  }
  for (int64_t k = 0; k < l->classes; k++) {
    float t = k == y ? 1.F : -1.F;
    if (!(t * l->scores[k] > 0)) {
      add_row(l, &row, k, t * amount);
      mistakes++;
    }
  }
  return mistakes;
}

/* The order of a pass depends on the rows seen before it, so that passes made one by one are those
 * of a longer fit. */
static void draw_order(learner *l) {
  int64_t rows = l->training->x->rows;
  for (int64_t i = 0; i < rows; i++) {
    l->order[i] = i;
  }
  if (l->params->shuffle) {
    clf__random random = clf__random_seed(clf__context_seed(l->context), (uint64_t)l->seen);
    clf__random_shuffle(&random, l->order, rows);
  }
}

static clf_status report(learner *l, int64_t epoch) {
  l->reported = clf__seconds();
  return clf__progress_step(&l->progress, epoch, l->share, (double)NAN);
}

static clf_status run_epoch(learner *l, int64_t epoch) {
  int64_t mistakes = 0, rows = 0;
  draw_order(l);
  for (int64_t i = 0; i < l->training->x->rows; i++) {
    int64_t at = l->order[i];
    float weight = l->weights != NULL ? l->weights[at] : 1;
    if (weight > 0) {
      mistakes += step(l, at, weight);
      l->seen++;
      rows++;
    }
    if (i % 256 == 0 && clf__seconds() - l->reported > REPORT_SECONDS) {
      clf_status status = report(l, epoch);
      if (status < 0) {
        return status;
      }
    }
  }
  int64_t decisions = l->params->multiclass == MULTINOMIAL ? 1 : l->classes;
  l->share = (double)mistakes / (double)(rows > 0 ? rows * decisions : 1);
  return report(l, epoch + 1);
}

static clf_status learner_create(learner *l, const clf_model *model, const clf__training *training,
                                 const float *weights) {
  const perceptron_params *p = model->params;
  int64_t columns = training->x->columns, classes = training->classes, size;
  bool sparse = clf__rows_sparse(training->x);
  if (!clf__mul_i64(classes, columns, &size)) {
    size = -1;
  }
  *l = (learner){
      .context = model->context,
      .params = p,
      .training = training,
      .weights = weights,
      .classes = classes,
      .columns = columns,
      .class_step = sparse ? 1 : columns,
      .column_step = sparse ? classes : 1,
      .W = clf__alloc_zeroed(model->context, size, sizeof(float)),
      .b = clf__alloc_zeroed(model->context, classes, sizeof(float)),
      .U = p->averaged ? clf__alloc_zeroed(model->context, size, sizeof(double)) : NULL,
      .Ub = p->averaged ? clf__alloc_zeroed(model->context, classes, sizeof(double)) : NULL,
      .scores = clf__alloc_array(model->context, classes, sizeof(float)),
      .order = clf__alloc_array(model->context, training->x->rows, sizeof(int64_t)),
      .share = (double)NAN,
  };
  /* As for one row: weights that change from row to row must not be rearranged. */
  const clf__rows one = clf__rows_range(training->x, 0, training->x->rows > 0 ? 1 : 0);
  bool complete = l->W != NULL && l->b != NULL && l->scores != NULL && l->order != NULL &&
                  (!p->averaged || (l->U != NULL && l->Ub != NULL));
  return complete && !sparse
             ? clf__linear_prepare(&l->map, model->context, &one, l->W, l->b, classes)
         : complete ? CLF_OK
                    : CLF_ERROR_MEMORY;
}

static void learner_free(learner *l) {
  clf__linear_release(&l->map);
  clf__free(l->W);
  clf__free(l->b);
  clf__free(l->U);
  clf__free(l->Ub);
  clf__free(l->scores);
  clf__free(l->order);
}

/* Where element (k, j) of a [classes, columns] tensor lies in the learner's arrays. */
static int64_t place(const learner *l, int64_t k, int64_t j) {
  return k * l->class_step + j * l->column_step;
}

/* The model's `weights` and `intercept` from W, b and, when averaged, U, Ub. */
static void store_model(const learner *l, clf__store *state) {
  float *weights = clf__state_data(state, "weights");
  float *intercept = clf__state_data(state, "intercept");
  double share = l->U != NULL && l->seen > 0 ? 1 / (double)l->seen : 0;
  for (int64_t k = 0; k < l->classes; k++) {
    for (int64_t j = 0; j < l->columns; j++) {
      int64_t at = place(l, k, j);
      double late = l->U != NULL ? l->U[at] * share : 0;
      weights[k * l->columns + j] = (float)((double)l->W[at] - late);
    }
    intercept[k] = (float)((double)l->b[k] - (l->U != NULL ? l->Ub[k] * share : 0));
  }
}

/* What a partial fit goes on from beside the model: `rows_seen`, and when averaged the last W and b
 * and the sums U. */
static clf_status store_progress(const learner *l, clf__store *state) {
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
static clf_status store_history(const learner *l, const clf__store *before, const double *shares,
                                int64_t count, clf__store *state) {
  const clf_tensor *old = before != NULL ? clf__store_tensor(before, "history_loss") : NULL;
  int64_t earlier = old != NULL ? clf_tensor_count(old) : 0;
  clf_status status =
      clf__state_tensor(l->context, state, "history_loss", CLF_F64, earlier + count, -1);
  if (status < 0) {
    return status;
  }
  double *history = clf__state_data(state, "history_loss");
  if (earlier > 0) {
    memcpy(history, old->data, (size_t)earlier * sizeof *history);
  }
  memcpy(history + earlier, shares, (size_t)count * sizeof *history);
  return CLF_OK;
}

/* Takes up where the state `before` was left. */
static clf_status resume(learner *l, const clf__store *before) {
  bool averaged = clf__store_tensor(before, "weight_sums") != NULL;
  if (averaged != l->params->averaged) {
    return clf__fail(CLF_ERROR_ARGUMENT,
                     "perceptron: averaged was changed since the first partial fit; fit anew");
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

static clf_status train(const clf_model *model, const clf__training *training, int64_t epochs,
                        const clf__store *before, clf__store *state) {
  const perceptron_params *p = model->params;
  learner l = {0};
  float *weights = NULL;
  double *shares = NULL;
  int64_t done_epochs = 0;
  clf_status status = clf__effective_weights(&weights, model, training, &p->class_weight);
  if (status < 0) {
    return status;
  }
  CLF__TRY(learner_create(&l, model, training, weights != NULL ? weights : training->weights));
  shares = clf__alloc_array(model->context, epochs, sizeof *shares);
  if (shares == NULL) {
    status = CLF_ERROR_MEMORY;
    goto done;
  }
  if (before != NULL) {
    CLF__TRY(resume(&l, before));
  }
  l.progress = clf__progress_begin(model->context, "perceptron", epochs);
  CLF__TRY(report(&l, 0));
  for (; done_epochs < epochs && l.share != 0; done_epochs++) {
    CLF__TRY(run_epoch(&l, done_epochs));
    shares[done_epochs] = l.share;
  }
  CLF__TRY(clf__linear_state(model->context, state, l.classes, l.columns));
  store_model(&l, state);
  CLF__TRY(store_progress(&l, state));
  CLF__TRY(store_history(&l, before, shares, done_epochs, state));
done:
  learner_free(&l);
  clf__free(shares);
  clf__free(weights);
  return status;
}

static clf_status fit(const clf_model *model, const clf__training *training, clf__store *state) {
  const perceptron_params *p = model->params;
  return train(model, training, p->epochs, NULL, state);
}

static clf_status partial_fit(const clf_model *model, const clf__training *training,
                              const clf__store *before, clf__store *state) {
  return train(model, training, 1, before, state);
}

static clf_status check_rows_seen(const clf_model *model) {
  clf_status status = clf__check_tensor(model, "rows_seen", CLF_I64, 1, -1);
  if (status < 0) {
    return status;
  }
  int64_t seen = *(const int64_t *)clf__state_data(model->state, "rows_seen");
  return seen >= 0 && seen <= MOST_ROWS_SEEN
             ? CLF_OK
             : clf__fail(CLF_ERROR_CORRUPT, "perceptron: %lld rows seen cannot be",
                         (long long)seen);
}

static clf_status check(const clf_model *model) {
  clf_status status = CLF_OK;
  CLF__TRY(clf__linear_check(model));
  CLF__TRY(check_rows_seen(model));
  CLF__TRY(clf__check_tensor(model, "history_loss", CLF_F64, -1, -1));
  if (clf__store_tensor(model->state, "weight_sums") == NULL) {
    return CLF_OK;
  }
  int64_t classes = model->outputs, columns = model->columns;
  CLF__TRY(clf__check_tensor(model, "weight_sums", CLF_F64, classes, columns));
  CLF__TRY(clf__check_tensor(model, "intercept_sums", CLF_F64, classes, -1));
  CLF__TRY(clf__check_tensor(model, "last_weights", CLF_F32, classes, columns));
  CLF__TRY(clf__check_tensor(model, "last_intercept", CLF_F32, classes, -1));
done:
  return status;
}

const clf__model_kind clf__perceptron_kind = {
    .name = "perceptron",
    .help = "the perceptron, multi-class or one-vs-rest, averaged",
    .params = {"perceptron", params, CLF__PARAM_COUNT(params), sizeof(perceptron_params)},
    .can = CLF__CAN_WEIGH | CLF__CAN_SPARSE,
    .fit = fit,
    .partial_fit = partial_fit,
    .check = check,
    .decide = clf__linear_decide,
};
