#include "report.h"

#include <classify.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <time.h>

#include "report_style.h"

void html_text(FILE *out, const char *text) {
  for (const char *c = text; *c != '\0'; c++) {
    switch (*c) {
    case '&':
      fputs("&amp;", out);
      break;
    case '<':
      fputs("&lt;", out);
      break;
    case '>':
      fputs("&gt;", out);
      break;
    case '"':
      fputs("&quot;", out);
      break;
    default:
      fputc(*c, out);
    }
  }
}

void html_count(FILE *out, int64_t number) {
  if (number >= 1000) {
    html_count(out, number / 1000);
    fprintf(out, ",%03" PRId64, number % 1000);
  } else {
    fprintf(out, "%" PRId64, number);
  }
}

void page_begin(FILE *out, const char *title) {
  fputs(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"color-scheme\" content=\"light dark\">\n<title>",
      out);
  html_text(out, title);
  fputs("</title>\n<style>\n", out);
  for (size_t i = 0; i < sizeof report_style / sizeof *report_style; i++) {
    fputs(report_style[i], out);
  }
  fputs("</style>\n</head>\n<body>\n<header>\n<h1>", out);
  html_text(out, title);
  fputs("</h1>\n", out);
}

void page_end(FILE *out) {
  fputs("</main>\n<footer>Made with libclassify.</footer>\n</body>\n</html>\n", out);
}

/* This machine's processor. */
static void describe_machine(char *out, size_t capacity) {
  struct utsname system;
  snprintf(out, capacity, "%s", uname(&system) == 0 ? system.machine : "unknown");
  FILE *file = fopen("/proc/cpuinfo", "r");
  char line[256];
  while (file != NULL && fgets(line, sizeof line, file) != NULL) {
    const char *colon = strchr(line, ':');
    if (strncmp(line, "model name", 10) == 0 && colon != NULL) {
      line[strcspn(line, "\n")] = '\0';
      snprintf(out, capacity, "%s", colon + 2);
      break;
    }
  }
  if (file != NULL) {
    fclose(file);
  }
}

/* The most memory that this process has held. */
static void describe_memory_peak(char *out, size_t capacity) {
  struct rusage usage = {0};
  getrusage(RUSAGE_SELF, &usage);
  snprintf(out, capacity, "%ld MB", usage.ru_maxrss / 1000);
}

static void write_facts(FILE *out, const fact *facts, size_t count) {
  for (size_t i = 0; i < count; i++) {
    fprintf(out, "<div><dt>%s</dt><dd>", facts[i].name);
    html_text(out, facts[i].value);
    fputs("</dd></div>\n", out);
  }
}

void page_facts(FILE *out, const run_facts *run, const fact *own, size_t count) {
  char machine[256], memory[32], threads[32], seed[32], date[32];
  const time_t now = time(NULL);
  struct tm parts;
  describe_machine(machine, sizeof machine);
  describe_memory_peak(memory, sizeof memory);
  snprintf(threads, sizeof threads, "%" PRId32, run->threads);
  snprintf(seed, sizeof seed, "%" PRId64, run->seed);
  strftime(date, sizeof date, "%Y-%m-%d", localtime_r(&now, &parts));
  const fact shared[] = {
      {"Data", run->data},  {"Machine", machine},           {"Kernels", run->cpu},
      {"Threads", threads}, {"Memory peak", memory},        {"Seed", seed},
      {"Date", date},       {"libclassify", clf_version()},
  };
  fputs("<dl class=\"facts\">\n", out);
  write_facts(out, own, count);
  write_facts(out, shared, sizeof shared / sizeof *shared);
  fputs("</dl>\n</header>\n<main>\n", out);
}

void page_recipe(FILE *out, const result *row) {
  fputs("<p class=\"note\">", out);
  html_text(out, row->params);
  if (row->optimizer != NULL) {
    fputs("; optimizer ", out);
    html_text(out, row->optimizer);
    fprintf(out, "; %" PRId64 " epochs of %.2f&nbsp;s", row->history.epochs,
            results_seconds_per_epoch(row));
  }
  fputs("</p>\n", out);
}

