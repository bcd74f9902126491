/* Decides whether rows are shifted, and shifts them. */
#include "models/kind_rows.h"

#include <math.h>

#include "base/math.h"
#include "comm/shards.h"
#include "models/linear.h"
#include "tensor/rows_precision.h"

static const char entry[] = "center";

enum {
  SAMPLE = 1024, /* rows that are searched for values which f32 merges */
  SHARE = 64     /* they matter if one row in so many has one */
};

static bool reads_f64(const clf_model *model) {
  return model->kind->reads_f64 != NULL && model->kind->reads_f64(model);
}

static bool is_dense_float(const clf__rows *x) {
  return !clf__rows_sparse(x) && x->dtype != CLF_U8;
}

/* Looks for a column in which f32, after subtracting the center, merges values. */
static clf_status find_merged(clf__merged *out, clf_context *context, const clf__rows *x,
                              const clf_tensor *center) {
  clf__rows about = *x;
  about.center = center != NULL ? center->data : NULL;
  const clf_status status =
      clf__rows_merged(out, context, &about, clf__ceil_div(x->rows, SAMPLE), INT64_MAX);
  out->column = out->rows * SHARE < out->looked_at ? -1 : out->column;
  return status;
}

static void log_merged(const clf_model *model, const clf__merged *merged, int64_t far) {
  static const char advice[] = "a transform such as standardize or min_max keeps them apart";
  if (merged->column >= 0) {
    clf__log(model->context, CLF_LOG_WARNING,
             "%s: f32 does not distinguish all values of column %lld (in %lld of %lld rows looked "
             "at); %s",
             model->kind->base.name, (long long)merged->column, (long long)merged->rows,
             (long long)merged->looked_at, advice);
  } else if (far >= 0) {
    clf__log(model->context, CLF_LOG_WARNING,
             "%s: column %lld lies so far from 0 that f32 loses more than 1e-6 of its range; %s",
             model->kind->base.name, (long long)far, advice);
  }
}

/* Rows of several ranks are not shifted: f32 rows must not need it, and f64 rows are refused. */
static clf_status check_near(const clf_model *model, const clf__rows *x, const float *weights) {
  double *low = clf__alloc_matrix(model->context, 2, x->columns, sizeof *low);
  clf_status status = low != NULL ? CLF_OK : CLF_ERROR_MEMORY;
  CLF__TRY(status);
  double *high = low + x->columns;
  for (int64_t j = 0; j < x->columns; j++) {
    low[j] = INFINITY;
    high[j] = -INFINITY;
  }
  for (int64_t i = 0; i < x->rows; i++) {
    for (int64_t j = 0; j < x->columns && (weights == NULL || weights[i] > 0); j++) {
      low[j] = fmin(low[j], clf__rows_element(x, i, j));
      high[j] = fmax(high[j], clf__rows_element(x, i, j));
    }
  }
  CLF__TRY(clf__shards_extremes(x->shards, low, high, x->columns));
  if (x->dtype == CLF_F64) {
    status = clf__comm_refuse(model->context, "a model on rows of f64, unlike one of f32,");
  }
  for (int64_t j = 0; status == CLF_OK && j < x->columns; j++) {
    if (low[j] < high[j] && clf__range_is_far(low[j], high[j])) {
      status = clf__fail(CLF_ERROR_UNSUPPORTED,
                         "%s: column %lld lies so far from 0 that its rows must be shifted, which "
                         "rows of several ranks are not; a transform (standardize) does it",
                         model->kind->base.name, (long long)j);
    }
  }
done:
  clf__free(low);
  return status;
}

/* Chooses the center of a first fit; *out stays NULL if rows are not shifted. */
static clf_status choose_center(clf_tensor **out, const clf_model *model, const clf__rows *x,
                                const float *weights, bool movable) {
  const bool rounded = x->dtype == CLF_F64 && !reads_f64(model);
  clf__merged merged = {.column = -1};
  int64_t far = -1;
  clf_tensor *center = NULL;
  clf_status status = CLF_OK;
  if (!is_dense_float(x) || (x->dtype == CLF_F32 && !movable)) {
    return CLF_OK;
  }
  if (x->shards != NULL && x->shards->ranks > 1) {
    return check_near(model, x, weights);
  }
  CLF__TRY(clf__rows_far(&far, model->context, x, weights));
  if (x->dtype == CLF_F64) {
    CLF__TRY(find_merged(&merged, model->context, x, NULL));
  }
  if (movable && (far >= 0 || merged.column >= 0)) {
    CLF__TRY(clf__tensor_vector(&center, model->context, CLF_F64, x->columns));
    CLF__TRY(clf__rows_medians(center->data, model->context, x, weights));
    far = -1;
    if (rounded) {
      CLF__TRY(find_merged(&merged, model->context, x, center));
    }
  }
  if (rounded) {
    log_merged(model, &merged, far);
  }
  *out = center;
  center = NULL;
done:
  clf_tensor_free(center);
  return status;
}

