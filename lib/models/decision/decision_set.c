/* What is set on a fitted model: its tensors are found, checked, and replaced. */
#include <math.h>
#include <string.h>

#include "base/border.h"
#include "comm/comm.h"
#include "models/decision/decision.h"
#include "models/decision/novelty.h"

static const char prefix[] = "decision_";

static const void *data_of(const clf__store *state, const char *name) {
  const clf_tensor *tensor = state != NULL ? clf__store_tensor(state, name) : NULL;
  return tensor != NULL ? tensor->data : NULL;
}

void clf__decision_bind(clf_model *model) {
  model->decision = (clf__decision){
      .absent = data_of(model->state, "decision_absent"),
      .sigmoid = data_of(model->state, "decision_sigmoid"),
      .temperature = data_of(model->state, "decision_temperature"),
      .isotonic_x = data_of(model->state, "decision_isotonic_x"),
      .isotonic_y = data_of(model->state, "decision_isotonic_y"),
      .isotonic_start = data_of(model->state, "decision_isotonic_start"),
      .class_rows = data_of(model->state, "decision_class_rows"),
      .priors = data_of(model->state, "decision_priors"),
      .costs = data_of(model->state, "decision_costs"),
      .thresholds = data_of(model->state, "decision_thresholds"),
      .set_method = data_of(model->state, "decision_set_method"),
      .set_start = data_of(model->state, "decision_set_start"),
      .set_scores = data_of(model->state, "decision_set_scores"),
      .set_cumulative = data_of(model->state, "decision_set_cumulative"),
      .reject_scale = data_of(model->state, "decision_reject_scale"),
  };
}

static clf_status corrupt(const clf_model *model, const char *what) {
  return clf__fail(CLF_ERROR_CORRUPT, "%s: %s", model->kind->base.name, what);
}

static clf_status check_absent(const clf_model *model) {
  const int32_t *absent = data_of(model->state, "decision_absent");
  int64_t present = 0;
  if (absent == NULL) {
    return CLF_OK;
  }
  CLF__CHECK(clf__check_tensor(model, "decision_absent", CLF_I32, model->outputs, -1));
  for (int64_t k = 0; k < model->outputs; k++) {
    if (absent[k] != 0 && absent[k] != 1) {
      return corrupt(model, "decision_absent has a value that is neither 0 nor 1");
    }
    present += absent[k] == 0;
  }
  return present > 0 ? CLF_OK : corrupt(model, "decision_absent leaves no class");
}

static clf_status check_temperature(const clf_model *model) {
  const double *temperature = data_of(model->state, "decision_temperature");
  if (temperature == NULL) {
    return CLF_OK;
  }
  CLF__CHECK(clf__check_tensor(model, "decision_temperature", CLF_F64, 1, -1));
  return *temperature > 0 ? CLF_OK : corrupt(model, "decision_temperature is not above 0");
}

/* The points of each map must be in order, and their values probabilities that do not decrease. */
static clf_status check_map(const clf_model *model, const double *x, const double *y, int64_t first,
                            int64_t end) {
  for (int64_t i = first; i < end; i++) {
    const bool ordered = i == first || (x[i] > x[i - 1] && y[i] >= y[i - 1]);
    if (!(ordered && y[i] >= 0 && y[i] <= 1)) {
      return corrupt(model, "decision_isotonic_x or _y is not in order");
    }
  }
  return CLF_OK;
}

