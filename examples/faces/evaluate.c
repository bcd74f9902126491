#include "evaluate.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

static bool allocate(evaluation *out, const face_set *faces) {
  out->accuracy = calloc((size_t)out->splits, sizeof *out->accuracy);
  out->counts = calloc((size_t)(faces->people * faces->people), sizeof *out->counts);
  out->wrong = calloc((size_t)faces->count, sizeof *out->wrong);
  out->mistaken = calloc((size_t)faces->count, sizeof *out->mistaken);
  return out->accuracy != NULL && out->counts != NULL && out->wrong != NULL &&
         out->mistaken != NULL;
}

/* What the test pictures of a split were taken for. */
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

static clf_status fit_split(evaluation *out, const evaluation_job *job, const model_entry *entry,
                            const clf_dataset *train, const clf_dataset *test, int32_t *predicted) {
  clf_model *model = NULL;
  double score = 0;
  const double start = seconds_now();
  clf_status status = models_fit(&model, job->context, entry, train);
  out->summary.fit_seconds += (seconds_now() - start) / (double)out->splits;
  if (status == CLF_OK) {
    const double predict_start = seconds_now();
    status = clf_model_predict(model, test, predicted, clf_dataset_rows(test));
    out->summary.predict_seconds += (seconds_now() - predict_start) / (double)out->splits;
  }
  if (status == CLF_OK) {
    status = clf_model_score(model, train, &score);
    out->summary.train_accuracy += score / (double)out->splits;
    out->summary.outcome = clf_model_outcome(model);
  }
  if (status == CLF_OK && out->summary.history.epochs == 0) { /* of the first split */
    status = history_read(&out->summary.history, model);
  }
  clf_model_free(model);
  return status;
}

static clf_status run_split(evaluation *out, const evaluation_job *job, const model_entry *entry,
                            int64_t split, int64_t *rows) {
  const face_set *faces = job->faces;
  clf_dataset *train = NULL, *test = NULL;
  const int64_t first = protocol_split(job->protocol, faces, out->first_seed + split, rows);
  const int64_t rest = faces->count - first;
  int32_t *predicted = malloc((size_t)rest * sizeof *predicted);
  clf_status status = predicted == NULL ? CLF_ERROR_MEMORY : CLF_OK;
  status = status == CLF_OK ? clf_dataset_subset(&train, faces->rows, rows, first) : status;
  status = status == CLF_OK ? clf_dataset_subset(&test, faces->rows, rows + first, rest) : status;
  status = status == CLF_OK ? fit_split(out, job, entry, train, test, predicted) : status;
  if (status == CLF_OK) {
    out->summary.train_rows = first;
    out->summary.test_rows = rest;
    count_predictions(out, faces, rows + first, rest, predicted, split);
  }
  clf_dataset_free(train);
  clf_dataset_free(test);
  free(predicted);
  return status;
}

static void summarize(evaluation *out) {
  double sum = 0, squares = 0;
  for (int64_t i = 0; i < out->splits; i++) {
    sum += out->accuracy[i];
  }
  out->summary.test_accuracy = sum / (double)out->splits;
  for (int64_t i = 0; i < out->splits; i++) {
    squares += pow(out->accuracy[i] - out->summary.test_accuracy, 2);
  }
  out->deviation = sqrt(squares / (double)out->splits);
}

/* The splits, each with its training pictures; to leave one out, the one is enough. */
static void write_splits(FILE *text, const evaluation *out, const evaluation_job *job,
                         int64_t *rows) {
  const bool one = job->protocol == PROTOCOL_LEAVE_ONE_OUT;
  fprintf(text, "\"protocol\": \"%s\", \"test_accuracy_deviation\": %.6f, \"splits\": [",
          protocol_names[job->protocol], out->deviation);
  for (int64_t s = 0; s < out->splits; s++) {
    const int64_t train = protocol_split(job->protocol, job->faces, out->first_seed + s, rows);
    fprintf(text, "%s\n    {\"seed\": %" PRId64 ", \"test_accuracy\": %.6f, \"%s\": [",
            s > 0 ? "," : "", out->first_seed + s, out->accuracy[s], one ? "test" : "train");
    for (int64_t i = one ? train : 0; i < (one ? job->faces->count : train); i++) {
      fputs(i > (one ? train : 0) ? ", " : "", text);
      write_json_text(text, job->faces->names[rows[i]]);
    }
    fputs("]}", text);
  }
  fputs("], ", text);
}

static clf_status describe_splits(evaluation *out, const evaluation_job *job, int64_t *rows) {
  size_t size = 0;
  FILE *text = open_memstream(&out->more, &size);
  if (text == NULL) {
    return CLF_ERROR_MEMORY;
  }
  write_splits(text, out, job, rows);
  return fclose(text) == 0 ? CLF_OK : CLF_ERROR_MEMORY;
}

clf_status evaluate(evaluation *out, const evaluation_job *job, const model_entry *entry) {
  const face_set *faces = job->faces;
  *out = (evaluation){.splits = protocol_splits(job->protocol, faces, job->splits),
                      .first_seed = job->protocol == PROTOCOL_LEAVE_ONE_OUT ? 0 : job->seed};
  out->summary = (result){.model = entry->name, .params = out->params};
  models_params(out->params, entry, faces->people);
  if (entry->optimizer != NULL) {
    models_optimizer(out->optimizer, entry);
    out->summary.optimizer = out->optimizer;
  }
  int64_t *rows = malloc(2 * (size_t)faces->count * sizeof *rows);
  clf_status status = rows != NULL && allocate(out, faces) ? CLF_OK : CLF_ERROR_MEMORY;
  for (int64_t split = 0; status == CLF_OK && split < out->splits; split++) {
    char title[64];
    snprintf(title, sizeof title, "%s, split %" PRId64 " of %" PRId64, entry->name, split + 1,
             out->splits);
    progress_title(job->progress, title);
    status = progress_interrupted() ? CLF_ERROR_CANCELLED : run_split(out, job, entry, split, rows);
  }
  if (status == CLF_OK) {
    summarize(out);
    status = describe_splits(out, job, rows);
    out->summary.more = out->more;
  }
  progress_clear(job->progress);
  free(rows);
  return status;
}

void evaluation_free(evaluation *e) {
  history_free(&e->summary.history);
  free(e->accuracy);
  free(e->counts);
  free(e->wrong);
  free(e->mistaken);
  free(e->more);
  *e = (evaluation){0};
}
