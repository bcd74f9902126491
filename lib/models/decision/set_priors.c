/* Probabilities for other shares of the classes than those of the fit. */
#include <math.h>
#include <string.h>

#include "base/border.h"
#include "base/text.h"
#include "comm/comm.h"
#include "models/decision/choose.h"
#include "models/decision/held_out.h"
#include "models/decision/priors.h"

/* Scales shares to sum to 1; `what` begins the message. */
static clf_status read_shares(const clf_model *model, const char *what, const double *shares,
                              double *out) {
  double sum = 0;
  for (int64_t k = 0; k < model->outputs; k++) {
    if (!(shares[k] >= 0) || isinf(shares[k])) {
      return clf__fail(CLF_ERROR_DATA, "%s: the %s share of '%s' is %s; it must be 0 or more",
                       model->kind->base.name, what, clf_model_class_name(model, k),
                       clf__number_text(shares[k]));
    }
    sum += shares[k];
  }
  if (!(sum > 0) || isinf(sum)) {
    return clf__fail(CLF_ERROR_DATA, "%s: the sum of the %s shares is %s; it must be above 0",
                     model->kind->base.name, what, clf__number_text(sum));
  }
  for (int64_t k = 0; k < model->outputs; k++) {
    out[k] = shares[k] / sum;
  }
  return CLF_OK;
}

/* The shares of the classes that the model's own probabilities are for. */
static clf_status own_shares(const clf_model *model, double *out) {
  if (model->decision.class_rows == NULL) {
    return clf__fail(CLF_ERROR_UNSUPPORTED,
                     "%s: the model does not know the shares of its training rows, as one from a "
                     "file of an earlier version or of another program: pass them, fit it again, "
                     "or calibrate it on held-out rows",
                     model->kind->base.name);
  }
  return read_shares(model, "training", model->decision.class_rows, out);
}

static clf_status set_priors(clf_model *model, const double *priors, const double *current,
                             double *both) {
  static const char *const dropped[] = {"decision_priors", "decision_thresholds", "decision_set",
                                        NULL};
  const int64_t classes = model->outputs;
  if (priors != NULL) {
    CLF__CHECK(read_shares(model, "new", priors, both));
    CLF__CHECK(current != NULL ? read_shares(model, "training", current, both + classes)
                               : own_shares(model, both + classes));
  }
  for (int64_t k = 0; priors != NULL && k < classes; k++) {
    if (both[k] > 0 && !(isfinite(both[k] / both[classes + k]))) {
      return clf__fail(
          CLF_ERROR_DATA, "%s: the new share of '%s' is %s, but it had none in the training rows",
          model->kind->base.name, clf_model_class_name(model, k), clf__number_text(both[k]));
    }
  }
  const clf__decision_change change = {dropped, "decision_priors", priors != NULL ? both : NULL, 2,
                                       classes};
  return clf__decision_change_state(model, &change);
}

clf_status clf_model_set_priors(clf_model *model, const double *priors, const double *current) {
  CLF__REQUIRE(model);
  CLF__ENTER(model->kind->base.name);
  CLF__CHECK(clf__decision_require_classes(model));
  if (priors != NULL) {
    CLF__CHECK(clf__decision_require_probabilities(model));
  }
  double *both = clf__alloc_matrix(model->context, 2, model->outputs, sizeof *both);
  if (both == NULL) {
    return CLF_ERROR_MEMORY;
  }
  const bool stale = model->decision.thresholds != NULL || model->decision.set_start != NULL;
  const clf_status status = set_priors(model, priors, current, both);
  if (status == CLF_OK && stale) {
    clf__decision_log_stale(model);
  }
  clf__free(both);
  return status;
}

static clf_status estimate(const clf_model *model, const clf_dataset *data, double *priors) {
  clf_model plain = *model;
  plain.decision.priors = NULL;
  const int64_t classes = model->outputs;
  clf__judged rows = {.p = NULL};
  clf__arena arena = {.context = model->context};
  double *own = clf__arena_matrix(&arena, 3, classes, sizeof *own);
  clf_status status = CLF_OK;
  CLF__TRY(clf__arena_status(&arena));
  if (model->decision.priors != NULL) {
    memcpy(own, model->decision.priors + classes, (size_t)classes * sizeof *own);
  } else {
    CLF__TRY(own_shares(model, own));
  }
  CLF__TRY(clf__judged_create(&rows, &plain, data, false));
  status = clf__priors_estimate(model->context, rows.p, rows.weights, rows.rows, classes, own,
                                own + classes, own + 2 * classes);
  const clf_status together = status >= 0 ? clf__comm_commit(model->context) : CLF_OK;
  status = together < 0 ? together : status;
  if (status >= 0) {
    memcpy(priors, own + classes, (size_t)classes * sizeof *priors);
  }
done:
  clf__judged_free(&rows);
  clf__arena_free(&arena);
  return status;
}

clf_status clf_model_estimate_priors(const clf_model *model, const clf_dataset *data,
                                     double *priors, int64_t capacity) {
  CLF__REQUIRE(model);
  CLF__ENTER(model->kind->base.name);
  clf__held_out held;
  clf_status status = CLF_OK;
  CLF__TRY(clf__held_out_begin(&held, model, "clf_model_estimate_priors()", NULL, data));
  CLF__TRY(clf__held_out_require(&held));
  CLF__TRY(CLF__REQUIRED(priors));
  CLF__TRY(clf__decision_require_classes(model));
  CLF__TRY(clf__decision_require_probabilities(model));
  CLF__TRY(capacity >= model->outputs
               ? CLF_OK
               : clf__fail(CLF_ERROR_ARGUMENT, "%s: %lld priors; the capacity is %lld",
                           model->kind->base.name, (long long)model->outputs, (long long)capacity));
  status = estimate(model, held.rows, priors);
done:
  return clf__held_out_end(&held, status);
}