clf_status page_layers(FILE *out, const clf_model *model) {
  size_t needed = 0;
  clf_status status = clf_network_summary(model, NULL, 0, &needed);
  if (status == CLF_ERROR_UNSUPPORTED) {
    return CLF_OK; /* no network */
  }
  char *text = status == CLF_OK ? malloc(needed) : NULL;
  if (text == NULL) {
    return status < 0 ? status : CLF_ERROR_MEMORY;
  }
  status = clf_network_summary(model, text, needed, NULL);
  if (status == CLF_OK) {
    fputs("<h3>Layers</h3>\n<pre>", out);
    html_text(out, text);
    fputs("</pre>\n", out);
  }
  free(text);
  return status;
}

static int64_t wrong_rows(const result *row) {
  return (int64_t)((1 - row->test_accuracy) * (double)row->test_rows + 0.5);
}

/* "20 ms", "1.85 s", "311 s": three digits at most. */
static void write_seconds(FILE *out, double seconds) {
  int decimals = seconds < 9.995 ? 2 : seconds < 99.95 ? 1 : 0;
  if (seconds < 0.9995) {
    fprintf(out, "<td>%.*f&nbsp;ms</td>", seconds < 0.00995 ? 1 : 0, 1000 * seconds);
  } else {
    fprintf(out, "<td>%.*f&nbsp;s</td>", decimals, seconds);
  }
}

static void write_result(FILE *out, const result *row, double highest, bool best) {
  fprintf(out, "<tr%s><th scope=\"row\">", best ? " class=\"best\"" : "");
  html_text(out, row->model);
  fputs("<small>", out);
  html_text(out, row->params);
  fputs(row->outcome == CLF_NOT_CONVERGED ? " (not converged)</small></th>" : "</small></th>", out);
  fprintf(out, "<td class=\"main\">%.2f&nbsp;%%</td><td class=\"bar\">", 100 * row->test_accuracy);
  html_count(out, wrong_rows(row));
  fprintf(out, "<i style=\"width:%.1f%%\"></i></td><td class=\"wide\">%.2f&nbsp;%%</td>",
          highest > 0 ? 100 * (1 - row->test_accuracy) / highest : 0, 100 * row->train_accuracy);
  write_seconds(out, row->fit_seconds);
  write_seconds(out, row->predict_seconds);
  fputs("</tr>\n", out);
}

void page_results(FILE *out, const result *results, size_t count) {
  double highest = 0;
  for (size_t i = 0; i < count; i++) {
    highest = 1 - results[i].test_accuracy > highest ? 1 - results[i].test_accuracy : highest;
  }
  fputs(
      "<section>\n<h2>Models</h2>\n<div class=\"scroll\">\n<table class=\"results\">\n"
      "<thead><tr><th scope=\"col\">Model</th><th scope=\"col\">Accuracy</th>"
      "<th scope=\"col\" class=\"bar\">Wrong</th>"
      "<th scope=\"col\" class=\"wide\">On training rows</th>"
      "<th scope=\"col\">Fit</th><th scope=\"col\">Predict</th></tr></thead>\n<tbody>\n",
      out);
  for (size_t i = 0; i < count; i++) {
    write_result(out, &results[i], highest, i == results_best(results, count));
  }
  fputs("</tbody>\n</table>\n</div>\n</section>\n", out);
}

static int64_t row_sum(const int64_t *counts, int64_t classes, int64_t truth) {
  int64_t sum = 0;
  for (int64_t j = 0; j < classes; j++) {
    sum += counts[truth * classes + j];
  }
  return sum;
}

static int64_t column_sum(const int64_t *counts, int64_t classes, int64_t predicted) {
  int64_t sum = 0;
  for (int64_t i = 0; i < classes; i++) {
    sum += counts[i * classes + predicted];
  }
  return sum;
}

