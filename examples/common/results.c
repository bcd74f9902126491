#include "results.h"

#include <classify.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <string.h>

#include "options.h"

void results_print_head(void) {
  printf("%-18s %9s %10s %10s  %s\n", "model", "accuracy", "fit", "predict", "parameters");
  fflush(stdout);
}

void results_short_params(char out[SHORT_PARAMS], const result *row) {
  static const char more[] = " …";
  const bool cut = strlen(row->params) >= SHORT_PARAMS;
  int room = cut ? (int)(SHORT_PARAMS - sizeof more) : SHORT_PARAMS - 1;
  while (cut && row->params[room - 1] == ' ') {
    room--;
  }
  snprintf(out, SHORT_PARAMS, "%.*s%s", room, row->params, cut ? more : "");
}

void results_print_row(const result *row) {
  char params[SHORT_PARAMS];
  results_short_params(params, row);
  printf("%-18s %7.2f %% %8.3f s %8.3f s  %s%s\n", row->model, 100 * row->test_accuracy,
         row->fit_seconds, row->predict_seconds, params,
         row->outcome == CLF_NOT_CONVERGED ? "  (not converged)" : "");
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

void write_json_text(FILE *out, const char *text) {
  fputc('"', out);
  for (const char *c = text; *c != '\0'; c++) {
    if (*c == '"' || *c == '\\') {
      fprintf(out, "\\%c", *c);
    } else if ((unsigned char)*c < 0x20) {
      fprintf(out, "\\u%04x", (unsigned)*c);
    } else {
      fputc(*c, out);
    }
  }
  fputc('"', out);
}

static void write_string(FILE *out, const char *name, const char *text) {
  fprintf(out, "\"%s\": ", name);
  write_json_text(out, text);
  fputs(", ", out);
}

static void write_numbers(FILE *out, const char *name, const double *values, int64_t count) {
  fprintf(out, "\"%s\": [", name);
  for (int64_t i = 0; i < count; i++) {
    fprintf(out, "%s%.9g", i > 0 ? ", " : "", values[i]);
  }
  fputs("]", out);
}

/* What networks add. */
static void write_training(FILE *out, const result *row) {
  const history *h = &row->history;
  write_string(out, "optimizer", row->optimizer);
  fprintf(out, "\"epochs\": %" PRId64 ", \"seconds_per_epoch\": %.6f, \"history\": {", h->epochs,
          results_seconds_per_epoch(row));
  const char *before = "";
  for (int i = 0; i < HISTORY_SERIES; i++) {
    if (h->series[i] != NULL) {
      fputs(before, out);
      write_numbers(out, history_names[i], h->series[i], h->epochs);
      before = ", ";
    }
  }
  fputs("}, ", out);
}

static void write_result(FILE *out, const run_facts *run, const result *row) {
  fputs("  {", out);
  write_string(out, "model", row->model);
  write_string(out, "params", row->params);
  fprintf(out, "\"train_rows\": %" PRId64 ", \"test_rows\": %" PRId64 ", ", row->train_rows,
          row->test_rows);
  fprintf(out, "\"fit_seconds\": %.6f, \"predict_seconds\": %.6f, ", row->fit_seconds,
          row->predict_seconds);
  fprintf(out, "\"train_accuracy\": %.6f, \"test_accuracy\": %.6f, ", row->train_accuracy,
          row->test_accuracy);
  write_string(out, "outcome", clf_status_name(row->outcome));
  if (row->optimizer != NULL) {
    write_training(out, row);
  }
  if (row->more != NULL) {
    fputs(row->more, out);
  }
  fprintf(out, "\"threads\": %" PRId32 ", \"seed\": %" PRId64 ", ", run->threads, run->seed);
  write_string(out, "cpu", run->cpu);
  write_string(out, "data", run->data);
  fprintf(out, "\"version\": \"%s\"}", clf_version());
}

void results_write_json(FILE *out, const run_facts *run, const result *results, size_t count) {
  fputs("[\n", out);
  for (size_t i = 0; i < count; i++) {
    write_result(out, run, &results[i]);
    fputs(i + 1 < count ? ",\n" : "\n", out);
  }
  fputs("]\n", out);
}

FILE *output_open(const char *path) {
  FILE *out = fopen(path, "wb");
  if (out == NULL) {
    complain("cannot write %s: %s", path, strerror(errno));
  }
  return out;
}

int output_close(FILE *out, const char *path) {
  int failed = ferror(out);
  if (fclose(out) != 0 || failed) {
    complain("cannot write %s: %s", path, strerror(errno));
    return -1;
  }
  return 0;
}
