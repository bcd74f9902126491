#include "evaluate.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

static bool allocate(evaluation *out, const evaluation_job *job) {
  const face_set *faces = job->faces;
  out->accuracy = calloc((size_t)job->splits, sizeof *out->accuracy);
  out->counts = calloc((size_t)(faces->people * faces->people), sizeof *out->counts);
  out->wrong = calloc((size_t)faces->count, sizeof *out->wrong);
  out->mistaken = calloc((size_t)faces->count, sizeof *out->mistaken);
  out->rows = calloc(2 * (size_t)faces->count, sizeof *out->rows);
  return out->accuracy && out->counts && out->wrong && out->mistaken && out->rows;
}

/* The labels that were predicted for the test pictures of a split. */
static void count_predictions(evaluation *out, const face_set *faces, const int64_t *test,
                              int64_t rows, const int32_t *predicted, int64_t split) {
  int64_t right = 0;
  for (int64_t i = 0; i < rows; i++) {
    const int32_t truth = faces->person[test[i]];
    right += predicted[i] == truth;
    out->counts[truth * faces->people + predicted[i]]++;
    if (predicted[i] != truth) {
      out->wrong[test[i]]++;
      out->mistaken[test[i]] = predicted[i];
    }
  }
  out->accuracy[split] = (double)right / (double)rows;
}

clf_status split_begin(const evaluation_job *job, const char *model, int64_t split) {
  char title[64];
  snprintf(title, sizeof title, "%s, split %" PRId64 " of %" PRId64, model, split + 1, job->splits);
  progress_title(job->progress, title);
  return progress_interrupted() ? CLF_ERROR_CANCELLED : CLF_OK;
}

clf_status split_fit(clf_model **out, result *row, const evaluation_job *job,
                     const model_entry *entry, const clf_dataset *train) {
  char params[MAX_PARAMS];
  const model_recipe *recipe = models_recipe(entry, PRESET_EXACT);
  result one = {.history = {0}};
  models_params(params, recipe, &(const model_sizes){.classes = clf_dataset_classes(train)});
  const clf_status status = models_fit(out, &one, job->context, entry, recipe, params, train, NULL);
  row->fit_seconds += one.fit_seconds / (double)job->splits;
  row->train_rows = one.train_rows;
  row->optimizer = one.optimizer;
  row->outcome = one.outcome;
  if (row->history.epochs == 0) { /* of the first split */
    row->history = one.history;
  } else {
    history_free(&one.history);
  }
  return status;
}

double mean_of(const double *values, int64_t count) {
  double sum = 0;
  for (int64_t i = 0; i < count; i++) {
    sum += values[i];
  }
  return sum / (double)count;
}

double deviation_of(const double *values, int64_t count) {
  const double mean = mean_of(values, count);
  double squares = 0;
  for (int64_t i = 0; i < count; i++) {
    squares += pow(values[i] - mean, 2);
  }
  return sqrt(squares / (double)count);
}

static clf_status fit_and_test(int32_t **predicted, result *row, const evaluation_job *job,
                               const model_entry *entry, const clf_dataset *train,
                               const clf_dataset *test) {
  clf_model *model = NULL;
  result one = {.history = {0}};
  clf_status status = split_fit(&model, row, job, entry, train);
  status = status == CLF_OK ? models_test(predicted, &one, model, train, test) : status;
  row->predict_seconds += one.predict_seconds / (double)job->splits;
  row->train_accuracy += one.train_accuracy / (double)job->splits;
  row->test_rows = one.test_rows;
  clf_model_free(model);
  return status;
}

static clf_status run_split(evaluation *out, result *row, const evaluation_job *job,
                            const model_entry *entry, int64_t split) {
  const face_set *faces = job->faces;
  clf_dataset *train = NULL, *test = NULL;
  int32_t *predicted = NULL;
  const int64_t first = protocol_split(job->protocol, faces, job->seed + split, out->rows);
  const int64_t rest = faces->count - first, *tested = out->rows + first;
  clf_status status = clf_dataset_subset(&train, faces->rows, out->rows, first);
  status = status == CLF_OK ? clf_dataset_subset(&test, faces->rows, tested, rest) : status;
  status = status == CLF_OK ? fit_and_test(&predicted, row, job, entry, train, test) : status;
  if (status == CLF_OK) {
    count_predictions(out, faces, tested, rest, predicted, split);
  }
  clf_dataset_free(train);
  clf_dataset_free(test);
  free(predicted);
  return status;
}

clf_status evaluate(evaluation *out, result *row, const evaluation_job *job,
                    const model_entry *entry) {
  const model_recipe *recipe = models_recipe(entry, PRESET_EXACT);
  *out = (evaluation){.deviation = 0};
  models_pipeline(out->params, entry, recipe, &(const model_sizes){.classes = job->faces->people});
  clf_status status = allocate(out, job) ? CLF_OK : CLF_ERROR_MEMORY;
  for (int64_t split = 0; status == CLF_OK && split < job->splits; split++) {
    status = split_begin(job, entry->name, split);
    status = status == CLF_OK ? run_split(out, row, job, entry, split) : status;
  }
  if (status == CLF_OK) {
    row->params = out->params;
    row->test_accuracy = mean_of(out->accuracy, job->splits);
    out->deviation = deviation_of(out->accuracy, job->splits);
  }
  return status;
}

void evaluation_free(evaluation *e) {
  free(e->accuracy);
  free(e->counts);
  free(e->wrong);
  free(e->mistaken);
  free(e->rows);
  *e = (evaluation){0};
}

/* The splits, each with the numbers of its training pictures; for leave-one-out, with the number of
 * the one that is left out. */
void evaluation_members(json_writer *json, const evaluation *e, const evaluation_job *job) {
  const bool one = job->protocol == PROTOCOL_LEAVE_ONE_OUT;
  json_text(json, "protocol", protocol_names[job->protocol]);
  json_number(json, "test_accuracy_deviation", "%.6f", e->deviation);
  json_open(json, "splits", '[');
  for (int64_t s = 0; s < job->splits; s++) {
    const int64_t train = protocol_split(job->protocol, job->faces, job->seed + s, e->rows);
    json_open(json, NULL, '{');
    json_int64(json, "seed", job->seed + s);
    json_number(json, "test_accuracy", "%.6f", e->accuracy[s]);
    json_open(json, one ? "test" : "train", '[');
    for (int64_t i = one ? train : 0; i < (one ? job->faces->count : train); i++) {
      json_text(json, NULL, job->faces->names[e->rows[i]]);
    }
    json_close(json, ']');
    json_close(json, '}');
  }
  json_close(json, ']');
}
