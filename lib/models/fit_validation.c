#include "models/fit_validation.h"

#include "models/fit_checks.h"

clf_status clf__fit_validation_begin(clf__fit_validation *v, const clf_model *next,
                                     const clf_dataset *validation) {
  const clf_dataset *rows = NULL;
  clf_status status = CLF_OK;
  CLF__TRY(clf__fit_match(&v->given, &v->matched, next, validation));
  CLF__TRY(clf__fit_check_outputs(next, validation));
  if ((next->kind->can & CLF__CAN_STEP) == 0) {
    return CLF_OK;
  }
  CLF__TRY(clf__stages_run(&rows, &v->made, next->stages, next->stage_count, false, v->given));
  CLF__TRY(clf__dataset_check_numbers(rows, next->kind->base.name));
  const clf__rows x = clf__dataset_rows(rows);
  v->training = (clf__training){.x = &v->rows.x,
                                .targets = clf__dataset_targets(rows),
                                .weights = clf__dataset_weights(rows),
                                .outputs = clf_dataset_outputs(rows)};
  if (next->classes != NULL) {
    CLF__TRY(clf__fit_translate_labels(&v->labels, next, validation));
    v->training.labels = v->labels;
  }
  CLF__TRY(clf__rows_check_finite(next->context, &x));
  CLF__TRY(clf__kind_rows_decide(&v->rows, next, &x, false));
done:
  return status < 0 ? clf__fail_within(status, "validation") : CLF_OK;
}

void clf__fit_validation_end(clf__fit_validation *v) {
  clf__free(v->labels);
  clf__kind_rows_free(&v->rows);
  clf_dataset_free(v->made);
  clf_dataset_free(v->matched);
}

clf_status clf__fit_add_validation_score(clf_model *next, const clf_dataset *validation) {
  double score = 0;
  clf_tensor *tensor = NULL;
  clf_status status = clf_model_score(next, validation, &score);
  if (status < 0) {
    return clf__fail_within(status, "validation");
  }
  CLF__TRY(clf__tensor_vector(&tensor, next->context, CLF_F64, 1));
  *(double *)tensor->data = score;
  CLF__TRY(clf__store_add_tensor(next->state, "validation_score", tensor));
done:
  clf_tensor_free(tensor);
  return status;
}
