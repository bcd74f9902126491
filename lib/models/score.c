/* The score of a fitted model on rows: the share of correct ones, or the determination. The rows of
 * several ranks are summed by shards. */
#include <string.h>

#include "base/border.h"
#include "comm/shards.h"
#include "metrics/determination.h"
#include "models/decision/decision.h"
#include "models/predict.h"
#include "models/reserve.h"

/* Classes [rows] that are compared, and what the rows weigh. */
typedef struct compared {
  const int32_t *truth, *found;
  const float *weights;
} compared;

/* Adds the weight of the correct rows, and of all. */
static clf_status add_correct(void *argument, int64_t first, int64_t rows, double *sums) {
  const compared *c = argument;
  for (int64_t i = first; i < first + rows; i++) {
    const double weight = c->weights != NULL ? (double)c->weights[i] : 1;
    sums[0] += c->truth == NULL || c->truth[i] == c->found[i] ? weight : 0;
    sums[1] += weight;
  }
  return CLF_OK;
}

/* The sums are not those of integers, since a rank without rows does not know of weights. */
static clf_status share_of(double *share, const clf_model *model, compared *rows, int64_t count,
                           const clf__shards *shards) {
  double sums[2] = {0, 0};
  const clf__shard_sum sum = {
      .name = "score", .of = shards, .rows = count, .add = add_correct, .argument = rows};
  CLF__CHECK(clf__shards_sum(&sum, sums, 2));
  *share = sums[0] / sums[1];
  return sums[1] > 0
             ? CLF_OK
             : clf__fail(CLF_ERROR_DATA, "%s: all weights are 0; a score needs one above it",
                         model->kind->base.name);
}

/* Rows of classes that the model does not know are wrong. */
static clf_status score_labels(const clf_model *model, const clf_dataset *data,
                               const clf__shards *shards, double *score) {
  clf__arena arena = {.context = model->context};
  int32_t *found = clf__arena_array(&arena, data->rows, sizeof *found);
  int32_t *truth = clf__arena_array(&arena, data->rows, sizeof *truth);
  int32_t *map = clf__arena_array(&arena, clf_dataset_classes(data), sizeof *map);
  compared rows = {truth, found, clf__dataset_weights(data)};
  clf_status status = CLF_OK;
  CLF__TRY(clf__arena_status(&arena));
  CLF__TRY(clf_model_predict(model, data, found, data->rows));
  clf__classes_map(data->classes, model->classes, map);
  const int32_t *labels = clf__dataset_labels(data);
  for (int64_t i = 0; i < data->rows; i++) {
    const bool known = map[labels[i]] >= 0;
    truth[i] = known ? map[labels[i]] : 0;
    found[i] = known ? found[i] : -1;
  }
  status = share_of(score, model, &rows, data->rows, shards);
done:
  clf__arena_free(&arena);
  return status;
}

/* The share of rows that are classified as their labels say: those of a class "-1" are outliers,
 * all others are not. */
static clf_status score_outliers(const clf_model *model, const clf_dataset *data,
                                 const clf__shards *shards, double *score) {
  clf__arena arena = {.context = model->context};
  int32_t *found = clf__arena_array(&arena, data->rows, sizeof *found);
  int32_t *truth = clf__arena_array(&arena, data->rows, sizeof *truth);
  compared rows = {truth, found, clf__dataset_weights(data)};
  clf_status status = CLF_OK;
  CLF__TRY(clf__arena_status(&arena));
  CLF__TRY(clf_model_predict(model, data, found, data->rows));
  const int32_t *labels = clf__dataset_labels(data);
  for (int64_t i = 0; i < data->rows; i++) {
    const bool outlier = strcmp(clf__classes_name(data->classes, labels[i]), "-1") == 0;
    truth[i] = outlier ? 1 : 0;
    found[i] = found[i] < 0 ? 1 : 0;
  }
  status = share_of(score, model, &rows, data->rows, shards);
done:
  clf__arena_free(&arena);
  return status;
}