static clf_status check_isotonic(const clf_model *model, int64_t maps) {
  const clf__store *state = model->state;
  if (data_of(state, "decision_isotonic_x") == NULL &&
      data_of(state, "decision_isotonic_y") == NULL &&
      data_of(state, "decision_isotonic_start") == NULL) {
    return CLF_OK;
  }
  CLF__CHECK(clf__check_tensor(model, "decision_isotonic_x", CLF_F64, -1, -1));
  const int64_t points = clf__store_tensor(state, "decision_isotonic_x")->shape[0];
  CLF__CHECK(clf__check_tensor(model, "decision_isotonic_y", CLF_F64, points, -1));
  CLF__CHECK(clf__check_tensor(model, "decision_isotonic_start", CLF_I64, maps + 1, -1));
  const int64_t *start = data_of(state, "decision_isotonic_start");
  if (start[0] != 0 || start[maps] != points) {
    return corrupt(model, "decision_isotonic_start does not match the points");
  }
  for (int64_t map = 0; map < maps; map++) {
    if (start[map + 1] <= start[map] || start[map + 1] > points) {
      return corrupt(model, "decision_isotonic_start is not in order");
    }
    CLF__CHECK(check_map(model, data_of(state, "decision_isotonic_x"),
                         data_of(state, "decision_isotonic_y"), start[map], start[map + 1]));
  }
  return CLF_OK;
}

/* Whether the state has a tensor of decisions, other than those of intervals if `classes`. */
static bool any_set(const clf_model *model, bool classes) {
  for (int64_t i = 0; i < clf__store_count(model->state); i++) {
    const char *name = clf__store_name(model->state, i);
    if (strncmp(name, prefix, strlen(prefix)) == 0 &&
        !(classes && strncmp(name, "decision_set_", strlen("decision_set_")) == 0)) {
      return true;
    }
  }
  return false;
}

/* Returns whether all that is set are the counts of a fit. */
static bool only_counts(const clf_model *model) {
  for (int64_t i = 0; i < clf__store_count(model->state); i++) {
    const char *name = clf__store_name(model->state, i);
    if (strncmp(name, prefix, strlen(prefix)) == 0 && strcmp(name, "decision_class_rows") != 0 &&
        strcmp(name, "decision_absent") != 0) {
      return false;
    }
  }
  return true;
}

clf_status clf__decision_check(const clf_model *model) {
  const int64_t maps = model->outputs == 2 ? 1 : model->outputs;
  if (!any_set(model, false)) {
    return CLF_OK;
  }
  CLF__CHECK(clf__prediction_sets_check(model));
  if (model->classes != NULL && model->outputs == 1) { /* a partial fit's first rows */
    return only_counts(model) && check_absent(model) == CLF_OK
               ? clf__choices_check(model)
               : corrupt(model, "it has no classes to decide between");
  }
  if (model->classes == NULL || model->outputs < 2) {
    return any_set(model, true) ? corrupt(model, "it has no classes to decide between") : CLF_OK;
  }
  CLF__CHECK(check_absent(model));
  if (data_of(model->state, "decision_sigmoid") != NULL) {
    CLF__CHECK(clf__check_tensor(model, "decision_sigmoid", CLF_F64, maps, 2));
  }
  CLF__CHECK(check_temperature(model));
  CLF__CHECK(check_isotonic(model, maps));
  CLF__CHECK(clf__novelty_check(model));
  return clf__choices_check(model);
}

static bool is_dropped(const char *name, const char *const *dropped) {
  for (; *dropped != NULL; dropped++) {
    if (strncmp(name, *dropped, strlen(*dropped)) == 0) {
      return true;
    }
  }
  return false;
}

clf_status clf__decision_state(clf__store **out, const clf_model *model,
                               const char *const *dropped) {
  clf__store *state = NULL;
  clf_status status = clf__store_create(&state, model->context);
  for (int64_t i = 0; status == CLF_OK && i < clf__store_count(model->state); i++) {
    const char *name = clf__store_name(model->state, i);
    if (!is_dropped(name, dropped)) {
      status = clf__store_add_tensor(state, name, clf__store_tensor(model->state, name));
    }
  }
  if (status < 0) {
    clf__store_free(state);
    return status;
  }
  *out = state;
  return CLF_OK;
}

clf_status clf__decision_adopt(clf_model *model, clf__store *state) {
  clf_model next = *model;
  clf_status status = CLF_OK;
  next.state = state;
  next.prepared = NULL;
  CLF__TRY(clf__state_check_finite(&next));
  CLF__TRY(clf__decision_check(&next));
  CLF__TRY(clf__model_prepare(&next));
  CLF__TRY(clf__comm_commit(model->context));
  clf_model old = *model;
  *model = next;
  next = old;
done:
  if (next.prepared != NULL) {
    next.kind->free_prepared(next.prepared);
  }
  clf__store_free(next.state);
  return status;
}

