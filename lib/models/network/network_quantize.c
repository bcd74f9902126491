/* Reduces the weights of a fitted network to elements of another precision, and measures what that
 * costs: rows are predicted before and after. */
#include "models/network/network_quantize.h"

#include <math.h>
#include <string.h>

#include <classify/network.h>

#include "base/border.h"
#include "base/math.h"
#include "base/text.h"
#include "comm/comm.h"
#include "models/blocks.h"
#include "models/fit_checks.h"
#include "models/network/network_int8.h"
#include "models/network/network_ranges.h"

enum {
  BLOCK = 256,       /* rows compared at a time */
  FIT_ROWS = 2048,   /* compared after a fit, at most, in blocks that are evenly spaced */
  BF16_ROWS = 512,   /* the same after a fit in bf16 */
  BF16_MIN = 128,    /* unless it learned from so few that comparing them would count: */
  BF16_SHARE = 16,   /* a row in f32 takes about as long as a row of an epoch */
  FIT_BLOCKS = 8,    /* at least, unless they had fewer rows than */
  MIN_BLOCK = 32,    /* which share what is read of the weights */
  RANGE_ROWS = 1024, /* of a dataset, evenly spaced */
};

static const char loss_name[] = CLF__PRECISION_LOSS;

/* What rows say about the outputs before and after. */
typedef struct comparison {
  const clf__inference *before, *after;
  bool regression;
  const int32_t *labels; /* NULL for none */
  int64_t outputs;
  double rows, same, right[2];
  double sum, squares, difference; /* of the outputs of a regression, and of their change */
} comparison;

static int32_t class_of(const float *y, int64_t outputs) {
  int64_t best = 0;
  if (outputs == 1) {
    return y[0] > 0;
  }
  for (int64_t k = 1; k < outputs; k++) {
    best = y[k] > y[best] ? k : best;
  }
  return (int32_t)best;
}

static void compare_row(comparison *c, const float *before, const float *after, int64_t row) {
  const int32_t was = class_of(before, c->outputs), is = class_of(after, c->outputs);
  c->rows++;
  c->same += was == is;
  c->right[0] += c->labels != NULL && c->labels[row] == was;
  c->right[1] += c->labels != NULL && c->labels[row] == is;
  for (int64_t k = 0; k < c->outputs; k++) {
    const double value = (double)before[k], change = (double)after[k] - value;
    c->sum += value;
    c->squares += value * value;
    c->difference += change * change;
  }
}

/* Compares the outputs of the rows, the first of which is row `first` of the labels. */
static clf_status compare_rows(void *argument, const clf__rows *x, int64_t first) {
  comparison *c = argument;
  clf__arena arena = {.context = c->before->network->context};
  float *y[2];
  clf_status status = CLF_OK;
  y[0] = clf__arena_matrix(&arena, x->rows, c->outputs, sizeof(float));
  y[1] = clf__arena_matrix(&arena, x->rows, c->outputs, sizeof(float));
  CLF__TRY(clf__arena_status(&arena));
  CLF__TRY(clf__network_infer(c->before, x, y[0]));
  CLF__TRY(clf__network_infer(c->after, x, y[1]));
  for (int64_t i = 0; i < x->rows; i++) {
    compare_row(c, y[0] + i * c->outputs, y[1] + i * c->outputs, first + i);
  }
done:
  clf__arena_free(&arena);
  return status;
}

static clf_status compare_training(comparison *c, const clf__rows *x, int64_t learned) {
  const int64_t rows = c->after->network->precision == CLF__PRODUCT_BF16
                           ? clf__clamp_i64(learned / BF16_SHARE, BF16_MIN, BF16_ROWS)
                           : FIT_ROWS;
  const int64_t most = clf__max_i64(rows / FIT_BLOCKS, MIN_BLOCK);
  const int64_t blocks = clf__min_i64(clf__ceil_div(x->rows, most), rows / most);
  clf_status status = CLF_OK;
  for (int64_t i = 0; status == CLF_OK && i < blocks; i++) {
    const int64_t first = (int64_t)((double)i * (double)x->rows / (double)blocks);
    const int64_t next = (int64_t)((double)(i + 1) * (double)x->rows / (double)blocks);
    const clf__rows part = clf__rows_range(x, first, clf__min_i64(most, next - first));
    status = compare_rows(c, &part, first);
  }
  return status;
}

