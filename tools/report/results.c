#include "results.h"

#include <classify.h>
#include <unistd.h>

#include "text.h"

void results_print_head(void) {
  printf("%-18s %9s %10s %10s  %s\n", "model", "accuracy", "fit", "predict", "parameters");
  fflush(stdout);
}

/* The parameters are the last column and are never shortened. On a terminal they continue on the
 * next line; elsewhere a row is one line. */
void results_print_row(const result *row) {
  const int indent = printf("%-18s %7.2f %% %8.3f s %8.3f s  ", row->model,
                            100 * row->test_accuracy, row->fit_seconds, row->predict_seconds);
  print_wrapped(stdout, row->params, indent, terminal_width(STDOUT_FILENO));
  printf("%s\n", row->outcome == CLF_NOT_CONVERGED ? "  (not converged)" : "");
  fflush(stdout);
}

double results_seconds_per_epoch(const result *row) {
  const history *h = &row->history;
  double sum = 0;
  for (int64_t i = 0; h->series[HISTORY_SECONDS] != NULL && i < h->epochs; i++) {
    sum += h->series[HISTORY_SECONDS][i];
  }
  return h->epochs > 0 ? sum / (double)h->epochs : 0;
}

size_t results_best(const result *results, size_t count) {
  size_t best = 0;
  for (size_t i = 1; i < count; i++) {
    if (results[i].test_accuracy > results[best].test_accuracy) {
      best = i;
    }
  }
  return best;
}

/* What networks add. */
static void write_training(json_writer *json, const result *row) {
  const history *h = &row->history;
  json_text(json, "optimizer", row->optimizer);
  json_int64(json, "epochs", h->epochs);
  json_number(json, "seconds_per_epoch", "%.6f", results_seconds_per_epoch(row));
  json_open(json, "history", '{');
  for (int i = 0; i < HISTORY_SERIES; i++) {
    if (h->series[i] != NULL) {
      json_numbers(json, history_names[i], "%.9g", h->series[i], h->epochs);
    }
  }
  json_close(json, '}');
}

static void write_result(json_writer *json, const result *row) {
  json_text(json, "model", row->model);
  json_text(json, "params", row->params);
  json_int64(json, "train_rows", row->train_rows);
  json_int64(json, "test_rows", row->test_rows);
  json_number(json, "fit_seconds", "%.6f", row->fit_seconds);
  json_number(json, "predict_seconds", "%.6f", row->predict_seconds);
  json_number(json, "train_accuracy", "%.6f", row->train_accuracy);
  json_number(json, "test_accuracy", "%.6f", row->test_accuracy);
  json_text(json, "outcome", clf_status_name(row->outcome));
  if (row->optimizer != NULL) {
    write_training(json, row);
  }
}

void write_facts(json_writer *json, const run_facts *run) {
  json_int64(json, "threads", run->threads);
  json_int64(json, "seed", run->seed);
  json_text(json, "cpu", run->cpu);
  json_text(json, "data", run->data);
  json_text(json, "version", clf_version());
}

void results_write_json(FILE *out, const run_facts *run, const result *results, size_t count,
                        result_members more, const void *user) {
  json_writer json = json_begin(out);
  json_open(&json, NULL, '[');
  for (size_t i = 0; i < count; i++) {
    json_open(&json, NULL, '{');
    write_result(&json, &results[i]);
    if (more != NULL) {
      more(&json, user, i);
    }
    write_facts(&json, run);
    json_close(&json, '}');
  }
  json_close(&json, ']');
}