/* The mean over the outputs, of which `first` is the first. */
static clf_status mean_determination(double *mean, const clf__determined *first) {
  double sum = 0, one;
  for (int64_t k = 0; k < first->outputs; k++) {
    clf__determined output = *first;
    output.targets = first->targets != NULL ? first->targets + k : NULL;
    output.values = first->values != NULL ? first->values + k : NULL;
    CLF__CHECK(clf__determination(&one, &output));
    sum += one / (double)first->outputs;
  }
  *mean = sum;
  return CLF_OK;
}

static clf_status score_targets(const clf_model *model, const clf_dataset *data,
                                const clf__shards *shards, double *score) {
  if (clf_dataset_outputs(data) != model->outputs) {
    return clf__fail(CLF_ERROR_SHAPE, "%s has %lld outputs; the dataset has %lld targets",
                     model->kind->base.name, (long long)model->outputs,
                     (long long)clf_dataset_outputs(data));
  }
  compared all = {NULL, NULL, clf__dataset_weights(data)};
  double one;
  CLF__CHECK(share_of(&one, model, &all, data->rows, shards)); /* refuses weights of 0 */
  int64_t count = clf__count(data->rows, model->outputs);
  float *values = clf__alloc_array(model->context, count, sizeof *values);
  clf_status status = values != NULL ? CLF_OK : CLF_ERROR_MEMORY;
  CLF__TRY(status);
  CLF__TRY(clf_model_decision_function(model, data, values, count));
  const clf__determined first = {.targets = clf__dataset_targets(data),
                                 .values = values,
                                 .weights = all.weights,
                                 .rows = data->rows,
                                 .outputs = model->outputs,
                                 .shards = shards};
  status = mean_determination(score, &first);
done:
  clf__free(values);
  return status;
}

/* This rank has no rows. */
static clf_status score_nothing(const clf_model *model, const clf__shards *shards, bool regression,
                                double *score) {
  compared none = {NULL, NULL, NULL};
  const clf__determined output = {.outputs = model->outputs, .shards = shards};
  CLF__CHECK(share_of(score, model, &none, 0, shards));
  return regression ? mean_determination(score, &output) : CLF_OK;
}

static clf_status score_rows(const clf_model *model, const clf_dataset *data, double *score) {
  clf__shards *shards = NULL;
  CLF__CHECK(clf__model_require_fit(model));
  const bool outliers = clf__model_separates_outliers(model);
  const bool regression = model->classes == NULL && !outliers;
  if (data == NULL && clf__comm_ranks(model->context) == 1) {
    return clf__fail(CLF_ERROR_ARGUMENT,
                     "clf_model_score: data must not be NULL: only one of several ranks can have "
                     "no rows");
  }
  if (data != NULL && (regression ? data->targets : data->labels) == NULL) {
    return clf__fail(CLF_ERROR_ARGUMENT, "%s: the dataset has no %s to score by",
                     model->kind->base.name, regression ? "targets" : "labels");
  }
  CLF__CHECK(clf__shards_create(&shards, model->context, data != NULL ? data->rows : 0));
  const clf_status status = data == NULL ? score_nothing(model, shards, regression, score)
                            : regression ? score_targets(model, data, shards, score)
                            : outliers   ? score_outliers(model, data, shards, score)
                                         : score_labels(model, data, shards, score);
  clf__shards_free(shards);
  return status;
}

clf_status clf_model_score(const clf_model *model, const clf_dataset *data, double *score) {
  CLF__REQUIRE(model);
  CLF__ENTER_PREDICTION(model, data);
  clf__comm_call together;
  double found = 0;
  clf_status status = CLF_OK;
  CLF__TRY(clf__comm_begin(&together, model->context));
  CLF__TRY(CLF__REQUIRED(score));
  status = score_rows(model, data, &found);
done:
  status = clf__comm_end(&together, status);
  if (status >= 0) {
    *score = found;
  }
  return status;
}
