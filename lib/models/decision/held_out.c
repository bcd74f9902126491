/* Held-out rows of ranks are gathered on each, which then decides alike without another exchange;
 * before outputs change, the ranks learn whether one of them has failed (clf__comm_commit()). */
#include "models/decision/held_out.h"

#include <string.h>

#include "base/status.h"
#include "models/fit_checks.h"

static clf_status gather(clf__held_out *h, const clf_dataset *given) {
  clf_context *context = h->call.context;
  double any = given != NULL;
  CLF__CHECK(clf__comm_maxima(context, "held-out rows", &any, 1));
  if (any > 0) {
    CLF__CHECK(clf__rank_rows_create(&h->part, &h->call, given));
    CLF__CHECK(clf__rank_dataset_gather(&h->all, context, &h->part.rows));
    h->rows = h->all.rows;
  }
  clf__comm_alone(context, true);
  clf__comm_await_commit(context);
  return CLF_OK;
}

clf_status clf__held_out_begin(clf__held_out *out, const clf_model *model, const char *name,
                               const char *text, const clf_dataset *given) {
  *out = (clf__held_out){.rows = given};
  CLF__CHECK(clf__comm_begin(&out->call, model->context));
  if (!out->call.outermost) {
    return CLF_OK;
  }
  const char *params = text != NULL ? text : "";
  uint64_t hash = clf__comm_hash(clf__model_hash_state(model), params, strlen(params));
  out->rows = NULL;
  CLF__CHECK(clf__comm_hash_kind(&hash, model->context, &model->kind->base, model->params));
  CLF__CHECK(clf__comm_same(model->context, name, hash));
  return gather(out, given);
}

clf_status clf__held_out_end(clf__held_out *h, clf_status status) {
  status = clf__comm_end(&h->call, status);
  clf__rank_dataset_free(&h->all);
  clf__rank_rows_free(&h->part);
  return status;
}

clf_status clf__held_out_require(const clf__held_out *h) {
  return h->rows != NULL ? CLF_OK
                         : clf__fail(CLF_ERROR_ARGUMENT, "the held-out rows must not be NULL");
}