/* Makes rows minus the center, as the kind reads them: the rows themselves, or f32 rows made from
 * them. Bytes and sparse rows become dense f32 rows if there is a center. */
static clf_status make(clf__kind_rows *rows, const clf_model *model, const clf__rows *x,
                       const clf_tensor *tensor, bool wide) {
  const double *center = tensor != NULL ? tensor->data : NULL;
  rows->x = *x;
  if (center == NULL && (!is_dense_float(x) || x->dtype == CLF_F32)) {
    return CLF_OK;
  }
  if (is_dense_float(x) && x->dtype == CLF_F64 && wide) {
    rows->x.center = center;
    return CLF_OK;
  }
  rows->values = clf__alloc_matrix(model->context, x->rows, x->columns, sizeof(float));
  if (rows->values == NULL) {
    return CLF_ERROR_MEMORY;
  }
  rows->x = clf__rows_of_f32(rows->values, x->rows, x->columns, x->columns);
  rows->x.first_row = x->first_row;
  const clf_status status = clf__rows_round(model->context, x, center, rows->values);
  return status < 0 ? clf__fail_within(status, "%s", model->kind->base.name) : CLF_OK;
}

static clf_status begin(clf__kind_rows *rows, const clf_model *model, const clf__rows *x,
                        const float *weights, const clf__store *before) {
  const bool first = before == NULL || clf__store_count(before) == 0;
  const clf_tensor *earlier = first ? NULL : clf__store_tensor(before, entry);
  clf_status status = CLF_OK;
  if (earlier != NULL) {
    status = clf__tensor_share(&rows->center, earlier);
  } else if (first) {
    status = choose_center(&rows->center, model, x, weights, rows->movable);
  }
  if (status == CLF_OK && first && !rows->wide) {
    const double *center = rows->center != NULL ? rows->center->data : NULL;
    double largest;
    status = clf__rows_largest_small(&largest, x, weights, center);
    status = status == CLF_OK ? clf__rows_check_small(largest, center != NULL) : status;
    status = status < 0 ? clf__fail_within(status, "%s", model->kind->base.name) : CLF_OK;
  }
  if (status == CLF_OK) {
    status = make(rows, model, x, rows->center, rows->wide);
  }
  rows->made = status == CLF_OK;
  return status;
}

clf_status clf__kind_rows_fit(clf__kind_rows *rows, const clf_model *model, const clf__rows *x,
                              const float *weights, const clf__store *before) {
  const bool movable = model->kind->movable != NULL && model->kind->movable(model);
  const bool wide = reads_f64(model);
  clf_status status = CLF_OK;
  if (!rows->made || rows->movable != movable || rows->wide != wide) {
    clf__kind_rows_free(rows);
    rows->movable = movable;
    rows->wide = wide;
    status = begin(rows, model, x, weights, before);
  }
  return status < 0 || rows->center == NULL
             ? status
             : clf__store_add_tensor(model->state, entry, rows->center);
}

clf_status clf__kind_rows_decide(clf__kind_rows *rows, const clf_model *model, const clf__rows *x,
                                 bool wide) {
  return make(rows, model, x, model->linear.center,
              clf__linear_precise(model) || (wide && clf__linear_has_f64(model)));
}

void clf__kind_rows_free(clf__kind_rows *rows) {
  clf_tensor_free(rows->center);
  clf__free(rows->values);
  *rows = (clf__kind_rows){.center = NULL};
}

void clf__fit_shared_free(clf__fit_shared *shared, const clf__model_kind *kind) {
  if (kind->free_shared != NULL) {
    kind->free_shared(shared->own);
  }
  clf__kind_rows_free(&shared->rows);
}

clf_status clf__center_check(const clf_model *model) {
  if (clf__store_tensor(model->state, entry) == NULL) {
    return CLF_OK;
  }
  if (model->kind->movable == NULL) {
    return clf__fail(CLF_ERROR_CORRUPT, "%s: there is a center, which no such model has",
                     model->kind->base.name);
  }
  return clf__check_tensor(model, entry, CLF_F64, model->columns, -1);
}