/* "precision int8, on 96 rows: all of them have the same class" */
static void append_loss(clf__text *text, const clf__store *state, bool regression) {
  const double *loss = clf__state_data(state, loss_name);
  const double percent = fmin(round(1e4 * loss[1]) / 100, 99.99); /* that of some is never 100 */
  clf__text_append(text, "precision %s, on %s rows: ", clf__network_precision_word(state),
                   clf__number_text(loss[0]));
  if (regression && loss[1] < 0) {
    clf__text_append(text, "outputs do not vary, so their change has no measure");
  } else if (regression) {
    clf__text_append(text, "outputs change by %s standard deviations", clf__number_text(loss[1]));
  } else if (loss[1] == 1) {
    clf__text_append(text, "all of them have the same class");
  } else {
    clf__text_append(text, "%s %% of them have the same class", clf__number_text(percent));
  }
}

static clf_status warn_of_loss(const comparison *c, clf_context *context, const clf__store *state) {
  clf__text text = {.context = context};
  append_loss(&text, state, c->regression);
  const clf_status status = text.failed ? CLF_ERROR_MEMORY : CLF_OK;
  if (status == CLF_OK) {
    clf__log(
        context, CLF_LOG_WARNING, "network: %s, compared with f32; %s", text.bytes,
        c->after->network->precision == CLF__PRODUCT_INT8
            ? "precision=bf16 changes less, and int8, too, on rows without values far from all "
              "others, which make the steps of the others coarse"
            : "precision=f32 keeps all");
  }
  clf__text_free(&text);
  return status;
}

/* [4]: rows, the share whose class is the same, and the accuracy before and after, -1 without
 * labels. Of a regression the second is the root of the mean squared change of the outputs, in
 * standard deviations, or -1 if they do not vary, and there is no accuracy. */
static clf_status store_loss(const comparison *c, clf_context *context, clf__store *state) {
  if (!isfinite(c->squares) || !isfinite(c->difference)) {
    return clf__fail(
        CLF_ERROR_NUMERIC,
        "network: precision=%s: outputs on these rows are not finite; are the features "
        "scaled?",
        clf__network_precision_word(state));
  }
  CLF__CHECK(clf__state_tensor(context, state, loss_name, CLF_F64, 4, -1));
  double *loss = clf__state_data(state, loss_name);
  const double count = c->rows * (double)c->outputs;
  const double spread = c->squares - c->sum * c->sum / count;
  const bool labeled = c->labels != NULL && !c->regression;
  loss[0] = c->rows;
  const bool varies = spread > 1e-12 * c->squares; /* and not by rounding alone */
  loss[1] = !c->regression ? c->same / c->rows : varies ? sqrt(c->difference / spread) : -1;
  loss[2] = labeled ? c->right[0] / c->rows : -1;
  loss[3] = labeled ? c->right[1] / c->rows : -1;
  const bool large = c->regression ? loss[1] > 0.1 : loss[1] < 0.98;
  return large ? warn_of_loss(c, context, state) : CLF_OK;
}

/* A state with the weights in both precisions. */
typedef struct reduction {
  clf_context *context;
  clf__store *before;
  clf__inference *plain, *reduced;
} reduction;

static void free_reduction(reduction *r) {
  clf__inference_free(r->plain);
  clf__inference_free(r->reduced);
  clf__store_free(r->before);
}

static clf_status infer_state(clf__inference **out, clf_context *context, const clf__store *state) {
  clf__network *network = NULL;
  CLF__CHECK(clf__network_of_state(&network, context, state));
  return clf__inference_create(out, network, state);
}