clf_status clf__decision_add_absent(const clf_model *next, const clf__training *training) {
  const int64_t classes = training->classes;
  const clf__store *store = training->partial ? training->before : NULL;
  const clf_tensor *earlier = store != NULL ? clf__store_tensor(store, "decision_absent") : NULL;
  int64_t absent = 0;
  if (store != NULL && clf__store_count(store) > 0 && earlier == NULL) {
    return CLF_OK;
  }
  for (int64_t k = 0; k < classes; k++) {
    absent += training->class_rows[k] == 0;
  }
  if (absent == 0) {
    return CLF_OK;
  }
  CLF__CHECK(
      clf__state_tensor(next->context, next->state, "decision_absent", CLF_I32, classes, -1));
  int32_t *own = clf__state_data(next->state, "decision_absent");
  const int32_t *before = earlier != NULL ? earlier->data : NULL;
  for (int64_t k = 0; k < classes; k++) {
    const bool seen = before != NULL && k < earlier->shape[0] && before[k] == 0;
    own[k] = training->class_rows[k] == 0 && !seen;
  }
  return CLF_OK;
}

static int64_t epochs_in(const clf__store *state) {
  const clf_tensor *losses = state != NULL ? clf__store_tensor(state, "history_loss") : NULL;
  return losses != NULL ? clf_tensor_count(losses) : 0;
}

/* Whether a fit continues from what rows of the same classes have taught the model, not from
 * weights that were set, or from a fit of no epoch. */
static bool has_learned(const clf__training *training) {
  const clf__store *before = training->before;
  const clf_tensor *iterations = before != NULL ? clf__store_tensor(before, "iterations") : NULL;
  return before != NULL && training->partial && !training->new_outputs &&
         (epochs_in(before) > 0 || (iterations != NULL && *(const int64_t *)iterations->data > 0));
}

/* Returns how often the fit has learned from its rows: a network does so in each epoch, so that
 * epochs count alike in one fit and in several. */
static int64_t count_passes(const clf_model *next, const clf__training *training, bool goes_on) {
  return (next->kind->can & CLF__CAN_STEP) == 0
             ? 1
             : epochs_in(next->state) - (goes_on ? epochs_in(training->before) : 0);
}

clf_status clf__decision_add_class_rows(const clf_model *next, const clf__training *training) {
  const char *name = "decision_class_rows";
  const bool goes_on = has_learned(training);
  const clf_tensor *earlier = goes_on ? clf__store_tensor(training->before, name) : NULL;
  const int64_t passes = count_passes(next, training, goes_on);
  if (training->classes == 0 || (goes_on ? earlier == NULL : passes == 0)) {
    return CLF_OK;
  }
  CLF__CHECK(clf__state_tensor(next->context, next->state, name, CLF_F64, training->classes, -1));
  double *own = clf__state_data(next->state, name);
  for (int64_t k = 0; k < training->classes; k++) {
    const bool there = earlier != NULL && k < earlier->shape[0];
    own[k] = there ? ((const double *)earlier->data)[k] : 0;
    for (int64_t pass = 0; pass < passes; pass++) {
      own[k] += training->class_sums[k];
    }
  }
  return CLF_OK;
}

void clf__decision_log_dropped(const clf_model *model, const clf_model *next) {
  for (int64_t i = 0; model->state != NULL && i < clf__store_count(model->state); i++) {
    const char *name = clf__store_name(model->state, i);
    if (strncmp(name, prefix, strlen(prefix)) == 0 && strcmp(name, "decision_absent") != 0 &&
        strcmp(name, "decision_class_rows") != 0 && clf__store_tensor(next->state, name) == NULL) {
      clf__log(model->context, CLF_LOG_WARNING,
               "%s: the fit drops '%s' and whatever else was set on the fitted model; set it again",
               model->kind->base.name, name);
      return;
    }
  }
}
