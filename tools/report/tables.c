/* Tables in the HTML report: results, confusions, classes. */
#include <inttypes.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "page.h"

void table_begin(FILE *out, const char *style, const char *caption, const char *const *heads,
                 size_t count) {
  fprintf(out, "<div class=\"scroll\">\n<table class=\"%s\">\n", style);
  if (caption != NULL) {
    fprintf(out, "<caption>%s</caption>\n", caption);
  }
  fputs("<thead><tr>", out);
  for (size_t i = 0; i < count; i++) {
    fprintf(out, "<th scope=\"col\">%s</th>", heads[i]);
  }
  fputs("</tr></thead>\n<tbody>\n", out);
}

void table_end(FILE *out) {
  fputs("</tbody>\n</table>\n</div>\n", out);
}

static int64_t wrong_rows(const result *row) {
  return (int64_t)((1 - row->test_accuracy) * (double)row->test_rows + 0.5);
}

/* Three digits at most. */
void table_seconds(FILE *out, double seconds) {
  const int decimals = seconds < 9.995 ? 2 : seconds < 99.95 ? 1 : 0;
  if (isnan(seconds)) {
    fputs("<td>–</td>", out);
  } else if (seconds < 0.9995) {
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
  table_seconds(out, row->fit_seconds);
  table_seconds(out, row->predict_seconds);
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
  table_end(out);
  fputs("</section>\n", out);
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
  table_end(out);
}

static double ratio(int64_t part, int64_t whole) {
  return whole > 0 ? (double)part / (double)whole : 0;
}

void page_classes(FILE *out, const int64_t *counts, const char *const *names, int64_t classes) {
  static const char *const heads[] = {"Class", "Rows", "Recall", "Precision", "F1"};
  table_begin(out, "classes", "Each class", heads, sizeof heads / sizeof *heads);
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
  table_end(out);
}
