#include "results.h"

#include <classify.h>
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "folder.h"
#include "options.h"

void results_print_head(void) {
  printf("%-18s %9s %10s %10s  %s\n", "model", "accuracy", "fit", "predict", "parameters");
  fflush(stdout);
}

/* The parameters stand last and whole: on a terminal they go on below, elsewhere a row is a line.
 */
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

/* Bytes of the UTF-8 character that the text begins with; 0 where it begins with none. */
static size_t utf8_length(const char *text) {
  const unsigned char *c = (const unsigned char *)text;
  const size_t length = c[0] < 0x80                    ? 1
                        : c[0] >= 0xC2 && c[0] < 0xE0  ? 2
                        : c[0] >= 0xE0 && c[0] < 0xF0  ? 3
                        : c[0] >= 0xF0 && c[0] <= 0xF4 ? 4
                                                       : 0;
  for (size_t i = 1; i < length; i++) {
    if ((c[i] & 0xC0) != 0x80) {
      return 0;
    }
  }
  const bool overlong = (c[0] == 0xE0 && c[1] < 0xA0) || (c[0] == 0xF0 && c[1] < 0x90);
  const bool beyond = (c[0] == 0xED && c[1] >= 0xA0) || (c[0] == 0xF4 && c[1] >= 0x90);
  return overlong || beyond ? 0 : length;
}

void write_json_text(FILE *out, const char *text) {
  fputc('"', out);
  while (*text != '\0') {
    const size_t length = utf8_length(text);
    if (length == 0) {
      fputs("\\ufffd", out);
    } else if (*text == '"' || *text == '\\') {
      fprintf(out, "\\%c", *text);
    } else if (length == 1 && *text < 0x20) {
      fprintf(out, "\\u%04x", (unsigned)*text);
    } else {
      fprintf(out, "%.*s", (int)length, text);
    }
    text += length > 0 ? length : 1;
  }
  fputc('"', out);
}

void write_json_number(FILE *out, const char *format, double value) {
  if (isfinite(value)) {
    fprintf(out, format, value);
  } else {
    fputs("null", out);
  }
}

static void write_string(FILE *out, const char *name, const char *text) {
  fprintf(out, "\"%s\": ", name);
  write_json_text(out, text);
  fputs(", ", out);
}

static void write_numbers(FILE *out, const char *name, const double *values, int64_t count) {
  fprintf(out, "\"%s\": [", name);
  for (int64_t i = 0; i < count; i++) {
    fputs(i > 0 ? ", " : "", out);
    write_json_number(out, "%.9g", values[i]);
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

bool output_possible(const char *path) {
  if (path == NULL) {
    return true;
  }
  const char *slash = strrchr(path, '/');
  char *folder = slash != NULL ? strndup(path, (size_t)(slash - path) + 1) : strdup(".");
  const char *reason = folder == NULL              ? "out of memory"
                       : access(folder, W_OK) != 0 ? strerror(errno)
                       : is_folder(path)           ? "it is a folder"
                                                   : NULL;
  if (reason != NULL) {
    complain("cannot write %s: %s", path, reason);
  }
  free(folder);
  return reason == NULL;
}

int output_close(FILE *out, const char *path) {
  int failed = ferror(out);
  if (fclose(out) != 0 || failed) {
    complain("cannot write %s: %s", path, strerror(errno));
    return -1;
  }
  return 0;
}