/* Reduces the state, whose ranges are those of x and of an earlier state, if there is one. */
static clf_status reduce(reduction *r, const clf__network *network, const clf__rows *x,
                         const clf__store *earlier, clf__store *state) {
  CLF__CHECK(clf__network_copy_state(&r->before, r->context, state));
  CLF__CHECK(infer_state(&r->plain, r->context, r->before));
  if (network->precision == CLF__PRODUCT_INT8) {
    CLF__CHECK(clf__int8_measure(network, r->plain, x, earlier, state));
  }
  CLF__CHECK(clf__network_reduce(network, network->precision, state));
  return infer_state(&r->reduced, r->context, state);
}

clf_status clf__network_reduce_fit(const clf__network *network, const clf__training *training,
                                   const clf__store *earlier, int64_t learned, clf__store *state) {
  const bool measures = learned > 0;
  reduction r = {.context = network->context};
  clf_status status = CLF_OK;
  if (network->precision == CLF__PRODUCT_F32) {
    return CLF_OK;
  }
  if (!measures && network->precision == CLF__PRODUCT_BF16) { /* rounding needs no rows */
    return clf__network_reduce(network, network->precision, state);
  }
  CLF__TRY(reduce(&r, network, training->x, earlier, state));
  if (measures) {
    comparison c = {.before = r.plain,
                    .after = r.reduced,
                    .regression = training->targets != NULL,
                    .labels = training->labels,
                    .outputs = network->outputs};
    CLF__TRY(compare_training(&c, training->x, learned));
    CLF__TRY(store_loss(&c, network->context, state));
  }
done:
  free_reduction(&r);
  return status;
}

void clf__network_describe(const clf_model *model, clf__text *text) {
  const clf_tensor *tensor = clf__store_tensor(model->state, loss_name);
  if (tensor == NULL) {
    return;
  }
  const double *loss = tensor->data;
  append_loss(text, model->state, model->classes == NULL);
  if (loss[2] >= 0) {
    clf__text_append(text, "; accuracy %s, %s in f32", clf__number_text(round(1e4 * loss[3]) / 1e4),
                     clf__number_text(round(1e4 * loss[2]) / 1e4));
  }
  clf__text_append(text, "\n");
}

clf_status clf__network_check_reduction(const clf_model *model) {
  const clf_tensor *tensor = clf__store_tensor(model->state, loss_name);
  if (tensor == NULL) {
    return CLF_OK;
  }
  CLF__CHECK(clf__check_tensor(model, loss_name, CLF_F64, 4, -1));
  for (int i = 0; i < 4; i++) {
    const double value = ((const double *)tensor->data)[i];
    if (!(value >= -1 && value <= 1e300)) {
      return clf__fail(CLF_ERROR_CORRUPT, "model file: '%s' is not valid", loss_name);
    }
  }
  return CLF_OK;
}

/* Quantizing a fitted model */

typedef struct quantize_params {
  int32_t precision;
} quantize_params;

#define CLF__VALUES quantize_params
static const clf__param params[] = {
    CLF__CHOICE(precision, CLF__REDUCED_WORDS, "int8",
                "of the products, as the network's parameter"),
};
#undef CLF__VALUES
const clf__kind clf__quantize_kind =
    CLF__KIND("quantize", "a fitted network in less precision", params, quantize_params);

typedef struct quantizing {
  const clf_model *model;
  clf__network *network;
  clf__store *state;
  reduction reduction;
} quantizing;

static clf_status reduce_by_rows(void *argument, const clf__rows *x, int64_t first) {
  quantizing *q = argument;
  (void)first;
  return reduce(&q->reduction, q->network, x, NULL, q->state);
}

/* Makes a dataset of evenly spaced rows. */
static clf_status sample(clf_dataset **out, const clf_dataset *rows) {
  int64_t indices[RANGE_ROWS];
  const int64_t count = clf__min_i64(rows->rows, RANGE_ROWS);
  for (int64_t i = 0; i < count; i++) {
    indices[i] = (int64_t)((double)i * (double)rows->rows / (double)count);
  }
  return clf_dataset_subset(out, rows, indices, count);
}

