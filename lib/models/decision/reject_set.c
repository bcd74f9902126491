/* Rejecting rows, learned from rows that are held out. */
#include "base/border.h"
#include "models/decision/decision.h"
#include "models/decision/held_out.h"
#include "models/fit_checks.h"

/* The parameters of clf_model_set_reject(). */
typedef struct reject_params {
  double rate;
} reject_params;

#define CLF__VALUES reject_params
static const clf__param params[] = {
    CLF__REAL(rate, "0.05", 0, 0.5,
              "share of known rows that may be rejected as none of the classes; 0: no row"),
};
const clf__kind clf__reject_kind =
    CLF__KIND("reject", "rows that are none of the classes", params, reject_params);

/* Adds to `state` what held-out rows teach; the scores are those of the model. */
static clf_status learn(const clf_model *model, const clf_dataset *held_out, double rate,
                        clf__store *state) {
  const int64_t count = clf__count(held_out->rows, model->outputs);
  int32_t *labels = NULL;
  float *scores = NULL;
  clf_status status = CLF_OK;
  CLF__TRY(clf__fit_check_outputs(model, held_out));
  CLF__TRY(clf__fit_translate_labels(&labels, model, held_out));
  scores = clf__alloc_matrix(model->context, held_out->rows, model->outputs, sizeof *scores);
  CLF__TRY(scores != NULL ? CLF_OK : CLF_ERROR_MEMORY);
  CLF__TRY(clf_model_decision_function(model, held_out, scores, count));
  const clf__scored_data rows = {held_out, labels, scores};
  status = clf__reject_fit(model, &rows, rate, state);
done:
  clf__free(scores);
  clf__free(labels);
  return status;
}

clf_status clf_model_set_reject(clf_model *model, const clf_dataset *held_out, const char *text) {
  CLF__REQUIRE(model);
  CLF__ENTER(model->kind->base.name);
  static const char *const dropped[] = {"decision_reject", NULL};
  clf__store *state = NULL;
  void *chosen = NULL;
  clf__held_out held;
  clf_status status = CLF_OK;
  CLF__TRY(clf__held_out_begin(&held, model, "clf_model_set_reject()", text, held_out));
  CLF__TRY(clf__decision_require_classes(model));
  CLF__TRY(clf__params_create(&chosen, model->context, &clf__reject_kind.params, text));
  const double rate = ((const reject_params *)chosen)->rate;
  CLF__TRY(clf__decision_state(&state, model, dropped));
  if (rate > 0) {
    CLF__TRY(clf__held_out_require(&held));
    CLF__TRY(learn(model, held.rows, rate, state));
  }
  status = clf__decision_adopt(model, state);
  state = NULL;
done:
  clf__store_free(state);
  clf__params_free(&clf__reject_kind.params, chosen);
  return clf__held_out_end(&held, status);
}
