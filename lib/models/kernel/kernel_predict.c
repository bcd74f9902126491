/* Predictions by support vectors. The vectors are packed once for each storage of rows, when such
 * rows first occur, and stay packed as long as the model stays fitted: packing 13,000 vectors of
 * 784 bytes takes ten times as long as computing the kernel values of a row. */
#include <stdatomic.h>

#include "base/workspace.h"
#include "models/kernel/kernel.h"
#include "models/linear.h"

enum { CENTERED = CLF__PACKED_SPARSE + 1, SORTS };

typedef struct packings {
  _Atomic(clf__kernel_columns *) of[SORTS]; /* NULL until such rows occur */
} packings;

clf_status clf__support_prepare(const clf_model *model, void **prepared) {
  if (!clf__support_there(model->state)) {
    return CLF_OK;
  }
  packings *made = clf__alloc_array(model->context, 1, sizeof *made);
  for (int i = 0; made != NULL && i < SORTS; i++) {
    atomic_init(&made->of[i], NULL);
  }
  *prepared = made;
  return made != NULL ? CLF_OK : CLF_ERROR_MEMORY;
}

void clf__support_free_prepared(void *prepared) {
  packings *made = prepared;
  for (int i = 0; made != NULL && i < SORTS; i++) {
    clf__kernel_columns_free(atomic_load(&made->of[i]));
  }
  clf__free(made);
}

/* Returns what is subtracted from dense f32 rows; vectors are not shifted for other rows. */
static const float *center_for(const clf_model *model, const clf__rows *x) {
  const clf_tensor *center = clf__store_tensor(model->state, "kernel_center");
  return center != NULL && !clf__rows_sparse(x) && x->dtype == CLF_F32 ? center->data : NULL;
}

static clf_status pack(clf__kernel_columns **out, const clf_model *model, const clf__rows *x) {
  const clf__kernel_function function = clf__support_function(model);
  const bool precomputed = function.kind == CLF__KERNEL_PRECOMPUTED;
  const clf__rows z = clf__support_rows(model);
  const int64_t *rows = precomputed ? clf__state_data(model->state, "support") : NULL;
  return clf__kernel_columns_create(out, model->context, &function, precomputed ? NULL : &z, rows,
                                    z.rows, x, center_for(model, x));
}

/* If several threads predict first at the same time, each packs, and one result is kept. */
static clf_status packed_for(clf__kernel_columns **out, const clf_model *model,
                             const clf__rows *x) {
  packings *kept = model->prepared;
  const clf__rows z = clf__support_rows(model);
  const int32_t sort = center_for(model, x) != NULL ? CENTERED : clf__kernel_packing(&z, x);
  clf__kernel_columns *first = kept != NULL ? atomic_load(&kept->of[sort]) : NULL;
  if (first != NULL) {
    *out = first;
    return CLF_OK;
  }
  clf__workspace *paused = clf__workspace_pause();
  const clf_status status = pack(out, model, x);
  clf__workspace_resume(paused);
  if (status == CLF_OK && kept != NULL &&
      !atomic_compare_exchange_strong(&kept->of[sort], &first, *out)) {
    clf__kernel_columns_free(*out);
    *out = first;
  }
  return status;
}

/* Computes sums in f32 or, with coefficients in f64, in f64. */
static clf_status sums_of(const clf_model *model, clf__kernel_expansion *expansion,
                          const clf__rows *x, float *out, double *precise) {
  clf__kernel_columns *columns = NULL;
  clf_status status = packed_for(&columns, model, x);
  if (status == CLF_OK) {
    expansion->z = columns;
    status = expansion->c_f64 != NULL ? clf__kernel_sums_f64(model->context, expansion, x, precise)
                                      : clf__kernel_sums(model->context, expansion, x, out);
  }
  if (model->prepared == NULL) {
    clf__kernel_columns_free(columns);
  }
  return status;
}

static clf_status checked_sums(const clf_model *model, clf__kernel_expansion *expansion,
                               const clf__rows *x, float *out, double *precise) {
  if (clf__support_function(model).kind == CLF__KERNEL_PRECOMPUTED && clf__rows_sparse(x)) {
    return clf__fail(
        CLF_ERROR_UNSUPPORTED,
        "%s: a precomputed kernel must be dense; these rows are sparse (files of LIBSVM's "
        "-t 4 are read by svmlight's precomputed=true)",
        model->kind->base.name);
  }
  const clf_status status = sums_of(model, expansion, x, out, precise);
  if (status != CLF_ERROR_NUMERIC) {
    return status;
  }
  clf__rows_check_finite(model->context, x); /* the message states the place of NaN and Inf */
  return clf__fail_within(CLF_ERROR_DATA, "%s", model->kind->base.name);
}

clf_status clf__support_sums(const clf_model *model, const int64_t *start, int64_t segments,
                             const float *c, int64_t outputs, const clf__rows *x, float *out) {
  clf__kernel_expansion expansion = {
      .start = start, .segments = segments, .c = c, .outputs = outputs};
  return checked_sums(model, &expansion, x, out, NULL);
}

clf_status clf__support_sums_f64(const clf_model *model, const int64_t *start, int64_t segments,
                                 const double *c, int64_t outputs, const clf__rows *x,
                                 double *out) {
  clf__kernel_expansion expansion = {
      .start = start, .segments = segments, .outputs = outputs, .c_f64 = c};
  return checked_sums(model, &expansion, x, NULL, out);
}