static clf_status quantize(quantizing *q, const clf_dataset *rows) {
  const clf_model *model = q->model;
  clf_dataset *sampled = NULL;
  int32_t *labels = NULL;
  clf_status status = CLF_OK;
  CLF__TRY(sample(&sampled, rows));
  CLF__TRY(clf__for_blocks(model, sampled, sampled->rows, "quantize", false, reduce_by_rows, q));
  if (model->classes != NULL && rows->labels != NULL) {
    CLF__TRY(clf__fit_translate_labels(&labels, model, rows));
  }
  comparison c = {.before = q->reduction.plain,
                  .after = q->reduction.reduced,
                  .regression = model->classes == NULL,
                  .labels = labels,
                  .outputs = q->network->outputs};
  CLF__TRY(clf__for_blocks(model, rows, BLOCK, "quantize", false, compare_rows, &c));
  CLF__TRY(store_loss(&c, model->context, q->state));
done:
  clf__free(labels);
  clf_dataset_free(sampled);
  return status;
}

static clf_status check(const clf_model *model, const clf_dataset *rows) {
  int32_t now;
  CLF__CHECK(clf__network_require(model));
  CLF__CHECK(clf__model_require_fit(model));
  CLF__CHECK(clf__network_precision_of_state(&now, model->state));
  if (now != CLF__PRODUCT_F32) {
    return clf__fail(CLF_ERROR_UNSUPPORTED,
                     "network: its weights are %s already; quantize the model that was fitted in "
                     "f32",
                     clf__network_precision_word(model->state));
  }
  return rows->rows > 0 ? CLF_OK
                        : clf__fail(CLF_ERROR_DATA,
                                    "network: quantize needs rows, such as those "
                                    "of the fit");
}

/* Makes the parameters of the model with the precision, for the fits that follow. */
static clf_status change_params(void **out, const clf_model *model, int32_t precision) {
  const clf__param_table *table = &model->kind->base.params;
  CLF__CHECK(clf__params_copy(out, model->context, table, model->params));
  ((clf__network_params *)*out)->precision = precision;
  return CLF_OK;
}

clf_status clf_network_quantize(clf_model *model, const clf_dataset *rows, const char *text) {
  CLF__REQUIRE(model);
  CLF__REQUIRE(rows);
  CLF__ENTER(model->kind->base.name);
  CLF__CHECK(clf__comm_refuse(model->context, "clf_network_quantize()"));
  const clf__param_table *table = &clf__quantize_kind.params;
  quantizing q = {.model = model, .reduction = {.context = model->context}};
  quantize_params *chosen = NULL;
  clf_model next = *model;
  clf_status status = CLF_OK;
  next.params = NULL;
  next.state = NULL;
  next.prepared = NULL;
  CLF__TRY(clf__params_create((void **)&chosen, model->context, table, text));
  CLF__TRY(check(model, rows));
  const int32_t precision = chosen->precision + CLF__PRODUCT_BF16;
  CLF__TRY(clf__network_of_state(&q.network, model->context, model->state));
  CLF__TRY(clf__network_set_precision(q.network, precision));
  CLF__TRY(clf__network_copy_state(&next.state, model->context, model->state));
  q.state = next.state;
  CLF__TRY(quantize(&q, rows));
  CLF__TRY(clf__state_check_finite(&next));
  CLF__TRY(clf__network_check_reduction(&next));
  CLF__TRY(change_params(&next.params, model, precision));
  CLF__TRY(clf__model_prepare(&next));
  clf_model old = *model;
  *model = next;
  next = old;
done:
  clf__network_free_prepared(next.prepared);
  clf__store_free(next.state);
  clf__params_free(&model->kind->base.params, next.params);
  free_reduction(&q.reduction);
  clf__network_free(q.network);
  clf__params_free(table, chosen);
  return status;
}