/* The largest share of a row that went wrong together: full shade. */
static double largest_error(const int64_t *counts, int64_t classes) {
  double largest = 0;
  for (int64_t i = 0; i < classes; i++) {
    int64_t rows = row_sum(counts, classes, i);
    for (int64_t j = 0; j < classes; j++) {
      double share = rows > 0 && i != j ? (double)counts[i * classes + j] / (double)rows : 0;
      largest = share > largest ? share : largest;
    }
  }
  return largest;
}

static void write_confusion_row(FILE *out, const int64_t *counts, const char *name, int64_t classes,
                                int64_t truth, double largest) {
  int64_t rows = row_sum(counts, classes, truth);
  fputs("<tr><th scope=\"row\">", out);
  html_text(out, name);
  fputs("</th>", out);
  for (int64_t j = 0; j < classes; j++) {
    int64_t cell = counts[truth * classes + j];
    double share = rows > 0 ? (double)cell / (double)rows : 0;
    if (cell == 0) {
      fputs("<td class=\"none\">0</td>", out);
    } else if (j == truth) {
      fprintf(out, "<td class=\"right\">%" PRId64 "</td>", cell);
    } else {
      fprintf(out, "<td style=\"--share:%.2f\">%" PRId64 "</td>", share / largest, cell);
    }
  }
  fputs("</tr>\n", out);
}

/* Whether the names are so many and so long that they stand upright above the columns. */
static bool are_upright(const char *const *names, int64_t classes) {
  enum { MANY = 4, LONG = 3 };
  bool any = false;
  for (int64_t k = 0; k < classes; k++) {
    any = any || strlen(names[k]) > LONG;
  }
  return any && classes > MANY;
}

void page_confusion(FILE *out, const int64_t *counts, const char *const *names, int64_t classes) {
  double largest = largest_error(counts, classes);
  fprintf(out,
          "<div class=\"scroll\" role=\"region\" aria-label=\"Confusion matrix\" tabindex=\"0\">\n"
          "<table class=\"confusion%s\">\n",
          are_upright(names, classes) ? " upright" : "");
  fputs(
      "<caption>Confusion matrix: true class (row) and predicted "
      "class (column)"
      "</caption>\n<thead><tr><td></td>",
      out);
  for (int64_t j = 0; j < classes; j++) {
    fputs("<th scope=\"col\">", out);
    html_text(out, names[j]);
    fputs("</th>", out);
  }
  fputs("</tr></thead>\n<tbody>\n", out);
  for (int64_t i = 0; i < classes; i++) {
    write_confusion_row(out, counts, names[i], classes, i, largest);
  }
  fputs("</tbody>\n</table>\n</div>\n", out);
}

static double ratio(int64_t part, int64_t whole) {
  return whole > 0 ? (double)part / (double)whole : 0;
}

void page_classes(FILE *out, const int64_t *counts, const char *const *names, int64_t classes) {
  fputs(
      "<div class=\"scroll\">\n<table class=\"classes\">\n<caption>Each class</caption>\n"
      "<thead><tr><th scope=\"col\">Class</th><th scope=\"col\">Rows</th>"
      "<th scope=\"col\">Recall</th><th scope=\"col\">Precision</th><th scope=\"col\">F1</th>"
      "</tr></thead>\n<tbody>\n",
      out);
  for (int64_t i = 0; i < classes; i++) {
    int64_t right = counts[i * classes + i];
    int64_t rows = row_sum(counts, classes, i);
    int64_t taken = column_sum(counts, classes, i);
    fputs("<tr><th scope=\"row\">", out);
    html_text(out, names[i]);
    fputs("</th><td>", out);
    html_count(out, rows);
    fprintf(out, "</td><td>%.1f&nbsp;%%</td><td>%.1f&nbsp;%%</td><td>%.1f&nbsp;%%</td></tr>\n",
            100 * ratio(right, rows), 100 * ratio(right, taken),
            100 * ratio(2 * right, rows + taken));
  }
  fputs("</tbody>\n</table>\n</div>\n", out);
}
