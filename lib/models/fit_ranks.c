/* What the ranks of a fit exchange before it: that they make the same, and, where the fit does not
 * divide its rows, the rows of all. */
#include "models/fit_ranks.h"

#include "models/decision/decision.h"
#include "models/fit_checks.h"
#include "models/sums.h"

/* Calibrating and rejecting within a fit need folds of the rows. */
bool clf__fit_is_divided(const clf_model *model) {
  const clf__decision_params *p = model->params;
  const bool calibrates = p->calibration != CLF__CALIBRATION_NONE && p->calibration_folds > 0;
  return !calibrates && p->reject == 0 && model->kind->divided != NULL &&
         model->kind->divided(model);
}

/* What a fit continues from is the same on all ranks. */
static clf_status compare_states(const clf_model *model) {
  const bool goes_on = model->kind->goes_on != NULL && model->kind->goes_on(model);
  return goes_on ? clf__comm_same(model->context, "what the fit continues from",
                                  clf__model_hash_state(model))
                 : CLF_OK;
}

/* All ranks fit the same kind, with the same parameters. */
static clf_status compare_ranks(const clf_model *model) {
  const clf__model_kind *kind = model->kind;
  CLF__CHECK(clf__comm_agree(model->context, &kind->base, model->params));
  if (clf__comm_ranks(model->context) == 1) {
    return CLF_OK;
  }
  CLF__CHECK(kind->sums != NULL && kind->sums->kept(model)
                 ? clf__comm_refuse(model->context, "incremental")
                 : CLF_OK);
  CLF__CHECK(kind->check_ranks != NULL ? kind->check_ranks(model) : CLF_OK);
  return compare_states(model);
}

/* Each rank gets the validation rows of all. Some of them may have none. */
static clf_status share_validation(clf__fit_joint *j, const clf_dataset *validation) {
  double any = validation != NULL;
  j->validation = validation;
  if (!j->call.outermost) {
    return CLF_OK;
  }
  CLF__CHECK(clf__comm_maxima(j->call.context, "validation", &any, 1));
  if (any == 0) {
    return CLF_OK;
  }
  CLF__CHECK(clf__rank_rows_create(&j->held_out, &j->call, validation));
  CLF__CHECK(clf__rank_dataset_gather(&j->all_held_out, j->call.context, &j->held_out.rows));
  j->validation = j->all_held_out.rows;
  return CLF_OK;
}

clf_status clf__fit_join(clf__fit_joint *j, const clf_model *model, const clf_dataset *train,
                         const clf_dataset *validation) {
  CLF__CHECK(compare_ranks(model));
  CLF__CHECK(clf__rank_rows_create(&j->train, &j->call, train));
  j->rows = &j->train.rows;
  return share_validation(j, validation);
}

clf_status clf__fit_join_whole(clf__fit_joint *j, const clf_model *model,
                               const clf_optimizer *optimizer) {
  uint64_t hash = 0;
  CLF__CHECK(clf__model_hash_settings(&hash, model, optimizer));
  CLF__CHECK(clf__comm_same(model->context, "pipeline and optimizer", hash));
  CLF__CHECK(clf__rank_dataset_gather(&j->all, j->call.context, &j->train.rows));
  clf__log(
      model->context, CLF_LOG_WARNING,
      "%s: %d ranks do not divide this fit: each has the %lld rows of all, and makes the whole "
      "fit",
      model->kind->base.name, (int)clf__comm_ranks(model->context), (long long)j->all.rows->rows);
  j->rows = j->all.rows;
  clf__comm_alone(model->context, true);
  return CLF_OK;
}

void clf__fit_joint_free(clf__fit_joint *j) {
  clf__rank_dataset_free(&j->all);
  clf__rank_dataset_free(&j->all_held_out);
  clf__rank_rows_free(&j->held_out);
  clf__rank_rows_free(&j->train);
}
